//! The options of `parquet`: Flink's own, and those of `ParquetOutputFormat` that mean something here.

use std::sync::Arc;

use arrow_schema::TimeUnit;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterPropertiesPtr, WriterVersion};

use super::NAME;
use super::layout::FileLayout;
use crate::connectors::Options;
use crate::error::{SqlError, SqlResult};
use crate::formats::options::FormatOptions;
use crate::types::Schema;
use crate::types::zone::Zone;

/// Where `ParquetOutputFormat` begins a new row group, in bytes.
const BLOCK_SIZE: u64 = 128 << 20;
/// How large its pages are, in bytes.
const PAGE_SIZE: u64 = 1 << 20;
/// How many rows its pages have at most.
const PAGE_ROWS: u64 = 20_000;

/// Options of `ParquetOutputFormat` that nothing here corresponds to.
const REFUSED: &[&str] = &[
    "block.size.row.check.max",
    "block.size.row.check.min",
    "bloom.filter.enabled",
    "bloom.filter.expected.ndv",
    "bloom.filter.fpp",
    "bloom.filter.max.bytes",
    "columnindex.truncate.length",
    "compression.codec.zstd.bufferPool.enabled",
    "compression.codec.zstd.workers",
    "enable.job-summary",
    "memory.min.chunk.size",
    "memory.pool.ratio",
    "page.size.check.estimate",
    "page.size.row.check.max",
    "page.size.row.check.min",
    "page.write-checksum.enabled",
    "statistics.truncate.length",
    "summary.metadata.level",
    "validation",
    "writer.max-padding",
];

/// The options of format `parquet`, for files with the columns of a table.
#[derive(Clone, Debug)]
pub struct ParquetOptions {
    pub(super) schema: Schema,
    pub(super) timestamps: TimestampOptions,
    /// Where a new row group begins, in bytes.
    pub(super) block_size: u64,
    pub(super) layout: Arc<FileLayout>,
    pub(super) properties: WriterPropertiesPtr,
}

/// How points in time stand in files.
#[derive(Clone, Debug)]
pub(super) struct TimestampOptions {
    /// Which clock turns a TIMESTAMP into an instant and back.
    pub(super) zone: Zone,
    /// The unit of those that are written as numbers of 64 bits; `None` for 96 bits.
    pub(super) int64: Option<TimeUnit>,
}

impl ParquetOptions {
    /// Takes the options of the format; `zone` is the session's.
    ///
    /// # Errors
    /// If an option is wrong, or a column has a type that files do not have.
    pub fn new(options: &mut Options, schema: &Schema, zone: &Zone) -> SqlResult<Self> {
        let options = &mut FormatOptions::new(options, "", NAME);
        refuse(options)?;
        let is_utc = options.flag("utc-timezone")?;
        let unit = match options.take("timestamp.time.unit").as_deref().map(str::trim) {
            None | Some("micros") => TimeUnit::Microsecond,
            Some("millis") => TimeUnit::Millisecond,
            Some("nanos") => TimeUnit::Nanosecond,
            Some(other) => {
                return Err(one_of(options, "timestamp.time.unit", other, "millis, micros or nanos"));
            }
        };
        let int64 = options.flag("write.int64.timestamp")?.then_some(unit);
        let zone = if is_utc { Zone::UTC } else { zone.clone() };
        let timestamps = TimestampOptions { zone, int64 };
        let block_size = number(options, "block.size", BLOCK_SIZE)?;
        let properties = Arc::new(properties(options)?);
        let layout = Arc::new(FileLayout::new(schema, &timestamps)?);
        Ok(Self { schema: schema.clone(), timestamps, block_size, layout, properties })
    }

    /// The columns of the files.
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }
}

fn properties(options: &mut FormatOptions<'_>) -> SqlResult<WriterProperties> {
    let version = match options.take("writer.version").as_deref() {
        None | Some("PARQUET_1_0" | "v1") => WriterVersion::PARQUET_1_0,
        Some("PARQUET_2_0" | "v2") => WriterVersion::PARQUET_2_0,
        Some(other) => return Err(one_of(options, "writer.version", other, "PARQUET_1_0 or PARQUET_2_0")),
    };
    let page = number(options, "page.size", PAGE_SIZE)?;
    let builder = WriterProperties::builder()
        .set_created_by(concat!("millstream version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_writer_version(version)
        .set_compression(compression(options)?)
        .set_dictionary_enabled(options.boolean("enable.dictionary")?.unwrap_or(true))
        .set_dictionary_page_size_limit(size(number(options, "dictionary.page.size", PAGE_SIZE)?))
        .set_data_page_size_limit(size(page))
        .set_data_page_row_count_limit(size(number(options, "page.row.count.limit", PAGE_ROWS)?));
    Ok(builder.build())
}

fn compression(options: &mut FormatOptions<'_>) -> SqlResult<Compression> {
    const LEVEL: &str = "compression.codec.zstd.level";
    let level = options.take(LEVEL);
    let Some(name) = options.take("compression") else { return Ok(Compression::SNAPPY) };
    Ok(match name.trim().to_ascii_uppercase().as_str() {
        "UNCOMPRESSED" => Compression::UNCOMPRESSED,
        "SNAPPY" => Compression::SNAPPY,
        "GZIP" => Compression::GZIP(GzipLevel::default()),
        "LZ4_RAW" => Compression::LZ4_RAW,
        "ZSTD" => {
            // As `ParquetOutputFormat`.
            let level = level.unwrap_or_else(|| "3".to_owned());
            let parsed = level.trim().parse().ok().and_then(|level| ZstdLevel::try_new(level).ok());
            Compression::ZSTD(parsed.ok_or_else(|| one_of(options, LEVEL, &level, "a number from 1 to 22"))?)
        }
        "LZO" | "BROTLI" | "LZ4" => {
            return Err(SqlError::unsupported(format!(
                "'{}' = '{name}' is not supported",
                options.key("compression")
            ))
            .with_hint("it can be UNCOMPRESSED, SNAPPY, GZIP, ZSTD or LZ4_RAW"));
        }
        _ => {
            let known = "UNCOMPRESSED, SNAPPY, GZIP, ZSTD or LZ4_RAW";
            return Err(one_of(options, "compression", &name, known));
        }
    })
}

fn number(options: &mut FormatOptions<'_>, name: &str, default: u64) -> SqlResult<u64> {
    let Some(text) = options.take(name) else { return Ok(default) };
    match text.trim().parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(one_of(options, name, &text, "a number above 0")),
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn one_of(options: &FormatOptions<'_>, name: &str, value: &str, known: &str) -> SqlError {
    SqlError::validation(format!(
        "Invalid value '{value}' for option '{}': it must be {known}",
        options.key(name)
    ))
}

fn refuse(options: &mut FormatOptions<'_>) -> SqlResult<()> {
    match REFUSED.iter().find(|name| options.take(name).is_some()) {
        None => Ok(()),
        Some(name) => {
            Err(SqlError::unsupported(format!("the option '{}' is not supported", options.key(name)))
                .with_hint("leave it out: it is one of Parquet's own writer for Java"))
        }
    }
}
