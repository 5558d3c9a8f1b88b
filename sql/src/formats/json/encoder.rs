//! Columns to JSON.

use std::fmt::Write as _;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};

use super::JsonOptions;
use crate::chunk::Chunk;
use crate::formats::leaf;
use crate::types::text::timestamp::TimestampFormat;
use crate::types::{NamedField, Schema, SqlType};

/// Writes format `json`.
pub struct JsonEncoder {
    names: Vec<NamedField>,
    timestamps: TimestampFormat,
    plain_decimals: bool,
    ignore_null_fields: bool,
}

impl JsonEncoder {
    /// Writes rows of these columns.
    pub(in crate::formats) fn new(options: &JsonOptions, schema: &Schema) -> Self {
        Self {
            names: schema.to_vec(),
            timestamps: options.timestamp_format,
            plain_decimals: options.plain_decimals,
            ignore_null_fields: options.ignore_null_fields,
        }
    }

    pub(in crate::formats) fn encode(
        &self,
        chunk: &Chunk,
        row: usize,
        out: &mut String,
    ) -> Result<(), String> {
        let written = self.members(chunk.columns(), &self.names, row, out);
        written.ok_or_else(|| "a column of another type than the table's".to_owned())
    }

    fn members(
        &self,
        columns: &[ArrayRef],
        names: &[NamedField],
        row: usize,
        out: &mut String,
    ) -> Option<()> {
        out.push('{');
        let mut first = true;
        for (column, name) in columns.iter().zip(names) {
            if self.ignore_null_fields && column.is_null(row) {
                continue;
            }
            if !std::mem::take(&mut first) {
                out.push(',');
            }
            write_text(&name.name, out);
            out.push(':');
            self.value(column, row, &name.field.data_type, out)?;
        }
        out.push('}');
        Some(())
    }

    fn value(&self, column: &ArrayRef, row: usize, data_type: &SqlType, out: &mut String) -> Option<()> {
        if column.is_null(row) || *data_type == SqlType::Null {
            out.push_str("null");
            return Some(());
        }
        match data_type {
            SqlType::Array(element) => {
                let values = column.as_list_opt::<i32>()?.value(row);
                out.push('[');
                for index in 0..values.len() {
                    if index > 0 {
                        out.push(',');
                    }
                    self.value(&values, index, &element.data_type, out)?;
                }
                out.push(']');
                Some(())
            }
            SqlType::Map(_, value) => self.entries(column, row, &value.data_type, out),
            SqlType::Multiset(_) => self.entries(column, row, &SqlType::Int, out),
            SqlType::Row(names) => self.members(column.as_struct_opt()?.columns(), names, row, out),
            SqlType::Char(_) | SqlType::VarChar(_) => {
                write_text(column.as_string_view_opt()?.value(row), out);
                Some(())
            }
            _ => {
                let start = out.len();
                leaf::write(column, row, data_type, self.timestamps, self.plain_decimals, out)?;
                // NaN and infinities are no numbers of JSON.
                let is_word = out.ends_with(['N', 'y']) && data_type.is_approximate();
                if is_word || !leaf::is_bare(data_type) {
                    out.insert(start, '"');
                    out.push('"');
                }
                Some(())
            }
        }
    }

    fn entries(&self, column: &ArrayRef, row: usize, value: &SqlType, out: &mut String) -> Option<()> {
        let entries = column.as_map_opt()?.value(row);
        let [keys, values] = entries.columns() else { return None };
        let keys = keys.as_string_view_opt()?;
        out.push('{');
        for index in 0..entries.len() {
            if index > 0 {
                out.push(',');
            }
            write_text(keys.value(index), out);
            out.push(':');
            self.value(values, index, value, out)?;
        }
        out.push('}');
        Some(())
    }
}

/// A text in quotes, with the escapes that Jackson writes.
pub(in crate::formats) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut written = 0;
    for (at, character) in text.char_indices() {
        let escape = match character {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            '\0'..='\u{1f}' => "",
            _ => continue,
        };
        out.push_str(text.get(written..at).unwrap_or_default());
        out.push_str(escape);
        if escape.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{:04X}", u32::from(character));
        }
        written = at + character.len_utf8();
    }
    out.push_str(text.get(written..).unwrap_or_default());
    out.push('"');
}
