//! Rows as JSON.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use millstream_sql::chunk::{Chunk, write_value};
use millstream_sql::types::{Field, Schema, SqlType};

use crate::errors::quoted;

/// Writes the rows of chunks of one schema as `{"op":"+I","row":[…]}`.
#[derive(Clone, Debug)]
pub struct RowJson {
    fields: Vec<Field>,
}

impl RowJson {
    /// For chunks of these columns.
    pub fn new(schema: &Schema) -> Self {
        Self { fields: schema.fields().cloned().collect() }
    }

    /// Appends a row.
    pub fn write(&self, chunk: &Chunk, row: usize, out: &mut String) {
        out.push_str(&format!("{{\"op\":\"{}\",\"row\":", chunk.kinds().get(row).short()));
        self.write_values(chunk, row, out);
        out.push('}');
    }

    /// Appends the values of a row.
    fn write_values(&self, chunk: &Chunk, row: usize, out: &mut String) {
        out.push('[');
        for (index, (values, field)) in chunk.columns().iter().zip(&self.fields).enumerate() {
            if index > 0 {
                out.push(',');
            }
            write(values, row, &field.data_type, out);
        }
        out.push(']');
    }
}

/// Appends a value: numbers, booleans, arrays, and maps and rows as objects; all else as a row has it, in quotes.
fn write(values: &ArrayRef, row: usize, data_type: &SqlType, out: &mut String) {
    if values.is_null(row) || *data_type == SqlType::Null {
        out.push_str("null");
        return;
    }
    match data_type {
        SqlType::Array(element) => {
            let Some(list) = values.as_list_opt::<i32>() else { return out.push_str("null") };
            let elements = list.value(row);
            out.push('[');
            for index in 0..elements.len() {
                if index > 0 {
                    out.push(',');
                }
                write(&elements, index, &element.data_type, out);
            }
            out.push(']');
        }
        SqlType::Row(fields) => {
            let Some(structs) = values.as_struct_opt() else { return out.push_str("null") };
            out.push('{');
            for (index, (values, field)) in structs.columns().iter().zip(fields.iter()).enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&quoted(&field.name));
                out.push(':');
                write(values, row, &field.field.data_type, out);
            }
            out.push('}');
        }
        SqlType::Map(key, value) => write_map(values, row, &key.data_type, &value.data_type, out),
        SqlType::Multiset(element) => write_map(values, row, &element.data_type, &SqlType::Int, out),
        _ => {
            let mut text = String::new();
            write_value(values, row, data_type, &mut text);
            let is_number = data_type.is_numeric() && text.parse::<f64>().is_ok_and(f64::is_finite);
            // `Infinity` and `NaN` are no numbers of JSON.
            if is_number || *data_type == SqlType::Boolean {
                out.push_str(&text);
            } else {
                out.push_str(&quoted(&text));
            }
        }
    }
}

fn write_map(values: &ArrayRef, row: usize, key: &SqlType, value: &SqlType, out: &mut String) {
    let Some(map) = values.as_map_opt() else { return out.push_str("null") };
    let entries = map.value(row);
    let [keys, values] = entries.columns() else { return out.push_str("null") };
    out.push('{');
    for index in 0..entries.len() {
        if index > 0 {
            out.push(',');
        }
        let mut text = String::new();
        write_value(keys, index, key, &mut text);
        out.push_str(&quoted(&text));
        out.push(':');
        write(values, index, value, out);
    }
    out.push('}');
}
