//! The options of the connector.

use std::collections::BTreeMap;
use std::time::Duration;

use millstream_connectors::postgres_cdc::{self, PostgresCdcSource, StartupMode, Truncate};

use crate::connectors::Options;
use crate::connectors::cdc::options::{
    accept, at_least_two, check_incremental, connections, is_append_only, name, refuse, unsupported_value,
};
use crate::error::{SqlError, SqlResult};
use crate::suggestion::nearest;

/// What rows an update becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Changelog {
    /// The row as it was, and as it is.
    All,
    /// The row as it is.
    Upsert,
    /// Both, as rows of their own that nothing takes back.
    AppendOnly,
}

/// Where the table is, and how it is read.
pub(super) struct CdcOptions {
    hostname: String,
    port: u16,
    username: String,
    password: String,
    pub(super) database: String,
    schema: String,
    table: String,
    slot: String,
    startup: StartupMode,
    pub(super) changelog: Changelog,
    heartbeat: Duration,
    connect_timeout: Duration,
    chunk_rows: u64,
    connections: Option<usize>,
    delayed_checkpoints: usize,
    debezium: DebeziumOptions,
}

/// How many rows are read at a time, unless the table says it.
const CHUNK_ROWS: u64 = 8_096;
/// How often the write-ahead log gets a message, unless the table says it.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// How long connecting may take, unless the table says it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How many checkpoints later the server may forget what was before one, unless the table says it.
const DELAYED_CHECKPOINTS: usize = 3;

impl CdcOptions {
    /// Takes them; `has_key` says whether the table is declared with a primary key.
    pub(super) fn take(options: &mut Options, has_key: bool) -> SqlResult<Self> {
        check_plugin(options)?;
        let mut debezium = DebeziumOptions::default();
        let snapshot_mode = debezium.take(options.take_prefixed("debezium."))?;
        let startup = startup(options)?.or(snapshot_mode).unwrap_or_default();
        let this = Self {
            hostname: options.require("hostname")?,
            port: options.parse("port", "a number of a port")?.unwrap_or(5_432),
            username: options.require("username")?,
            password: options.require("password")?,
            database: options.require("database-name")?,
            schema: name(options, "schema-name")?,
            table: name(options, "table-name")?,
            slot: options.require("slot.name")?,
            startup,
            changelog: changelog(options, has_key)?,
            heartbeat: options.duration("heartbeat.interval.ms")?.unwrap_or(HEARTBEAT),
            connect_timeout: options.duration("connect.timeout")?.unwrap_or(CONNECT_TIMEOUT),
            chunk_rows: at_least_two(options, "scan.incremental.snapshot.chunk.size")?.unwrap_or(CHUNK_ROWS),
            connections: connections(options)?,
            delayed_checkpoints: options
                .parse("scan.lsn-commit.checkpoints-num-delay", "a number")?
                .unwrap_or(DELAYED_CHECKPOINTS),
            debezium,
        };
        check_incremental(options, has_key)?;
        refuse(options)?;
        accept(options, &["scan.include-partitioned-tables.enabled", "table-id.include-database"])?;
        Ok(this)
    }

    /// The source of all that.
    pub(super) fn source(&self) -> PostgresCdcSource {
        let changelog = match self.changelog {
            Changelog::All | Changelog::AppendOnly => postgres_cdc::ChangelogMode::All,
            Changelog::Upsert => postgres_cdc::ChangelogMode::Upsert,
        };
        let source = PostgresCdcSource::new(&*self.hostname, &*self.database)
            .port(self.port)
            .username(&*self.username)
            .password(&*self.password)
            .table_list([format!("{}.{}", self.schema, self.table)])
            .slot_name(&*self.slot)
            .startup_mode(self.startup)
            .changelog_mode(changelog)
            .heartbeat_interval((!self.heartbeat.is_zero()).then_some(self.heartbeat))
            .connect_timeout(self.connect_timeout)
            .chunk_size(self.chunk_rows)
            .confirmation_delay(self.delayed_checkpoints)
            .publication_autocreate(self.debezium.makes_publication)
            .truncate(self.debezium.truncate);
        let source = match &self.debezium.publication {
            Some(publication) => source.publication_name(&**publication),
            None => source,
        };
        match self.connections {
            Some(connections) => source.snapshot_connections(connections),
            None => source,
        }
    }
}

/// What is passed on to Debezium in Flink, and means something here.
#[derive(Clone, Debug)]
struct DebeziumOptions {
    publication: Option<String>,
    makes_publication: bool,
    truncate: Truncate,
}

impl Default for DebeziumOptions {
    fn default() -> Self {
        Self { publication: None, makes_publication: true, truncate: Truncate::Fail }
    }
}

/// Those of Debezium's properties that are known.
const DEBEZIUM: &[&str] = &[
    "plugin.name",
    "publication.autocreate.mode",
    "publication.name",
    "skipped.operations",
    "slot.drop.on.stop",
    "snapshot.mode",
];

impl DebeziumOptions {
    /// Takes them, without their beginning `debezium.`; answers what `snapshot.mode` says.
    fn take(&mut self, mut properties: BTreeMap<String, String>) -> SqlResult<Option<StartupMode>> {
        self.publication = properties.remove("publication.name");
        self.makes_publication = match properties.remove("publication.autocreate.mode").as_deref() {
            None | Some("filtered") => true,
            Some("disabled") => false,
            Some(other) => {
                return Err(unsupported_value("debezium.publication.autocreate.mode", other)
                    .with_hint("'filtered' makes a publication of the table, 'disabled' makes none"));
            }
        };
        self.truncate = match properties.remove("skipped.operations").as_deref() {
            None | Some("none") => Truncate::Fail,
            Some("t") => Truncate::Skip,
            Some(other) => {
                return Err(unsupported_value("debezium.skipped.operations", other)
                    .with_hint("'t' passes over TRUNCATE, which fails the job otherwise"));
            }
        };
        let snapshot_mode = match properties.remove("snapshot.mode").as_deref() {
            None => None,
            Some("initial") => Some(StartupMode::Initial),
            Some("never" | "no_data") => Some(StartupMode::CommittedOffset),
            Some(other) => {
                return Err(unsupported_value("debezium.snapshot.mode", other)
                    .with_hint("'initial' and 'never' are supported"));
            }
        };
        for (key, expected) in [("plugin.name", "pgoutput"), ("slot.drop.on.stop", "false")] {
            if let Some(other) = properties.remove(key).filter(|value| value != expected) {
                return Err(unsupported_value(&format!("debezium.{key}"), &other)
                    .with_hint(format!("'{expected}' is supported")));
            }
        }
        let Some(key) = properties.keys().next() else { return Ok(snapshot_mode) };
        let error = SqlError::validation(format!("Unsupported options found: debezium.{key}"));
        Err(error.with_hint(match nearest(key, DEBEZIUM) {
            Some(nearest) => format!("did you mean 'debezium.{nearest}'?"),
            None => format!("there is no Debezium behind this connector; known are: {}", DEBEZIUM.join(", ")),
        }))
    }
}

fn check_plugin(options: &mut Options) -> SqlResult<()> {
    match options.take("decoding.plugin.name").as_deref().map(str::trim) {
        None | Some("pgoutput") => Ok(()),
        Some(other) => Err(unsupported_value("decoding.plugin.name", other)
            .with_hint("set it to 'pgoutput', which every server has, or leave it out")),
    }
}

fn startup(options: &mut Options) -> SqlResult<Option<StartupMode>> {
    Ok(match options.take("scan.startup.mode").as_deref().map(str::trim) {
        None => None,
        Some("initial") => Some(StartupMode::Initial),
        Some("latest-offset") => Some(StartupMode::LatestOffset),
        Some("committed-offset") => Some(StartupMode::CommittedOffset),
        Some("snapshot") => {
            return Err(unsupported_value("scan.startup.mode", "snapshot")
                .with_hint("'initial' reads the same rows, and goes on with their changes"));
        }
        Some(other) => {
            return Err(SqlError::validation(format!(
                "Invalid value '{other}' for option 'scan.startup.mode': it must be initial, latest-offset or committed-offset"
            )));
        }
    })
}

fn changelog(options: &mut Options, has_key: bool) -> SqlResult<Changelog> {
    let is_append_only = is_append_only(options)?;
    match (options.take("changelog-mode").as_deref().map(str::trim), is_append_only) {
        (None | Some("all"), false) => Ok(Changelog::All),
        (None | Some("all"), true) => Ok(Changelog::AppendOnly),
        (Some("upsert"), true) => Err(SqlError::validation(
            "'scan.read-changelog-as-append-only.enabled' and 'changelog-mode' = 'upsert' exclude each other",
        )),
        (Some("upsert"), false) if has_key => Ok(Changelog::Upsert),
        (Some("upsert"), false) => {
            Err(SqlError::validation("Primary key must be present when 'upsert' mode is selected."))
        }
        (Some(other), _) => Err(SqlError::validation(format!(
            "Invalid value '{other}' for option 'changelog-mode': it must be all or upsert"
        ))),
    }
}
