//! Rows that are written down: a JSON value a line.

use std::time::Duration;

use millstream_operators::parse_duration;
use millstream_state::Timestamp;
use serde_json::value::RawValue;

use super::{ChangelogMode, TestRows};
use crate::chunk::{Chunk, ChunkBuilder, ColumnBuilder, RowKind, ValueError};
use crate::error::{SqlError, SqlResult};
use crate::formats::json::JsonRules;
use crate::types::text::timestamp::{TimestampFormat, parse_format_timestamp, parse_timestamp_iso};
use crate::types::{NamedField, Schema};

/// How values are read: as format `json` reads them.
const RULES: JsonRules =
    JsonRules { fail_on_missing_field: false, ignore_parse_errors: false, timestamps: TimestampFormat::Sql };

/// What happens, in order.
#[derive(Debug)]
pub(super) struct Script {
    /// All rows.
    pub rows: Chunk,
    pub steps: Vec<Step>,
    /// Whether the source stays open behind the last step.
    pub open: bool,
}

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Rows up to this number come, which is the number of the first that does not.
    Rows(u64),
    Watermark(Timestamp),
    /// Processing time passes.
    Advance(Duration),
}

impl Script {
    /// Reads lines, of whose rows some columns, by position, are wanted.
    pub(super) fn parse(
        lines: &TestRows,
        schema: &Schema,
        wanted: &[usize],
        mode: &ChangelogMode,
    ) -> SqlResult<Self> {
        let projected = schema.project(wanted);
        let mut parser = Parser {
            // All columns are read, so that a mistake is found whatever a query reads.
            rows: ChunkBuilder::new(schema),
            names: schema,
            mode,
            steps: Vec::new(),
            scratch: Vec::new(),
        };
        for (number, line) in lines.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            parser.line(line.trim()).map_err(|error| {
                SqlError::validation(format!("{}, line {}: {error}", lines.origin(), number + 1))
            })?;
        }
        let rows = parser.rows.finish().map_err(|error| SqlError::validation(error.to_string()))?;
        let columns: Vec<_> =
            wanted.iter().filter_map(|column| rows.columns().get(*column).cloned()).collect();
        debug_assert_eq!(columns.len(), projected.len(), "wanted columns are those of the table");
        Ok(Self { rows: rows.with_columns(columns), steps: parser.steps, open: lines.is_open() })
    }
}

struct Parser<'a> {
    rows: ChunkBuilder,
    names: &'a [NamedField],
    mode: &'a ChangelogMode,
    steps: Vec<Step>,
    scratch: Vec<u8>,
}

impl Parser<'_> {
    fn line(&mut self, line: &str) -> Result<(), ValueError> {
        let not_json = |error: serde_json::Error| ValueError::new(format!("not JSON: {error}"));
        if line.starts_with('{') {
            return self.step(&serde_json::from_str(line).map_err(not_json)?);
        }
        let values: Vec<&RawValue> = serde_json::from_str(line).map_err(not_json)?;
        let mut values = values.as_slice();
        let mut kind = RowKind::Insert;
        if values.len() == self.names.len() + 1 {
            let [first, rest @ ..] = values else { return Ok(()) };
            let found = RowKind::ALL.into_iter().find(|kind| first.get() == format!("\"{kind}\""));
            kind = found.ok_or_else(|| {
                ValueError::new(format!(
                    "{} is no kind of row: write \"+I\", \"-U\", \"+U\" or \"-D\"",
                    first.get()
                ))
            })?;
            values = rest;
        }
        if values.len() != self.names.len() {
            return Err(ValueError::new(format!(
                "{} values, and the table has {} columns",
                values.len(),
                self.names.len()
            )));
        }
        if !self.mode.contains(kind) {
            return Err(ValueError::new(format!(
                "a row of kind {kind}, which 'changelog-mode' does not have"
            )));
        }
        let scratch = &mut self.scratch;
        let append =
            |(value, column): (&&RawValue, &mut ColumnBuilder)| RULES.append(value.get(), column, scratch);
        let names = self.names;
        let mut append = append;
        self.rows.append(kind, |columns| {
            values.iter().zip(columns).zip(names).try_for_each(|((value, column), name)| {
                append((value, column)).map_err(|error| error.in_field(&name.name))
            })
        })?;
        let rows = self.rows.rows() as u64;
        match self.steps.last_mut() {
            Some(Step::Rows(end)) => *end = rows,
            _ => self.steps.push(Step::Rows(rows)),
        }
        Ok(())
    }

    fn step(&mut self, step: &serde_json::Map<String, serde_json::Value>) -> Result<(), ValueError> {
        let mut members = step.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let step = match (members.next(), members.next()) {
            (Some(("watermark", Some(text))), None) => {
                let text = text.trim_end_matches('Z');
                let format = TimestampFormat::Sql;
                let millis = parse_format_timestamp(text, 3, format).or_else(|| parse_timestamp_iso(text, 3));
                let millis = millis.ok_or_else(|| ValueError::new(format!("'{text}' is no timestamp")))?;
                Step::Watermark(Timestamp::from_millis(millis))
            }
            (Some(("advance", Some(text))), None) => {
                let duration = parse_duration(text);
                Step::Advance(
                    duration
                        .ok_or_else(|| ValueError::new(format!("'{text}' is no duration such as '10 s'")))?,
                )
            }
            _ => {
                return Err(ValueError::new(
                    "write an array of values, {\"watermark\": \"2020-10-10 00:00:05\"} or {\"advance\": \"10 s\"}",
                ));
            }
        };
        self.steps.push(step);
        Ok(())
    }
}
