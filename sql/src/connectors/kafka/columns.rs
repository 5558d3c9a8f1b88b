//! Which columns of a table are in the key of a record, and which in its value.

use crate::catalog::{ColumnSource, Table};
use crate::connectors::Options;
use crate::error::{SqlError, SqlResult};
use crate::formats::Format;
use crate::types::{NamedField, Schema};

/// A part of a record: its key or its value.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) format: Format,
    /// The columns in it, in their order, by their positions in the table.
    pub(super) positions: Vec<usize>,
    /// The same, with the names that they have in the format.
    pub(super) schema: Schema,
}

/// The columns of a table.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    /// `None` where keys are not read, and not written.
    pub(super) key: Option<Part>,
    pub(super) value: Part,
}

impl Columns {
    /// What the options `format`, `key.*` and `value.*` say.
    pub(super) fn new(table: &Table, options: &mut Options, is_upsert: bool) -> SqlResult<Self> {
        let (prefix, key_positions) = key_columns(table, options, is_upsert)?;
        let physical = physical_columns(table);
        let value_positions = match options.take("value.fields-include").as_deref().map(str::trim) {
            None | Some("ALL") if prefix.is_empty() => physical,
            None | Some("ALL") => {
                return Err(SqlError::validation(
                    "A key prefix is not allowed when option 'value.fields-include' is set to 'ALL'.",
                )
                .with_hint("set it to 'EXCEPT_KEY' instead to avoid field overlaps"));
            }
            Some("EXCEPT_KEY") => {
                physical.into_iter().filter(|position| !key_positions.contains(position)).collect()
            }
            Some(other) => {
                return Err(SqlError::validation(format!(
                    "Invalid value '{other}' for option 'value.fields-include': it must be ALL or EXCEPT_KEY"
                )));
            }
        };
        let (value_prefix, value_format) = value_format(options, is_upsert)?;
        let schema = table.schema().project(&value_positions);
        let format = Format::of_part(value_prefix, &value_format, options, &schema)?;
        check_format(&format)?;
        let value = Part { format, positions: value_positions, schema };
        let key = match options.take("key.format") {
            None if key_positions.is_empty() => None,
            None if is_upsert => return Err(missing("key.format")),
            None => {
                return Err(SqlError::validation(
                    "The option 'key.fields' can only be declared if a key format is defined using 'key.format'.",
                ));
            }
            Some(_) if key_positions.is_empty() => {
                return Err(SqlError::validation(
                    "A key format 'key.format' requires the declaration of one or more of key fields using 'key.fields'.",
                ));
            }
            Some(name) => {
                let schema = without_prefix(table, &key_positions, &prefix);
                let format = Format::of_part("key.", &name, options, &schema)?;
                check_format(&format)?;
                if !format.changelog_mode().is_insert_only() {
                    return Err(SqlError::validation(format!(
                        "A key format should only deal with INSERT-only records. But '{name}' has a changelog mode of all kinds."
                    )));
                }
                Some(Part { format, positions: key_positions, schema })
            }
        };
        Ok(Self { key, value })
    }

    pub(super) const fn value_format(&self) -> &Format {
        &self.value.format
    }

    /// With the schema registries of its formats.
    pub(super) fn connected(&self) -> SqlResult<Self> {
        let connected = |part: &Part| {
            let format = part.format.clone().connected()?;
            Ok::<_, SqlError>(Part { format, ..part.clone() })
        };
        Ok(Self { key: self.key.as_ref().map(connected).transpose()?, value: connected(&self.value)? })
    }

    /// Whether records that cannot be read are passed over.
    pub(super) fn ignores_parse_errors(&self) -> bool {
        self.value.format.ignores_parse_errors()
            || self.key.as_ref().is_some_and(|key| key.format.ignores_parse_errors())
    }
}

/// The columns that come out of rows.
fn physical_columns(table: &Table) -> Vec<usize> {
    let is_physical = |position: &usize| {
        table.columns.get(*position).is_some_and(|column| matches!(column.source, ColumnSource::Physical))
    };
    (0..table.columns.len()).filter(is_physical).collect()
}

/// The prefix of the names of key columns, and which columns those are.
fn key_columns(table: &Table, options: &mut Options, is_upsert: bool) -> SqlResult<(String, Vec<usize>)> {
    let prefix = options.take("key.fields-prefix").unwrap_or_default();
    let positions = if is_upsert {
        if table.primary_key.is_empty() {
            return Err(SqlError::validation(
                "'upsert-kafka' tables require to define a PRIMARY KEY constraint.",
            )
            .with_hint(
                "The PRIMARY KEY specifies which columns should be read from or write to the Kafka message key. The PRIMARY \
                 KEY also defines records in the 'upsert-kafka' table should update or delete on which keys.",
            ));
        }
        table.primary_key.clone()
    } else {
        let names = options.take("key.fields").unwrap_or_default();
        let names = names.split(';').map(str::trim).filter(|name| !name.is_empty());
        names.map(|name| key_column(table, name)).collect::<SqlResult<Vec<_>>>()?
    };
    for position in &positions {
        let name = table.columns.get(*position).map(|column| &*column.name).unwrap_or_default();
        if !name.starts_with(&prefix) {
            return Err(SqlError::validation(format!(
                "All fields in 'key.fields' must be prefixed with '{prefix}' when option 'key.fields-prefix' is set but field \
                 '{name}' is not prefixed."
            )));
        }
    }
    Ok((prefix, positions))
}

fn key_column(table: &Table, name: &str) -> SqlResult<usize> {
    let physical = physical_columns(table);
    let is_named =
        |position: &usize| table.columns.get(*position).is_some_and(|column| *column.name == *name);
    physical.iter().copied().find(is_named).ok_or_else(|| {
        let names: Vec<_> = physical.iter().filter_map(|position| table.columns.get(*position)).collect();
        let names: Vec<&str> = names.iter().map(|column| &*column.name).collect();
        SqlError::validation(format!(
            "Could not find the field '{name}' in the table schema for usage in the key format. A key field must be a \
             regular, physical column."
        ))
        .with_hint(format!("the columns are: {}", names.join(", ")))
    })
}

/// The name of the value's format, and what its options begin with.
fn value_format(options: &mut Options, is_upsert: bool) -> SqlResult<(&'static str, String)> {
    let (short, long) = (options.take("format"), options.take("value.format"));
    match (short, long) {
        (Some(_), _) if is_upsert => Err(SqlError::validation("'upsert-kafka' has no option 'format'")
            .with_hint("it is 'value.format' there")),
        (Some(_), Some(_)) => Err(SqlError::validation(
            "The options 'format' and 'value.format' mean the same: only one of them may be set",
        )),
        (Some(name), None) => Ok(("", name)),
        (None, Some(name)) => Ok(("value.", name)),
        (None, None) => Err(missing(if is_upsert { "value.format" } else { "format" })),
    }
}

fn missing(option: &str) -> SqlError {
    SqlError::validation(format!(
        "One or more required options are missing. Missing required options are: {option}"
    ))
}

/// Columns as the key's format names them.
fn without_prefix(table: &Table, positions: &[usize], prefix: &str) -> Schema {
    let columns = positions.iter().filter_map(|position| table.columns.get(*position));
    columns
        .map(|column| {
            let name = column.name.strip_prefix(prefix).unwrap_or(&column.name);
            NamedField::new(name, column.field.clone())
        })
        .collect()
}

/// A header is something that files have.
fn check_format(format: &Format) -> SqlResult<()> {
    if format.has_file_header() && format.name() == "csv" {
        return Err(SqlError::validation("'csv.has-header': records of Kafka have no header"));
    }
    Ok(())
}
