//! The options of the connector, with Flink's names and defaults.

use std::time::Duration;

use millstream_connectors::jdbc::{DeliveryGuarantee, JdbcConnection};

use crate::connectors::Options;
use crate::connectors::lookup::LookupOptions;
use crate::error::{SqlError, SqlResult};

/// What a table says.
pub(super) struct JdbcOptions {
    pub(super) connection: JdbcConnection,
    pub(super) table: String,
    pub(super) partition: Option<Partition>,
    pub(super) fetch_size: Option<u64>,
    pub(super) lookup: LookupOptions,
    pub(super) flush_rows: Option<usize>,
    pub(super) flush_interval: Duration,
    pub(super) sink_retries: u32,
    pub(super) sink_parallelism: Option<u32>,
    pub(super) guarantee: DeliveryGuarantee,
}

/// How the table is cut when it is read.
pub(super) struct Partition {
    pub(super) column: String,
    pub(super) count: u32,
    pub(super) lower: i64,
    pub(super) upper: i64,
}

/// Options of Flink that are not supported, and what to do without them.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("compatible-mode", "leave it out: the database is known by its URL"),
    ("filter.handling.policy", "leave it out: conditions are evaluated here"),
    ("lookup.cache.max-rows", "use 'lookup.cache' = 'PARTIAL' with 'lookup.partial-cache.max-rows'"),
    ("lookup.cache.ttl", "use 'lookup.cache' = 'PARTIAL' with 'lookup.partial-cache.expire-after-write'"),
    ("lookup.cache.caching-missing-key", "use 'lookup.partial-cache.cache-missing-key'"),
];

impl JdbcOptions {
    pub(super) fn take(options: &mut Options) -> SqlResult<Self> {
        let url = options.require("url")?;
        let table = options.require("table-name")?;
        // Which class speaks to the database is Java's affair.
        options.take("driver");
        let mut connection = JdbcConnection::new(url);
        let (username, password) = (options.take("username"), options.take("password"));
        if username.is_none() && password.is_some() {
            return Err(SqlError::validation("'password' without 'username'"));
        }
        if let Some(username) = username {
            connection = connection.username(username);
        }
        if let Some(password) = password {
            connection = connection.password(password);
        }
        if let Some(timeout) = options.duration("connection.max-retry-timeout")? {
            if timeout < Duration::from_secs(1) {
                return Err(SqlError::validation("'connection.max-retry-timeout' must be at least 1 second"));
            }
            connection = connection.connect_timeout(timeout);
        }
        // A statement is a transaction of its own, with or without.
        options.boolean("scan.auto-commit")?;
        let fetch_size: Option<u64> = options.parse("scan.fetch-size", "a number, 0 or above")?;
        let partition = Partition::take(options)?;
        for (key, advice) in UNSUPPORTED {
            if options.take(key).is_some() {
                return Err(SqlError::unsupported(format!("'{key}' is not supported")).with_hint(*advice));
            }
        }
        if let Some(key) = options.take_prefixed("properties.").into_keys().next() {
            return Err(SqlError::unsupported(format!("'properties.{key}' is not supported"))
                .with_hint("there is no JDBC driver that it could be given to"));
        }
        let lookup = LookupOptions::take(options)?;
        let sink_parallelism = match options.parse("sink.parallelism", "a number")? {
            Some(0) => return Err(SqlError::validation("Option 'sink.parallelism' must be above 0")),
            parallelism => parallelism,
        };
        let guarantee = match options.take("sink.delivery-guarantee").as_deref() {
            None | Some("at-least-once") => DeliveryGuarantee::AtLeastOnce,
            Some("exactly-once") => DeliveryGuarantee::ExactlyOnce,
            Some(other) => {
                return Err(SqlError::validation(format!(
                    "Invalid value '{other}' for option 'sink.delivery-guarantee': it must be at-least-once or exactly-once"
                )));
            }
        };
        let flush_rows = options.parse("sink.buffer-flush.max-rows", "a number, 0 or above")?;
        let flush_interval = options.duration("sink.buffer-flush.interval")?;
        if guarantee == DeliveryGuarantee::ExactlyOnce && (flush_rows.is_some() || flush_interval.is_some()) {
            return Err(SqlError::validation(
                "'sink.buffer-flush.*' with 'sink.delivery-guarantee' = 'exactly-once': rows are written when a checkpoint is complete",
            )
            .with_hint("leave them out: the interval of checkpoints says when rows are written"));
        }
        Ok(Self {
            connection,
            table,
            partition,
            fetch_size: fetch_size.filter(|rows| *rows > 0),
            lookup,
            flush_rows,
            flush_interval: flush_interval.unwrap_or(Duration::from_secs(1)),
            sink_retries: options.parse("sink.max-retries", "a number, 0 or above")?.unwrap_or(3),
            sink_parallelism,
            guarantee,
        })
    }
}

impl Partition {
    /// The four options, all or none.
    fn take(options: &mut Options) -> SqlResult<Option<Self>> {
        let column = options.take("scan.partition.column");
        let count: Option<u32> = options.parse("scan.partition.num", "a number")?;
        let lower = options.parse("scan.partition.lower-bound", "a whole number")?;
        let upper = options.parse("scan.partition.upper-bound", "a whole number")?;
        let (column, count, lower, upper) = match (column, count, lower, upper) {
            (None, None, None, None) => return Ok(None),
            (Some(column), Some(count), Some(lower), Some(upper)) => (column, count, lower, upper),
            _ => {
                return Err(SqlError::validation(
                    "Either all or none of the following options should be provided:\nscan.partition.column\n\
                     scan.partition.num\nscan.partition.lower-bound\nscan.partition.upper-bound",
                ));
            }
        };
        if lower > upper {
            return Err(SqlError::validation(format!(
                "'scan.partition.lower-bound'='{lower}' must not be larger than 'scan.partition.upper-bound'='{upper}'."
            )));
        }
        if count == 0 {
            return Err(SqlError::validation("'scan.partition.num' must be above 0"));
        }
        Ok(Some(Self { column, count, lower, upper }))
    }
}
