//! `values`: rows that are written down, for tests and small tables.
//!
//! As Flink's `TestValuesTableFactory`. Rows come from the file of `data-file` or from
//! [`Session::register_rows`](crate::catalog::Session::register_rows); what a job writes is in
//! [`Session::contents`](crate::catalog::Session::contents), and in the files of `result-file` and `result-table-file`.
//!
//! With `enable-watermark-push-down` the source makes watermarks itself: behind each row that raises them, unless
//! `scan.watermark.emit.strategy` says otherwise. Each subtask reads one split.
//!
//! Rows can be looked up by keys, with the options `lookup.*`, unless `disable-lookup` is set.
//!
//! These options are taken and do nothing here: `bounded`, `async`, `failing-source`,
//! `filterable-fields`, `partition-list`, `readable-metadata`, `runtime-sink`, `runtime-source`, `writable-metadata`.

mod contents;
mod lookup;
mod rows;
mod sink;
mod source;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use millstream_operators::Stream;
use millstream_operators::sink::StreamSink;

use super::lookup::{LookupOptions, TableLookup};
use super::{
    ChangelogMode, Connector, ConnectorContext, Options, ScanContext, TableSink, TableSource,
    WatermarkEmission,
};
use crate::chunk::{Chunk, RowKind};
use crate::error::{SqlError, SqlResult};
use crate::types::Schema;
pub(crate) use contents::TestTables;
pub use contents::{TableContents, TestRows};
use lookup::ValuesLookup;
use rows::Script;
use sink::{ResultFiles, ResultSink};
use source::ScriptSource;

pub(super) const CONNECTOR: Connector =
    Connector { name: "values", lookup: Some(lookup), source: Some(source), sink: Some(sink) };

/// Options that mean something to Flink's planner or runtime and nothing here.
const IGNORED: [&str; 9] = [
    "bounded",
    "async",
    "failing-source",
    "filterable-fields",
    "partition-list",
    "readable-metadata",
    "runtime-sink",
    "runtime-source",
    "writable-metadata",
];

/// What source and sink both take, since a table may be read and written.
struct Settings {
    data_file: Option<PathBuf>,
    changelog_mode: ChangelogMode,
    terminating: bool,
    makes_watermarks: bool,
    is_looked_up: bool,
    lookup: LookupOptions,
    result_file: Option<PathBuf>,
    result_table_file: Option<PathBuf>,
    sink_insert_only: bool,
    enforced: Option<ChangelogMode>,
    takes_deletes_by_key: bool,
}

impl Settings {
    fn new(options: &mut Options) -> SqlResult<Self> {
        for key in IGNORED {
            options.take(key);
        }
        let mode = |options: &mut Options, key: &str| -> SqlResult<Option<ChangelogMode>> {
            options.take(key).map(|value| changelog_mode(key, &value)).transpose()
        };
        Ok(Self {
            data_file: options.take("data-file").map(PathBuf::from),
            changelog_mode: mode(options, "changelog-mode")?
                .unwrap_or_else(ChangelogMode::insert_only)
                .with_key_only_deletes(options.boolean("source.produces-delete-by-key")?.unwrap_or(false)),
            terminating: options.boolean("terminating")?.unwrap_or(true),
            makes_watermarks: options.boolean("enable-watermark-push-down")?.unwrap_or(false),
            is_looked_up: !options.boolean("disable-lookup")?.unwrap_or(false),
            lookup: LookupOptions::take(options)?,
            result_file: options.take("result-file").map(PathBuf::from),
            result_table_file: options.take("result-table-file").map(PathBuf::from),
            sink_insert_only: options.boolean("sink-insert-only")?.unwrap_or(true),
            enforced: mode(options, "sink-changelog-mode-enforced")?,
            takes_deletes_by_key: options.boolean("sink.supports-delete-by-key")?.unwrap_or(false),
        })
    }
}

/// `I,UA,UB,D`
fn changelog_mode(key: &str, text: &str) -> SqlResult<ChangelogMode> {
    let kinds = text.split(',').map(|kind| match kind.trim() {
        "I" => Ok(RowKind::Insert),
        "UB" => Ok(RowKind::UpdateBefore),
        "UA" => Ok(RowKind::UpdateAfter),
        "D" => Ok(RowKind::Delete),
        other => Err(SqlError::validation(format!("Invalid value '{other}' in option '{key}'"))
            .with_hint("write I, UB, UA and D with commas between them")),
    });
    kinds.collect::<SqlResult<Vec<_>>>().map(ChangelogMode::of)
}

/// The rows of a table.
fn lines(cx: &ConnectorContext<'_>, settings: &Settings) -> SqlResult<TestRows> {
    Ok(match (&settings.data_file, cx.session.test_tables().rows(&cx.table.path)) {
        (Some(file), _) => TestRows::read(file)?,
        (None, Some(rows)) => rows.clone(),
        (None, None) => TestRows::default(),
    })
}

fn lookup(cx: &ConnectorContext<'_>, options: &mut Options) -> SqlResult<Box<dyn TableLookup>> {
    let settings = Settings::new(options)?;
    if !settings.is_looked_up {
        return Err(SqlError::unsupported("Processing-time temporal join is not supported yet.")
            .with_hint("the table has 'disable-lookup' = 'true'"));
    }
    let lines = lines(cx, &settings)?;
    Ok(Box::new(ValuesLookup { lines, mode: settings.changelog_mode, cache: settings.lookup.cache }))
}

struct ValuesSource {
    lines: TestRows,
    mode: ChangelogMode,
    makes_watermarks: bool,
}

fn source(cx: &ConnectorContext<'_>, options: &mut Options) -> SqlResult<Box<dyn TableSource>> {
    let settings = Settings::new(options)?;
    let lines = lines(cx, &settings)?;
    let lines = if settings.terminating { lines } else { lines.open() };
    let Settings { changelog_mode: mode, makes_watermarks, .. } = settings;
    Ok(Box::new(ValuesSource { lines, mode, makes_watermarks }))
}

impl TableSource for ValuesSource {
    fn changelog_mode(&self) -> ChangelogMode {
        self.mode.clone()
    }

    fn makes_watermarks(&self) -> bool {
        self.makes_watermarks
    }

    fn watermark_emission(&self) -> WatermarkEmission {
        WatermarkEmission::OnEvent { gap: 1 }
    }

    fn scan(&self, cx: &ScanContext<'_>) -> SqlResult<Stream<Chunk>> {
        let stored = cx.table.schema().project(&cx.table.stored_columns());
        let positions: Vec<usize> = cx
            .columns
            .iter()
            .filter_map(|path| cx.table.stored_columns().iter().position(|column| *column == path.root()))
            .collect();
        let script = Script::parse(&self.lines, &stored, &positions, &self.mode)?;
        Ok(cx.environment.from_source(ScriptSource::new(script, cx.watermarks.cloned())))
    }
}

struct ValuesSink {
    settings: Settings,
    primary_key: Vec<String>,
    tables: TestTables,
    path: crate::catalog::ObjectPath,
}

fn sink(cx: &ConnectorContext<'_>, options: &mut Options) -> SqlResult<Box<dyn TableSink>> {
    let settings = Settings::new(options)?;
    let table = cx.table;
    let names = table.primary_key.iter().filter_map(|column| table.columns.get(*column));
    Ok(Box::new(ValuesSink {
        settings,
        primary_key: names.map(|column| column.name.to_string()).collect(),
        tables: cx.session.test_tables().clone(),
        path: table.path.clone(),
    }))
}

impl TableSink for ValuesSink {
    fn changelog_mode(&self, requested: &ChangelogMode) -> ChangelogMode {
        let mode = match &self.settings.enforced {
            Some(enforced) => enforced.clone(),
            None if self.settings.sink_insert_only => ChangelogMode::insert_only(),
            // Without a key, what a row was before an update is needed to find it.
            None if self.primary_key.is_empty() => requested.clone(),
            None => ChangelogMode::of(RowKind::ALL.into_iter().filter(|kind| {
                *kind != RowKind::UpdateBefore && (requested.contains(*kind) || *kind == RowKind::Insert)
            })),
        };
        mode.with_key_only_deletes(self.settings.takes_deletes_by_key)
    }

    fn consume(&self, rows: &Stream<Chunk>, schema: &Schema) -> SqlResult<StreamSink> {
        let key: Vec<usize> = self.primary_key.iter().filter_map(|name| schema.position(name)).collect();
        let (contents, collected) = self.tables.collect(&self.path, schema, &key);
        let files = ResultFiles {
            contents,
            changelog: self.settings.result_file.clone(),
            table: self.settings.result_table_file.clone(),
        };
        Ok(rows.sink_to(ResultSink::new(&collected, files)))
    }
}
