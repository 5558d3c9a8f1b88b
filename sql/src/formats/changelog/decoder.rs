//! Messages to rows.

use std::sync::Arc;

use regex::Regex;

use super::message::Message;
use super::{ChangelogOptions, Dialect, MetadataField};
use crate::chunk::{ChunkBuilder, ColumnBuilder, RowKind, ValueError, quoted};
use crate::formats::json::{JsonRules, elements, field_position, find_members, present, string};
use crate::formats::line::{text, without_byte_order_mark};
use crate::types::{NamedField, Schema};

/// Reads a changelog format.
pub struct ChangelogDecoder {
    dialect: Dialect,
    columns: Columns,
    scratch: Vec<u8>,
}

/// What rows have.
struct Columns {
    names: Arc<[NamedField]>,
    /// Behind the columns of the table.
    metadata: Vec<&'static MetadataField>,
    rules: JsonRules,
}

impl ChangelogDecoder {
    /// Reads these columns.
    pub(in crate::formats) fn new(options: &ChangelogOptions, schema: &Schema) -> Self {
        let columns = Columns {
            names: schema.iter().cloned().collect(),
            metadata: Vec::new(),
            rules: options.json.rules(),
        };
        Self { dialect: options.dialect.clone(), columns, scratch: Vec::new() }
    }

    /// Reads this, too, into a column behind those that are read already.
    pub(in crate::formats) fn add_metadata(&mut self, field: &'static MetadataField) {
        self.columns.metadata.push(field);
    }

    /// Appends the rows of a message: none, if it is empty, as a tombstone is.
    pub(in crate::formats) fn decode(
        &mut self,
        message: &[u8],
        rows: &mut ChunkBuilder,
    ) -> Result<(), ValueError> {
        let raw = text(without_byte_order_mark(message))?.trim_ascii_start();
        if raw.is_empty() {
            return Ok(());
        }
        let message = Message::parse(&self.dialect, raw)?;
        let (columns, scratch) = (&self.columns, &mut self.scratch);
        let mut writer = Writer { rows, columns, message: &message, scratch };
        match &self.dialect {
            Dialect::Debezium { .. } => writer.debezium(),
            Dialect::Canal { database, table } => {
                if matches(&message, "database", database.as_ref())?
                    && matches(&message, "table", table.as_ref())?
                {
                    writer.canal()?;
                }
                Ok(())
            }
            Dialect::Maxwell => writer.maxwell(),
        }
    }
}

/// Whether a member is one that is asked for.
fn matches(message: &Message<'_>, name: &str, pattern: Option<&Regex>) -> Result<bool, ValueError> {
    let Some(pattern) = pattern else { return Ok(true) };
    Ok(pattern.is_match(&string(message.require(name)?)?))
}

/// Appends the rows of a message.
struct Writer<'m, 'a> {
    rows: &'m mut ChunkBuilder,
    columns: &'m Columns,
    message: &'m Message<'a>,
    scratch: &'m mut Vec<u8>,
}

impl Writer<'_, '_> {
    fn debezium(&mut self) -> Result<(), ValueError> {
        let message = self.message;
        let before = |what: &str| {
            message.get("before").ok_or_else(|| {
                ValueError::new(format!(
                    "the \"before\" field of {what} message is null, so that the row as it was is not known: if the \
                     messages are those of Debezium's PostgreSQL connector, set the REPLICA IDENTITY of the table to FULL"
                ))
            })
        };
        match &*string(message.require("op")?)? {
            // A row that is inserted, or read when Debezium began.
            "c" | "r" => self.row(RowKind::Insert, message.require("after")?),
            "u" => {
                let (before, after) = (before("an UPDATE")?, message.require("after")?);
                self.row(RowKind::UpdateBefore, before)?;
                self.row(RowKind::UpdateAfter, after)
            }
            "d" => self.row(RowKind::Delete, before("a DELETE")?),
            other => Err(unknown("op", other)),
        }
    }

    fn canal(&mut self) -> Result<(), ValueError> {
        let message = self.message;
        let data = || elements(message.require("data")?);
        match &*string(message.require("type")?)? {
            "INSERT" => data()?.into_iter().try_for_each(|row| self.row(RowKind::Insert, row)),
            "UPDATE" => {
                let (data, old) = (data()?, elements(message.require("old")?)?);
                if data.len() != old.len() {
                    return Err(ValueError::new(format!(
                        "\"data\" has {} rows, and \"old\" has {}",
                        data.len(),
                        old.len()
                    )));
                }
                data.into_iter().zip(old).try_for_each(|(after, old)| self.update(old, after))
            }
            "DELETE" => data()?.into_iter().try_for_each(|row| self.row(RowKind::Delete, row)),
            // A table is created, not a row.
            "CREATE" => Ok(()),
            other => Err(unknown("type", other)),
        }
    }

    fn maxwell(&mut self) -> Result<(), ValueError> {
        let message = self.message;
        let data = message.require("data");
        match &*string(message.require("type")?)? {
            "insert" => self.row(RowKind::Insert, data?),
            "update" => self.update(message.require("old")?, data?),
            "delete" => self.row(RowKind::Delete, data?),
            other => Err(unknown("type", other)),
        }
    }

    /// Appends a row that is an object.
    fn row(&mut self, kind: RowKind, raw: &str) -> Result<(), ValueError> {
        self.append(kind, |columns, fields, scratch| {
            columns.rules.fields(raw, &columns.names, fields, scratch)
        })
    }

    /// Appends a row before and after an update; `old` has only those values that have changed.
    fn update(&mut self, old: &str, after: &str) -> Result<(), ValueError> {
        let names = &self.columns.names;
        let position = |name: &str, expected| field_position(names, name, expected);
        let (mut changed, mut values) = (vec![None; names.len()], vec![None; names.len()]);
        find_members(old, position, &mut changed)?;
        find_members(after, position, &mut values)?;
        let before = changed.iter().zip(&values).map(|(changed, value)| changed.or(*value)).collect();
        self.values(RowKind::UpdateBefore, before)?;
        self.values(RowKind::UpdateAfter, values)
    }

    /// Appends a row of these values.
    fn values(&mut self, kind: RowKind, values: Vec<Option<&str>>) -> Result<(), ValueError> {
        self.append(kind, |columns, fields, scratch| {
            values.iter().zip(fields).zip(columns.names.iter()).try_for_each(|((value, field), name)| {
                let appended = match present(*value) {
                    Some(raw) => columns.rules.append(raw, field, scratch),
                    None => field.append_null(),
                };
                appended.map_err(|error| error.in_field(&name.name))
            })
        })
    }

    fn append(
        &mut self,
        kind: RowKind,
        fill: impl FnOnce(&Columns, &mut [ColumnBuilder], &mut Vec<u8>) -> Result<(), ValueError>,
    ) -> Result<(), ValueError> {
        let Self { rows, columns, message, scratch } = self;
        rows.append(kind, |all| {
            let (fields, others) = all.split_at_mut(columns.names.len().min(all.len()));
            fill(columns, fields, scratch)?;
            columns.metadata.iter().zip(others).try_for_each(|(field, column)| {
                let appended = field.append(message, columns.rules, column, scratch);
                appended.map_err(|error| error.in_field(field.key))
            })
        })
    }
}

fn unknown(member: &str, value: &str) -> ValueError {
    ValueError::new(format!("unknown \"{member}\" value {}", quoted(value)))
}
