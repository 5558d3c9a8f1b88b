//! What is asked of a cluster as a whole: which topics and partitions there are, offsets, settings.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use krafka::admin::{
    AlterConsumerGroupOffsetsOptions, ConfigResource, CreateTopicsOptions, DescribeConfigsOptions,
    DescribeFeaturesOptions, DescribeTopicsOptions, ListConsumerGroupOffsetsOptions, ListTopicsOptions,
    NewTopic,
};
use krafka::consumer::IsolationLevel;
use krafka::error::ErrorCode;
use krafka::{__private, KrafkaError};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Timestamp;

use super::failure::failed;
use super::{Backoff, Client, malformed};
use crate::kafka::TopicPartition;

/// How many times a question about offsets is put while the answer is that the partition has no leader.
const TRIES: u32 = 20;

/// A place in a partition that the cluster knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::kafka) enum At {
    /// The first record that is still there.
    Start,
    /// After the last record.
    End,
    /// The first record whose timestamp is not before this.
    Time(Timestamp),
}

impl At {
    /// How a request says it.
    const fn on_the_wire(self) -> i64 {
        match self {
            Self::Start => -2,
            Self::End => -1,
            // Negative times are names of places.
            Self::Time(time) => {
                if time.as_millis() < 0 {
                    0
                } else {
                    time.as_millis()
                }
            }
        }
    }
}

impl Client {
    /// The names of all topics but for Kafka's own.
    pub(in crate::kafka) async fn topics(&self) -> Result<Vec<String>> {
        let topics = self.kafka().await?.admin().list_topics(ListTopicsOptions::default()).await;
        topics.map_err(|error| failed("list the topics of Kafka", error))
    }

    /// The partitions of topics.
    ///
    /// # Errors
    /// If one of the topics does not exist.
    pub(in crate::kafka) async fn partitions(&self, topics: &[String]) -> Result<Vec<TopicPartition>> {
        // Asked first: about a topic that does not exist the library would ask again for a minute.
        let known: BTreeSet<String> = self.topics().await?.into_iter().collect();
        if let Some(missing) = topics.iter().find(|topic| !known.contains(*topic)) {
            let problem = format!(
                "Kafka has no topic `{missing}`, or does not let this job see it: create the topic, or correct \
                 its name"
            );
            return Err(Error::new(ErrorKind::InvalidJob, problem));
        }
        let options = DescribeTopicsOptions::default();
        let described = self.kafka().await?.admin().describe_topics(topics, options).await;
        let mut partitions = Vec::new();
        for (topic, described) in described.map_err(|error| failed("describe the topics", error))? {
            let described =
                described.map_err(|error| failed(format!("describe the topic `{topic}`"), error))?;
            let of_topic = described.partitions.iter();
            partitions.extend(of_topic.map(|found| TopicPartition::new(topic.clone(), found.partition)));
        }
        partitions.sort_unstable();
        Ok(partitions)
    }

    /// Where something is in each of the partitions; with `committed`, the end is before what is not decided
    /// yet. A time after the last record is at no offset.
    pub(in crate::kafka) async fn offsets(
        &self,
        partitions: &[TopicPartition],
        at: At,
        committed: bool,
    ) -> Result<BTreeMap<TopicPartition, Option<i64>>> {
        let isolation =
            if committed { IsolationLevel::ReadCommitted } else { IsolationLevel::ReadUncommitted };
        let kafka = self.kafka().await?;
        let asker =
            kafka.consumer_without_group().isolation_level(isolation).metrics_push(false).build().await;
        let asker = asker.map_err(|error| failed("ask for offsets", error))?;
        let (mut offsets, mut backoff) = (BTreeMap::new(), Backoff::default());
        for attempt in 1_u32.. {
            let open =
                partitions.iter().filter(|partition| !offsets.contains_key(*partition)).collect::<Vec<_>>();
            if open.is_empty() {
                break;
            }
            if attempt > 1 {
                backoff.wait().await;
            }
            let wanted: Vec<_> = open.iter().map(|open| (open.topic.as_str(), open.partition)).collect();
            for ((topic, partition), offset) in asker.offsets_for_times(&wanted, at.on_the_wire()).await {
                match offset {
                    Ok(offset) => {
                        let offset = Some(offset).filter(|offset| *offset >= 0);
                        offsets.insert(TopicPartition::new(topic, partition), offset);
                    }
                    Err(error) if error.is_retriable() && attempt < TRIES => {}
                    Err(error) => {
                        return Err(failed(format!("ask for offsets of `{topic}-{partition}`"), error));
                    }
                }
            }
        }
        Ok(offsets)
    }

    /// Where a group of consumers has got to; partitions that it has never committed are left out.
    pub(in crate::kafka) async fn group_offsets(
        &self,
        group: &str,
        partitions: &[TopicPartition],
    ) -> Result<BTreeMap<TopicPartition, i64>> {
        let wanted = partitions.iter().map(theirs).collect();
        let options = ListConsumerGroupOffsetsOptions::default().require_stable(true).partitions(wanted);
        let listed = self.kafka().await?.admin().list_consumer_group_offsets(group, options).await;
        let what = || format!("ask for the offsets that the group `{group}` has committed");
        let mut offsets = BTreeMap::new();
        for (partition, found) in listed.map_err(|error| failed(what(), error))? {
            if let Some(offset) = found.map_err(|error| failed(what(), error))?.offset {
                offsets.insert(TopicPartition::new(partition.topic, partition.partition), offset);
            }
        }
        Ok(offsets)
    }

    /// Says how far a group has got. It must have no members: the readers here assign their partitions
    /// themselves.
    pub(in crate::kafka) async fn commit_group_offsets(
        &self,
        group: &str,
        offsets: Vec<(TopicPartition, i64)>,
    ) -> Result<()> {
        let offsets = offsets.iter().map(|(partition, offset)| (theirs(partition), *offset));
        let (admin, options) = (self.kafka().await?.admin(), AlterConsumerGroupOffsetsOptions::default());
        let committed = admin.alter_consumer_group_offsets(group, offsets, options).await;
        let what = || format!("commit offsets to the group `{group}`");
        for (_, committed) in committed.map_err(|error| failed(what(), error))? {
            committed.map_err(|error| failed(what(), error))?;
        }
        Ok(())
    }

    /// Creates a topic of one partition, unless it is there.
    pub(in crate::kafka) async fn ensure_topic(&self, name: &str, settings: &[(&str, String)]) -> Result<()> {
        if self.topics().await?.iter().any(|topic| topic == name) {
            return Ok(());
        }
        let what = || format!("create the topic `{name}`");
        let topic = NewTopic::new(name, 1, -1).map_err(|error| failed(what(), error))?;
        let topic = settings.iter().fold(topic, |topic, (name, value)| topic.with_config(*name, value));
        let created =
            self.kafka().await?.admin().create_topics([topic], CreateTopicsOptions::default()).await;
        for (_, created) in created.map_err(|error| failed(what(), error))? {
            match created {
                // Another subtask was quicker.
                Ok(_) | Err(KrafkaError::Broker { code: ErrorCode::TopicAlreadyExists, .. }) => {}
                Err(error) => return Err(failed(what(), error)),
            }
        }
        Ok(())
    }

    /// The longest transaction that the brokers allow; `None` where the cluster does not say.
    pub(in crate::kafka) async fn longest_transaction(&self) -> Result<Option<Duration>> {
        const NAME: &str = "transaction.max.timeout.ms";
        let kafka = self.kafka().await?;
        let broker = __private::kafka_metadata(kafka).brokers().into_iter().next();
        let broker = broker.ok_or_else(|| malformed("a cluster without brokers"))?;
        let options = DescribeConfigsOptions::default().config_names(vec![NAME.to_owned()]);
        let described = kafka.admin().describe_configs([ConfigResource::broker(broker.id())], options).await;
        let described = described.map_err(|error| failed(format!("ask for `{NAME}`"), error))?;
        // Who may write need not be allowed to look at settings.
        let entries = described.into_values().filter_map(Result::ok).flatten();
        let value = entries.filter(|entry| entry.name == NAME).find_map(|entry| entry.value);
        Ok(value.and_then(|value| value.parse().ok()).map(Duration::from_millis))
    }

    /// The version of the transaction protocol that the whole cluster speaks; 0 where it knows none.
    pub(in crate::kafka) async fn transaction_version(&self) -> Result<i16> {
        let features =
            self.kafka().await?.admin().describe_features(DescribeFeaturesOptions::default()).await;
        let features = features.map_err(|error| failed("ask for the features of the cluster", error))?;
        let version = features.finalized.iter().find(|feature| feature.name == "transaction.version");
        Ok(version.map_or(0, |feature| feature.max_version_level))
    }
}

fn theirs(partition: &TopicPartition) -> krafka::consumer::TopicPartition {
    krafka::consumer::TopicPartition::new(partition.topic.clone(), partition.partition)
}
