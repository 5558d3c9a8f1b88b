//! The schema of a table, as Flink derives it.

use crate::error::{SqlError, SqlResult};
use crate::formats::json::write_json_text;
use crate::types::{Field, NamedField, SqlType};

/// The record of a whole row.
const ROOT: &str = "record";
const NAMESPACE: &str = "org.apache.flink.avro.generated";

/// The JSON of the schema of rows with these columns. With `legacy`, TIMESTAMPs are timestamps of Avro, and not local ones.
///
/// # Errors
/// If a column has a type that Avro does not have, or a name that Avro does not allow.
pub(super) fn derive(columns: &[NamedField], legacy: bool) -> SqlResult<String> {
    let mut out = String::new();
    record(columns, ROOT, legacy, &mut out)?;
    Ok(out)
}

/// `value` with null, where it may be NULL.
fn nullable(
    field: &Field,
    out: &mut String,
    value: impl FnOnce(&mut String) -> SqlResult<()>,
) -> SqlResult<()> {
    if !field.nullable {
        return value(out);
    }
    out.push_str("[\"null\",");
    value(out)?;
    out.push(']');
    Ok(())
}

fn schema(field: &Field, name: &str, legacy: bool, out: &mut String) -> SqlResult<()> {
    if field.data_type == SqlType::Null {
        out.push_str("\"null\"");
        return Ok(());
    }
    nullable(field, out, |out| {
        match &field.data_type {
            SqlType::Array(element) => {
                out.push_str("{\"type\":\"array\",\"items\":");
                schema(element, name, legacy, out)?;
                out.push('}');
            }
            SqlType::Map(key, value) => {
                text_key(key)?;
                map(value, name, legacy, out)?;
            }
            SqlType::Multiset(element) => {
                text_key(element)?;
                map(&Field::required(SqlType::Int), name, legacy, out)?;
            }
            SqlType::Row(fields) => record(fields, name, legacy, out)?,
            data_type => out.push_str(&leaf(data_type, legacy)?),
        }
        Ok(())
    })
}

fn text_key(key: &Field) -> SqlResult<()> {
    if key.data_type.is_text() {
        return Ok(());
    }
    Err(SqlError::unsupported(format!(
        "Avro format doesn't support non-string as key type of map. The key type is: {}",
        key.data_type
    )))
}

fn map(value: &Field, name: &str, legacy: bool, out: &mut String) -> SqlResult<()> {
    out.push_str("{\"type\":\"map\",\"values\":");
    schema(value, name, legacy, out)?;
    out.push('}');
    Ok(())
}

fn record(fields: &[NamedField], name: &str, legacy: bool, out: &mut String) -> SqlResult<()> {
    out.push_str("{\"type\":\"record\",\"name\":");
    write_json_text(name, out);
    if name == ROOT {
        out.push_str(",\"namespace\":");
        write_json_text(NAMESPACE, out);
    }
    out.push_str(",\"fields\":[");
    for (index, field) in fields.iter().enumerate() {
        check_name(&field.name)?;
        if index > 0 {
            out.push(',');
        }
        out.push_str("{\"name\":");
        write_json_text(&field.name, out);
        out.push_str(",\"type\":");
        schema(&field.field, &format!("{name}_{}", field.name), legacy, out)?;
        out.push_str(if field.field.nullable { ",\"default\":null}" } else { "}" });
    }
    out.push_str("]}");
    Ok(())
}

fn check_name(name: &str) -> SqlResult<()> {
    let is_first = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    let bytes = name.as_bytes();
    if bytes.first().is_some_and(is_first) && bytes.iter().all(|byte| is_first(byte) || byte.is_ascii_digit())
    {
        return Ok(());
    }
    Err(SqlError::validation(format!(
        "column `{name}` has a name that Avro does not allow: names have letters of ASCII, digits and `_`, and begin with no \
         digit"
    )))
}

fn leaf(data_type: &SqlType, legacy: bool) -> SqlResult<String> {
    let unsupported =
        || Err(SqlError::unsupported(format!("Unsupported to derive Schema for type: {data_type}")));
    let too_precise = |what: &str, precision: u8, most: u8| {
        Err(SqlError::unsupported(format!(
            "Avro does not support {what} type with precision: {precision}, it only supports precision less than {most}."
        )))
    };
    let logical = |of: &str, name: &str| Ok(format!("{{\"type\":\"{of}\",\"logicalType\":\"{name}\"}}"));
    match data_type {
        SqlType::Boolean => Ok("\"boolean\"".to_owned()),
        SqlType::TinyInt | SqlType::SmallInt | SqlType::Int => Ok("\"int\"".to_owned()),
        SqlType::BigInt => Ok("\"long\"".to_owned()),
        SqlType::Float => Ok("\"float\"".to_owned()),
        SqlType::Double => Ok("\"double\"".to_owned()),
        SqlType::Char(_) | SqlType::VarChar(_) => Ok("\"string\"".to_owned()),
        SqlType::Binary(_) | SqlType::VarBinary(_) => Ok("\"bytes\"".to_owned()),
        SqlType::Date => logical("int", "date"),
        SqlType::Time(precision @ 4..) => too_precise("TIME", *precision, 3),
        SqlType::Time(_) => logical("int", "time-millis"),
        SqlType::Timestamp(precision @ 4.., _) if legacy => too_precise("TIMESTAMP", *precision, 3),
        SqlType::Timestamp(_, _) if legacy => logical("long", "timestamp-millis"),
        SqlType::Timestamp(0..=3, _) => logical("long", "local-timestamp-millis"),
        SqlType::Timestamp(4..=6, _) => logical("long", "local-timestamp-micros"),
        SqlType::Timestamp(precision, _) => too_precise("LOCAL TIMESTAMP", *precision, 6),
        // The legacy mapping has no timestamp left for it.
        SqlType::TimestampLtz(..) if legacy => unsupported().map_err(|error: SqlError| {
            error.with_hint("set the option 'timestamp_mapping.legacy' of the format to 'false'")
        }),
        SqlType::TimestampLtz(0..=3, _) => logical("long", "timestamp-millis"),
        SqlType::TimestampLtz(4..=6, _) => logical("long", "timestamp-micros"),
        SqlType::TimestampLtz(precision, _) => too_precise("TIMESTAMP", *precision, 6),
        SqlType::Decimal(precision, scale) => Ok(format!(
            "{{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":{precision},\"scale\":{scale}}}"
        )),
        _ => unsupported(),
    }
}
