//! Columns to CSV, quoted where Jackson quotes.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};

use super::CsvOptions;
use crate::chunk::Chunk;
use crate::formats::leaf;
use crate::types::text::timestamp::TimestampFormat;
use crate::types::{Field, Schema, SqlType};

/// Texts that are longer are quoted without a look at what is in them.
const QUOTED_LENGTH: usize = 24;

/// Writes format `csv`.
pub struct CsvEncoder {
    options: CsvOptions,
    fields: Vec<Field>,
    /// Characters below may mean something, so that texts with them are quoted.
    first_safe: u8,
}

impl CsvEncoder {
    /// Writes rows of these columns.
    pub(in crate::formats) fn new(options: &CsvOptions, schema: &Schema) -> Self {
        let dialect = options.dialect;
        let special = [Some(dialect.delimiter), dialect.quote, Some(b'\r')];
        let first_safe = special.into_iter().flatten().max().unwrap_or(b',') + 1;
        Self { options: options.clone(), fields: schema.fields().cloned().collect(), first_safe }
    }

    /// The names of the columns, as the first row of a file.
    pub(in crate::formats) fn header<'a>(&self, names: impl Iterator<Item = &'a str>, out: &mut String) {
        for (index, name) in names.enumerate() {
            if index > 0 {
                out.push(char::from(self.options.dialect.delimiter));
            }
            let start = out.len();
            out.push_str(name);
            // A name that cannot be quoted would have been refused as a value too; the first row shows it.
            let _ = self.quote(start, out);
        }
        out.push('\n');
    }

    pub(in crate::formats) fn encode(
        &self,
        chunk: &Chunk,
        row: usize,
        out: &mut String,
    ) -> Result<(), String> {
        for (index, (column, field)) in chunk.columns().iter().zip(&self.fields).enumerate() {
            if index > 0 {
                out.push(char::from(self.options.dialect.delimiter));
            }
            let start = out.len();
            if column.is_null(row) || field.data_type == SqlType::Null {
                out.push_str(self.options.null_literal.as_deref().unwrap_or_default());
                continue;
            }
            let written = self.value(column, row, &field.data_type, out);
            written.ok_or("a column of another type than the table's")?;
            if !leaf::is_bare(&field.data_type) {
                self.quote(start, out)?;
            }
        }
        Ok(())
    }

    fn value(&self, column: &ArrayRef, row: usize, data_type: &SqlType, out: &mut String) -> Option<()> {
        match data_type {
            SqlType::Array(element) => {
                let values = column.as_list_opt::<i32>()?.value(row);
                (0..values.len())
                    .try_for_each(|index| self.part(index, &values, index, &element.data_type, out))
            }
            SqlType::Row(names) => {
                let columns = column.as_struct_opt()?.columns().iter().zip(names.iter());
                columns.enumerate().try_for_each(|(index, (column, name))| {
                    self.part(index, column, row, &name.field.data_type, out)
                })
            }
            _ => leaf::write(column, row, data_type, TimestampFormat::Sql, self.options.plain_decimals, out),
        }
    }

    /// An element of an array or a field of a row.
    fn part(
        &self,
        index: usize,
        column: &ArrayRef,
        row: usize,
        data_type: &SqlType,
        out: &mut String,
    ) -> Option<()> {
        if index > 0 {
            out.push_str(&self.options.array_delimiter);
        }
        if column.is_null(row) {
            out.push_str(self.options.null_literal.as_deref().unwrap_or_default());
            return Some(());
        }
        self.value(column, row, data_type, out)
    }

    /// Puts quotes around what was written since `start`, if it needs them.
    fn quote(&self, start: usize, out: &mut String) -> Result<(), String> {
        let text = out.get(start..).unwrap_or_default();
        let Some(quote) = self.options.dialect.quote else {
            if text.contains(['\n', '\r', char::from(self.options.dialect.delimiter)]) {
                return Err(format!(
                    "{} cannot be written without quotes: set 'csv.disable-quote-character' to 'false'",
                    crate::chunk::quoted(text)
                ));
            }
            return Ok(());
        };
        let long = text.chars().nth(QUOTED_LENGTH).is_some();
        let escape = self.options.dialect.escape;
        if !long && !text.bytes().any(|byte| byte < self.first_safe || Some(byte) == escape) {
            return Ok(());
        }
        let quote = char::from(quote);
        let escape = escape.map(char::from);
        let needs_more = text.contains(|character| character == quote || Some(character) == escape);
        if needs_more {
            let text = text.to_owned();
            out.truncate(start);
            out.push(quote);
            for character in text.chars() {
                if Some(character) == escape {
                    out.push(character);
                } else if character == quote {
                    out.push(escape.unwrap_or(quote));
                }
                out.push(character);
            }
        } else {
            out.insert(start, quote);
        }
        out.push(quote);
        Ok(())
    }
}
