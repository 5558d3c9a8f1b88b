//! Finds the partitions that a source reads.

use millstream_operators::source::Listing;
use millstream_runtime::Result;
use millstream_state::Timestamp;

use super::KafkaSource;
use super::deserialize::RecordDeserializer;
use super::offsets::OffsetsInitializer;
use super::split::KafkaSplit;

impl<D: RecordDeserializer> KafkaSource<D> {
    /// The partitions of the topics by their names, and where reading starts and ends in each. What has come up while
    /// the job ran is read from its start.
    pub(super) async fn list(&self, listing: Listing) -> Result<Vec<(String, KafkaSplit)>> {
        let client = self.client();
        client.check().await?;
        let committed = self.cluster.properties.reads_committed();
        let partitions = self.topics.find(&client).await?;
        let (group, first) = (self.group.as_deref(), OffsetsInitializer::earliest());
        let start = if listing == Listing::First { &self.start } else { &first };
        let starts = start.find(&client, group, &partitions, committed).await?;
        let stops = match &self.stop {
            None => None,
            Some(stop) => Some(stop.find(&client, group, &partitions, committed).await?),
        };
        let splits = partitions.into_iter().map(|partition| {
            let next = starts.get(&partition).copied().unwrap_or(0);
            let stop = stops.as_ref().and_then(|stops| stops.get(&partition)).copied();
            let watermark = Timestamp::MIN;
            (partition.to_string(), KafkaSplit { partition, next, stop, watermark })
        });
        Ok(splits.filter(|(_, split)| !split.is_done()).collect())
    }
}
