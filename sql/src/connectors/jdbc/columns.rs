//! Values of databases as columns, and which types there are.

use millstream_connectors::jdbc::{FromRows, Row, Value};
use millstream_runtime::batch::Batch;

use crate::catalog::{ColumnSource, Table};
use crate::chunk::{Chunk, ChunkBuilder, RowKind, Scalar, ValueError, quoted};
use crate::error::{SqlError, SqlResult};
use crate::types::text::timestamp::{TimestampFormat, parse_format_timestamp};
use crate::types::zone::Zone;
use crate::types::{Schema, SqlType};

/// Refuses columns that a database cannot have.
pub(super) fn check_types(table: &Table) -> SqlResult<()> {
    for column in &table.columns {
        if let ColumnSource::Metadata { key, .. } = &column.source {
            return Err(SqlError::validation(format!(
                "Invalid metadata key '{key}' in column '{}'",
                column.name
            ))
            .with_hint("a table of connector 'jdbc' has no metadata"));
        }
        let is_unsupported = matches!(
            column.field.data_type,
            SqlType::IntervalYearMonth
                | SqlType::IntervalDayTime
                | SqlType::Array(_)
                | SqlType::Map(..)
                | SqlType::Multiset(_)
                | SqlType::Row(_)
                | SqlType::Null
        );
        if is_unsupported && matches!(column.source, ColumnSource::Physical) {
            return Err(SqlError::unsupported(format!(
                "column '{}' of type {} in a table of connector 'jdbc'",
                column.name, column.field.data_type
            ))
            .with_hint("numbers, texts, bytes, dates and times are supported; others can be read and written as STRING"));
        }
    }
    Ok(())
}

/// Makes chunks of rows.
#[derive(Clone)]
pub(super) struct RowReader {
    schema: Schema,
}

impl RowReader {
    /// For rows with the columns of `schema`.
    pub(super) fn new(schema: &Schema) -> Self {
        Self { schema: schema.clone() }
    }

    /// The rows, as columns.
    pub(super) fn chunk<'r>(&self, rows: impl Iterator<Item = &'r Row>) -> Result<Chunk, String> {
        let mut builder = ChunkBuilder::new(&self.schema);
        for row in rows {
            let appended = builder.append(RowKind::Insert, |columns| {
                let mut scratch = String::new();
                for ((value, column), named) in row.iter().zip(columns).zip(self.schema.iter()) {
                    scratch.clear();
                    let value = scalar(value, &named.field.data_type, &mut scratch);
                    column.append_result(value).map_err(|error| error.in_field(&named.name))?;
                }
                Ok::<(), ValueError>(())
            });
            appended.map_err(|error| error.to_string())?;
        }
        builder.finish().map_err(|error| error.to_string())
    }
}

impl FromRows for RowReader {
    type Record = Chunk;

    fn records(&self, rows: Vec<Row>) -> Result<Batch<Chunk>, String> {
        let mut chunks = Vec::new();
        let (mut count, mut bytes) = (0, 0);
        for rows in rows.chunks(Chunk::ROWS) {
            let chunk = self.chunk(rows.iter())?;
            (count, bytes) = (count + chunk.rows() as u64, bytes + chunk.bytes() as u64);
            chunks.push(chunk);
        }
        Ok(Batch::weighing(chunks, count, bytes))
    }
}

/// A value of a database as one of a type.
fn scalar<'a>(value: &'a Value, data_type: &SqlType, scratch: &'a mut String) -> Result<Scalar<'a>, String> {
    let misfit =
        |what: &str| Err(format!("{what} where there should be {}", data_type.clone().materialized()));
    let is_text = matches!(data_type, SqlType::Char(_) | SqlType::VarChar(_));
    let is_whole = matches!(data_type, SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt);
    Ok(match value {
        Value::Null => Scalar::Null,
        Value::Integer(value) if is_whole => Scalar::Integer(*value),
        Value::Integer(value) => match data_type {
            SqlType::Boolean => Scalar::Boolean(*value != 0),
            #[expect(clippy::cast_precision_loss, reason = "as a database that compares the two")]
            SqlType::Float | SqlType::Double => Scalar::Float(*value as f64),
            SqlType::Decimal(..) | SqlType::Char(_) | SqlType::VarChar(_) => {
                scratch.push_str(&value.to_string());
                return Scalar::of_text(data_type, scratch, &Zone::UTC);
            }
            _ => return misfit("a whole number"),
        },
        Value::Float(value) => match data_type {
            SqlType::Float | SqlType::Double => Scalar::Float(*value),
            SqlType::Decimal(..) | SqlType::Char(_) | SqlType::VarChar(_) => {
                scratch.push_str(&value.to_string());
                return Scalar::of_text(data_type, scratch, &Zone::UTC);
            }
            _ => return misfit("a number with a fraction"),
        },
        Value::Text(text) if is_text => Scalar::Text(text),
        Value::Text(text) => match data_type {
            SqlType::TimestampLtz(precision, _) => return instant(text, *precision),
            SqlType::Timestamp(precision, _) => {
                let parsed = parse_format_timestamp(text, *precision, TimestampFormat::Sql);
                match parsed {
                    Some(value) => Scalar::Integer(value),
                    None => return of_text(data_type, text),
                }
            }
            _ => return of_text(data_type, text),
        },
        Value::Bytes(bytes) => match data_type {
            SqlType::Binary(_) | SqlType::VarBinary(_) => Scalar::Bytes(bytes),
            _ => return misfit("bytes"),
        },
    })
}

/// A value of which there is a text; an error shows the text.
fn of_text<'a>(data_type: &SqlType, text: &'a str) -> Result<Scalar<'a>, String> {
    let value = Scalar::of_text(data_type, text, &Zone::UTC);
    value.map_err(
        |problem| if problem.contains(text) { problem } else { format!("{}: {problem}", quoted(text)) },
    )
}

/// A point in time: sessions are in UTC, so that what stands behind it is an offset of zero.
fn instant(text: &str, precision: u8) -> Result<Scalar<'static>, String> {
    let local =
        ["+00:00", "+00", "Z"].into_iter().find_map(|offset| text.strip_suffix(offset)).unwrap_or(text);
    let data_type = SqlType::TimestampLtz(precision, crate::types::TimeKind::Regular);
    match Scalar::of_text(&data_type, local, &Zone::UTC) {
        Ok(Scalar::Integer(value)) => Ok(Scalar::Integer(value)),
        Ok(_) => Err(format!("'{text}' is no {data_type}")),
        Err(problem) => Err(problem),
    }
}
