//! Reads topics: as Flink's `KafkaSource`.

mod bad_record;
mod deserialize;
mod discover;
mod offsets;
mod reader;
mod split;
#[cfg(test)]
mod tests;
mod topics;

use std::time::Duration;

use millstream_operators::WatermarkStrategy;
use millstream_operators::source::{Boundedness, Discovery, Enumerator, Source};
use millstream_state::Record;

use super::client::{Client, Cluster, Properties, Role};
pub use bad_record::{BadRecord, BadRecordInfo};
pub use deserialize::{
    FunctionDeserializer, JsonDeserializer, RecordDeserializer, RecordPreparation, RecordView,
    TextDeserializer,
};
pub use offsets::{OffsetResetStrategy, OffsetsInitializer};
pub use reader::KafkaReader;
use reader::Reading;
pub use split::KafkaSplit;
pub use topics::Topics;

/// How often to look for new partitions.
const DISCOVERY: Duration = Duration::from_secs(300);

/// Reads topics of Kafka, for ever or up to given offsets.
///
/// A subtask reads whole partitions, and knows in its snapshots how far it has got in each: after a failure, reading
/// goes on where the snapshot says, whatever the offsets are that are committed to the group. Only records of
/// committed transactions are read, unless the property `isolation.level` says otherwise. Records carry Kafka's
/// timestamps as event timestamps.
///
/// Partitions that come up while the job runs are found, and read from their starts
/// ([`partition_discovery_interval`](Self::partition_discovery_interval)). With
/// `Environment::from_source_with_watermarks` each partition has a watermark of its own, and the least counts.
///
/// ```
/// use millstream::connectors::kafka::{KafkaSource, OffsetsInitializer};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Serialize, Deserialize)]
/// struct Order {
///     customer: String,
///     cents: u64,
/// }
///
/// let orders = KafkaSource::json::<Order>("broker-1:9092,broker-2:9092", "orders")
///     .group_id("billing")
///     .starting_offsets(OffsetsInitializer::earliest())
///     .property("client.rack", "eu-west-1a");
/// ```
#[derive(Clone)]
pub struct KafkaSource<D: RecordDeserializer = TextDeserializer> {
    cluster: Cluster,
    topics: Topics,
    group: Option<String>,
    commits: bool,
    start: OffsetsInitializer,
    stop: Option<OffsetsInitializer>,
    discovery: Option<Duration>,
    deserializer: D,
    on_error: BadRecord,
    watermarks: Option<WatermarkStrategy<D::Record>>,
}

impl KafkaSource {
    /// Reads records whose values are JSON. Records without a value, which delete their key in a compacted topic,
    /// are passed over.
    ///
    /// ```
    /// # use millstream::connectors::kafka::KafkaSource;
    /// let points = KafkaSource::json::<(f64, f64)>("localhost:9092", "points");
    /// ```
    pub fn json<T: Record>(
        bootstrap_servers: impl Into<String>,
        topics: impl Into<Topics>,
    ) -> KafkaSource<JsonDeserializer<T>> {
        KafkaSource::with_deserializer(bootstrap_servers, topics, JsonDeserializer::default())
    }

    /// Reads the values of records as UTF-8 text. Records without a value are passed over.
    ///
    /// ```
    /// # use millstream::connectors::kafka::KafkaSource;
    /// let lines = KafkaSource::text("localhost:9092", ["access-log", "error-log"]);
    /// ```
    pub fn text(bootstrap_servers: impl Into<String>, topics: impl Into<Topics>) -> Self {
        Self::with_deserializer(bootstrap_servers, topics, TextDeserializer)
    }

    /// Reads what a function makes of each record; `None` passes it over.
    ///
    /// ```
    /// # use millstream::connectors::kafka::KafkaSource;
    /// // The last value of each key, and `None` where it was deleted.
    /// let settings = KafkaSource::new("localhost:9092", "settings", |record| {
    ///     let key = record.key().ok_or("a setting without a name")?;
    ///     let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    ///     Ok(Some((text(key), record.value().map(text))))
    /// });
    /// ```
    pub fn new<T, F>(
        bootstrap_servers: impl Into<String>,
        topics: impl Into<Topics>,
        function: F,
    ) -> KafkaSource<FunctionDeserializer<T, F>>
    where
        T: Record,
        F: Fn(&RecordView<'_>) -> Result<Option<T>, String> + Clone + Send + Sync + 'static,
    {
        KafkaSource::with_deserializer(bootstrap_servers, topics, FunctionDeserializer::new(function))
    }
}

impl<D: RecordDeserializer> KafkaSource<D> {
    /// Reads records of any kind.
    ///
    /// ```
    /// use millstream::connectors::kafka::{JsonDeserializer, KafkaSource};
    ///
    /// let json = JsonDeserializer::<(String, u64)>::default();
    /// let source = KafkaSource::with_deserializer("localhost:9092", "counts", json);
    /// ```
    pub fn with_deserializer(
        bootstrap_servers: impl Into<String>,
        topics: impl Into<Topics>,
        deserializer: D,
    ) -> Self {
        Self {
            cluster: Cluster { servers: bootstrap_servers.into(), properties: Properties::default() },
            topics: topics.into(),
            group: None,
            commits: true,
            start: OffsetsInitializer::earliest(),
            stop: None,
            discovery: Some(DISCOVERY),
            deserializer,
            on_error: BadRecord::Fail,
            watermarks: None,
        }
    }

    /// The group of consumers whose committed offsets reading may
    /// [start](OffsetsInitializer::committed_offsets) from, and which is told how far reading has got whenever a
    /// checkpoint is complete. The readers are no members of it: the job shares partitions out among its subtasks
    /// itself, and after a failure it goes on from its own snapshots.
    ///
    /// ```
    /// # use millstream::connectors::kafka::KafkaSource;
    /// let lines = KafkaSource::text("localhost:9092", "lines").group_id("word-count");
    /// ```
    #[must_use]
    #[doc(alias = "setGroupId")]
    pub fn group_id(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// Where reading starts when the job is not restored from a snapshot; at the first record unless set.
    ///
    /// ```
    /// # use millstream::connectors::kafka::{KafkaSource, OffsetsInitializer};
    /// let new_lines = KafkaSource::text("localhost:9092", "lines").starting_offsets(OffsetsInitializer::latest());
    /// ```
    #[must_use]
    #[doc(alias = "setStartingOffsets")]
    pub fn starting_offsets(mut self, start: OffsetsInitializer) -> Self {
        self.start = start;
        self
    }

    /// Ends reading before these offsets, which are looked up when the job starts: with
    /// [`OffsetsInitializer::latest`], everything is read that is there by then. Unless this is set, the source
    /// never ends.
    ///
    /// ```
    /// # use millstream::connectors::kafka::{KafkaSource, OffsetsInitializer};
    /// let lines_so_far = KafkaSource::text("localhost:9092", "lines").bounded(OffsetsInitializer::latest());
    /// ```
    #[must_use]
    #[doc(alias("setBounded", "setUnbounded"))]
    pub fn bounded(mut self, stop: OffsetsInitializer) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Whether the group is told how far reading has got; it is unless this says otherwise.
    ///
    /// ```
    /// # use millstream::connectors::kafka::KafkaSource;
    /// let lines = KafkaSource::text("localhost:9092", "lines")
    ///     .group_id("word-count")
    ///     .commit_offsets_on_checkpoints(false);
    /// ```
    #[must_use]
    #[doc(alias = "commit.offsets.on.checkpoint")]
    pub fn commit_offsets_on_checkpoints(mut self, commits: bool) -> Self {
        self.commits = commits;
        self
    }

    /// How often to look for new partitions, and for new topics with a [pattern](Topics::pattern); every five
    /// minutes unless set, `None` for never. A [bounded](Self::bounded) source looks once in any case.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use millstream::connectors::kafka::{KafkaSource, Topics};
    /// let lines = KafkaSource::text("localhost:9092", Topics::pattern("lines-.*"))
    ///     .partition_discovery_interval(Duration::from_secs(60));
    /// ```
    #[must_use]
    #[doc(alias = "partition.discovery.interval.ms")]
    pub fn partition_discovery_interval(mut self, interval: impl Into<Option<Duration>>) -> Self {
        self.discovery = interval.into();
        self
    }

    /// What to do about a record that cannot be read; the job fails unless this says otherwise.
    ///
    /// ```
    /// # use millstream::connectors::kafka::{BadRecord, KafkaSource};
    /// let numbers = KafkaSource::json::<u64>("localhost:9092", "numbers").on_error(BadRecord::Skip);
    /// ```
    #[must_use]
    pub fn on_error(mut self, policy: BadRecord) -> Self {
        self.on_error = policy;
        self
    }

    /// Sets a property of Kafka's consumers, by the name that it has there. What this source does not know is
    /// refused when the job starts.
    ///
    /// ```
    /// # use millstream::connectors::kafka::KafkaSource;
    /// let lines = KafkaSource::text("broker:9093", "lines")
    ///     .property("security.protocol", "SSL")
    ///     .property("ssl.truststore.location", "/etc/kafka/ca.pem")
    ///     .property("fetch.max.bytes", "10000000");
    /// ```
    #[must_use]
    #[doc(alias("setProperty", "setProperties"))]
    pub fn property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.cluster.properties.set(name, value);
        self
    }

    fn client(&self) -> Client {
        Client::new(self.cluster.clone(), Role::Consumer)
    }
}

impl<D: RecordDeserializer> Source for KafkaSource<D> {
    type Record = D::Record;
    type Split = KafkaSplit;
    type Reader = KafkaReader<D>;

    fn kind(&self) -> &'static str {
        "Kafka topics"
    }

    fn boundedness(&self) -> Boundedness {
        if self.stop.is_some() { Boundedness::Bounded } else { Boundedness::Unbounded }
    }

    fn enumerator(&self) -> Option<Enumerator<KafkaSplit>> {
        let source = self.clone();
        let list = move |listing| {
            let source = source.clone();
            async move { source.list(listing).await }
        };
        let interval = self.discovery.filter(|_| self.stop.is_none());
        Some(Enumerator::new(Discovery::new(list).every(interval)))
    }

    fn reader(&self) -> KafkaReader<D> {
        KafkaReader::new(Reading {
            cluster: self.cluster.clone(),
            deserializer: self.deserializer.clone(),
            on_error: self.on_error.clone(),
            group: self.group.clone().filter(|_| self.commits),
            watermarks: self.watermarks.clone(),
        })
    }

    fn set_watermark_strategy(&mut self, strategy: &WatermarkStrategy<D::Record>) -> bool {
        self.watermarks = Some(strategy.clone());
        true
    }

    fn has_timestamps(&self) -> bool {
        true
    }
}
