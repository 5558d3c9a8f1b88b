//! Connectors: what reads and writes tables.

mod blackhole;
#[cfg(any(feature = "mysql-cdc", feature = "postgres-cdc"))]
mod cdc;
mod datagen;
pub mod faker;
mod fields;
mod filesystem;
mod gathered;
mod generated;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "jdbc")]
mod jdbc;
#[cfg(feature = "kafka")]
mod kafka;
pub mod lookup;
#[cfg(any(feature = "kafka", feature = "nats"))]
mod metadata;
#[cfg(feature = "mysql-cdc")]
mod mysql_cdc;
#[cfg(feature = "nats")]
mod nats;
pub mod nexmark;
mod options;
#[cfg(feature = "postgres-cdc")]
mod postgres_cdc;
mod print;
mod random;
#[cfg(test)]
mod testing;
mod values;
mod watermark;

use std::collections::BTreeSet;
use std::sync::Arc;

use millstream_operators::sink::StreamSink;
use millstream_operators::{Environment, Stream};

use crate::catalog::{Session, Table};
use crate::chunk::{Chunk, RowKind};
use crate::error::{SqlError, SqlResult};
use crate::plan::ColumnPath;
use crate::types::Schema;

pub use generated::{GeneratedRows, GeneratedRowsReader, RowGenerator};
use lookup::TableLookup;
pub use options::Options;
pub(crate) use values::TestTables;
pub use values::{TableContents, TestRows};
#[cfg(any(feature = "kafka", feature = "nats"))]
pub(crate) use watermark::WatermarkAlignment;
pub(crate) use watermark::WatermarkOptions;
pub use watermark::{SplitWatermarks, WatermarkEmission, WatermarkStrategy};

/// Which kinds of rows a changelog has, as Flink's `ChangelogMode`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangelogMode {
    kinds: BTreeSet<RowKind>,
    key_only_deletes: bool,
}

impl ChangelogMode {
    /// `+I` alone.
    pub fn insert_only() -> Self {
        Self::of([RowKind::Insert])
    }

    /// All kinds: what each row was before an update is there.
    pub fn all() -> Self {
        Self::of(RowKind::ALL)
    }

    /// All kinds but `-U`: rows replace each other by their key.
    pub fn upsert() -> Self {
        Self::of([RowKind::Insert, RowKind::UpdateAfter, RowKind::Delete])
    }

    /// These kinds.
    pub fn of(kinds: impl IntoIterator<Item = RowKind>) -> Self {
        Self { kinds: kinds.into_iter().collect(), key_only_deletes: false }
    }

    /// The same kinds; `-D` may have the primary key alone, and NULL in all other columns.
    #[must_use]
    pub fn with_key_only_deletes(self, key_only_deletes: bool) -> Self {
        Self { key_only_deletes: key_only_deletes && self.contains(RowKind::Delete), ..self }
    }

    /// Whether `-D` may have the primary key alone, and NULL in all other columns.
    pub const fn key_only_deletes(&self) -> bool {
        self.key_only_deletes
    }

    /// Whether there may be rows of this kind.
    pub fn contains(&self, kind: RowKind) -> bool {
        self.kinds.contains(&kind)
    }

    /// Whether there is nothing but `+I`.
    pub fn is_insert_only(&self) -> bool {
        *self == Self::insert_only()
    }
}

/// What is known when a table is read.
pub struct ScanContext<'a> {
    /// The table.
    pub table: &'a Table,
    /// The job that is built.
    pub environment: &'a Environment,
    /// What is read of the table: columns, or fields of them.
    pub columns: &'a [ColumnPath],
    /// The names and types of what is read.
    pub schema: &'a Schema,
    /// How watermarks are made, where the source [makes them itself](TableSource::makes_watermarks).
    pub watermarks: Option<&'a WatermarkStrategy>,
}

/// Reads a table. As Flink's `ScanTableSource`.
pub trait TableSource: Send + Sync {
    /// Which kinds of rows it gives.
    fn changelog_mode(&self) -> ChangelogMode {
        ChangelogMode::insert_only()
    }

    /// Whether it can read single fields of a row; otherwise it is asked for whole columns.
    fn reads_fields(&self) -> bool {
        false
    }

    /// Whether it makes the watermarks of its table, split by split; otherwise an operator behind it does, for all rows of
    /// a subtask. As Flink's `SupportsWatermarkPushDown`.
    fn makes_watermarks(&self) -> bool {
        false
    }

    /// Whether it can wait for other sources that are behind it in event time. As Flink's support of
    /// `scan.watermark.alignment.*`.
    fn aligns_watermarks(&self) -> bool {
        false
    }

    /// When it emits watermarks, if the table does not say it.
    fn watermark_emission(&self) -> WatermarkEmission {
        WatermarkEmission::OnPeriodic
    }

    /// The rows.
    ///
    /// # Errors
    /// If the table cannot be read as it is declared.
    fn scan(&self, cx: &ScanContext<'_>) -> SqlResult<Stream<Chunk>>;
}

/// Writes a table. As Flink's `DynamicTableSink`.
pub trait TableSink: Send + Sync {
    /// Which kinds of rows it takes, where the query has `requested`.
    fn changelog_mode(&self, requested: &ChangelogMode) -> ChangelogMode;

    /// Writes the rows, which have the columns of `schema`.
    ///
    /// # Errors
    /// If the table cannot be written as it is declared.
    fn consume(&self, rows: &Stream<Chunk>, schema: &Schema) -> SqlResult<StreamSink>;
}

/// What a connector is made from.
pub struct ConnectorContext<'a> {
    /// The session.
    pub session: &'a Session,
    /// The table.
    pub table: &'a Arc<Table>,
}

/// Makes what reads or writes a table.
pub type Make<T> = fn(&ConnectorContext<'_>, &mut Options) -> SqlResult<Box<T>>;

/// A connector.
pub struct Connector {
    /// The value of the option `connector`.
    pub name: &'static str,
    /// Makes what finds rows of a table by keys, if it can.
    pub lookup: Option<Make<dyn TableLookup>>,
    /// Makes what reads a table, if it can.
    pub source: Option<Make<dyn TableSource>>,
    /// Makes what writes a table, if it can.
    pub sink: Option<Make<dyn TableSink>>,
}

const CONNECTORS: &[Connector] = &[
    blackhole::CONNECTOR,
    datagen::CONNECTOR,
    faker::table::CONNECTOR,
    filesystem::CONNECTOR,
    #[cfg(feature = "http")]
    http::HTTP,
    #[cfg(feature = "jdbc")]
    jdbc::CONNECTOR,
    #[cfg(feature = "kafka")]
    kafka::KAFKA,
    #[cfg(feature = "kafka")]
    kafka::UPSERT_KAFKA,
    #[cfg(feature = "mysql-cdc")]
    mysql_cdc::CONNECTOR,
    #[cfg(feature = "nats")]
    nats::CONNECTOR,
    nexmark::CONNECTOR,
    #[cfg(feature = "postgres-cdc")]
    postgres_cdc::CONNECTOR,
    print::CONNECTOR,
    values::CONNECTOR,
    #[cfg(feature = "http")]
    http::WEBSOCKET,
];

/// The setting that says how many rows a second generated tables have, whatever their options say.
const RATE: &str = "millstream.source.rows-per-second";
/// The options that say it of a table.
const RATE_OPTIONS: &[(&str, &[&str])] = &[
    ("datagen", &["rows-per-second"]),
    ("faker", &["rows-per-second"]),
    ("nexmark", &["first-event.rate", "next-event.rate"]),
];

/// Connectors that not every build has, and the cargo features that bring them.
const BEHIND_FEATURES: &[(&str, &str)] = &[
    ("http", "http"),
    ("jdbc", "jdbc"),
    ("kafka", "kafka"),
    ("mysql-cdc", "mysql-cdc"),
    ("nats", "nats"),
    ("postgres-cdc", "postgres-cdc"),
    ("upsert-kafka", "kafka"),
    ("websocket", "http"),
];

/// The connectors that have all changes of a row in one split.
const KEYED_SPLITS: &[&str] = &["kafka", "nats", "upsert-kafka"];

/// Whether all changes of a row are read by one subtask, whatever the parallelism.
pub(crate) fn keeps_keys_together(table: &Table) -> bool {
    table.options.get("connector").is_some_and(|name| KEYED_SPLITS.contains(&name.as_str()))
}

/// What reads a table.
///
/// # Errors
/// If there is no such connector, it cannot read, or an option is wrong.
pub fn table_source(session: &Session, table: &Arc<Table>) -> SqlResult<Box<dyn TableSource>> {
    let (connector, mut options) = connector(table, "source", |connector| connector.source.is_some())?;
    let make = connector.source.ok_or_else(|| cannot(connector, "source"))?;
    if let Some(rate) = session.integer(RATE)? {
        let keys = RATE_OPTIONS.iter().find(|(name, _)| *name == connector.name);
        keys.iter().flat_map(|(_, keys)| *keys).for_each(|key| options.set(key, rate.to_string()));
    }
    WatermarkOptions::take(&mut options).map_err(|error| in_table(table, &error))?;
    let source =
        make(&ConnectorContext { session, table }, &mut options).map_err(|error| in_table(table, &error))?;
    options.finish().map_err(|error| in_table(table, &error))?;
    Ok(source)
}

/// What finds rows of a table by keys.
///
/// # Errors
/// If there is no such connector, it cannot find rows by keys, or an option is wrong.
pub fn table_lookup(session: &Session, table: &Arc<Table>) -> SqlResult<Box<dyn TableLookup>> {
    let (connector, mut options) = connector(table, "lookup source", |connector| connector.lookup.is_some())?;
    let make = connector.lookup.ok_or_else(|| {
        let able = CONNECTORS.iter().filter(|connector| connector.lookup.is_some());
        let able: Vec<_> = able.map(|connector| format!("'{}'", connector.name)).collect();
        SqlError::unsupported("Processing-time temporal join is not supported yet.").with_hint(format!(
            "rows of table {} cannot be looked up: its connector is '{}'; connectors that can: {}",
            table.path.quoted(),
            connector.name,
            able.join(", ")
        ))
    })?;
    WatermarkOptions::take(&mut options).map_err(|error| in_table(table, &error))?;
    let lookup =
        make(&ConnectorContext { session, table }, &mut options).map_err(|error| in_table(table, &error))?;
    options.finish().map_err(|error| in_table(table, &error))?;
    Ok(lookup)
}

/// What the options of a table say of its watermarks.
///
/// # Errors
/// If one of them is wrong.
pub(crate) fn watermark_options(table: &Table) -> SqlResult<WatermarkOptions> {
    WatermarkOptions::take(&mut Options::new(table.options.clone())).map_err(|error| in_table(table, &error))
}

/// What writes a table.
///
/// # Errors
/// If there is no such connector, it cannot write, or an option is wrong.
pub fn table_sink(session: &Session, table: &Arc<Table>) -> SqlResult<Box<dyn TableSink>> {
    let (connector, mut options) = connector(table, "sink", |connector| connector.sink.is_some())?;
    let make = connector.sink.ok_or_else(|| cannot(connector, "sink"))?;
    // A table may be read, too.
    WatermarkOptions::take(&mut options).map_err(|error| in_table(table, &error))?;
    let sink =
        make(&ConnectorContext { session, table }, &mut options).map_err(|error| in_table(table, &error))?;
    options.finish().map_err(|error| in_table(table, &error))?;
    Ok(sink)
}

fn connector(
    table: &Table,
    role: &str,
    can: impl Fn(&Connector) -> bool,
) -> SqlResult<(&'static Connector, Options)> {
    let mut options = Options::new(table.options.clone());
    let Some(name) = options.take("connector") else {
        return Err(SqlError::validation(format!(
            "Table options do not contain an option key 'connector' for discovering a connector: table {}",
            table.path.quoted()
        ))
        .with_hint("write WITH ('connector' = '…')"));
    };
    options.set_connector(&name);
    let found = CONNECTORS.iter().find(|connector| connector.name == name);
    let found = found.ok_or_else(|| {
        if let Some((_, feature)) = BEHIND_FEATURES.iter().find(|(connector, _)| *connector == name) {
            return SqlError::unsupported(format!(
                "The connector '{name}' is not built in: the cargo feature '{feature}' is off"
            ));
        }
        let able: Vec<_> =
            CONNECTORS.iter().filter(|connector| can(connector)).map(|connector| connector.name).collect();
        SqlError::validation(format!(
            "Could not find any factory for identifier '{name}' that can be the {role} of table {}",
            table.path.quoted()
        ))
        .with_hint(format!("available {role}s: {}", able.join(", ")))
    })?;
    Ok((found, options))
}

fn cannot(connector: &Connector, role: &str) -> SqlError {
    let name = connector.name;
    SqlError::validation(format!(
        "Connector '{name}' can only be used as a {}. It cannot be used as a {role}.",
        other(role)
    ))
}

fn other(role: &str) -> &'static str {
    if role == "source" { "sink" } else { "source" }
}

fn in_table(table: &Table, error: &SqlError) -> SqlError {
    let message = format!("table {}: {}", table.path.quoted(), error.message());
    let wrapped = SqlError::validation(message);
    match error.hint() {
        Some(hint) => wrapped.with_hint(hint),
        None => wrapped,
    }
}
