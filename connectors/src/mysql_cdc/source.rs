//! The source, and its settings.

use std::sync::Arc;
use std::time::Duration;

use millstream_operators::source::Source;
use millstream_runtime::Result;
use millstream_state::Record;

use super::options::{SnapshotLocking, StartupMode};
use super::settings::{Settings, TableName};
use super::{CapturedTable, ChangeRecord, MysqlCdcReader, MysqlSplit};
use crate::cdc::deserialize::{ChangeDeserializer, Function, MakeDeserializer};
use crate::cdc::options::{SchemaChange, Truncate};

/// Captures the changes of tables of MySQL or MariaDB: first the rows that are there, then every change, each exactly once.
/// As the `mysql-cdc` connector of Flink CDC.
///
/// It needs a server with a binary log of rows (`binlog_format = ROW`, `binlog_row_image = FULL`), and a user with the rights
/// SELECT, REPLICATION SLAVE and REPLICATION CLIENT. The server does not know what the job has read: it must keep its binary log for as
/// long as the job may be down, and for as long as the rows that are there are read.
///
/// One subtask reads everything; with a parallelism above 1 the others have nothing to do. Operators after it spread the work.
///
/// ```no_run
/// use millstream::connectors::mysql_cdc::{ChangeKind, MysqlCdcSource};
/// use millstream::prelude::*;
///
/// let source = MysqlCdcSource::new("db.example.com").username("flows").password("secret").table_list(["shop.orders"]);
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
pub struct MysqlCdcSource<T = ChangeRecord> {
    settings: Settings,
    deserializer: MakeDeserializer<ChangeRecord, T>,
}

impl MysqlCdcSource {
    /// Tables of a server. At least [`username`](Self::username) and [`table_list`](Self::table_list) must be set, too.
    #[doc(alias = "hostname")]
    pub fn new(hostname: impl Into<String>) -> Self {
        let settings = Settings {
            hostname: hostname.into(),
            port: 3306,
            username: String::new(),
            password: String::new(),
            tables: Vec::new(),
            server_id: None,
            startup: StartupMode::default(),
            locking: SnapshotLocking::default(),
            schema_change: SchemaChange::default(),
            truncate: Truncate::default(),
            chunk_rows: 8_096,
            connections: 4,
            heartbeat: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(30),
            check: None,
        };
        let all = Arc::new(|change: ChangeRecord| Ok(Some(change)));
        Self { settings, deserializer: Arc::new(move || Box::new(Function(all.clone()))) }
    }
}

impl<T> MysqlCdcSource<T> {
    fn set(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(&mut self.settings);
        self
    }

    #[cfg(test)]
    pub(super) fn into_settings(self) -> Settings {
        self.settings
    }

    /// The port of the server; 3306 unless set.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        self.set(|settings| settings.port = port)
    }

    /// The user, who needs SELECT on the tables, and REPLICATION SLAVE and REPLICATION CLIENT.
    #[must_use]
    pub fn username(self, username: impl Into<String>) -> Self {
        self.set(|settings| settings.username = username.into())
    }

    /// The user's password.
    #[must_use]
    pub fn password(self, password: impl Into<String>) -> Self {
        self.set(|settings| settings.password = password.into())
    }

    /// The tables, as `database.table`.
    #[must_use]
    #[doc(alias("tableList", "databaseList", "table-name", "database-name"))]
    pub fn table_list<N: AsRef<str>>(self, tables: impl IntoIterator<Item = N>) -> Self {
        let tables = tables.into_iter().map(|name| TableName::parse(name.as_ref())).collect();
        self.set(|settings| settings.tables = tables)
    }

    /// What the job calls itself as a replica. No other replica of the server may have this number: the server ends the stream of one of
    /// them. One is drawn for each attempt unless it is set.
    #[must_use]
    #[doc(alias("server-id", "serverId"))]
    pub fn server_id(self, server_id: u32) -> Self {
        self.set(|settings| settings.server_id = Some(server_id))
    }

    /// From where a job reads that is started without a snapshot.
    #[must_use]
    #[doc(alias("scan.startup.mode", "startupOptions"))]
    pub fn startup_mode(self, mode: StartupMode) -> Self {
        self.set(|settings| settings.startup = mode)
    }

    /// How it is found out which changes are in the rows that are read.
    #[must_use]
    #[doc(alias = "snapshot.locking.mode")]
    pub fn snapshot_locking(self, locking: SnapshotLocking) -> Self {
        self.set(|settings| settings.locking = locking)
    }

    /// What is done about tables whose columns change.
    #[must_use]
    #[doc(alias = "include.schema.changes")]
    pub fn schema_change(self, policy: SchemaChange) -> Self {
        self.set(|settings| settings.schema_change = policy)
    }

    /// What is done about `TRUNCATE` and `DROP TABLE`.
    #[must_use]
    #[doc(alias = "skipped.operations")]
    pub fn truncate(self, policy: Truncate) -> Self {
        self.set(|settings| settings.truncate = policy)
    }

    /// So many rows of a table are read at a time, in one query; 8096 unless set, and at least 1. Tables whose primary key is not made of
    /// whole numbers and binary strings alone are read in one piece, since no index has the order of their bytes.
    #[must_use]
    #[doc(alias("scan.incremental.snapshot.chunk.size", "splitSize"))]
    pub fn chunk_size(self, rows: u64) -> Self {
        self.set(|settings| settings.chunk_rows = rows.max(1))
    }

    /// Over so many connections the rows that are there are read; 4 unless set, and at least 1.
    #[must_use]
    #[doc(alias = "connection.pool.size")]
    pub fn snapshot_connections(self, connections: usize) -> Self {
        self.set(|settings| settings.connections = connections.max(1))
    }

    /// How often the server says that it is there while nothing happens; 30 seconds unless set, and at least a millisecond. A server
    /// that is silent four times as long is taken for lost.
    #[must_use]
    #[doc(alias("heartbeat.interval", "heartbeatInterval"))]
    pub fn heartbeat_interval(self, interval: Duration) -> Self {
        self.set(|settings| settings.heartbeat = interval.max(Duration::from_millis(1)))
    }

    /// How long connecting may take; 30 seconds unless set.
    #[must_use]
    #[doc(alias = "connect.timeout")]
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.set(|settings| settings.connect_timeout = timeout)
    }

    /// Yields what a function makes of changes. `None` leaves a change out.
    ///
    /// ```
    /// use millstream::connectors::mysql_cdc::{ChangeRecord, MysqlCdcSource};
    ///
    /// let ids = MysqlCdcSource::new("localhost").table_list(["shop.orders"]).deserializer(|change: ChangeRecord| {
    ///     let id = change.text("id").and_then(|id| id.parse::<i64>().ok());
    ///     Ok(id.map(|id| (change.kind, id)))
    /// });
    /// ```
    #[must_use]
    #[doc(alias = "DebeziumDeserializationSchema")]
    pub fn deserializer<U: Record>(
        self,
        deserializer: impl Fn(ChangeRecord) -> Result<Option<U>> + Send + Sync + 'static,
    ) -> MysqlCdcSource<U> {
        let function = Arc::new(deserializer);
        self.with_deserializer(move || Function(function.clone()))
    }

    /// Yields what a [`ChangeDeserializer`] makes of changes; each reader gets one.
    #[must_use]
    pub fn with_deserializer<U: Record, D: ChangeDeserializer<ChangeRecord, U>>(
        self,
        make: impl Fn() -> D + Send + Sync + 'static,
    ) -> MysqlCdcSource<U> {
        MysqlCdcSource { settings: self.settings, deserializer: Arc::new(move || Box::new(make())) }
    }

    /// Looks at each table, as it is in the database, whenever the job starts or is restarted, before anything is read.
    #[must_use]
    pub fn check_tables(self, check: impl Fn(&CapturedTable) -> Result<()> + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.check = Some(Arc::new(check)))
    }
}

impl<T: Record> Source for MysqlCdcSource<T> {
    type Record = T;
    type Split = MysqlSplit;
    type Reader = MysqlCdcReader<T>;

    fn kind(&self) -> &'static str {
        "MySQL change data capture"
    }

    async fn discover(&self) -> Result<Vec<MysqlSplit>> {
        self.settings.check()?;
        Ok(vec![MysqlSplit::new()])
    }

    fn reader(&self) -> MysqlCdcReader<T> {
        MysqlCdcReader::new(self.settings.clone(), (self.deserializer)())
    }
}

#[cfg(test)]
mod tests;
