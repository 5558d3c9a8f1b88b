//! CSV to columns.

use super::CsvOptions;
use super::record::{Record, quoted_row_length};
use crate::chunk::{ColumnBuilder, ValueError, quoted};
use crate::formats::leaf::{self, TimeRules};
use crate::formats::line::{text, without_byte_order_mark, without_line_end};
use crate::types::text::timestamp::TimestampFormat;
use crate::types::{NamedField, Schema, SqlType};

/// Points in time are read as Flink does: timestamps with a blank, times with or without seconds.
const TIMES: TimeRules =
    TimeRules { timestamps: TimestampFormat::Sql, times: TimestampFormat::Iso8601, jdbc_dates: true };

/// Reads format `csv`.
pub struct CsvDecoder {
    options: CsvOptions,
    /// The columns that are wanted, with where in a row each is.
    wanted: Vec<(NamedField, usize)>,
    /// How many fields a row has.
    arity: usize,
    record: Record,
    scratch: Vec<u8>,
}

impl CsvDecoder {
    /// Reads rows of these columns, of which some are wanted.
    pub(in crate::formats) fn new(options: &CsvOptions, schema: &Schema, columns: &[usize]) -> Self {
        let wanted = columns.iter().filter_map(|column| Some((schema.get(*column)?.clone(), *column)));
        Self {
            options: options.clone(),
            wanted: wanted.collect(),
            arity: schema.len(),
            record: Record::default(),
            scratch: Vec::new(),
        }
    }

    pub(in crate::formats) fn header(&mut self, row: &[u8]) -> Result<(), ValueError> {
        self.split(without_byte_order_mark(row))?;
        self.arity = self.record.len();
        for (column, position) in &mut self.wanted {
            let found = (0..self.arity).find(|index| self.record.get(*index) == Some(&*column.name));
            *position = found.ok_or_else(|| {
                let names: Vec<_> = (0..self.arity).filter_map(|index| self.record.get(index)).collect();
                ValueError::new(format!("the header does not name it; it names: {}", names.join(", ")))
                    .in_field(&column.name)
            })?;
        }
        Ok(())
    }

    pub(in crate::formats) fn row_length(&self, bytes: &[u8]) -> Option<usize> {
        let newline = memchr::memchr(b'\n', bytes);
        let Some(quote) = self.options.dialect.quote else { return newline.map(|newline| newline + 1) };
        let line = newline.and_then(|newline| bytes.get(..=newline));
        if memchr::memchr(quote, line.unwrap_or(bytes)).is_none()
            || line.is_some_and(|line| self.is_comment(line))
        {
            return line.map(<[u8]>::len);
        }
        quoted_row_length(bytes, quote, self.options.dialect)
    }

    pub(in crate::formats) fn is_blank(&self, row: &[u8]) -> bool {
        without_line_end(row).is_empty() || self.is_comment(row)
    }

    fn is_comment(&self, row: &[u8]) -> bool {
        self.options.allow_comments && row.starts_with(b"#")
    }

    fn split(&mut self, row: &[u8]) -> Result<(), ValueError> {
        let row = text(without_line_end(row))?;
        self.record.split(row, self.options.dialect).map_err(|error| ValueError::new(error.problem()))
    }

    pub(in crate::formats) fn decode(
        &mut self,
        row: &[u8],
        columns: &mut [ColumnBuilder],
    ) -> Result<(), ValueError> {
        self.split(without_byte_order_mark(row))?;
        let ignore = self.options.ignore_parse_errors;
        if self.record.len() != self.arity && !ignore {
            return Err(ValueError::new(format!(
                "Row length mismatch. {} fields expected but was {}.",
                self.arity,
                self.record.len()
            )));
        }
        for ((name, position), column) in self.wanted.iter().zip(columns) {
            let appended = match self.record.get(*position) {
                None => column.append_null(),
                Some(text) if self.options.null_literal.as_deref() == Some(text) => column.append_null(),
                Some(text) => {
                    let appended = self.options.append(text, column, &mut self.scratch);
                    // What could not be read is NULL by now, if it may be.
                    if ignore && column.field().nullable { Ok(()) } else { appended }
                }
            };
            appended.map_err(|error| error.in_field(&name.name))?;
        }
        Ok(())
    }
}

impl CsvOptions {
    /// Appends a value: for arrays and rows the text is cut at the delimiter of elements.
    fn append(
        &self,
        text: &str,
        column: &mut ColumnBuilder,
        scratch: &mut Vec<u8>,
    ) -> Result<(), ValueError> {
        let element = |text: &str, column: &mut ColumnBuilder, scratch: &mut Vec<u8>| {
            if self.null_literal.as_deref() == Some(text) {
                return column.append_null();
            }
            let value = leaf::read(&column.field().data_type, text, TIMES, scratch);
            let appended = column.append_result(value);
            if self.ignore_parse_errors && column.field().nullable { Ok(()) } else { appended }
        };
        match &column.field().data_type {
            SqlType::Array(_) => column.append_array(|elements| {
                // An empty field is an array without elements.
                let parts = text.split(&*self.array_delimiter).filter(|_| !text.is_empty());
                parts.enumerate().try_for_each(|(index, part)| {
                    element(part, elements, scratch).map_err(|error| error.in_element(index + 1))
                })
            }),
            SqlType::Row(names) => {
                let names = names.clone();
                let parts = text.split(&*self.array_delimiter).count();
                if parts != names.len() && !self.ignore_parse_errors {
                    column.append_placeholder();
                    return Err(ValueError::new(format!(
                        "{} has {parts} fields, and {} are expected",
                        quoted(text),
                        names.len()
                    )));
                }
                column.append_row(|fields| {
                    let parts = text.split(&*self.array_delimiter);
                    parts.zip(fields.iter_mut().zip(names.iter())).try_for_each(|(part, (field, name))| {
                        element(part, field, scratch).map_err(|error| error.in_field(&name.name))
                    })
                })
            }
            data_type => {
                let value = leaf::read(data_type, text, TIMES, scratch);
                column.append_result(value)
            }
        }
    }
}
