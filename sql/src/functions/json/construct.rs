//! JSON_STRING, JSON_OBJECT, JSON_ARRAY and JSON: values of SQL as JSON.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use millstream_runtime::{Error, ErrorKind, Result};

use super::super::lift::{kernel, texts};
use super::super::{Argument, Call, Returns, ScalarFunction, Signature};
use super::literal;
use super::number::big_decimal;
use super::parse::parse;
use super::value::{sort_fields, write_text};
use crate::error::{SqlError, SqlResult};
use crate::eval::Kernel;
use crate::types::text::decimal::write_decimal;
use crate::types::text::number::{write_double, write_integer};
use crate::types::text::timestamp::write_timestamp;
use crate::types::{Field, SqlType};

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    // They fail for numbers that JSON does not have.
    ScalarFunction::new(
        "JSON_STRING",
        Signature::Custom(|call| {
            call.expect_count(1, 1)?;
            expect_convertible(call, 0)?;
            Ok(Field::new(SqlType::STRING, call.any_nullable()))
        }),
        |arguments, _, _| {
            let data_type = arguments.first().map_or(SqlType::Null, |value| value.field.data_type.clone());
            kernel(move |call| {
                let values = call.array(0)?;
                texts(call.rows(), |row, out| {
                    let present = !is_null(&values, row);
                    if present {
                        write(&values, row, &data_type, out)?;
                    }
                    Ok(present)
                })
            })
        },
    )
    .on_demand(),
    // JSON_OBJECT(flags, key, value, …), JSON_ARRAY(flags, value, …): how the binder puts them
    ScalarFunction::new("JSON_OBJECT", Signature::Custom(|call| members(call, 2)), |arguments, _, _| object(arguments))
        .on_demand(),
    ScalarFunction::new("JSON_ARRAY", Signature::Custom(|call| members(call, 1)), |arguments, _, _| array(arguments))
        .on_demand(),
    ScalarFunction::new(
        "JSON",
        Signature::of(&[super::super::Parameter::Text], Returns::Nullable(SqlType::STRING)),
        |_, _, _| {
            kernel(|call| {
                let values = call.texts(0)?;
                texts(call.rows(), |row, out| {
                    let Some(text) = values.get(row).filter(|text| !text.trim().is_empty()) else { return Ok(false) };
                    let value = parse(text).map_err(|error| {
                        Error::new(
                            ErrorKind::Function,
                            format!(
                                "org.apache.flink.table.api.TableRuntimeException: Invalid JSON string in JSON(value) \
                                 function: \"{text}\". Error: {error}"
                            ),
                        )
                    })?;
                    value.write(out);
                    Ok(true)
                })
            })
        },
    )
    .on_demand(),
];

/// What to do with NULLs, and which of the values are JSON already: `N` or `A`, and then `j` or `v` for each.
fn members(call: &mut Call, step: usize) -> SqlResult<Field> {
    call.expect(0, super::super::Parameter::Text)?;
    for index in (1..call.arguments.len()).step_by(step) {
        if step == 2 {
            call.expect(index, super::super::Parameter::Text)?;
            if call.is_nullable(index)
                && call.arguments.get(index).is_some_and(|key| key.as_constant().is_some())
            {
                return Err(SqlError::validation("a key of JSON_OBJECT must not be NULL"));
            }
        }
        expect_convertible(call, index + step - 1)?;
    }
    Ok(Field::required(SqlType::STRING))
}

fn expect_convertible(call: &Call, index: usize) -> SqlResult<()> {
    let data_type = call.data_type(index);
    if is_convertible(&data_type) {
        return Ok(());
    }
    Err(SqlError::validation(format!("Type '{data_type}' is not scalar or cannot be converted into JSON.")))
}

fn is_convertible(data_type: &SqlType) -> bool {
    match data_type {
        SqlType::Null | SqlType::Boolean => true,
        SqlType::Array(element) => is_convertible(&element.data_type),
        SqlType::Multiset(element) => element.data_type.is_text(),
        SqlType::Map(key, value) => key.data_type.is_text() && is_convertible(&value.data_type),
        SqlType::Row(fields) => fields.iter().all(|field| is_convertible(&field.field.data_type)),
        other => other.is_text() || other.is_binary() || other.is_numeric() || other.is_timestamp(),
    }
}

/// A value of an object or array.
struct Member {
    index: usize,
    /// Whether the key before it may be NULL.
    has_nullable_key: bool,
    data_type: SqlType,
    is_json: bool,
}

impl Member {
    fn all(arguments: &[Argument], step: usize) -> SqlResult<(bool, Vec<Self>)> {
        let flags = literal(arguments, 0, "the flags")?;
        let mut flags = flags.chars();
        let keeps_null = flags.next() == Some('N');
        let members = arguments.iter().enumerate().skip(step).step_by(step).zip(flags);
        let members = members.map(|((index, argument), flag)| Self {
            index,
            has_nullable_key: arguments.get(index - 1).is_some_and(|key| key.field.nullable),
            data_type: argument.field.data_type.clone(),
            is_json: flag == 'j',
        });
        Ok((keeps_null, members.collect()))
    }

    fn write(&self, values: &ArrayRef, row: usize, out: &mut String) -> Result<()> {
        if is_null(values, row) {
            out.push_str("null");
            return Ok(());
        }
        match values.as_string_view_opt() {
            Some(texts) if self.is_json => {
                out.push_str(texts.value(row));
                Ok(())
            }
            _ => write(values, row, &self.data_type, out),
        }
    }
}

fn object(arguments: &[Argument]) -> SqlResult<Box<dyn Kernel>> {
    let (keeps_null, members) = Member::all(arguments, 2)?;
    kernel(move |call| {
        let columns =
            members.iter().map(|member| Ok((call.texts(member.index - 1)?, call.array(member.index)?)));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        texts(call.rows(), |row, out| {
            let mut fields: Vec<(String, String)> = Vec::new();
            for (member, (keys, values)) in members.iter().zip(&columns) {
                if is_null(values, row) && !keeps_null {
                    continue;
                }
                let Some(key) = keys.get(row) else {
                    if !member.has_nullable_key {
                        return Ok(false);
                    }
                    let message = "a key of JSON_OBJECT is NULL: keys must not be";
                    return Err(Error::new(ErrorKind::Function, message));
                };
                let mut text = String::new();
                member.write(values, row, &mut text)?;
                put(&mut fields, key, text);
            }
            write_fields(&fields, out);
            Ok(true)
        })
    })
}

/// Of equal keys, the last counts.
fn put(fields: &mut Vec<(String, String)>, key: &str, value: String) {
    match fields.iter_mut().find(|(known, _)| known == key) {
        Some(known) => known.1 = value,
        None => fields.push((key.to_owned(), value)),
    }
}

fn write_fields(fields: &[(String, String)], out: &mut String) {
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

fn array(arguments: &[Argument]) -> SqlResult<Box<dyn Kernel>> {
    let (keeps_null, members) = Member::all(arguments, 1)?;
    kernel(move |call| {
        let columns = members.iter().map(|member| call.array(member.index)).collect::<Result<Vec<_>>>()?;
        texts(call.rows(), |row, out| {
            out.push('[');
            let start = out.len();
            for (member, values) in members.iter().zip(&columns) {
                if is_null(values, row) && !keeps_null {
                    continue;
                }
                if out.len() > start {
                    out.push(',');
                }
                member.write(values, row, out)?;
            }
            out.push(']');
            Ok(true)
        })
    })
}

fn is_null(values: &ArrayRef, row: usize) -> bool {
    values.is_null(row) || *values.data_type() == arrow_schema::DataType::Null
}

fn wrong(data_type: &SqlType) -> Error {
    Error::new(ErrorKind::Internal, format!("a value of type {data_type} as JSON"))
}

/// Appends a value that is not NULL as JSON.
fn write(values: &ArrayRef, row: usize, data_type: &SqlType, out: &mut String) -> Result<()> {
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
