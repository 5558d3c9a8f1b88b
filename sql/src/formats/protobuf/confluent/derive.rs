//! The file of Protobuf for a table: a message whose fields are the columns.

use std::fmt::Write as _;

use crate::chunk::ValueError;
use crate::types::{Field, NamedField, SqlType};

/// The message of a row.
pub(super) const ROOT: &str = "Row";

/// The text of a file with a message of this full name. A field has presence if its column may be NULL, so that NULL is read
/// again as NULL.
///
/// # Errors
/// Which column has a type that Protobuf does not have, or a name that it does not allow.
pub(super) fn derive(columns: &[NamedField], name: &str) -> Result<String, ValueError> {
    name.split('.').try_for_each(check_name)?;
    let (package, name) = name.rsplit_once('.').map_or(("", name), |(package, name)| (package, name));
    let mut out = "syntax = \"proto3\";\n".to_owned();
    if !package.is_empty() {
        line(0, &format!("package {package};"), &mut out);
    }
    out.push('\n');
    message(columns, name, 0, &mut out)?;
    Ok(out)
}

fn line(depth: usize, text: &str, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{:width$}{text}", "", width = 2 * depth);
}

/// Appends a message with these fields.
fn message(fields: &[NamedField], name: &str, depth: usize, out: &mut String) -> Result<(), ValueError> {
    line(depth, &format!("message {name} {{"), out);
    for (field, number) in fields.iter().zip(1..) {
        declare(field, number, depth + 1, out).map_err(|error| error.in_field(&field.name))?;
    }
    line(depth, "}", out);
    Ok(())
}

/// Appends a field, and the message that it has as a value.
fn declare(column: &NamedField, number: u32, depth: usize, out: &mut String) -> Result<(), ValueError> {
    let name = &*column.name;
    check_name(name)?;
    let value = |of: &Field, out: &mut String| match &of.data_type {
        SqlType::Row(fields) => {
            // Fields and messages within a message must not have the same name.
            let row = format!("{name}_row");
            message(fields, &row, depth, out)?;
            Ok(row)
        }
        other => scalar(other).map(str::to_owned),
    };
    let declared = match &column.field.data_type {
        SqlType::Array(element) => format!("repeated {}", value(element, out)?),
        SqlType::Map(key, mapped) => {
            let (key, mapped) = (map_key(&key.data_type)?, value(mapped, out)?);
            format!("map<{key}, {mapped}>")
        }
        // A message always has presence.
        SqlType::Row(_) => value(&column.field, out)?,
        other if column.field.nullable => format!("optional {}", scalar(other)?),
        other => scalar(other)?.to_owned(),
    };
    line(depth, &format!("{declared} {name} = {};", field_number(number)), out);
    Ok(())
}

/// The numbers from 19000 to 19999 are Protobuf's own.
const fn field_number(column: u32) -> u32 {
    if column < 19_000 { column } else { column + 1_000 }
}

fn scalar(data_type: &SqlType) -> Result<&'static str, ValueError> {
    Ok(match data_type {
        SqlType::Boolean => "bool",
        SqlType::Int => "int32",
        SqlType::BigInt => "int64",
        SqlType::Float => "float",
        SqlType::Double => "double",
        SqlType::Char(_) | SqlType::VarChar(_) => "string",
        SqlType::Binary(_) | SqlType::VarBinary(_) => "bytes",
        other => {
            let instead = match other {
                SqlType::TinyInt | SqlType::SmallInt => "INT",
                SqlType::Timestamp(..) | SqlType::TimestampLtz(..) => {
                    "STRING, BIGINT, or ROW<seconds BIGINT, nanos INT>"
                }
                SqlType::Array(_) | SqlType::Map(..) | SqlType::Multiset(_) => "a ROW with it as a field",
                _ => "STRING",
            };
            return Err(ValueError::new(format!(
                "Protobuf has no {other} here: declare {instead}, and CAST"
            )));
        }
    })
}

fn map_key(data_type: &SqlType) -> Result<&'static str, ValueError> {
    if data_type.is_text() || matches!(data_type, SqlType::Boolean | SqlType::Int | SqlType::BigInt) {
        return scalar(data_type);
    }
    Err(ValueError::new(format!(
        "Protobuf has no maps with keys of {data_type}: declare STRING, INT, BIGINT or BOOLEAN"
    )))
}

fn check_name(name: &str) -> Result<(), ValueError> {
    let is_first = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    let bytes = name.as_bytes();
    if bytes.first().is_some_and(is_first) && bytes.iter().all(|byte| is_first(byte) || byte.is_ascii_digit())
    {
        return Ok(());
    }
    Err(ValueError::new(format!(
        "'{name}' is no name in Protobuf: names have letters of ASCII, digits and `_`, and begin with no digit"
    )))
}
