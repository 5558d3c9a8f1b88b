//! Reads records of partitions, a fetch at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use krafka::KrafkaError;
use krafka::consumer::Consumer;
pub(in crate::kafka) use krafka::consumer::ConsumerRecord as FetchedRecord;
use millstream_runtime::{Error, ErrorKind, Result};
use tokio::sync::OnceCell;
use tracing::warn;

use super::failure::failed;
use super::{Client, pause};
use crate::kafka::TopicPartition;

/// How long to wait after a fetch that may succeed later.
const AFTER_FAILURE: Duration = Duration::from_millis(200);

/// Reads partitions that are assigned to it, each from a position of ours on.
pub(in crate::kafka) struct PartitionConsumer {
    client: Arc<Client>,
    consumer: OnceCell<Consumer>,
    assigned: parking_lot::Mutex<BTreeMap<String, BTreeSet<i32>>>,
}

/// What a fetch has brought.
pub(in crate::kafka) struct Fetched {
    /// Records, by their partitions.
    pub(in crate::kafka) runs: Vec<(TopicPartition, Vec<FetchedRecord>)>,
    /// Where reading goes on after these records. Behind the last of them lies what is no record: the ends of
    /// transactions, and all of those that were aborted.
    pub(in crate::kafka) positions: Vec<(TopicPartition, i64)>,
    /// Behind the last record that could be read now, as far as it is known.
    pub(in crate::kafka) ends: Vec<(TopicPartition, i64)>,
}

/// Which partitions to read, and which not for now.
#[derive(Default)]
pub(in crate::kafka) struct Changes {
    /// To be read too, from these offsets on.
    pub(in crate::kafka) added: Vec<(TopicPartition, i64)>,
    pub(in crate::kafka) paused: Vec<TopicPartition>,
    pub(in crate::kafka) resumed: Vec<TopicPartition>,
}

impl PartitionConsumer {
    pub(in crate::kafka) fn new(client: Arc<Client>) -> Self {
        Self { client, consumer: OnceCell::new(), assigned: parking_lot::Mutex::default() }
    }

    async fn consumer(&self) -> Result<&Consumer> {
        let make = || async {
            let builder = self.client.kafka().await?.consumer_without_group();
            let consumer = self.client.cluster.properties.consumer(builder)?.build().await;
            consumer.map_err(|error| failed("set up a consumer of Kafka", error))
        };
        self.consumer.get_or_try_init(make).await
    }

    /// Reads these partitions too, from these offsets on.
    async fn assign(&self, positions: &[(TopicPartition, i64)]) -> Result<()> {
        let consumer = self.consumer().await?;
        let topics: BTreeSet<&str> =
            positions.iter().map(|(partition, _)| partition.topic.as_str()).collect();
        for topic in topics {
            let of_topic = positions.iter().filter(|(partition, _)| partition.topic == topic);
            let all: Vec<i32> = {
                let mut assigned = self.assigned.lock();
                let all = assigned.entry(topic.to_owned()).or_default();
                all.extend(of_topic.map(|(partition, _)| partition.partition));
                all.iter().copied().collect()
            };
            let assigned = consumer.assign(topic, all).await;
            assigned.map_err(|error| failed(format!("read the topic `{topic}`"), error))?;
        }
        for (partition, offset) in positions {
            let sought = consumer.seek(&partition.topic, partition.partition, *offset).await;
            sought.map_err(|error| failed(format!("read `{partition}` from offset {offset} on"), error))?;
        }
        Ok(())
    }

    /// Reads other partitions than before.
    pub(in crate::kafka) async fn change(&self, changes: &Changes) -> Result<()> {
        self.assign(&changes.added).await?;
        let consumer = self.consumer().await?;
        for partition in &changes.paused {
            consumer.pause(&partition.topic, &[partition.partition]).await;
        }
        for partition in &changes.resumed {
            consumer.resume(&partition.topic, &[partition.partition]).await;
        }
        Ok(())
    }

    /// Fetches what there is, and waits this long if there is nothing. A cluster that cannot be reached has
    /// nothing.
    pub(in crate::kafka) async fn fetch(&self, wait: Duration) -> Result<Fetched> {
        let consumer = self.consumer().await?;
        let records = match consumer.poll(wait).await {
            Ok(records) => records,
            Err(KrafkaError::NoOffset { partitions }) => {
                return Err(self.no_offset(consumer, partitions).await);
            }
            Err(error) if error.is_retriable() => {
                warn!(%error, "nothing could be fetched from Kafka; trying again");
                pause(AFTER_FAILURE).await;
                Vec::new()
            }
            Err(error) => return Err(failed("read from Kafka", error)),
        };
        let assigned: Vec<TopicPartition> = {
            let assigned = self.assigned.lock();
            let partitions = assigned.iter().flat_map(|(topic, partitions)| {
                partitions.iter().map(|partition| TopicPartition::new(topic.clone(), *partition))
            });
            partitions.collect()
        };
        let mut positions = Vec::with_capacity(assigned.len());
        for partition in assigned {
            if let Some(position) = consumer.position(&partition.topic, partition.partition).await {
                positions.push((partition, position));
            }
        }
        // From what fetches have answered; nothing is asked for it.
        let ends = consumer.lag().await.into_iter().filter_map(|(partition, known)| {
            let ahead = i64::try_from(known.lag?).ok()?;
            Some((TopicPartition::new(partition.topic, partition.partition), known.position? + ahead))
        });
        Ok(Fetched { runs: runs(records), positions, ends: ends.collect() })
    }

    async fn no_offset(&self, consumer: &Consumer, partitions: Vec<(String, i32)>) -> Error {
        let Some((topic, partition)) = partitions.into_iter().next() else {
            return Error::new(ErrorKind::Internal, "a position is missing in a partition that has no name");
        };
        let position = consumer.position(&topic, partition).await.unwrap_or(-1);
        let there = match consumer.fetch_watermarks(&topic, partition).await {
            Ok((first, end)) => format!("there are those from {first} up to {end}"),
            Err(_) => "what is there cannot be told".to_owned(),
        };
        let problem = format!(
            "data is lost: `{topic}-{partition}` has no records at offset {position} any more, where reading was to \
             go on ({there}): the topic keeps records for too short a time, or was created anew. Start from another \
             snapshot or without one, or set `auto.offset.reset` to go on in spite of it"
        );
        Error::new(ErrorKind::InvalidInput, problem)
    }
}

/// Records by their partitions. Those of a partition come one after another.
fn runs(mut records: Vec<FetchedRecord>) -> Vec<(TopicPartition, Vec<FetchedRecord>)> {
    let mut runs = Vec::new();
    // From the end, so that each record is moved once at most.
    while let Some(last) = records.last() {
        let (topic, partition) = (last.topic.clone(), last.partition);
        let is_other = |record: &FetchedRecord| record.partition != partition || record.topic != topic;
        let start = records.iter().rposition(is_other).map_or(0, |other| other + 1);
        let run = if start == 0 { std::mem::take(&mut records) } else { records.split_off(start) };
        runs.push((TopicPartition::new(&*topic, partition), run));
    }
    runs.reverse();
    runs
}
