//! The properties of clients, by the names that Kafka's own clients have for them.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use krafka::consumer::{AutoOffsetReset, ConsumerBuilder, IsolationLevel};
use krafka::producer::{Acks, ProducerBuilder};
use krafka::{Compression, Kafka, KafkaBuilder};
use millstream_runtime::{Error, ErrorKind, Result};

use super::Role;
use super::security::security;

/// Of a transaction, unless set: as long as Flink's.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(3600);

/// What both kinds of clients know.
const OF_CONNECTIONS: &[&str] = &[
    "client.id",
    "request.timeout.ms",
    "socket.connection.setup.timeout.ms",
    "connections.max.idle.ms",
    "metadata.max.age.ms",
    "send.buffer.bytes",
    "receive.buffer.bytes",
    "security.protocol",
    "sasl.mechanism",
    "sasl.jaas.config",
    "ssl.truststore.type",
    "ssl.truststore.location",
    "ssl.truststore.certificates",
    "ssl.keystore.type",
    "ssl.keystore.location",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
];

const OF_CONSUMERS: &[&str] = &[
    "auto.offset.reset",
    "client.rack",
    "fetch.max.bytes",
    "fetch.max.wait.ms",
    "fetch.min.bytes",
    "isolation.level",
    "max.partition.fetch.bytes",
];

const OF_PRODUCERS: &[&str] = &[
    "acks",
    "batch.size",
    "buffer.memory",
    "client.rack",
    "compression.type",
    "delivery.timeout.ms",
    "enable.idempotence",
    "linger.ms",
    "max.block.ms",
    "max.request.size",
    "retry.backoff.ms",
    "transaction.timeout.ms",
];

/// The names of the properties that a [source](crate::kafka::KafkaSource) has.
pub fn consumer_properties() -> impl Iterator<Item = &'static str> {
    OF_CONNECTIONS.iter().chain(OF_CONSUMERS).copied()
}

/// The names of the properties that a [sink](crate::kafka::KafkaSink) has.
pub fn producer_properties() -> impl Iterator<Item = &'static str> {
    OF_CONNECTIONS.iter().chain(OF_PRODUCERS).copied()
}

/// Properties by their names. Some are secrets: they have no `Debug`.
#[derive(Clone, Default)]
pub(in crate::kafka) struct Properties(BTreeMap<String, String>);

impl Properties {
    pub(in crate::kafka) fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A property of any type that is written as text.
    fn parsed<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let parsed = text.trim().parse();
        parsed.map(Some).map_err(|_| wrong(name, text, expected))
    }

    /// A time in milliseconds.
    fn millis(&self, name: &str) -> Result<Option<Duration>> {
        Ok(self.parsed(name, "a number of milliseconds")?.map(Duration::from_millis))
    }

    fn bytes<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        self.parsed(name, "a number of bytes")
    }

    /// One of several words.
    fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<Option<T>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let found = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(text.trim()));
        found.map(|(_, choice)| Some(*choice)).ok_or_else(|| {
            let words: Vec<_> = choices.iter().map(|(word, _)| format!("`{word}`")).collect();
            wrong(name, text, &format!("one of {}", words.join(", ")))
        })
    }

    /// How long a transaction may be open.
    pub(in crate::kafka) fn transaction_timeout(&self) -> Result<Duration> {
        Ok(self.millis("transaction.timeout.ms")?.unwrap_or(TRANSACTION_TIMEOUT))
    }

    /// Whether only records of committed transactions are read.
    pub(in crate::kafka) fn reads_committed(&self) -> bool {
        !self
            .text("isolation.level")
            .is_some_and(|level| level.trim().eq_ignore_ascii_case("read_uncommitted"))
    }

    /// Refuses names that a client in this role has nothing to do with, and values that cannot be.
    pub(super) fn check(&self, role: Role) -> Result<()> {
        let (own, what) = match role {
            Role::Consumer => (OF_CONSUMERS, "source"),
            Role::Producer => (OF_PRODUCERS, "sink"),
        };
        let is_known = |name: &str| OF_CONNECTIONS.contains(&name) || own.contains(&name);
        let Some(name) = self.0.keys().find(|name| !is_known(name)) else { return Ok(()) };
        let remedy = match name.as_str() {
            "bootstrap.servers" | "group.id" | "transactional.id" => {
                "it has a setting of its own, and is no property here".to_owned()
            }
            "enable.auto.commit" | "auto.commit.interval.ms" => {
                "offsets are committed when a checkpoint is complete".to_owned()
            }
            _ => {
                let known: Vec<_> = OF_CONNECTIONS.iter().chain(own).copied().collect();
                format!("known are {}", known.join(", "))
            }
        };
        let problem = format!("the Kafka {what} has no property `{name}`: {remedy}");
        Err(Error::new(ErrorKind::InvalidJob, problem))
    }

    /// What connects to a cluster.
    pub(super) fn connection(&self, role: Role, servers: &str) -> Result<KafkaBuilder> {
        self.check(role)?;
        let mut builder = Kafka::builder(servers);
        builder = builder.client_id(self.text("client.id").unwrap_or("millstream"));
        if let Some(timeout) = self.millis("request.timeout.ms")? {
            builder = builder.request_timeout(timeout);
        }
        if let Some(timeout) = self.millis("socket.connection.setup.timeout.ms")? {
            builder = builder.connect_timeout(timeout);
        }
        if let Some(age) = self.millis("metadata.max.age.ms")? {
            builder = builder.metadata_max_age(age);
        }
        if let Some(idle) = self.millis("connections.max.idle.ms")? {
            builder = builder.connections_max_idle(Some(idle));
        }
        if let Some(bytes) = self.bytes("send.buffer.bytes")? {
            builder = builder.socket_send_buffer(Some(bytes));
        }
        if let Some(bytes) = self.bytes("receive.buffer.bytes")? {
            builder = builder.socket_receive_buffer(Some(bytes));
        }
        if let Some(security) = security(self)? {
            builder = builder.security(security);
        }
        Ok(builder)
    }

    /// What says how to connect, and nothing about what is done then.
    pub(in crate::kafka) fn of_connection(&self) -> Self {
        let own = self.0.iter().filter(|(name, _)| OF_CONNECTIONS.contains(&name.as_str()));
        Self(own.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// Sets up what reads.
    pub(super) fn consumer(&self, mut builder: ConsumerBuilder) -> Result<ConsumerBuilder> {
        let isolation = self.choice(
            "isolation.level",
            &[
                ("read_committed", IsolationLevel::ReadCommitted),
                ("read_uncommitted", IsolationLevel::ReadUncommitted),
            ],
        )?;
        let reset = self.choice(
            "auto.offset.reset",
            &[
                ("none", AutoOffsetReset::None),
                ("earliest", AutoOffsetReset::Earliest),
                ("latest", AutoOffsetReset::Latest),
            ],
        )?;
        builder = builder
            // What was aborted has never been.
            .isolation_level(isolation.unwrap_or(IsolationLevel::ReadCommitted))
            // Every partition begins at a position of ours. One that is no longer there is data lost.
            .auto_offset_reset(reset.unwrap_or(AutoOffsetReset::None))
            .enable_auto_commit(false)
            // A fetch is handed over whole: what it holds has been fetched already.
            .max_poll_records(-1);
        if let Some(rack) = self.text("client.rack") {
            builder = builder.client_rack(rack);
        }
        if let Some(bytes) = self.bytes("fetch.max.bytes")? {
            builder = builder.fetch_max_bytes(bytes);
        }
        if let Some(bytes) = self.bytes("fetch.min.bytes")? {
            builder = builder.fetch_min_bytes(bytes);
        }
        if let Some(wait) = self.millis("fetch.max.wait.ms")? {
            builder = builder.fetch_max_wait(wait);
        }
        if let Some(bytes) = self.bytes("max.partition.fetch.bytes")? {
            builder = builder.max_partition_fetch_bytes(bytes);
        }
        Ok(builder)
    }

    /// Sets up what writes.
    pub(super) fn producer(&self, mut builder: ProducerBuilder) -> Result<ProducerBuilder> {
        let acks = self.choice(
            "acks",
            &[("all", Acks::All), ("-1", Acks::All), ("1", Acks::Leader), ("0", Acks::None)],
        )?;
        let compression = self.choice(
            "compression.type",
            &[
                ("none", Compression::None),
                ("gzip", Compression::Gzip),
                ("snappy", Compression::Snappy),
                ("lz4", Compression::Lz4),
                ("zstd", Compression::Zstd),
            ],
        )?;
        if let Some(acks) = acks {
            builder = builder.acks(acks);
        }
        if let Some(compression) = compression {
            builder = builder.compression(compression);
        }
        if let Some(idempotent) = self.parsed("enable.idempotence", "`true` or `false`")? {
            builder = builder.idempotent(idempotent);
        }
        if let Some(bytes) = self.bytes("batch.size")? {
            builder = builder.batch_size(bytes);
        }
        if let Some(bytes) = self.bytes("buffer.memory")? {
            builder = builder.buffer_memory(bytes);
        }
        if let Some(bytes) = self.bytes("max.request.size")? {
            builder = builder.max_request_size(bytes);
        }
        if let Some(linger) = self.millis("linger.ms")? {
            builder = builder.linger(linger);
        }
        if let Some(timeout) = self.millis("delivery.timeout.ms")? {
            builder = builder.delivery_timeout(timeout);
        }
        if let Some(time) = self.millis("max.block.ms")? {
            builder = builder.max_block(time);
        }
        if let Some(backoff) = self.millis("retry.backoff.ms")? {
            builder = builder.retry_backoff(backoff);
        }
        if let Some(rack) = self.text("client.rack") {
            builder = builder.client_rack(rack);
        }
        Ok(builder)
    }
}

pub(super) fn wrong(name: &str, value: &str, expected: &str) -> Error {
    let problem = format!("the Kafka property `{name}` is `{value}`: it must be {expected}");
    Error::new(ErrorKind::InvalidJob, problem)
}
