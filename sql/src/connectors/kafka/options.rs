//! The options of the connectors, apart from those of formats.

use std::collections::BTreeMap;
use std::time::Duration;

use millstream_connectors::kafka::{
    DeliveryGuarantee, OffsetResetStrategy, OffsetsInitializer, TopicPartition, Topics, consumer_properties,
    producer_properties,
};
use millstream_state::Timestamp;

use crate::connectors::Options;
use crate::error::{SqlError, SqlResult};
use crate::suggestion::nearest;

/// How often new partitions are looked for, unless the table says it.
const DISCOVERY: Duration = Duration::from_secs(5 * 60);

/// Where the topics are.
#[derive(Clone, Debug)]
pub(super) struct KafkaOptions {
    pub(super) servers: String,
    pub(super) group: String,
    /// Those of Kafka's own clients, without the two above.
    properties: BTreeMap<String, String>,
    topics: Vec<String>,
    pattern: Option<String>,
}

impl KafkaOptions {
    /// The group is named after the table unless it is given, as Flink does it.
    pub(super) fn take(options: &mut Options, table: &str) -> SqlResult<Self> {
        let topics = options.take("topic").unwrap_or_default();
        let topics: Vec<_> =
            topics.split(';').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let pattern = options.take("topic-pattern");
        if topics.is_empty() == pattern.is_none() {
            return Err(SqlError::validation(if pattern.is_none() {
                "Either 'topic' or 'topic-pattern' must be set."
            } else {
                "Option 'topic' and 'topic-pattern' shouldn't be set together."
            }));
        }
        let mut properties = options.take_prefixed("properties.");
        let servers = properties.remove("bootstrap.servers").ok_or_else(|| {
            SqlError::validation(
                "One or more required options are missing. Missing required options are: properties.bootstrap.servers",
            )
        })?;
        let group = properties.remove("group.id").unwrap_or_else(|| format!("KafkaSource-{table}"));
        check_properties(&properties)?;
        Ok(Self { servers, group, properties, topics, pattern })
    }

    /// The properties that mean something when the table is read.
    pub(super) fn of_source(&self) -> impl Iterator<Item = (&String, &String)> {
        self.properties.iter().filter(|(name, _)| consumer_properties().any(|known| known == *name))
    }

    /// The properties that mean something when the table is written.
    pub(super) fn of_sink(&self) -> impl Iterator<Item = (&String, &String)> {
        self.properties.iter().filter(|(name, _)| producer_properties().any(|known| known == *name))
    }

    /// What is read.
    pub(super) fn topics(&self) -> SqlResult<Topics> {
        Ok(match &self.pattern {
            Some(pattern) => Topics::pattern(pattern),
            None => Topics::from(self.topics.clone()),
        })
    }

    /// What is written: one topic.
    pub(super) fn topic_to_write(&self) -> SqlResult<String> {
        match self.topics.as_slice() {
            [topic] => Ok(topic.clone()),
            _ => Err(SqlError::validation(
                "Currently Kafka sink only supports single topic: set 'topic' to one name, and no 'topic-pattern'",
            )),
        }
    }

    fn only_topic(&self) -> Option<&str> {
        match self.topics.as_slice() {
            [topic] => Some(topic),
            _ => None,
        }
    }
}

/// A table may be read and written: a property that means nothing to one side may mean something to the other.
fn check_properties(properties: &BTreeMap<String, String>) -> SqlResult<()> {
    let known: Vec<_> = consumer_properties().chain(producer_properties()).collect();
    let Some(name) = properties.keys().find(|name| !known.contains(&name.as_str())) else { return Ok(()) };
    let error = SqlError::validation(format!("Unsupported options found: properties.{name}"));
    Err(error.with_hint(match nearest(name, &known) {
        Some(nearest) => format!("did you mean 'properties.{nearest}'?"),
        None => format!("known properties are: {}", known.join(", ")),
    }))
}

/// What is read of the topics.
pub(super) struct SourceOptions {
    pub(super) start: OffsetsInitializer,
    pub(super) stop: Option<OffsetsInitializer>,
    /// How often new partitions are looked for; `None` for once.
    pub(super) discovery: Option<Duration>,
    pub(super) parallelism: Option<u32>,
}

impl SourceOptions {
    pub(super) fn take(options: &mut Options, kafka: &KafkaOptions, is_upsert: bool) -> SqlResult<Self> {
        // A table of the newest rows is all of its topic.
        let start = if is_upsert {
            OffsetsInitializer::earliest()
        } else {
            match options.take("scan.startup.mode").as_deref().map(str::trim) {
                None | Some("group-offsets") => group_offsets(kafka)?,
                Some("earliest-offset") => OffsetsInitializer::earliest(),
                Some("latest-offset") => OffsetsInitializer::latest(),
                Some("timestamp") => timestamp(options, "scan.startup.timestamp-millis")?,
                Some("specific-offsets") => specific(options, kafka, "scan.startup.specific-offsets")?,
                Some(other) => return Err(unknown("scan.startup.mode", other)),
            }
        };
        let stop = match options.take("scan.bounded.mode").as_deref().map(str::trim) {
            None | Some("unbounded") => None,
            Some("latest-offset") => Some(OffsetsInitializer::latest()),
            Some("group-offsets") => Some(group_offsets(kafka)?),
            Some("timestamp") => Some(timestamp(options, "scan.bounded.timestamp-millis")?),
            Some("specific-offsets") => Some(specific(options, kafka, "scan.bounded.specific-offsets")?),
            Some(other) => return Err(unknown("scan.bounded.mode", other)),
        };
        let interval = options.duration("scan.topic-partition-discovery.interval")?.unwrap_or(DISCOVERY);
        let discovery = (!interval.is_zero() && stop.is_none()).then_some(interval);
        Ok(Self { start, stop, discovery, parallelism: parallelism(options, "scan.parallelism")? })
    }
}

/// How the topic is written.
pub(super) struct SinkOptions {
    pub(super) guarantee: DeliveryGuarantee,
    pub(super) prefix: Option<String>,
    /// Whether each subtask writes into one partition.
    pub(super) is_fixed: bool,
    pub(super) parallelism: Option<u32>,
}

impl SinkOptions {
    pub(super) fn take(options: &mut Options, is_upsert: bool, has_key: bool) -> SqlResult<Self> {
        let guarantee = match options.take("sink.delivery-guarantee").as_deref().map(str::trim) {
            None | Some("at-least-once") => DeliveryGuarantee::AtLeastOnce,
            Some("exactly-once") => DeliveryGuarantee::ExactlyOnce,
            Some("none") => DeliveryGuarantee::None,
            Some(other) => return Err(unknown("sink.delivery-guarantee", other)),
        };
        let prefix = options.take("sink.transactional-id-prefix");
        if guarantee == DeliveryGuarantee::ExactlyOnce && prefix.is_none() {
            return Err(SqlError::validation(
                "sink.transactional-id-prefix must be specified when using DeliveryGuarantee.EXACTLY_ONCE.",
            ));
        }
        let mut is_fixed = false;
        if is_upsert {
            // Rows are sent as they come: mini-batches before the sink leave out what is replaced at once.
            let rows: Option<u64> = options.parse("sink.buffer-flush.max-rows", "a number")?;
            let interval = options.duration("sink.buffer-flush.interval")?;
            if rows.is_some_and(|rows| rows > 0) || interval.is_some_and(|interval| !interval.is_zero()) {
                return Err(SqlError::unsupported(
                    "'sink.buffer-flush.max-rows' and 'sink.buffer-flush.interval' are not supported yet",
                )
                .with_hint("with 'table.exec.mini-batch.enabled' rows are folded by their key before they come to the sink"));
            }
        } else {
            match options.take("sink.partitioner").as_deref().map(str::trim) {
                None | Some("default") => {}
                Some("round-robin") if has_key => {
                    return Err(SqlError::validation(
                        "Currently 'round-robin' partitioner only works when option 'key.fields' is not specified.",
                    ));
                }
                // Without a key, the client spreads records.
                Some("round-robin") => {}
                Some("fixed") => is_fixed = true,
                Some(other) => {
                    return Err(SqlError::unsupported(format!(
                        "'sink.partitioner' = '{other}': classes of Java cannot be run"
                    ))
                    .with_hint(
                        "it may be 'default' (records go where Kafka's own clients send them, by their keys), 'fixed' or \
                         'round-robin'",
                    ));
                }
            }
        }
        Ok(Self { guarantee, prefix, is_fixed, parallelism: parallelism(options, "sink.parallelism")? })
    }
}

fn parallelism(options: &mut Options, key: &str) -> SqlResult<Option<u32>> {
    match options.parse(key, "a number")? {
        Some(0) => Err(SqlError::validation(format!("Option '{key}' must be above 0"))),
        parallelism => Ok(parallelism),
    }
}

fn unknown(option: &str, value: &str) -> SqlError {
    SqlError::validation(format!("Invalid value '{value}' for option '{option}'"))
}

/// Where the group has got to. Where it has committed nothing, the property `auto.offset.reset` decides, as it does in
/// Kafka's own clients; without it that is an error in Flink's connector, too.
fn group_offsets(kafka: &KafkaOptions) -> SqlResult<OffsetsInitializer> {
    let reset = match kafka.properties.get("auto.offset.reset").map(|value| value.trim().to_ascii_lowercase())
    {
        None => OffsetResetStrategy::None,
        Some(reset) => match reset.as_str() {
            "earliest" => OffsetResetStrategy::Earliest,
            "latest" => OffsetResetStrategy::Latest,
            "none" => OffsetResetStrategy::None,
            _ => return Err(unknown("properties.auto.offset.reset", &reset)),
        },
    };
    Ok(OffsetsInitializer::committed_offsets(reset))
}

fn timestamp(options: &mut Options, key: &str) -> SqlResult<OffsetsInitializer> {
    let millis: Option<i64> = options.parse(key, "a number of milliseconds")?;
    let millis = millis
        .ok_or_else(|| SqlError::validation(format!("'{key}' is required in this mode but missing.")))?;
    Ok(OffsetsInitializer::timestamp(Timestamp::from_millis(millis)))
}

/// `partition:0,offset:42;partition:1,offset:300`
fn specific(options: &mut Options, kafka: &KafkaOptions, key: &str) -> SqlResult<OffsetsInitializer> {
    let text = options.take(key);
    let text =
        text.ok_or_else(|| SqlError::validation(format!("'{key}' is required in this mode but missing.")))?;
    let topic = kafka.only_topic().ok_or_else(|| {
        SqlError::validation("Currently Kafka source only supports specific offset for single topic.")
    })?;
    let pairs = text.split(';').map(str::trim).filter(|pair| !pair.is_empty());
    let offsets = pairs.map(|pair| {
        let (partition, offset) = pair_of(pair).ok_or_else(|| {
            SqlError::validation(format!(
                "Invalid properties '{key}' should follow the format 'partition:0,offset:42;partition:1,offset:300', but is \
                 '{text}'."
            ))
        })?;
        Ok((TopicPartition::new(topic, partition), offset))
    });
    let offsets = offsets.collect::<SqlResult<Vec<_>>>()?;
    Ok(OffsetsInitializer::offsets(offsets, OffsetResetStrategy::Earliest))
}

fn pair_of(pair: &str) -> Option<(i32, i64)> {
    let (partition, offset) = pair.split_once(',')?;
    let partition = partition.trim().strip_prefix("partition:")?.trim().parse().ok()?;
    Some((partition, offset.trim().strip_prefix("offset:")?.trim().parse().ok()?))
}
