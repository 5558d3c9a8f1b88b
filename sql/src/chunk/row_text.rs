//! Rows as Flink prints them: `+I[1, Hi, null]`, which is Java's `Row.toString`.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef};

use super::Chunk;
use crate::types::text::decimal::write_decimal_row;
use crate::types::text::interval::{YearMonthResolution, write_day_time_row, write_year_month_row};
use crate::types::text::number::{write_double, write_float, write_integer};
use crate::types::text::timestamp::{write_date, write_instant_row, write_time_row, write_timestamp_row};
use crate::types::{Field, Schema, SqlType};

/// Writes the rows of chunks of one schema.
#[derive(Clone, Debug)]
pub struct RowText {
    fields: Arc<[Field]>,
}

impl RowText {
    /// For chunks of these columns.
    pub fn new(schema: &Schema) -> Self {
        Self { fields: schema.fields().cloned().collect() }
    }

    /// All rows of a chunk.
    pub fn lines(&self, chunk: &Chunk) -> Vec<String> {
        let line = |row| {
            let mut line = String::new();
            self.write(chunk, row, &mut line);
            line
        };
        (0..chunk.rows()).map(line).collect()
    }

    /// Appends a row with its kind.
    pub fn write(&self, chunk: &Chunk, row: usize, out: &mut String) {
        out.push_str(chunk.kinds().get(row).short());
        out.push('[');
        for (index, (column, field)) in chunk.columns().iter().zip(self.fields.iter()).enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            write_value(column, row, &field.data_type, out);
        }
        out.push(']');
    }
}

/// Appends a value as Java's `toString` gives it; NULL is `null`.
pub fn write_value(column: &ArrayRef, row: usize, data_type: &SqlType, out: &mut String) {
    if column.is_null(row) || *data_type == SqlType::Null {
        out.push_str("null");
    } else if write_present(column, row, data_type, out).is_none() {
        // Types are checked when the plan is made, so this is a fault; a text must not fail for it.
        out.push_str("<a value of another type>");
    }
}

fn write_present(column: &ArrayRef, row: usize, data_type: &SqlType, out: &mut String) -> Option<()> {
    match data_type {
        SqlType::Boolean => out.push_str(if column.as_boolean_opt()?.value(row) { "true" } else { "false" }),
        SqlType::TinyInt => write_integer(column.as_primitive_opt::<Int8Type>()?.value(row).into(), out),
        SqlType::SmallInt => write_integer(column.as_primitive_opt::<Int16Type>()?.value(row).into(), out),
        SqlType::Int => write_integer(column.as_primitive_opt::<Int32Type>()?.value(row).into(), out),
        SqlType::BigInt => write_integer(column.as_primitive_opt::<Int64Type>()?.value(row), out),
        SqlType::Float => write_float(column.as_primitive_opt::<Float32Type>()?.value(row), out),
        SqlType::Double => write_double(column.as_primitive_opt::<Float64Type>()?.value(row), out),
        SqlType::Decimal(_, scale) => {
            write_decimal_row(column.as_primitive_opt::<Decimal128Type>()?.value(row), *scale, out);
        }
        SqlType::Char(_) | SqlType::VarChar(_) => out.push_str(column.as_string_view_opt()?.value(row)),
        SqlType::Date => write_date(column.as_primitive_opt::<Date32Type>()?.value(row), out),
        SqlType::Time(_) => {
            write_time_row(column.as_primitive_opt::<Time32MillisecondType>()?.value(row), out)
        }
        SqlType::Timestamp(precision, _) => {
            write_timestamp_row(timestamp(column, row, *precision)?, *precision, out)
        }
        SqlType::TimestampLtz(precision, _) => {
            write_instant_row(timestamp(column, row, *precision)?, *precision, out)
        }
        SqlType::IntervalDayTime => {
            write_day_time_row(column.as_primitive_opt::<Int64Type>()?.value(row), out)
        }
        SqlType::IntervalYearMonth => {
            let months = column.as_primitive_opt::<Int32Type>()?.value(row);
            write_year_month_row(months, YearMonthResolution::YearToMonth, out);
        }
        SqlType::Binary(_) | SqlType::VarBinary(_) => {
            out.push('[');
            for (index, byte) in column.as_binary_view_opt()?.value(row).iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_integer(byte.cast_signed().into(), out);
            }
            out.push(']');
        }
        SqlType::Map(key, value) => {
            write_map(column, row, &key.data_type, &value.data_type, out)?;
        }
        SqlType::Multiset(element) => {
            write_map(column, row, &element.data_type, &SqlType::Int, out)?;
        }
        SqlType::Array(element) => {
            let values = column.as_list_opt::<i32>()?.value(row);
            out.push('[');
            for index in 0..values.len() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_value(&values, index, &element.data_type, out);
            }
            out.push(']');
        }
        SqlType::Row(fields) => {
            let structs = column.as_struct_opt()?;
            out.push_str("+I[");
            for (index, (column, field)) in structs.columns().iter().zip(fields.iter()).enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_value(column, row, &field.field.data_type, out);
            }
            out.push(']');
        }
        SqlType::Null => return None,
    }
    Some(())
}

/// A timestamp in the unit of its precision.
fn timestamp(column: &ArrayRef, row: usize, precision: u8) -> Option<i64> {
    Some(match precision {
        0..=3 => column.as_primitive_opt::<TimestampMillisecondType>()?.value(row),
        4..=6 => column.as_primitive_opt::<TimestampMicrosecondType>()?.value(row),
        _ => column.as_primitive_opt::<TimestampNanosecondType>()?.value(row),
    })
}

fn write_map(column: &ArrayRef, row: usize, key: &SqlType, value: &SqlType, out: &mut String) -> Option<()> {
    let entries = column.as_map_opt()?.value(row);
    let [keys, values] = entries.columns() else { return None };
    out.push('{');
    for index in 0..entries.len() {
        if index > 0 {
            out.push_str(", ");
        }
        write_value(keys, index, key, out);
        out.push('=');
        write_value(values, index, value, out);
    }
    out.push('}');
    Some(())
}
