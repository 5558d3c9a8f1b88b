//! Writes topics: as Flink's `KafkaSink`.

mod check;
mod commit;
mod lane;
mod pool;
mod record;
mod recover;
mod serializing;
mod service;
#[cfg(test)]
mod tests;
mod writer;

use std::sync::Arc;

use millstream_operators::sink::Sink;
use millstream_runtime::Result;
use millstream_state::Record;

use super::client::{Client, Cluster, CommitLog, PartitionFunction, Properties, Role};
pub use commit::KafkaCommittable;
#[cfg(test)]
pub(super) mod testing {
    pub(in crate::kafka) use super::commit::{KafkaCommittable, settle};
    pub(in crate::kafka) use super::service::Service;
}
pub use record::{FunctionSerializer, JsonSerializer, ProducerRecord, RecordSerializer};
pub use writer::{KafkaWriter, KafkaWriterState};

/// How often a record may be in a topic after failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryGuarantee {
    /// Any number of times, none included: checkpoints do not wait for the brokers.
    None,
    /// Once or more: a checkpoint is complete only when the brokers have everything before it.
    AtLeastOnce,
    /// Once, for those who read committed records only: what is written between two checkpoints is a transaction,
    /// which is committed when the second is complete.
    ExactlyOnce,
}

/// Writes records to topics of Kafka.
///
/// With [`DeliveryGuarantee::ExactlyOnce`] readers that read committed records (`isolation.level=read_committed`; it
/// is not the default of Kafka's own consumers) see what belongs to a checkpoint when it is complete, so that the
/// interval of checkpoints is how long they wait. A transaction that is open for longer than
/// `transaction.timeout.ms` (an hour unless set) is aborted by the brokers. If a complete checkpoint counts on it,
/// because the job was down for so long in between, its records are lost, and the job says so and does not go on. The
/// brokers allow timeouts up to their `transaction.max.timeout.ms`, 15 minutes unless set: one of the two is to be
/// changed. Needs brokers of Kafka 4.0 or later that have `transaction.version` 2.
///
/// ```
/// use millstream::connectors::kafka::{DeliveryGuarantee, KafkaSink, ProducerRecord};
///
/// let counts = KafkaSink::new("localhost:9092", "counts", |(word, count): (String, u64)| {
///     ProducerRecord::new(count.to_string()).key(word)
/// })
/// .delivery_guarantee(DeliveryGuarantee::ExactlyOnce)
/// .transactional_id_prefix("word-count")
/// .property("transaction.timeout.ms", "900000");
/// ```
#[derive(Clone)]
pub struct KafkaSink<S> {
    writing: Writing<S>,
}

/// What writers must know.
#[derive(Clone)]
struct Writing<S> {
    cluster: Cluster,
    topic: Arc<str>,
    serializer: S,
    guarantee: DeliveryGuarantee,
    /// What the transactional ids begin with.
    prefix: Option<Arc<str>>,
    /// The topic of the commit log, where it is not named after the prefix.
    commit_log: Option<String>,
    partitioner: Partitioner,
    ignores_lost: bool,
}

/// Who chooses the partitions of records that have none.
#[derive(Clone)]
enum Partitioner {
    /// As Kafka's own clients do.
    Default,
    /// Each subtask has one.
    Fixed,
    Function(PartitionFunction),
}

impl Partitioner {
    /// What chooses for a subtask, if it is not the client.
    fn of_subtask(&self, subtask: u32) -> Option<PartitionFunction> {
        match self {
            Self::Default => None,
            Self::Fixed => Some(Arc::new(move |_, _, partitions| match u32::try_from(partitions) {
                // Less than the number of partitions, which is an `i32`.
                Ok(partitions @ 1..) => (subtask % partitions) as i32,
                _ => 0,
            })),
            Self::Function(function) => Some(function.clone()),
        }
    }
}

impl KafkaSink<()> {
    /// Writes what a function makes of each record.
    ///
    /// ```
    /// # use millstream::connectors::kafka::{KafkaSink, ProducerRecord};
    /// let lines = KafkaSink::new("localhost:9092", "lines", |line: String| ProducerRecord::new(line));
    /// ```
    pub fn new<T, F>(
        bootstrap_servers: impl Into<String>,
        topic: impl Into<String>,
        function: F,
    ) -> KafkaSink<FunctionSerializer<T, F>>
    where
        T: Record,
        F: Fn(T) -> ProducerRecord + Clone + Send + Sync + 'static,
    {
        KafkaSink::with_serializer(bootstrap_servers, topic, FunctionSerializer::new(function))
    }

    /// Writes records without keys, whose values are JSON.
    ///
    /// ```
    /// # use millstream::connectors::kafka::KafkaSink;
    /// let points = KafkaSink::json::<(f64, f64)>("localhost:9092", "points");
    /// ```
    pub fn json<T: Record>(
        bootstrap_servers: impl Into<String>,
        topic: impl Into<String>,
    ) -> KafkaSink<JsonSerializer<T>> {
        KafkaSink::with_serializer(bootstrap_servers, topic, JsonSerializer::default())
    }
}

impl<S: RecordSerializer> KafkaSink<S> {
    /// Writes records of any kind. They go to `topic`, but for those that name [another](ProducerRecord::topic).
    ///
    /// ```
    /// use millstream::connectors::kafka::{JsonSerializer, KafkaSink};
    ///
    /// let json = JsonSerializer::<(String, u64)>::default();
    /// let sink = KafkaSink::with_serializer("localhost:9092", "counts", json);
    /// ```
    pub fn with_serializer(
        bootstrap_servers: impl Into<String>,
        topic: impl Into<String>,
        serializer: S,
    ) -> Self {
        let cluster = Cluster { servers: bootstrap_servers.into(), properties: Properties::default() };
        Self {
            writing: Writing {
                cluster,
                topic: topic.into().into(),
                serializer,
                guarantee: DeliveryGuarantee::AtLeastOnce,
                prefix: None,
                commit_log: None,
                partitioner: Partitioner::Default,
                ignores_lost: false,
            },
        }
    }

    /// How often records may be there after failures; at least once unless set.
    ///
    /// ```
    /// # use millstream::connectors::kafka::{DeliveryGuarantee, KafkaSink};
    /// let points = KafkaSink::json::<(f64, f64)>("localhost:9092", "points")
    ///     .delivery_guarantee(DeliveryGuarantee::ExactlyOnce)
    ///     .transactional_id_prefix("points");
    /// ```
    #[must_use]
    #[doc(alias = "setDeliveryGuarantee")]
    pub fn delivery_guarantee(mut self, guarantee: DeliveryGuarantee) -> Self {
        self.writing.guarantee = guarantee;
        self
    }

    /// What the transactional ids of this sink begin with; needed to write exactly once. No other sink and no other
    /// job may use it on this cluster: they would abort each other's transactions. It must stay the same for as long
    /// as snapshots of the job are to be restored.
    ///
    /// ```
    /// # use millstream::connectors::kafka::{DeliveryGuarantee, KafkaSink};
    /// let points = KafkaSink::json::<(f64, f64)>("localhost:9092", "points")
    ///     .delivery_guarantee(DeliveryGuarantee::ExactlyOnce)
    ///     .transactional_id_prefix("points");
    /// ```
    #[must_use]
    #[doc(alias = "setTransactionalIdPrefix")]
    pub fn transactional_id_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.writing.prefix = Some(prefix.into().into());
        self
    }

    /// The topic in which every transaction leaves its name, `<prefix>.commits` unless set. After a failure it tells
    /// whether a transaction was committed that the brokers do not know any more. The sink creates it, with one
    /// partition and a retention of seven days; snapshots that are older cannot be restored for certain.
    ///
    /// ```
    /// # use millstream::connectors::kafka::KafkaSink;
    /// let points = KafkaSink::json::<(f64, f64)>("localhost:9092", "points").commit_log("points-commits");
    /// ```
    #[must_use]
    pub fn commit_log(mut self, topic: impl Into<String>) -> Self {
        self.writing.commit_log = Some(topic.into());
        self
    }

    /// Chooses partitions: the function is given the key, the value and the number of partitions. Records that have
    /// a [partition](ProducerRecord::partition) keep it. Unless set, records with the same key go to the same
    /// partition, the one that Kafka's own clients choose, and those without a key are spread.
    ///
    /// ```
    /// # use millstream::connectors::kafka::KafkaSink;
    /// let points = KafkaSink::json::<(f64, f64)>("localhost:9092", "points")
    ///     .partitioner(|_key, value, partitions| value.map_or(0, |value| value.len() as i32 % partitions));
    /// ```
    #[must_use]
    #[doc(alias = "setPartitioner")]
    pub fn partitioner(
        mut self,
        partition: impl Fn(Option<&[u8]>, Option<&[u8]>, i32) -> i32 + Send + Sync + 'static,
    ) -> Self {
        self.writing.partitioner = Partitioner::Function(Arc::new(partition));
        self
    }

    /// Lets each subtask write into one partition, whatever the keys are: few connections, and the order in which a subtask
    /// has its records is the order of the partition. Partitions stay empty where there are fewer subtasks. As Flink's
    /// `FlinkFixedPartitioner`.
    ///
    /// ```
    /// # use millstream::connectors::kafka::KafkaSink;
    /// let points = KafkaSink::json::<(f64, f64)>("localhost:9092", "points").fixed_partitioner();
    /// ```
    #[must_use]
    #[doc(alias = "FlinkFixedPartitioner")]
    pub fn fixed_partitioner(mut self) -> Self {
        self.writing.partitioner = Partitioner::Fixed;
        self
    }

    /// Goes on after a restore even if records of the snapshot may be lost: where the brokers have aborted a
    /// transaction, or where nothing tells any more what became of it. Without this, the job fails.
    ///
    /// ```
    /// # use millstream::connectors::kafka::KafkaSink;
    /// let points = KafkaSink::json::<(f64, f64)>("localhost:9092", "points").ignore_lost_transactions();
    /// ```
    #[must_use]
    pub fn ignore_lost_transactions(mut self) -> Self {
        self.writing.ignores_lost = true;
        self
    }

    /// Sets a property of Kafka's producers, by the name that it has there. What this sink does not know is refused
    /// when the job starts.
    ///
    /// ```
    /// # use millstream::connectors::kafka::KafkaSink;
    /// let points = KafkaSink::json::<(f64, f64)>("localhost:9092", "points")
    ///     .property("compression.type", "lz4")
    ///     .property("linger.ms", "20");
    /// ```
    #[must_use]
    #[doc(alias("setProperty", "setKafkaProducerConfig"))]
    pub fn property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.writing.cluster.properties.set(name, value);
        self
    }
}

impl<S> Writing<S> {
    fn client(&self) -> Client {
        Client::new(self.cluster.clone(), Role::Producer)
    }

    /// The prefix, and the log in which transactions leave their names; where there are any.
    fn transactions(&self) -> Option<(&Arc<str>, CommitLog)> {
        let prefix = self.prefix.as_ref().filter(|_| self.guarantee == DeliveryGuarantee::ExactlyOnce)?;
        let topic = self.commit_log.clone().unwrap_or_else(|| format!("{prefix}.commits"));
        Some((prefix, CommitLog::new(&topic)))
    }
}

impl<S: RecordSerializer> Sink for KafkaSink<S> {
    type Record = S::Record;
    type Writer = KafkaWriter<S>;

    fn kind(&self) -> &'static str {
        "Kafka topics"
    }

    async fn check(&self) -> Result<Vec<u8>> {
        self.writing.check().await?;
        let prepared = self.writing.serializer.clone().prepare();
        if let Some(prepared) = prepared {
            prepared.await?;
        }
        Ok(Vec::new())
    }

    fn exclusive(&self) -> Option<String> {
        let (prefix, _) = self.writing.transactions()?;
        Some(format!("the transactional ids of Kafka that begin with `{prefix}`"))
    }

    fn writer(&self, subtask: u32) -> KafkaWriter<S> {
        self.writer_for(subtask, subtask + 1)
    }

    fn writer_for(&self, subtask: u32, parallelism: u32) -> KafkaWriter<S> {
        KafkaWriter::new(&self.writing, subtask, parallelism)
    }
}
