//! The source, and its settings.

use std::sync::Arc;
use std::time::Duration;

use millstream_operators::source::Source;
use millstream_runtime::Result;
use millstream_state::Record;

use super::options::{ChangelogMode, StartupMode, UnchangedToast};
use super::settings::{Settings, TableName};
use super::{CapturedTable, ChangeRecord, PostgresCdcReader, PostgresSplit};
use crate::cdc::deserialize::{ChangeDeserializer, Function, MakeDeserializer};
use crate::cdc::options::{SchemaChange, Truncate};

/// Captures the changes of tables of a Postgres database: first the rows that are there, then every change, each exactly once.
/// As the `postgres-cdc` connector of Flink CDC.
///
/// It needs Postgres 12 or later with `wal_level = logical`, and a user who may replicate. The source makes a publication and a
/// replication slot, unless they are there. The slot makes the server keep its write-ahead log for the job: it is not dropped
/// when the job ends, for the job may go on later. `SELECT pg_drop_replication_slot('…')` does that. Each job needs a slot of its own.
///
/// One subtask reads everything; with a parallelism above 1 the others have nothing to do. Operators after it spread the work.
///
/// ```no_run
/// use millstream::connectors::postgres_cdc::{ChangeKind, PostgresCdcSource};
/// use millstream::prelude::*;
///
/// let source = PostgresCdcSource::new("db.example.com", "shop")
///     .username("flows")
///     .password("secret")
///     .table_list(["public.orders"])
///     .slot_name("orders_per_customer");
/// let env = Environment::new().checkpoint_every(Duration::from_secs(10));
/// env.from_source(source)
///     .filter(|change| change.kind == ChangeKind::Insert)
///     .key_by(|order| order.text("customer").unwrap_or_default().to_owned())
///     .count()
///     .print();
/// env.execute("orders per customer")?;
/// # Ok::<(), millstream::Error>(())
/// ```
#[derive(Clone)]
pub struct PostgresCdcSource<T = ChangeRecord> {
    settings: Settings,
    deserializer: MakeDeserializer<ChangeRecord, T>,
}

impl PostgresCdcSource {
    /// The tables of a database of a server. At least [`table_list`](Self::table_list) must be set, too.
    #[doc(alias = "hostname")]
    pub fn new(hostname: impl Into<String>, database: impl Into<String>) -> Self {
        let settings = Settings {
            hostname: hostname.into(),
            port: 5432,
            username: "postgres".to_owned(),
            password: String::new(),
            database: database.into(),
            tables: Vec::new(),
            slot: "millstream".to_owned(),
            publication: "dbz_publication".to_owned(),
            autocreate: true,
            startup: StartupMode::default(),
            changelog: ChangelogMode::default(),
            toast: UnchangedToast::default(),
            schema_change: SchemaChange::default(),
            truncate: Truncate::default(),
            chunk_rows: 8_096,
            connections: 4,
            heartbeat: Some(Duration::from_secs(30)),
            connect_timeout: Duration::from_secs(30),
            confirmation_delay: 0,
            check: None,
        };
        let all = Arc::new(|change: ChangeRecord| Ok(Some(change)));
        Self { settings, deserializer: Arc::new(move || Box::new(Function(all.clone()))) }
    }
}

impl<T> PostgresCdcSource<T> {
    fn set(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(&mut self.settings);
        self
    }

    #[cfg(test)]
    pub(crate) fn into_settings(self) -> Settings {
        self.settings
    }

    /// The port of the server; 5432 unless set.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        self.set(|settings| settings.port = port)
    }

    /// The user, who needs the attribute REPLICATION and SELECT on the tables; `postgres` unless set.
    #[must_use]
    pub fn username(self, username: impl Into<String>) -> Self {
        self.set(|settings| settings.username = username.into())
    }

    /// The user's password; SCRAM-SHA-256 and MD5 are spoken.
    #[must_use]
    pub fn password(self, password: impl Into<String>) -> Self {
        self.set(|settings| settings.password = password.into())
    }

    /// The tables, as `schema.table`; one without a schema is in `public`.
    #[must_use]
    #[doc(alias("tableList", "table-name", "schema-name"))]
    pub fn table_list<N: AsRef<str>>(self, tables: impl IntoIterator<Item = N>) -> Self {
        let tables = tables.into_iter().map(|name| TableName::parse(name.as_ref())).collect();
        self.set(|settings| settings.tables = tables)
    }

    /// The replication slot, which is made unless it is there; `millstream` unless set. Each job needs its own.
    #[must_use]
    #[doc(alias("slot.name", "slotName"))]
    pub fn slot_name(self, slot: impl Into<String>) -> Self {
        self.set(|settings| settings.slot = slot.into())
    }

    /// The publication, `dbz_publication` unless set, as Debezium has it. It must have all tables.
    #[must_use]
    #[doc(alias = "publication.name")]
    pub fn publication_name(self, publication: impl Into<String>) -> Self {
        self.set(|settings| settings.publication = publication.into())
    }

    /// Whether a publication of the tables is made where there is none of the name, and one that is there gets those that it does not
    /// have when the job starts without a snapshot, which the user must be allowed to; it is unless this says otherwise.
    #[must_use]
    #[doc(alias = "publication.autocreate.mode")]
    pub fn publication_autocreate(self, autocreate: bool) -> Self {
        self.set(|settings| settings.autocreate = autocreate)
    }

    /// From where a job reads that is started without a snapshot.
    #[must_use]
    #[doc(alias("scan.startup.mode", "startupOptions"))]
    pub fn startup_mode(self, mode: StartupMode) -> Self {
        self.set(|settings| settings.startup = mode)
    }

    /// Which records an update becomes.
    #[must_use]
    #[doc(alias = "changelog-mode")]
    pub fn changelog_mode(self, mode: ChangelogMode) -> Self {
        self.set(|settings| settings.changelog = mode)
    }

    /// What is done about large values that the server does not send.
    #[must_use]
    pub fn unchanged_toast(self, policy: UnchangedToast) -> Self {
        self.set(|settings| settings.toast = policy)
    }

    /// What is done about tables whose columns change.
    #[must_use]
    #[doc(alias = "include.schema.changes")]
    pub fn schema_change(self, policy: SchemaChange) -> Self {
        self.set(|settings| settings.schema_change = policy)
    }

    /// What is done about `TRUNCATE`.
    #[must_use]
    #[doc(alias = "skipped.operations")]
    pub fn truncate(self, policy: Truncate) -> Self {
        self.set(|settings| settings.truncate = policy)
    }

    /// So many rows of a table are read at a time, in one query; 8096 unless set, and at least 1. Tables whose primary key has no
    /// index that orders by bytes or numbers, such as one of strings in another collation than C, are read in one piece.
    #[must_use]
    #[doc(alias("scan.incremental.snapshot.chunk.size", "splitSize"))]
    pub fn chunk_size(self, rows: u64) -> Self {
        self.set(|settings| settings.chunk_rows = rows.max(1))
    }

    /// Over so many connections the rows that are there are read; 4 unless set, and at least 1.
    #[must_use]
    pub fn snapshot_connections(self, connections: usize) -> Self {
        self.set(|settings| settings.connections = connections.max(1))
    }

    /// How often a message is written to the write-ahead log, so that the server can forget what is before also while the tables
    /// do not change; 30 seconds unless set. `None` for never.
    #[must_use]
    #[doc(alias("heartbeat.interval.ms", "heartbeatInterval"))]
    pub fn heartbeat_interval(self, interval: impl Into<Option<Duration>>) -> Self {
        let interval: Option<Duration> = interval.into();
        self.set(|settings| {
            settings.heartbeat = interval.map(|interval| interval.max(Duration::from_millis(1)))
        })
    }

    /// So many checkpoints later the server is told that it may forget what was before one: with 3, the last three checkpoints
    /// before the newest can be restored, too. 0 unless set.
    #[must_use]
    #[doc(alias = "scan.lsn-commit.checkpoints-num-delay")]
    pub fn confirmation_delay(self, checkpoints: usize) -> Self {
        self.set(|settings| settings.confirmation_delay = checkpoints)
    }

    /// How long connecting may take, before anything is read; 30 seconds unless set.
    #[must_use]
    #[doc(alias = "connect.timeout")]
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.set(|settings| settings.connect_timeout = timeout)
    }

    /// Yields what a function makes of changes. `None` leaves a change out.
    ///
    /// ```
    /// use millstream::connectors::postgres_cdc::{ChangeRecord, PostgresCdcSource};
    ///
    /// let ids = PostgresCdcSource::new("localhost", "shop").table_list(["orders"]).deserializer(|change: ChangeRecord| {
    ///     let id = change.text("id").and_then(|id| id.parse::<i64>().ok());
    ///     Ok(id.map(|id| (change.kind, id)))
    /// });
    /// ```
    #[must_use]
    #[doc(alias = "DebeziumDeserializationSchema")]
    pub fn deserializer<U: Record>(
        self,
        deserializer: impl Fn(ChangeRecord) -> Result<Option<U>> + Send + Sync + 'static,
    ) -> PostgresCdcSource<U> {
        let function = Arc::new(deserializer);
        self.with_deserializer(move || Function(function.clone()))
    }

    /// Yields what a [`ChangeDeserializer`] makes of changes; each reader gets one.
    #[must_use]
    pub fn with_deserializer<U: Record, D: ChangeDeserializer<ChangeRecord, U>>(
        self,
        make: impl Fn() -> D + Send + Sync + 'static,
    ) -> PostgresCdcSource<U> {
        PostgresCdcSource { settings: self.settings, deserializer: Arc::new(move || Box::new(make())) }
    }

    /// Looks at each table, as it is in the database, whenever the job starts or is restarted, before anything is read or made.
    ///
    /// ```
    /// use millstream::connectors::postgres_cdc::{CapturedTable, PostgresCdcSource};
    /// use millstream::{Error, ErrorKind};
    ///
    /// let source = PostgresCdcSource::new("localhost", "shop").table_list(["orders"]).check_tables(|table: &CapturedTable| {
    ///     let missing = || Error::new(ErrorKind::InvalidJob, format!("table {table} has no column `total`"));
    ///     table.position("total").map(drop).ok_or_else(missing)
    /// });
    /// ```
    #[must_use]
    pub fn check_tables(self, check: impl Fn(&CapturedTable) -> Result<()> + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.check = Some(Arc::new(check)))
    }
}

impl<T: Record> Source for PostgresCdcSource<T> {
    type Record = T;
    type Split = PostgresSplit;
    type Reader = PostgresCdcReader<T>;

    fn kind(&self) -> &'static str {
        "Postgres change data capture"
    }

    async fn discover(&self) -> Result<Vec<PostgresSplit>> {
        self.settings.check()?;
        Ok(vec![PostgresSplit::new()])
    }

    fn reader(&self) -> PostgresCdcReader<T> {
        PostgresCdcReader::new(self.settings.clone(), (self.deserializer)())
    }
}

#[cfg(test)]
mod tests;
