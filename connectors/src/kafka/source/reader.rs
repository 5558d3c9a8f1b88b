//! Reads the partitions of one subtask.

mod group;
mod metrics;
mod partitions;

use std::sync::Arc;
use std::time::Duration;

use millstream_operators::WatermarkStrategy;
use millstream_operators::source::SourceReader;
use millstream_operators::time::SplitWatermarks;
use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Output, SourceStatus, TaskContext};
use millstream_runtime::clock::IoHandle;
use millstream_runtime::metrics::MetricGroup;
use millstream_state::Timestamp;

use self::group::GroupOffsets;
use self::partitions::{Partition, Partitions};
use super::bad_record::{BadRecord, BadRecordInfo};
use super::deserialize::{RecordDeserializer, RecordPreparation, RecordView};
use super::split::KafkaSplit;
use crate::Gathered;
use crate::kafka::TopicPartition;
use crate::kafka::client::{Client, Cluster, Fetched, PartitionConsumer, Role};

/// How long a fetch waits for records.
const WAIT: Duration = Duration::from_millis(500);

/// The same while an end is to be found: behind the last record it may lie where no record is.
const WAIT_FOR_END: Duration = Duration::from_millis(100);

/// What readers must know.
#[derive(Clone)]
pub(super) struct Reading<D: RecordDeserializer> {
    pub(super) cluster: Cluster,
    pub(super) deserializer: D,
    pub(super) on_error: BadRecord,
    /// The group that is told how far reading has got.
    pub(super) group: Option<String>,
    pub(super) watermarks: Option<WatermarkStrategy<D::Record>>,
}

/// Reads the partitions of one subtask.
pub struct KafkaReader<D: RecordDeserializer> {
    deserializer: D,
    on_error: BadRecord,
    partitions: Partitions,
    consumer: Arc<PartitionConsumer>,
    preparation: Option<Arc<dyn RecordPreparation>>,
    fetching: Option<IoHandle<Fetched>>,
    group: Option<GroupOffsets>,
    watermarks: Option<SplitWatermarks<TopicPartition, D::Record>>,
    /// Records on their way, all of one partition.
    batch: Batch<D::Record>,
}

impl<D: RecordDeserializer> KafkaReader<D> {
    pub(super) fn new(reading: Reading<D>) -> Self {
        let Reading { cluster, deserializer, on_error, group, watermarks } = reading;
        let client = Arc::new(Client::new(cluster, Role::Consumer));
        Self {
            preparation: deserializer.preparation(),
            deserializer,
            on_error,
            partitions: Partitions::default(),
            consumer: Arc::new(PartitionConsumer::new(client.clone())),
            fetching: None,
            group: group.map(|group| GroupOffsets::new(client, group)),
            watermarks: watermarks.map(SplitWatermarks::new),
            batch: Batch::default(),
        }
    }

    /// Takes in what has been fetched, and starts the next fetch if there is room for it.
    fn fetch_ahead(&mut self, cx: &TaskContext) -> Result<()> {
        if let Some(fetched) = self.fetching.as_ref().and_then(IoHandle::take) {
            self.fetching = None;
            self.partitions.take_in(fetched?);
        }
        if self.fetching.is_some() {
            return Ok(());
        }
        let Some(changes) = self.partitions.plan_fetch() else { return Ok(()) };
        let consumer = self.consumer.clone();
        let has_end = self.partitions.splits().any(|split| split.stop.is_some());
        let wait = if has_end { WAIT_FOR_END } else { WAIT };
        let preparation = self.preparation.clone();
        self.fetching = Some(cx.spawn_io(async move {
            consumer.change(&changes).await?;
            let fetched = consumer.fetch(wait).await?;
            let prepared = preparation.and_then(|preparation| preparation.prepare(&mut views(&fetched)));
            if let Some(prepared) = prepared {
                prepared.await?;
            }
            Ok(fetched)
        }));
        Ok(())
    }

    /// Emits at most a batch of records, of the partition whose turn it is. Answers whether there was any.
    fn emit(&mut self, output: &mut Output<'_, D::Record>) -> Result<bool> {
        for _ in 0..self.partitions.len() {
            let Some(partition) = self.partitions.advance() else { break };
            let was_done = partition.split.is_done();
            let mut is_drained = partition.is_drained();
            if let Some(watermarks) = &mut self.watermarks {
                partition.is_ahead = !is_drained && watermarks.is_ahead(&partition.split.partition, output);
                is_drained |= partition.is_ahead;
            }
            if !is_drained {
                read(partition, &mut self.deserializer, &self.on_error, &mut self.batch, output)?;
                // Behind the last record there may be nothing but the end.
                partition.is_drained();
                partition.show_progress();
                let name = &partition.split.partition;
                match &mut self.watermarks {
                    None => output.forward(&mut self.batch)?,
                    Some(watermarks) => watermarks.forward(name, &mut self.batch, output)?,
                }
                self.batch.clear();
            }
            let ends = !was_done && partition.split.is_done();
            if let Some(watermarks) = &mut self.watermarks {
                if ends {
                    watermarks.end(&partition.split.partition, output)?;
                } else {
                    partition.split.watermark = watermarks.watermark(&partition.split.partition);
                }
            }
            if ends || !is_drained {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn views(fetched: &Fetched) -> impl Iterator<Item = RecordView<'_>> {
    fetched.runs.iter().flat_map(|(_, records)| records).map(RecordView::new)
}

/// Reads at most a batch of records of a partition that are there.
fn read<D: RecordDeserializer>(
    partition: &mut Partition,
    deserializer: &mut D,
    on_error: &BadRecord,
    batch: &mut Batch<D::Record>,
    output: &mut Output<'_, D::Record>,
) -> Result<()> {
    let mut bytes = 0;
    for _ in 0..output.batch_records() {
        let Some(record) = partition.pop() else { break };
        let split = &mut partition.split;
        if split.is_done() || record.offset < split.next {
            continue;
        }
        if split.stop.is_some_and(|stop| record.offset >= stop) {
            split.next = record.offset;
            continue;
        }
        split.next = record.offset + 1;
        let record = RecordView::new(&record);
        bytes += record.size();
        let timestamp = record.timestamp().unwrap_or(Timestamp::MIN);
        match deserializer.deserialize(&record) {
            Ok(Some(record)) => batch.push(record, timestamp),
            Ok(None) => {}
            Err(error) => on_error.pass(BadRecordInfo::new(&record, error), timestamp, output)?,
        }
    }
    output.counters().bytes.add(bytes);
    if let Some(Gathered { record, rows, bytes }) = deserializer.gathered()? {
        *batch = Batch::weighing(vec![record], rows, bytes);
    }
    Ok(())
}

impl<D: RecordDeserializer> SourceReader for KafkaReader<D> {
    type Record = D::Record;
    type Split = KafkaSplit;

    fn register_metrics(&mut self, metrics: &MetricGroup) {
        self.partitions.register_metrics(metrics);
        if let Some(group) = &mut self.group {
            group.register_metrics(metrics);
        }
    }

    fn add_splits(&mut self, splits: Vec<KafkaSplit>) {
        for split in splits {
            if let Some(watermarks) = self.watermarks.as_mut().filter(|_| !split.is_done()) {
                watermarks.add(split.partition.clone(), split.watermark);
            }
            self.partitions.add(split);
        }
    }

    fn next(&mut self, output: &mut Output<'_, D::Record>) -> Result<SourceStatus> {
        if let Some(group) = &mut self.group
            && let Some(committed) = group.go_on(output.context())
        {
            self.partitions.show_committed(&committed);
        }
        if self.partitions.are_done() {
            return Ok(SourceStatus::Ended);
        }
        self.fetch_ahead(output.context())?;
        if self.emit(output)? {
            return Ok(SourceStatus::More);
        }
        if let Some(watermarks) = &mut self.watermarks {
            watermarks.wait(output)?;
        }
        Ok(SourceStatus::Waiting)
    }

    /// Those that have been read to their ends too: the group is to know of them.
    fn snapshot(&self) -> Vec<KafkaSplit> {
        self.partitions.splits().cloned().collect()
    }

    fn checkpoint_completed(&mut self, left: Vec<KafkaSplit>, cx: &mut TaskContext) -> Result<()> {
        if let Some(group) = &mut self.group {
            group.commit(left.into_iter().map(|split| (split.partition, split.next)).collect(), cx);
        }
        Ok(())
    }
}
