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
use crate::types::text::number::{write_double, write_float, write_integer};
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
        _ => return None,
    }
    Some(())
}
