//! Formats: rows as bytes, in files and messages. As Flink's formats of the same names.

pub mod csv;
pub mod json;
mod leaf;
mod line;
pub mod raw;

use std::sync::Arc;

use crate::chunk::{Chunk, ColumnBuilder, ValueError};
use crate::connectors::Options;
use crate::error::{SqlError, SqlResult};
use crate::types::Schema;
use csv::{CsvDecoder, CsvEncoder, CsvOptions};
use json::{JsonDecoder, JsonEncoder, JsonOptions};
use raw::{RawDecoder, RawEncoder, RawOptions};

/// A format, as the options of a table describe it.
///
/// ```
/// use millstream_sql::connectors::Options;
/// use millstream_sql::chunk::{ChunkBuilder, RowKind};
/// use millstream_sql::formats::Format;
/// use millstream_sql::types::{Field, NamedField, Schema, SqlType};
///
/// let mut options = Options::new([("json.ignore-parse-errors".to_owned(), "true".to_owned())].into());
/// let schema: Schema = [NamedField::new("id", Field::nullable(SqlType::Int))].into_iter().collect();
/// let format = Format::new("json", &mut options, &schema)?;
/// let mut rows = ChunkBuilder::new(&schema);
/// let mut decoder = format.decoder(&schema, &[0]);
/// rows.append(RowKind::Insert, |columns| decoder.decode(br#"{"id": 7}"#, columns)).unwrap();
/// let mut text = Vec::new();
/// format.encoder(&schema).encode(&rows.finish().unwrap(), &mut text).unwrap();
/// assert_eq!(text, b"{\"id\":7}\n");
/// # Ok::<(), millstream_sql::SqlError>(())
/// ```
#[derive(Clone, Debug)]
pub enum Format {
    /// `json`: an object.
    Json(JsonOptions),
    /// `csv`: fields in the order of the columns.
    Csv(CsvOptions),
    /// `raw`: the bytes of a single value.
    Raw(RawOptions),
}

impl Format {
    /// The format of this name, for rows of these columns; its options are taken.
    ///
    /// # Errors
    /// If there is no such format, an option is wrong, or a column is of a type that the format does not have.
    pub fn new(name: &str, options: &mut Options, schema: &Schema) -> SqlResult<Self> {
        match name {
            "json" => JsonOptions::new(options, schema).map(Self::Json),
            "csv" => CsvOptions::new(options, schema).map(Self::Csv),
            "raw" => RawOptions::new(options, schema).map(Self::Raw),
            _ => Err(SqlError::validation(format!(
                "Could not find any format factory for identifier '{name}'"
            ))
            .with_hint("available formats: csv, json, raw")),
        }
    }

    /// The name in options and at the end of files.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Json(_) => "json",
            Self::Csv(_) => "csv",
            Self::Raw(_) => "raw",
        }
    }

    /// Whether rows that cannot be read are passed over.
    pub const fn ignores_parse_errors(&self) -> bool {
        match self {
            Self::Json(options) => options.ignore_parse_errors,
            Self::Csv(options) => options.ignore_parse_errors,
            Self::Raw(_) => false,
        }
    }

    /// Reads rows of `schema`, of which `columns`, by position, are wanted: those are what
    /// [`RowDecoder::decode`] appends to, in that order.
    pub fn decoder(&self, schema: &Schema, columns: &[usize]) -> RowDecoder {
        match self {
            Self::Json(options) => RowDecoder::Json(JsonDecoder::new(options, &schema.project(columns))),
            Self::Csv(options) => RowDecoder::Csv(CsvDecoder::new(options, schema, columns)),
            Self::Raw(options) => RowDecoder::Raw(RawDecoder::new(options)),
        }
    }

    /// Writes rows of `schema`.
    pub fn encoder(&self, schema: &Schema) -> RowEncoder {
        match self {
            Self::Json(options) => RowEncoder::Json(Arc::new(JsonEncoder::new(options, schema))),
            Self::Csv(options) => RowEncoder::Csv(Arc::new(CsvEncoder::new(options, schema))),
            Self::Raw(options) => RowEncoder::Raw(Arc::new(RawEncoder::new(options, schema))),
        }
    }
}

/// Reads rows.
pub enum RowDecoder {
    /// Of format `json`.
    Json(JsonDecoder),
    /// Of format `csv`.
    Csv(CsvDecoder),
    /// Of format `raw`.
    Raw(RawDecoder),
}

impl RowDecoder {
    /// Passes on the names of the columns, if the file begins with them.
    ///
    /// # Errors
    /// If a column is missing, or the row is none.
    pub fn header(&mut self, row: &[u8]) -> Result<(), ValueError> {
        match self {
            Self::Csv(decoder) => decoder.header(row),
            Self::Json(_) | Self::Raw(_) => Ok(()),
        }
    }

    /// How long the first row of a file's bytes is, with the end of its line; `None` if more bytes are needed.
    #[inline]
    pub fn row_length(&self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Csv(decoder) => decoder.row_length(bytes),
            Self::Json(_) | Self::Raw(_) => memchr::memchr(b'\n', bytes).map(|newline| newline + 1),
        }
    }

    /// Whether the bytes hold no row at all, as a blank line and a comment do.
    #[inline]
    pub fn is_blank(&self, row: &[u8]) -> bool {
        match self {
            Self::Json(_) => row.trim_ascii().is_empty(),
            Self::Csv(decoder) => decoder.is_blank(row),
            Self::Raw(_) => false,
        }
    }

    /// Appends the values of a row, one to each column; the bytes may end with the end of a line.
    ///
    /// # Errors
    /// What is wrong, with the column. Fields of a row that [ignores errors](Format::ignores_parse_errors) are NULL
    /// where they cannot be read; the row is wrong where there is no row.
    #[inline]
    pub fn decode(&mut self, row: &[u8], columns: &mut [ColumnBuilder]) -> Result<(), ValueError> {
        match self {
            Self::Json(decoder) => decoder.decode(row, columns),
            Self::Csv(decoder) => decoder.decode(row, columns),
            Self::Raw(decoder) => decoder.decode(row, columns),
        }
    }
}

/// Writes rows. Cheap to clone.
#[derive(Clone)]
pub enum RowEncoder {
    /// In format `json`.
    Json(Arc<JsonEncoder>),
    /// In format `csv`.
    Csv(Arc<CsvEncoder>),
    /// In format `raw`.
    Raw(Arc<RawEncoder>),
}

impl RowEncoder {
    /// The row that names the columns, with the end of its line, where the format has one.
    pub fn header(&self, schema: &Schema) -> Option<String> {
        let Self::Csv(encoder) = self else { return None };
        let mut header = String::new();
        encoder.header(schema.names(), &mut header);
        Some(header)
    }

    /// Appends the rows, each with the end of a line.
    ///
    /// # Errors
    /// If a value cannot be written in the format.
    pub fn encode(&self, chunk: &Chunk, out: &mut Vec<u8>) -> Result<(), String> {
        let mut text = String::new();
        for row in 0..chunk.rows() {
            match self {
                Self::Json(encoder) => encoder.encode(chunk, row, &mut text)?,
                Self::Csv(encoder) => encoder.encode(chunk, row, &mut text)?,
                Self::Raw(encoder) => {
                    encoder.encode(chunk, row, out)?;
                    out.push(b'\n');
                    continue;
                }
            }
            text.push('\n');
        }
        out.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

pub(crate) use leaf::write_text;

#[cfg(test)]
mod tests;
