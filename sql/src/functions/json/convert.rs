//! Values of SQL written as JSON.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use millstream_runtime::{Error, ErrorKind, Result};

use super::number::big_decimal;
use super::value::{sort_fields, write_text};
use crate::types::SqlType;
use crate::types::text::decimal::write_decimal;
use crate::types::text::number::{write_double, write_integer};
use crate::types::text::timestamp::write_timestamp;

/// Whether values of a type can be written as JSON.
pub(super) fn is_convertible(data_type: &SqlType) -> bool {
    match data_type {
        SqlType::Null | SqlType::Boolean => true,
        SqlType::Array(element) => is_convertible(&element.data_type),
        SqlType::Multiset(element) => element.data_type.is_text(),
        SqlType::Map(key, value) => key.data_type.is_text() && is_convertible(&value.data_type),
        SqlType::Row(fields) => fields.iter().all(|field| is_convertible(&field.field.data_type)),
        other => other.is_text() || other.is_binary() || other.is_numeric() || other.is_timestamp(),
    }
}

/// Whether there is no value in a row.
pub(super) fn is_null(values: &ArrayRef, row: usize) -> bool {
    values.is_null(row) || *values.data_type() == arrow_schema::DataType::Null
}

/// Of equal keys, the last counts.
pub(super) fn put(fields: &mut Vec<(String, String)>, key: &str, value: String) {
    match fields.iter_mut().find(|(known, _)| known == key) {
        Some(known) => known.1 = value,
        None => fields.push((key.to_owned(), value)),
    }
}

/// Appends an object of fields that are written already.
pub(super) fn write_fields(fields: &[(String, String)], out: &mut String) {
    let mut sorted: Vec<_> = fields.iter().collect();
    sort_fields(&mut sorted);
    out.push('{');
    for (index, (key, value)) in sorted.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_text(key, out);
        out.push(':');
        out.push_str(value);
    }
    out.push('}');
}

fn wrong(data_type: &SqlType) -> Error {
    Error::new(ErrorKind::Internal, format!("a value of type {data_type} as JSON"))
}

/// Appends a value that is not NULL as JSON.
pub(super) fn write(values: &ArrayRef, row: usize, data_type: &SqlType, out: &mut String) -> Result<()> {
    match data_type {
        SqlType::Row(fields) => {
            let rows = values.as_struct_opt().ok_or_else(|| wrong(data_type))?;
            let mut written = Vec::new();
            for (column, field) in rows.columns().iter().zip(fields.iter()) {
                put(&mut written, &field.name, nested(column, row, &field.field.data_type)?);
            }
            write_fields(&written, out);
        }
        SqlType::Array(element) => {
            let items = values.as_list_opt::<i32>().ok_or_else(|| wrong(data_type))?.value(row);
            out.push('[');
            for index in 0..items.len() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&nested(&items, index, &element.data_type)?);
            }
            out.push(']');
        }
        SqlType::Map(_, value) => {
            write_map(values, row, &value.data_type, out).ok_or_else(|| wrong(data_type))??
        }
        SqlType::Multiset(_) => {
            write_map(values, row, &SqlType::Int, out).ok_or_else(|| wrong(data_type))??
        }
        scalar => write_scalar(values, row, scalar, out)?,
    }
    Ok(())
}

fn nested(values: &ArrayRef, row: usize, data_type: &SqlType) -> Result<String> {
    let mut text = String::new();
    if is_null(values, row) {
        text.push_str("null");
    } else {
        write(values, row, data_type, &mut text)?;
    }
    Ok(text)
}

/// `None` for what is no map with texts as keys.
fn write_map(values: &ArrayRef, row: usize, value_type: &SqlType, out: &mut String) -> Option<Result<()>> {
    let entries = values.as_map_opt()?.value(row);
    let [keys, values] = entries.columns() else { return None };
    let keys = keys.as_string_view_opt()?;
    let mut fields = Vec::new();
    for index in 0..entries.len() {
        match nested(values, index, value_type) {
            Ok(value) => put(&mut fields, keys.value(index), value),
            Err(error) => return Some(Err(error)),
        }
    }
    write_fields(&fields, out);
    Some(Ok(()))
}

fn write_scalar(values: &ArrayRef, row: usize, data_type: &SqlType, out: &mut String) -> Result<()> {
    let written = match data_type {
        SqlType::Boolean => values.as_boolean_opt().map(|column| {
            out.push_str(if column.value(row) { "true" } else { "false" });
        }),
        SqlType::Char(_) | SqlType::VarChar(_) => {
            values.as_string_view_opt().map(|column| write_text(column.value(row), out))
        }
        SqlType::Binary(_) | SqlType::VarBinary(_) => values.as_binary_view_opt().map(|column| {
            out.push('"');
            STANDARD.encode_string(column.value(row), out);
            out.push('"');
        }),
        SqlType::Timestamp(precision, _) | SqlType::TimestampLtz(precision, _) => {
            let is_instant = matches!(data_type, SqlType::TimestampLtz(..));
            timestamp(values, row, *precision).map(|value| write_time(value, *precision, is_instant, out))
        }
        SqlType::Float | SqlType::Double => {
            let value = match data_type {
                SqlType::Float => {
                    values.as_primitive_opt::<Float32Type>().map(|column| column.value(row).into())
                }
                _ => values.as_primitive_opt::<Float64Type>().map(|column| column.value(row)),
            };
            value.map(|value: f64| write_double_json(value, out)).transpose()?
        }
        SqlType::Decimal(_, scale) => values.as_primitive_opt::<Decimal128Type>().map(|column| {
            let mut text = String::new();
            write_decimal(column.value(row), *scale, &mut text);
            out.push_str(&big_decimal(&text).unwrap_or(text));
        }),
        _ => integer(values, row).map(|value| write_integer(value, out)),
    };
    written.ok_or_else(|| wrong(data_type))
}

/// By way of Java's text and a `BigDecimal`, as Flink does.
fn write_double_json(value: f64, out: &mut String) -> Result<()> {
    if !value.is_finite() {
        return Err(Error::new(ErrorKind::Function, format!("{value} is no number of JSON")));
    }
    let mut text = String::new();
    write_double(value, &mut text);
    out.push_str(&big_decimal(&text).unwrap_or(text));
    Ok(())
}

fn integer(values: &ArrayRef, row: usize) -> Option<i64> {
    macro_rules! value {
        ($($kind:ty),+) => {
            $(if let Some(column) = values.as_primitive_opt::<$kind>() {
                return Some(i64::from(column.value(row)));
            })+
        };
    }
    value!(Int8Type, Int16Type, Int32Type, Int64Type);
    None
}

fn timestamp(values: &ArrayRef, row: usize, precision: u8) -> Option<i64> {
    Some(match precision {
        0..=3 => values.as_primitive_opt::<TimestampMillisecondType>()?.value(row),
        4..=6 => values.as_primitive_opt::<TimestampMicrosecondType>()?.value(row),
        _ => values.as_primitive_opt::<TimestampNanosecondType>()?.value(row),
    })
}

/// `2020-01-02T03:04:05.678`: the fraction without zeros at its end; `Z` behind an instant.
fn write_time(value: i64, precision: u8, is_instant: bool, out: &mut String) {
    let mut text = String::new();
    write_timestamp(value, precision, &mut text);
    let text = text.replacen(' ', "T", 1);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    out.push('"');
    out.push_str(text);
    out.push_str(if is_instant { "Z\"" } else { "\"" });
}
