//! Where reading starts and ends.

use std::collections::BTreeMap;

use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Timestamp;

use crate::kafka::TopicPartition;
use crate::kafka::client::{At, Client};

/// Offsets in all partitions of a source, looked up when a job starts. As Flink's.
///
/// ```
/// use millstream::Timestamp;
/// use millstream::connectors::kafka::{OffsetResetStrategy, OffsetsInitializer, TopicPartition};
///
/// let first = OffsetsInitializer::earliest();
/// let where_the_group_is = OffsetsInitializer::committed_offsets(OffsetResetStrategy::Latest);
/// let of_that_day = OffsetsInitializer::timestamp(Timestamp::from_millis(1_700_000_000_000));
/// let exactly = OffsetsInitializer::offsets([(TopicPartition::new("orders", 0), 42)], OffsetResetStrategy::Earliest);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetsInitializer(Offsets);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Offsets {
    At(At),
    Committed(OffsetResetStrategy),
    Given(BTreeMap<TopicPartition, i64>, OffsetResetStrategy),
}

/// What holds for partitions without an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetResetStrategy {
    /// The first record that is there.
    Earliest,
    /// After the last record.
    Latest,
    /// The job fails before it runs.
    None,
}

/// The offset in each partition.
type Found = BTreeMap<TopicPartition, i64>;

impl OffsetsInitializer {
    /// The first records that are there.
    pub const fn earliest() -> Self {
        Self(Offsets::At(At::Start))
    }

    /// After the last records; of what is read as committed only, before the first transaction that is open.
    pub const fn latest() -> Self {
        Self(Offsets::At(At::End))
    }

    /// The first records whose timestamps are not before this. Where there are none, after the last record.
    pub const fn timestamp(timestamp: Timestamp) -> Self {
        Self(Offsets::At(At::Time(timestamp)))
    }

    /// The offsets that the [group](super::KafkaSource::group_id) has committed.
    pub const fn committed_offsets(otherwise: OffsetResetStrategy) -> Self {
        Self(Offsets::Committed(otherwise))
    }

    /// These offsets.
    pub fn offsets(
        offsets: impl IntoIterator<Item = (TopicPartition, i64)>,
        otherwise: OffsetResetStrategy,
    ) -> Self {
        Self(Offsets::Given(offsets.into_iter().collect(), otherwise))
    }

    /// The offsets in these partitions; of what is not decided yet, the end comes before it with `committed`.
    pub(super) async fn find(
        &self,
        client: &Client,
        group: Option<&str>,
        partitions: &[TopicPartition],
        committed: bool,
    ) -> Result<Found> {
        let (mut found, otherwise) = match &self.0 {
            Offsets::At(at) => return look_up(client, partitions, *at, committed).await,
            Offsets::Committed(otherwise) => {
                let group = group.ok_or_else(|| {
                    let problem = "a Kafka source is to use the offsets committed by its group, and has none: set \
                                   `group_id`";
                    Error::new(ErrorKind::InvalidJob, problem)
                })?;
                (client.group_offsets(group, partitions).await?, *otherwise)
            }
            Offsets::Given(offsets, otherwise) => (offsets.clone(), *otherwise),
        };
        let missing: Vec<_> =
            partitions.iter().filter(|partition| !found.contains_key(*partition)).cloned().collect();
        let Some(first) = missing.first() else { return Ok(found) };
        let at = match otherwise {
            OffsetResetStrategy::Earliest => At::Start,
            OffsetResetStrategy::Latest => At::End,
            OffsetResetStrategy::None => {
                let problem =
                    format!("no offset is known for `{first}` of the Kafka source, and no other may be used");
                return Err(Error::new(ErrorKind::InvalidJob, problem));
            }
        };
        found.extend(look_up(client, &missing, at, committed).await?);
        Ok(found)
    }
}

async fn look_up(client: &Client, partitions: &[TopicPartition], at: At, committed: bool) -> Result<Found> {
    let mut found = Found::new();
    let mut after_all = Vec::new();
    for (partition, offset) in client.offsets(partitions, at, committed).await? {
        match offset {
            Some(offset) => drop(found.insert(partition, offset)),
            None => after_all.push(partition),
        }
    }
    if !after_all.is_empty() {
        let ends = client.offsets(&after_all, At::End, committed).await?;
        found.extend(ends.into_iter().map(|(partition, end)| (partition, end.unwrap_or(0))));
    }
    Ok(found)
}
