//! Formats: rows as bytes, in files and messages. As Flink's formats of the same names.

pub mod avro;
mod changelog;
pub mod confluent;
pub mod csv;
pub mod json;
mod leaf;
mod line;
mod options;
#[cfg(feature = "parquet")]
pub mod parquet;
#[cfg(feature = "protobuf")]
pub mod protobuf;
pub mod raw;
pub mod registry;
mod row_decoder;
mod row_encoder;

pub use changelog::{ChangelogOptions, MetadataField};
pub(crate) use leaf::write_text;
pub use row_decoder::RowDecoder;
pub use row_encoder::RowEncoder;

use std::sync::Arc;

use crate::connectors::{ChangelogMode, Options};
use crate::error::{SqlError, SqlResult};
use crate::types::Schema;
use avro::AvroOptions;
use confluent::ConfluentOptions;
use csv::CsvOptions;
use json::JsonOptions;
use options::FormatOptions;
#[cfg(feature = "protobuf")]
use protobuf::ProtobufOptions;
use raw::RawOptions;
use registry::MessageSchemas;

/// A format, as the options of a table describe it.
///
/// ```
/// use millstream_sql::connectors::Options;
/// use millstream_sql::chunk::ChunkBuilder;
/// use millstream_sql::formats::Format;
/// use millstream_sql::types::{Field, NamedField, Schema, SqlType};
///
/// let mut options = Options::new([("json.ignore-parse-errors".to_owned(), "true".to_owned())].into());
/// let schema: Schema = [NamedField::new("id", Field::nullable(SqlType::Int))].into_iter().collect();
/// let format = Format::new("json", &mut options, &schema)?;
/// let mut rows = ChunkBuilder::new(&schema);
/// format.decoder(&schema, &[0]).decode(br#"{"id": 7}"#, &mut rows).unwrap();
/// let mut text = Vec::new();
/// format.encoder(&schema)?.encode(&rows.finish().unwrap(), 0, &mut text).unwrap();
/// assert_eq!(text, br#"{"id":7}"#);
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
    /// `debezium-json`, `canal-json`, `maxwell-json`: what happened to rows of a database.
    Changelog(ChangelogOptions),
    /// `avro`: Avro's binary encoding.
    Avro(AvroOptions),
    /// `avro-confluent`, `debezium-avro-confluent`, `json-confluent`, `protobuf-confluent`: with the schema in a registry.
    Confluent(Box<ConfluentOptions>),
    /// `protobuf`: a message of Protocol Buffers.
    #[cfg(feature = "protobuf")]
    Protobuf(Box<ProtobufOptions>),
}

/// The names of all formats.
const NAMES: &[&str] = &[
    "avro",
    "avro-confluent",
    "canal-json",
    "csv",
    "debezium-avro-confluent",
    "debezium-json",
    "json",
    "json-confluent",
    "maxwell-json",
    "protobuf",
    "protobuf-confluent",
    "raw",
];

impl Format {
    /// The format of this name, for rows of these columns; its options are taken.
    ///
    /// # Errors
    /// If there is no such format, an option is wrong, or a column is of a type that the format does not have.
    pub fn new(name: &str, options: &mut Options, schema: &Schema) -> SqlResult<Self> {
        Self::of_part("", name, options, schema)
    }

    /// The same for a part of a record: with `key.`, the options of `json` begin with `key.json.`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_part(part: &str, name: &str, options: &mut Options, schema: &Schema) -> SqlResult<Self> {
        let options = &mut FormatOptions::new(options, part, name);
        match name {
            "json" => JsonOptions::new(options, schema).map(Self::Json),
            "csv" => CsvOptions::new(options, schema).map(Self::Csv),
            "raw" => RawOptions::new(options, schema).map(Self::Raw),
            "avro" => AvroOptions::new(options, schema).map(Self::Avro),
            #[cfg(feature = "protobuf")]
            "protobuf" => {
                ProtobufOptions::new(options, schema).map(|options| Self::Protobuf(Box::new(options)))
            }
            #[cfg(not(feature = "protobuf"))]
            "protobuf" => Err(SqlError::unsupported(
                "the format 'protobuf' is not built in: the cargo feature 'protobuf' is off",
            )),
            _ => {
                if let Some(confluent) = ConfluentOptions::new(name, options, schema) {
                    return confluent.map(|options| Self::Confluent(Box::new(options)));
                }
                match ChangelogOptions::new(name, options, schema) {
                    Some(changelog) => changelog.map(Self::Changelog),
                    None => Err(SqlError::validation(format!(
                        "Could not find any format factory for identifier '{name}'"
                    ))
                    .with_hint(format!("available formats: {}", NAMES.join(", ")))),
                }
            }
        }
    }

    /// The name in options and at the end of files.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Json(_) => "json",
            Self::Csv(_) => "csv",
            Self::Raw(_) => "raw",
            Self::Changelog(options) => options.name(),
            Self::Avro(_) => "avro",
            Self::Confluent(options) => options.name(),
            #[cfg(feature = "protobuf")]
            Self::Protobuf(_) => "protobuf",
        }
    }

    /// What kind of file has rows in this format, human-readable: "JSON files".
    pub const fn files(&self) -> &'static str {
        match self {
            Self::Json(_) => "JSON files",
            Self::Csv(_) => "CSV files",
            Self::Raw(_) => "raw files",
            Self::Changelog(options) => options.files(),
            Self::Avro(_) => "Avro files",
            // There are messages alone.
            Self::Confluent(_) => "files of messages",
            #[cfg(feature = "protobuf")]
            Self::Protobuf(_) => "Protobuf files",
        }
    }

    /// Whether there are files in this format, and not messages alone.
    pub const fn has_files(&self) -> bool {
        match self {
            Self::Json(_) | Self::Csv(_) | Self::Raw(_) | Self::Changelog(_) | Self::Avro(_) => true,
            Self::Confluent(_) => false,
            // Messages do not say where they end.
            #[cfg(feature = "protobuf")]
            Self::Protobuf(_) => false,
        }
    }

    /// Whether files begin with something that is no row.
    pub const fn has_file_header(&self) -> bool {
        match self {
            Self::Csv(options) => options.has_header(),
            Self::Avro(_) => true,
            Self::Json(_) | Self::Raw(_) | Self::Changelog(_) | Self::Confluent(_) => false,
            #[cfg(feature = "protobuf")]
            Self::Protobuf(_) => false,
        }
    }

    /// Whether files can be read from their start alone: a newline does not always end a row.
    pub const fn needs_whole_files(&self) -> bool {
        match self {
            Self::Csv(options) => options.has_newlines(),
            Self::Avro(_) => true,
            Self::Json(_) | Self::Raw(_) | Self::Changelog(_) | Self::Confluent(_) => false,
            #[cfg(feature = "protobuf")]
            Self::Protobuf(_) => false,
        }
    }

    /// With the registry that its options name, if it has one.
    ///
    /// # Errors
    /// As [`ConfluentOptions::connected`].
    pub fn connected(self) -> SqlResult<Self> {
        match self {
            Self::Confluent(options) => Ok(Self::Confluent(Box::new(options.connected()?))),
            other => Ok(other),
        }
    }

    /// What is known of the schemas of its registry, if it has one that is [connected](Self::connected).
    pub fn schemas(&self) -> Option<Arc<dyn MessageSchemas>> {
        match self {
            Self::Confluent(options) => options.schemas(),
            _ => None,
        }
    }

    /// Which kinds of rows it is read as, and which it can write.
    pub fn changelog_mode(&self) -> ChangelogMode {
        match self {
            Self::Json(_) | Self::Csv(_) | Self::Raw(_) | Self::Avro(_) => ChangelogMode::insert_only(),
            Self::Changelog(_) => ChangelogMode::all(),
            Self::Confluent(options) if options.is_changelog() => ChangelogMode::all(),
            Self::Confluent(_) => ChangelogMode::insert_only(),
            #[cfg(feature = "protobuf")]
            Self::Protobuf(_) => ChangelogMode::insert_only(),
        }
    }

    /// What messages say beside rows, which columns with METADATA can have. A connector of messages has them under
    /// `value.` and their key; files have none.
    pub const fn metadata(&self) -> &'static [MetadataField] {
        match self {
            Self::Json(_) | Self::Csv(_) | Self::Raw(_) | Self::Avro(_) | Self::Confluent(_) => &[],
            #[cfg(feature = "protobuf")]
            Self::Protobuf(_) => &[],
            Self::Changelog(options) => options.metadata(),
        }
    }

    /// Whether rows that cannot be read are passed over.
    pub const fn ignores_parse_errors(&self) -> bool {
        match self {
            Self::Json(options) => options.ignore_parse_errors,
            Self::Csv(options) => options.ignore_parse_errors,
            Self::Raw(_) | Self::Avro(_) => false,
            Self::Confluent(options) => options.ignores_parse_errors(),
            Self::Changelog(options) => options.json.ignore_parse_errors,
            #[cfg(feature = "protobuf")]
            Self::Protobuf(options) => options.ignore_parse_errors,
        }
    }

    /// Reads rows of `schema`, of which `columns`, by position, are wanted: those are what
    /// [`RowDecoder::decode`] appends, in that order.
    pub fn decoder(&self, schema: &Schema, columns: &[usize]) -> RowDecoder {
        RowDecoder::new(self, schema, columns)
    }

    /// The same, and behind the columns the [metadata](Self::metadata) of these keys.
    ///
    /// # Errors
    /// If the format has no such metadata.
    pub fn decoder_with_metadata(
        &self,
        schema: &Schema,
        columns: &[usize],
        keys: &[&str],
    ) -> SqlResult<RowDecoder> {
        RowDecoder::with_metadata(self, schema, columns, keys)
    }

    /// Writes rows of `schema`.
    ///
    /// # Errors
    /// If an option is for reading alone.
    pub fn encoder(&self, schema: &Schema) -> SqlResult<RowEncoder> {
        RowEncoder::new(self, schema)
    }
}

#[cfg(test)]
mod tests;
