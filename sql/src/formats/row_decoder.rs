//! Bytes to rows, whatever the format.

use super::Format;
use super::avro::AvroDecoder;
use super::changelog::ChangelogDecoder;
use super::confluent::ConfluentDecoder;
use super::csv::CsvDecoder;
use super::json::JsonDecoder;
use super::line::without_line_end;
#[cfg(feature = "protobuf")]
use super::protobuf::ProtobufDecoder;
use super::raw::RawDecoder;
use crate::chunk::{ChunkBuilder, RowKind, ValueError};
use crate::error::{SqlError, SqlResult};
use crate::types::Schema;

/// Reads rows: of messages, or of files part by part. A message has one row, or a few; a part of a file is a line with the
/// message in it, or what else the format cuts files into.
///
/// ```
/// use millstream_sql::chunk::ChunkBuilder;
/// use millstream_sql::connectors::Options;
/// use millstream_sql::formats::Format;
/// use millstream_sql::types::{Field, NamedField, Schema, SqlType};
///
/// let schema: Schema = [NamedField::new("id", Field::nullable(SqlType::Int))].into_iter().collect();
/// let format = Format::new("debezium-json", &mut Options::new([].into()), &schema)?;
/// let (mut decoder, mut rows) = (format.decoder(&schema, &[0]), ChunkBuilder::new(&schema));
/// let update = br#"{"before": {"id": 1}, "after": {"id": 2}, "op": "u"}"#;
/// assert_eq!(decoder.decode(update, &mut rows), Ok(2));
/// assert!(decoder.decode(br#"{"after": {"id": 3}}"#, &mut rows).is_err());
/// assert_eq!(rows.rows(), 2);
/// # Ok::<(), millstream_sql::SqlError>(())
/// ```
pub struct RowDecoder(Decoding);

enum Decoding {
    Json(JsonDecoder),
    Csv(CsvDecoder),
    Raw(RawDecoder),
    Changelog(Box<ChangelogDecoder>),
    Avro(Box<AvroDecoder>),
    Confluent(Box<ConfluentDecoder>),
    #[cfg(feature = "protobuf")]
    Protobuf(Box<ProtobufDecoder>),
}

impl RowDecoder {
    pub(super) fn new(format: &Format, schema: &Schema, columns: &[usize]) -> Self {
        Self(match format {
            Format::Json(options) => Decoding::Json(JsonDecoder::new(options, &schema.project(columns))),
            Format::Csv(options) => Decoding::Csv(CsvDecoder::new(options, schema, columns)),
            Format::Raw(options) => Decoding::Raw(RawDecoder::new(options)),
            Format::Changelog(options) => {
                Decoding::Changelog(Box::new(ChangelogDecoder::new(options, &schema.project(columns))))
            }
            Format::Avro(options) => Decoding::Avro(Box::new(AvroDecoder::new(options, schema, columns))),
            Format::Confluent(options) => {
                Decoding::Confluent(Box::new(ConfluentDecoder::new(options, &schema.project(columns))))
            }
            #[cfg(feature = "protobuf")]
            Format::Protobuf(options) => {
                Decoding::Protobuf(Box::new(ProtobufDecoder::new(options, &schema.project(columns))))
            }
        })
    }

    pub(super) fn with_metadata(
        format: &Format,
        schema: &Schema,
        columns: &[usize],
        keys: &[&str],
    ) -> SqlResult<Self> {
        let mut this = Self::new(format, schema, columns);
        for key in keys {
            let field = format.metadata().iter().find(|field| field.key == *key);
            let field = field.ok_or_else(|| {
                let supported: Vec<_> = format.metadata().iter().map(|field| field.key).collect();
                SqlError::validation(format!("format '{}' has no metadata '{key}'", format.name()))
                    .with_hint(format!("supported are: {}", supported.join(", ")))
            })?;
            if let Decoding::Changelog(decoder) = &mut this.0 {
                decoder.add_metadata(field);
            }
        }
        Ok(this)
    }

    /// Appends the rows of a message, all or none, and says how many they are.
    ///
    /// # Errors
    /// What is wrong, with the column; no row is appended then. Fields of a row that
    /// [ignores errors](Format::ignores_parse_errors) are NULL where they cannot be read; the message is wrong where there
    /// is no row.
    #[inline]
    pub fn decode(&mut self, message: &[u8], rows: &mut ChunkBuilder) -> Result<usize, ValueError> {
        let insert = RowKind::Insert;
        match &mut self.0 {
            Decoding::Json(decoder) => rows.append(insert, |columns| decoder.decode(message, columns))?,
            Decoding::Csv(decoder) => rows.append(insert, |columns| decoder.decode(message, columns))?,
            Decoding::Raw(decoder) => rows.append(insert, |columns| decoder.decode(message, columns))?,
            Decoding::Avro(decoder) => rows.append(insert, |columns| decoder.decode(message, columns))?,
            #[cfg(feature = "protobuf")]
            Decoding::Protobuf(decoder) => rows.append(insert, |columns| decoder.decode(message, columns))?,
            Decoding::Changelog(decoder) => {
                return all_or_none(rows, |rows| decoder.decode(message, rows));
            }
            Decoding::Confluent(decoder) => {
                return all_or_none(rows, |rows| decoder.decode(message, rows));
            }
        }
        Ok(1)
    }

    /// Reads the header of a file, if the format [has one](Format::has_file_header).
    ///
    /// # Errors
    /// If it is none, or a column is missing.
    pub fn header(&mut self, part: &[u8]) -> Result<(), ValueError> {
        match &mut self.0 {
            Decoding::Csv(decoder) => decoder.header(part),
            Decoding::Avro(decoder) => decoder.header(part),
            Decoding::Json(_) | Decoding::Raw(_) | Decoding::Changelog(_) | Decoding::Confluent(_) => Ok(()),
            #[cfg(feature = "protobuf")]
            Decoding::Protobuf(_) => Ok(()),
        }
    }

    /// How long the first part of a file's bytes is, be it the header, if that has not been read, or rows; `None` if more
    /// bytes are needed.
    #[inline]
    pub fn part_length(&self, bytes: &[u8]) -> Option<usize> {
        match &self.0 {
            Decoding::Csv(decoder) => decoder.row_length(bytes),
            Decoding::Avro(decoder) => decoder.part_length(bytes),
            Decoding::Json(_) | Decoding::Raw(_) | Decoding::Changelog(_) | Decoding::Confluent(_) => {
                memchr::memchr(b'\n', bytes).map(|newline| newline + 1)
            }
            #[cfg(feature = "protobuf")]
            // There are no files; all bytes are one message.
            Decoding::Protobuf(_) => Some(bytes.len()),
        }
    }

    /// Appends the rows of a part of a file and says how many they are: none, if it is a blank line or a comment.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    #[inline]
    pub fn decode_part(&mut self, part: &[u8], rows: &mut ChunkBuilder) -> Result<usize, ValueError> {
        let is_blank = match &mut self.0 {
            Decoding::Json(_) | Decoding::Changelog(_) => part.trim_ascii().is_empty(),
            Decoding::Csv(decoder) => decoder.is_blank(part),
            Decoding::Raw(_) | Decoding::Confluent(_) => false,
            Decoding::Avro(decoder) => return decoder.decode_block(part, rows),
            #[cfg(feature = "protobuf")]
            Decoding::Protobuf(_) => return self.decode(part, rows),
        };
        if is_blank { Ok(0) } else { self.decode(without_line_end(part), rows) }
    }
}

/// The rows of a message that may have several.
fn all_or_none(
    rows: &mut ChunkBuilder,
    decode: impl FnOnce(&mut ChunkBuilder) -> Result<(), ValueError>,
) -> Result<usize, ValueError> {
    let before = rows.rows();
    rows.append_all(decode)?;
    Ok(rows.rows() - before)
}
