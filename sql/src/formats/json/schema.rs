//! The JSON schema of a table: what the format writes.

use super::encoder::write_text;
use crate::types::{Field, NamedField, SqlType};

/// The JSON schema of rows with these columns, as text that is the same for the same columns.
pub(super) fn derive(columns: &[NamedField]) -> String {
    let mut out = "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"type\":\"object\"".to_owned();
    members(columns, &mut out);
    out.push('}');
    out
}

/// Appends the members of the schema of an object with these fields, but for its type.
fn members(fields: &[NamedField], out: &mut String) {
    out.push_str(",\"properties\":{");
    separated(fields, out, |field, out| {
        write_text(&field.name, out);
        out.push(':');
        value(&field.field, out);
    });
    out.push('}');
    let required: Vec<_> = fields.iter().filter(|field| !field.field.nullable).collect();
    if !required.is_empty() {
        out.push_str(",\"required\":[");
        separated(&required, out, |field, out| write_text(&field.name, out));
        out.push(']');
    }
}

fn separated<T>(items: &[T], out: &mut String, mut write: impl FnMut(&T, &mut String)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
}

/// Appends the schema of a value.
fn value(field: &Field, out: &mut String) {
    let name = match &field.data_type {
        SqlType::Null => "null",
        SqlType::Boolean => "boolean",
        SqlType::TinyInt
        | SqlType::SmallInt
        | SqlType::Int
        | SqlType::BigInt
        | SqlType::IntervalYearMonth
        | SqlType::IntervalDayTime => "integer",
        SqlType::Float | SqlType::Double | SqlType::Decimal(..) => "number",
        SqlType::Array(_) => "array",
        SqlType::Map(..) | SqlType::Multiset(_) | SqlType::Row(_) => "object",
        // Texts, bytes in base64, and points in time.
        _ => "string",
    };
    out.push_str("{\"type\":");
    if field.nullable && field.data_type != SqlType::Null {
        out.push('[');
        write_text(name, out);
        out.push_str(",\"null\"]");
    } else {
        write_text(name, out);
    }
    match &field.data_type {
        SqlType::Array(element) => {
            out.push_str(",\"items\":");
            value(element, out);
        }
        SqlType::Map(_, mapped) => {
            out.push_str(",\"additionalProperties\":");
            value(mapped, out);
        }
        SqlType::Multiset(_) => {
            out.push_str(",\"additionalProperties\":");
            value(&Field::required(SqlType::Int), out);
        }
        SqlType::Row(fields) => members(fields, out),
        SqlType::Binary(_) | SqlType::VarBinary(_) => out.push_str(",\"contentEncoding\":\"base64\""),
        SqlType::Date => out.push_str(",\"format\":\"date\""),
        _ => {}
    }
    out.push('}');
}
