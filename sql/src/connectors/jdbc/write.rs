//! Columns as values of databases.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef};
use millstream_connectors::jdbc::{Change, Row, ToChanges, Value};

use crate::chunk::{Chunk, RowKind};
use crate::types::text::decimal::write_decimal;
use crate::types::text::timestamp::{TimestampFormat, write_date, write_format_timestamp, write_time};
use crate::types::{Schema, SqlType};

/// Makes values of rows.
pub(super) struct ValueWriter {
    types: Vec<SqlType>,
}

impl ValueWriter {
    /// For chunks with the columns of `schema`.
    pub(super) fn new(schema: &Schema) -> Self {
        Self { types: schema.fields().map(|field| field.data_type.clone()).collect() }
    }

    /// The values of a row.
    pub(super) fn row(&self, chunk: &Chunk, row: usize) -> Result<Row, String> {
        let columns = chunk.columns().iter().zip(&self.types);
        columns.map(|(column, data_type)| value(column, row, data_type)).collect()
    }
}

/// Makes changes of the rows of chunks.
#[derive(Clone)]
pub(super) struct RowWriter {
    values: Arc<ValueWriter>,
    key: Arc<[usize]>,
}

impl RowWriter {
    /// For rows of `schema`, which are known by the columns of `key`.
    pub(super) fn new(schema: &Schema, key: Vec<usize>) -> Self {
        Self { values: Arc::new(ValueWriter::new(schema)), key: key.into() }
    }

    fn key(&self, chunk: &Chunk, row: usize) -> Result<Row, String> {
        let columns = self.key.iter().map(|column| {
            let values = chunk.column(*column).map_err(|error| error.to_string())?;
            value(values, row, self.values.types.get(*column).unwrap_or(&SqlType::Null))
        });
        columns.collect()
    }
}

impl ToChanges for RowWriter {
    type Record = Chunk;

    fn changes(&self, chunk: Chunk, into: &mut Vec<Change>) -> Result<(), String> {
        into.reserve(chunk.rows());
        for (row, kind) in chunk.kinds().iter(chunk.rows()).enumerate() {
            match kind {
                RowKind::Insert | RowKind::UpdateAfter => {
                    into.push(Change::Upsert(self.values.row(&chunk, row)?));
                }
                // The row after the update has the same key.
                RowKind::UpdateBefore => {}
                RowKind::Delete => into.push(Change::Delete(self.key(&chunk, row)?)),
            }
        }
        Ok(())
    }
}

fn value(column: &ArrayRef, row: usize, data_type: &SqlType) -> Result<Value, String> {
    if column.is_null(row) {
        return Ok(Value::Null);
    }
    let found = match data_type {
        SqlType::Boolean => column.as_boolean_opt().map(|values| values.value(row).into()),
        SqlType::TinyInt => number(column.as_primitive_opt::<Int8Type>().map(|it| it.value(row))),
        SqlType::SmallInt => number(column.as_primitive_opt::<Int16Type>().map(|it| it.value(row))),
        SqlType::Int => number(column.as_primitive_opt::<Int32Type>().map(|it| it.value(row))),
        SqlType::BigInt => number(column.as_primitive_opt::<Int64Type>().map(|it| it.value(row))),
        SqlType::Float => column.as_primitive_opt::<Float32Type>().map(|values| {
            // The shortest text of a FLOAT is not that of the DOUBLE that it is.
            values.value(row).to_string().parse::<f64>().map_or(Value::Null, Value::Float)
        }),
        SqlType::Double => column.as_primitive_opt::<Float64Type>().map(|values| values.value(row).into()),
        SqlType::Decimal(_, scale) => column
            .as_primitive_opt::<Decimal128Type>()
            .map(|values| text(|out| write_decimal(values.value(row), *scale, out))),
        SqlType::Char(_) | SqlType::VarChar(_) => {
            column.as_string_view_opt().map(|values| values.value(row).into())
        }
        SqlType::Binary(_) | SqlType::VarBinary(_) => {
            column.as_binary_view_opt().map(|values| values.value(row).to_vec().into())
        }
        SqlType::Date => column
            .as_primitive_opt::<Date32Type>()
            .map(|values| text(|out| write_date(values.value(row), out))),
        SqlType::Time(precision) => column
            .as_primitive_opt::<Time32MillisecondType>()
            .map(|values| text(|out| write_time(values.value(row), *precision, out))),
        SqlType::Timestamp(precision, _) => timestamp(column, row, *precision)
            .map(|value| text(|out| write_format_timestamp(value, *precision, TimestampFormat::Sql, out))),
        SqlType::TimestampLtz(precision, _) => timestamp(column, row, *precision).map(|value| {
            text(|out| {
                write_format_timestamp(value, *precision, TimestampFormat::Sql, out);
                out.push_str("+00:00");
            })
        }),
        _ => None,
    };
    found.ok_or_else(|| format!("a value of type {data_type} cannot be written"))
}

fn number<N: Into<i64>>(value: Option<N>) -> Option<Value> {
    value.map(|value| Value::Integer(value.into()))
}

fn text(write: impl FnOnce(&mut String)) -> Value {
    let mut text = String::new();
    write(&mut text);
    Value::Text(text)
}

fn timestamp(column: &ArrayRef, row: usize, precision: u8) -> Option<i64> {
    Some(match precision {
        0..=3 => column.as_primitive_opt::<TimestampMillisecondType>()?.value(row),
        4..=6 => column.as_primitive_opt::<TimestampMicrosecondType>()?.value(row),
        _ => column.as_primitive_opt::<TimestampNanosecondType>()?.value(row),
    })
}
