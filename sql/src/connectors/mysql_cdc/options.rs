//! The options of the connector.

use std::collections::BTreeMap;
use std::time::Duration;

use millstream_connectors::mysql_cdc::{
    BinlogPosition, MysqlCdcSource, SnapshotLocking, StartupMode, Truncate,
};

use crate::connectors::Options;
use crate::connectors::cdc::options::{
    accept, at_least_two, check_incremental, connections, is_append_only, name, refuse, unsupported_value,
};
use crate::error::{SqlError, SqlResult};
use crate::suggestion::nearest;
use crate::types::zone::Zone;

/// Where the table is, and how it is read.
pub(super) struct CdcOptions {
    hostname: String,
    port: u16,
    username: String,
    password: String,
    pub(super) database: String,
    table: String,
    server_id: Option<u32>,
    startup: StartupMode,
    pub(super) is_append_only: bool,
    pub(super) zone: Zone,
    heartbeat: Duration,
    connect_timeout: Duration,
    chunk_rows: u64,
    connections: Option<usize>,
    debezium: DebeziumOptions,
}

/// How many rows are read at a time, unless the table says it.
const CHUNK_ROWS: u64 = 8_096;
/// How often the server says that it is there, unless the table says it.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// How long connecting may take, unless the table says it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Switches that change nothing here.
const SWITCHES: &[&str] = &["scan.parse.online.schema.changes.enabled", "use.legacy.json.format"];

impl CdcOptions {
    /// Takes them; `has_key` says whether the table is declared with a primary key, and `zone` is the one where nothing is said of it.
    pub(super) fn take(
        options: &mut Options,
        has_key: bool,
        zone: impl FnOnce() -> SqlResult<Zone>,
    ) -> SqlResult<Self> {
        let debezium = DebeziumOptions::take(options.take_prefixed("debezium."))?;
        let this = Self {
            hostname: options.require("hostname")?,
            port: options.parse("port", "a number of a port")?.unwrap_or(3_306),
            username: options.require("username")?,
            password: options.require("password")?,
            database: name(options, "database-name")?,
            table: name(options, "table-name")?,
            server_id: server_id(options)?,
            startup: startup(options)?,
            is_append_only: is_append_only(options)?,
            zone: match options.take("server-time-zone") {
                Some(id) => Zone::of(id.trim()).map_err(|unknown| {
                    SqlError::validation(format!("Invalid value for option 'server-time-zone': {unknown}"))
                })?,
                None => zone()?,
            },
            heartbeat: heartbeat(options)?,
            connect_timeout: options.duration("connect.timeout")?.unwrap_or(CONNECT_TIMEOUT),
            chunk_rows: at_least_two(options, "scan.incremental.snapshot.chunk.size")?.unwrap_or(CHUNK_ROWS),
            connections: connections(options)?,
            debezium,
        };
        check_incremental(options, has_key)?;
        if options.boolean("scan.newly-added-table.enabled")? == Some(true) {
            return Err(unsupported_value("scan.newly-added-table.enabled", "true")
                .with_hint("declare a table of its own for each table"));
        }
        refuse(options)?;
        accept(options, SWITCHES)?;
        Ok(this)
    }

    /// The source of all that.
    pub(super) fn source(&self) -> MysqlCdcSource {
        let source = MysqlCdcSource::new(&*self.hostname)
            .port(self.port)
            .username(&*self.username)
            .password(&*self.password)
            .table_list([format!("{}.{}", self.database, self.table)])
            .startup_mode(self.startup.clone())
            .heartbeat_interval(self.heartbeat)
            .connect_timeout(self.connect_timeout)
            .chunk_size(self.chunk_rows)
            .snapshot_locking(self.debezium.locking)
            .truncate(self.debezium.truncate);
        let source = match self.server_id {
            Some(server_id) => source.server_id(server_id),
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
    truncate: Truncate,
    locking: SnapshotLocking,
}

/// Those of Debezium's properties that are known.
const DEBEZIUM: &[&str] =
    &["min.row.count.to.stream.results", "skipped.operations", "snapshot.locking.mode", "snapshot.mode"];

impl DebeziumOptions {
    /// Takes them, without their beginning `debezium.`.
    fn take(mut properties: BTreeMap<String, String>) -> SqlResult<Self> {
        // Rows come as a stream in any case.
        properties.remove("min.row.count.to.stream.results");
        let truncate = match properties.remove("skipped.operations").as_deref() {
            None | Some("none") => Truncate::Fail,
            Some("t") => Truncate::Skip,
            Some(other) => {
                return Err(unsupported_value("debezium.skipped.operations", other)
                    .with_hint("'t' passes over TRUNCATE and DROP TABLE, which fail the job otherwise"));
            }
        };
        let locking = match properties.remove("snapshot.locking.mode").as_deref() {
            None => SnapshotLocking::Auto,
            Some("minimal") => SnapshotLocking::Tables,
            Some(other) => {
                return Err(unsupported_value("debezium.snapshot.locking.mode", other).with_hint(
                    "'minimal' locks the table until a snapshot has begun; without the option servers alone that cannot do without are \
                     read so",
                ));
            }
        };
        if let Some(other) = properties.remove("snapshot.mode").filter(|mode| mode != "initial") {
            return Err(unsupported_value("debezium.snapshot.mode", &other)
                .with_hint("'scan.startup.mode' says from where the table is read"));
        }
        let Some(key) = properties.keys().next() else { return Ok(Self { truncate, locking }) };
        let error = SqlError::validation(format!("Unsupported options found: debezium.{key}"));
        Err(error.with_hint(match nearest(key, DEBEZIUM) {
            Some(nearest) => format!("did you mean 'debezium.{nearest}'?"),
            None => format!("there is no Debezium behind this connector; known are: {}", DEBEZIUM.join(", ")),
        }))
    }
}

/// The number of the replica: the first one, if there is a range, since one subtask reads everything.
fn server_id(options: &mut Options) -> SqlResult<Option<u32>> {
    let Some(text) = options.take("server-id") else { return Ok(None) };
    let number = |text: &str| text.trim().parse::<u32>().ok().filter(|number| *number > 0);
    let range = match text.split_once('-') {
        Some((first, last)) => number(first).zip(number(last)),
        None => number(&text).map(|number| (number, number)),
    };
    match range.filter(|(first, last)| first <= last) {
        Some((first, _)) => Ok(Some(first)),
        None => Err(SqlError::validation(format!(
            "Invalid value '{text}' for option 'server-id': it must be a number above 0, such as 5400, or a range, such as 5400-5408"
        ))),
    }
}

fn heartbeat(options: &mut Options) -> SqlResult<Duration> {
    match options.duration("heartbeat.interval")? {
        Some(Duration::ZERO) => Err(SqlError::validation("Option 'heartbeat.interval' must be above 0")
            .with_hint("the server says that it is there so often, which costs nothing")),
        interval => Ok(interval.unwrap_or(HEARTBEAT)),
    }
}

const MODE: &str = "scan.startup.mode";
const FILE: &str = "scan.startup.specific-offset.file";
const POSITION: &str = "scan.startup.specific-offset.pos";
const TIMESTAMP: &str = "scan.startup.timestamp-millis";

fn startup(options: &mut Options) -> SqlResult<StartupMode> {
    if options.take("scan.startup.specific-offset.gtid-set").is_some() {
        return Err(SqlError::unsupported("'scan.startup.specific-offset.gtid-set' is not supported")
            .with_hint(format!("give the place by '{FILE}' and '{POSITION}'")));
    }
    for key in ["scan.startup.specific-offset.skip-events", "scan.startup.specific-offset.skip-rows"] {
        if options.take(key).is_some() {
            return Err(SqlError::unsupported(format!("'{key}' is not supported"))
                .with_hint("begin between two transactions; rows are left out by WHERE"));
        }
    }
    let (file, position) = (options.take(FILE), options.parse::<u64>(POSITION, "a number of bytes")?);
    let millis = options.parse::<i64>(TIMESTAMP, "a number of milliseconds")?;
    let mode = options.take(MODE);
    let mode = mode.as_deref().map_or("initial", str::trim);
    for (key, is_set, of) in [
        (FILE, file.is_some(), "specific-offset"),
        (POSITION, position.is_some(), "specific-offset"),
        (TIMESTAMP, millis.is_some(), "timestamp"),
    ] {
        if is_set && mode != of {
            return Err(SqlError::validation(format!(
                "Option '{key}' needs '{MODE}' = '{of}', and it is '{mode}'"
            )));
        }
    }
    let missing = |key: &str| SqlError::validation(format!("'{MODE}' = '{mode}' needs the option '{key}'"));
    Ok(match mode {
        "initial" => StartupMode::Initial,
        "earliest-offset" => StartupMode::EarliestOffset,
        "latest-offset" => StartupMode::LatestOffset,
        "specific-offset" => StartupMode::SpecificOffset(BinlogPosition::new(
            file.ok_or_else(|| missing(FILE))?,
            position.ok_or_else(|| missing(POSITION))?,
        )),
        "timestamp" => StartupMode::Timestamp(millis.ok_or_else(|| missing(TIMESTAMP))?),
        "snapshot" => {
            return Err(unsupported_value(MODE, "snapshot")
                .with_hint("'initial' reads the same rows, and goes on with their changes"));
        }
        other => {
            return Err(SqlError::validation(format!(
                "Invalid value '{other}' for option '{MODE}': it must be initial, earliest-offset, latest-offset, specific-offset or timestamp"
            )));
        }
    })
}
