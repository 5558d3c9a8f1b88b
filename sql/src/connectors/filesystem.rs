//! `filesystem`: files in a directory or an object store.
//!
//! As Flink's [filesystem connector](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/filesystem/),
//! over [`FileSource`] and [`FileSink`]: `path` is a file, or a directory with all that is below it, on the local disk or at a
//! [URL](millstream_state::stores); PARTITIONED BY columns are folders `column=value`. A sink adds to what is there, and its files appear when a checkpoint completes or the job ends.
//!
//! With `sink.partition-commit.policy.kind` = `success-file`, a folder that is complete gets a file `_SUCCESS`: once all its
//! files of a checkpoint are visible and the trigger says so, or the input has ended.
//!
//! Which kinds of rows a table has is its format's: with `debezium-json` and the like, files are changelogs. Files of `csv` are read as a whole each, since quotes may have newlines in them;
//! with `csv.disable-quote-character` several subtasks share a file, as they do with the other formats. Of `parquet`, they share
//! its row groups.

mod columns;
mod decoder;
mod encoder;
mod folders;
mod format;
#[cfg(feature = "parquet")]
mod parquet;
mod partition;
mod partition_commit;
#[cfg(test)]
mod tests;

#[cfg(feature = "parquet")]
use millstream_connectors::files::BulkFileSource;
use millstream_connectors::files::{BadRecord, Encoder, FileSink, FileSource};
use millstream_operators::Stream;
use millstream_operators::sink::StreamSink;

use super::options::parse_bytes;
use super::{ChangelogMode, Connector, ConnectorContext, Options, ScanContext, TableSink, TableSource};
use crate::catalog::{ColumnSource, Table};
use crate::chunk::Chunk;
use crate::error::{SqlError, SqlResult};
use crate::plan::ColumnPath;
use crate::types::{NamedField, Schema, SqlType};
use columns::{FileColumn, FileColumns};
use decoder::RowFiles;
use encoder::RowFilesEncoder;
use folders::RowFolders;
use format::TableFormat;
#[cfg(feature = "parquet")]
use parquet::{ParquetFiles, ParquetFilesEncoder};
use partition::Partitioning;
use partition_commit::CommitOptions;

pub(super) const CONNECTOR: Connector = Connector {
    name: "filesystem",
    lookup: None,
    source: Some(|cx, options| Ok(Box::new(Files::new(cx, options)?))),
    sink: Some(|cx, options| {
        let files = Files::new(cx, options)?;
        if let Some(column) = cx
            .table
            .columns
            .iter()
            .find(|column| matches!(column.source, ColumnSource::Metadata { is_virtual: false, .. }))
        {
            return Err(SqlError::validation(format!(
                "the metadata column '{}' cannot be written: declare it VIRTUAL",
                column.name
            )));
        }
        Ok(Box::new(files))
    }),
};

/// A table of files.
struct Files {
    path: String,
    /// What the session says of object stores.
    store_options: Vec<(&'static str, String)>,
    format: TableFormat,
    /// The columns that are in the files, in their order, by their position in the table.
    stored: Vec<usize>,
    schema: Schema,
    partitioning: Partitioning,
    /// How often new files are looked for; `None` for once.
    monitor: Option<std::time::Duration>,
    file_size: Option<u64>,
    rollover: Option<std::time::Duration>,
    parallelism: Option<u32>,
    /// What is done with folders that are complete.
    commit: Option<CommitOptions>,
}

impl Files {
    fn new(cx: &ConnectorContext<'_>, options: &mut Options) -> SqlResult<Self> {
        let table = cx.table;
        let path = options.require("path")?;
        let store_options =
            cx.session.store_options().map(|(name, value)| (name, value.to_owned())).collect();
        let name = options.require("format")?;
        let is_stored = |position: &usize| {
            let physical = table.columns.get(*position).map(|column| &column.source);
            matches!(physical, Some(ColumnSource::Physical)) && !table.partition_keys.contains(position)
        };
        let stored: Vec<_> = table.stored_columns().into_iter().filter(is_stored).collect();
        let schema = table.schema().project(&stored);
        let format = TableFormat::new(cx, &name, options, &schema)?;
        let default_name = options.take("partition.default-name");
        let partitioning = Partitioning::new(table, default_name)?;
        let file_size = options.take("sink.rolling-policy.file-size").map(|text| {
            parse_bytes(&text).ok_or_else(|| {
                SqlError::validation(format!(
                    "Invalid value '{text}' for option 'sink.rolling-policy.file-size': it must be a size such as '128MB'"
                ))
            })
        });
        let file_size = file_size.transpose()?;
        let rollover = options.duration("sink.rolling-policy.rollover-interval")?;
        // Files are closed at every checkpoint anyway, and statistics are for Flink's planner.
        options.duration("sink.rolling-policy.check-interval")?;
        options.duration("sink.rolling-policy.inactivity-interval")?;
        let commit = CommitOptions::take(options, &partitioning)?;
        options.take("source.report-statistics");
        let parallelism: Option<u32> = options.parse("sink.parallelism", "a number")?;
        if parallelism == Some(0) {
            return Err(SqlError::validation("Option 'sink.parallelism' must be above 0"));
        }
        if options.boolean("auto-compaction")? == Some(true) {
            return Err(SqlError::unsupported("'auto-compaction' is not supported yet")
                .with_hint("longer checkpoint intervals make larger files"));
        }
        options.take("compaction.file-size");
        options.take("compaction.parallelism");
        let monitor = options.duration("source.monitor-interval")?;
        Ok(Self {
            path,
            store_options,
            format,
            stored,
            schema,
            partitioning,
            monitor,
            file_size,
            rollover,
            parallelism,
            commit,
        })
    }

    /// Where a column that is read comes from.
    fn column(&self, table: &Table, path: &ColumnPath) -> SqlResult<FileColumn> {
        let position = path.root();
        if let Some(position) = self.stored.iter().position(|stored| *stored == position) {
            return Ok(FileColumn::Stored { position, fields: path.fields().to_vec() });
        }
        let column =
            table.columns.get(position).ok_or_else(|| SqlError::validation("a column that is not there"))?;
        let named = NamedField::new(column.name.clone(), column.field.clone());
        match &column.source {
            ColumnSource::Physical => Ok(FileColumn::Partition(named)),
            ColumnSource::Metadata { key, .. } if !column.field.data_type.is_text() => {
                Err(SqlError::validation(format!(
                    "the metadata '{key}' of column '{}' is a STRING, not {}",
                    column.name, column.field
                )))
            }
            ColumnSource::Metadata { key, .. } if key == "file.path" => Ok(FileColumn::Path(named)),
            ColumnSource::Metadata { key, .. } if key == "file.name" => Ok(FileColumn::Name(named)),
            ColumnSource::Metadata { key, .. } => Err(SqlError::validation(format!(
                "Invalid metadata key '{key}' in column '{}' of table {}",
                column.name,
                table.path.quoted()
            ))
            .with_hint("supported are: file.path, file.name")),
            ColumnSource::Computed { .. } => Err(SqlError::validation("a computed column that is read")),
        }
    }
}

impl TableSource for Files {
    fn changelog_mode(&self) -> ChangelogMode {
        self.format.changelog_mode()
    }

    fn reads_fields(&self) -> bool {
        true
    }

    fn scan(&self, cx: &ScanContext<'_>) -> SqlResult<Stream<Chunk>> {
        let columns = cx.columns.iter().map(|path| self.column(cx.table, path));
        let columns = FileColumns::new(columns.collect::<SqlResult<_>>()?, self.partitioning.clone());
        #[cfg_attr(
            not(feature = "parquet"),
            allow(clippy::infallible_destructuring_match, reason = "there is one kind without parquet")
        )]
        let format = match &self.format {
            TableFormat::Rows(format) => format,
            #[cfg(feature = "parquet")]
            TableFormat::Parquet(options) => {
                let files = ParquetFiles::new(options.clone(), columns);
                let mut source = BulkFileSource::new(self.path.as_str(), files).recursive();
                for (name, value) in &self.store_options {
                    source = source.store_option(*name, value);
                }
                if let Some(interval) = self.monitor {
                    source = source.monitor_continuously(interval);
                }
                return Ok(cx.environment.from_source(source));
            }
        };
        let files = RowFiles::new(format.clone(), self.schema.clone(), columns);
        let mut source = FileSource::with_format(self.path.as_str(), files).recursive();
        for (name, value) in &self.store_options {
            source = source.store_option(*name, value);
        }
        if format.needs_whole_files() {
            source = source.whole_files();
        }
        if let Some(interval) = self.monitor {
            source = source.monitor_continuously(interval);
        }
        if format.ignores_parse_errors() {
            source = source.on_error(BadRecord::Skip);
        }
        Ok(cx.environment.from_source(source))
    }
}

impl TableSink for Files {
    fn changelog_mode(&self, _: &ChangelogMode) -> ChangelogMode {
        self.format.changelog_mode()
    }

    fn consume(&self, rows: &Stream<Chunk>, schema: &Schema) -> SqlResult<StreamSink> {
        let position = |name: &str| {
            schema
                .position(name)
                .ok_or_else(|| SqlError::validation(format!("column '{name}' is not written")))
        };
        let stored = self.schema.names().map(position).collect::<SqlResult<Vec<_>>>()?;
        let keys = self.partitioning.names().map(position).collect::<SqlResult<Vec<_>>>()?;
        let keys = keys.into_iter().map(|key| (key, schema.field(key).data_type)).collect();
        let folders = RowFolders::new(keys, self.partitioning.clone());
        match &self.format {
            TableFormat::Rows(format) => {
                let stored_schema = schema.project(&stored);
                Ok(self.write(rows, RowFilesEncoder::new(format, &stored_schema, stored, folders)?))
            }
            #[cfg(feature = "parquet")]
            TableFormat::Parquet(options) => {
                Ok(self.write(rows, ParquetFilesEncoder::new(options.clone(), stored, folders)))
            }
        }
    }
}

impl Files {
    fn write<E: Encoder<Record = Chunk>>(&self, rows: &Stream<Chunk>, encoder: E) -> StreamSink {
        let mut sink = FileSink::with_encoder(self.path.as_str(), encoder).append();
        for (name, value) in &self.store_options {
            sink = sink.store_option(*name, value);
        }
        if let Some(bytes) = self.file_size {
            sink = sink.roll_bytes(bytes);
        }
        if let Some(interval) = self.rollover {
            sink = sink.roll_interval(interval);
        }
        let sink = match &self.commit {
            Some(commit) => {
                sink.write_with_partition_commit(rows, commit.clone().commit(self.partitioning.clone()))
            }
            None => rows.sink_to(sink),
        };
        match self.parallelism {
            Some(parallelism) => sink.parallelism(parallelism),
            None => sink,
        }
    }
}

/// Whether a column of this type can be a folder.
const fn can_be_folder(data_type: &SqlType) -> bool {
    data_type.is_text()
        || data_type.is_numeric()
        || data_type.is_timestamp()
        || matches!(data_type, SqlType::Boolean | SqlType::Date | SqlType::Time(_))
}
