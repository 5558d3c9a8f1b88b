//! Reads the parts of one subtask.

mod metrics;
mod part;

use std::sync::Arc;
use std::time::Duration;

use millstream_operators::WatermarkStrategy;
use millstream_operators::source::SourceReader;
use millstream_operators::time::SplitWatermarks;
use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Output, SourceStatus, TaskContext};
use millstream_runtime::metrics::MetricGroup;
use tracing::warn;

use self::metrics::PartMetrics;
use self::part::Part;
use super::bad_message::{BadMessage, BadMessageInfo};
use super::deserialize::{MessageDeserializer, MessageView};
use super::split::{NatsSplit, StreamPart};
use crate::Gathered;
use crate::nats::NatsConnection;
use crate::nats::client::{OnLost, Session};

/// What readers must know.
#[derive(Clone)]
pub(super) struct Reading<D: MessageDeserializer> {
    pub(super) connection: NatsConnection,
    /// What is read by all readers together.
    pub(super) parts: Vec<StreamPart>,
    pub(super) deserializer: D,
    pub(super) on_error: BadMessage,
    pub(super) on_lost: OnLost,
    /// How long a request waits for messages.
    pub(super) wait: Duration,
    pub(super) watermarks: Option<WatermarkStrategy<D::Record>>,
}

/// Reads the streams and filters of one subtask.
pub struct NatsReader<D: MessageDeserializer> {
    reading: Reading<D>,
    session: Arc<Session>,
    parts: Vec<Part>,
    /// The one read last.
    current: usize,
    metrics: Option<MetricGroup>,
    watermarks: Option<SplitWatermarks<StreamPart, D::Record>>,
    /// Records on their way, all of one part.
    batch: Batch<D::Record>,
}

impl<D: MessageDeserializer> NatsReader<D> {
    pub(super) fn new(reading: Reading<D>) -> Self {
        Self {
            session: Arc::new(Session::new(reading.connection.clone())),
            watermarks: reading.watermarks.clone().map(SplitWatermarks::new),
            reading,
            parts: Vec::new(),
            current: 0,
            metrics: None,
            batch: Batch::default(),
        }
    }

    /// Takes in what has come of each part, and asks for more where there is room for it.
    fn fetch_ahead(&mut self, cx: &TaskContext) -> Result<()> {
        let (on_lost, wait) = (self.reading.on_lost, self.reading.wait);
        self.parts.iter_mut().try_for_each(|part| part.fetch_ahead(&self.session, on_lost, wait, cx))
    }

    /// Emits at most a batch of records, of the part whose turn it is. Answers whether there was any.
    fn emit(&mut self, output: &mut Output<'_, D::Record>) -> Result<bool> {
        for _ in 0..self.parts.len() {
            self.current = (self.current + 1) % self.parts.len();
            let Some(part) = self.parts.get_mut(self.current) else { break };
            if part.has_ended {
                continue;
            }
            let mut is_drained = part.is_drained();
            if let Some(watermarks) = &mut self.watermarks {
                is_drained |= !is_drained && watermarks.is_ahead(&part.split.part, output);
            }
            if !is_drained {
                let reading = &mut self.reading;
                read(part, &mut reading.deserializer, &reading.on_error, &mut self.batch, output)?;
                // Behind the last message there may be nothing but the end.
                part.is_drained();
                part.show_progress();
                match &mut self.watermarks {
                    None => output.forward(&mut self.batch)?,
                    Some(watermarks) => watermarks.forward(&part.split.part, &mut self.batch, output)?,
                }
                self.batch.clear();
            }
            part.has_ended = part.split.is_done();
            if let Some(watermarks) = &mut self.watermarks {
                if part.has_ended {
                    watermarks.end(&part.split.part, output)?;
                } else {
                    part.split.watermark = watermarks.watermark(&part.split.part);
                }
            }
            if part.has_ended || !is_drained {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Reads at most a batch of messages of a part that are there.
fn read<D: MessageDeserializer>(
    part: &mut Part,
    deserializer: &mut D,
    on_error: &BadMessage,
    batch: &mut Batch<D::Record>,
    output: &mut Output<'_, D::Record>,
) -> Result<()> {
    let mut bytes = 0;
    for _ in 0..output.batch_records() {
        let Some(message) = part.pop() else { break };
        let split = &mut part.split;
        if split.is_done() || message.sequence < split.next {
            continue;
        }
        if split.stop.is_some_and(|stop| message.sequence >= stop) {
            split.next = message.sequence;
            continue;
        }
        split.next = message.sequence + 1;
        let message = MessageView::new(&split.part.stream, &message);
        bytes += message.size();
        match deserializer.deserialize(&message) {
            Ok(Some(record)) => batch.push(record, message.timestamp()),
            Ok(None) => {}
            Err(error) => on_error.pass(BadMessageInfo::new(&message, error), message.timestamp(), output)?,
        }
    }
    output.counters().bytes.add(bytes);
    if let Some(Gathered { record, rows, bytes }) = deserializer.gathered()? {
        *batch = Batch::weighing(vec![record], rows, bytes);
    }
    Ok(())
}

impl<D: MessageDeserializer> SourceReader for NatsReader<D> {
    type Record = D::Record;
    type Split = NatsSplit;

    fn register_metrics(&mut self, metrics: &MetricGroup) {
        self.metrics = Some(metrics.clone());
    }

    fn add_splits(&mut self, splits: Vec<NatsSplit>) {
        for split in splits {
            if !self.reading.parts.contains(&split.part) {
                warn!(part = %split.part, "the snapshot knows a stream of NATS, or a filter, that is read no more");
                continue;
            }
            if let Some(watermarks) = self.watermarks.as_mut().filter(|_| !split.is_done()) {
                watermarks.add(split.part.clone(), split.watermark);
            }
            let metrics = PartMetrics::new(self.metrics.as_ref(), &split.part);
            self.parts.push(Part::new(split, metrics));
        }
    }

    fn next(&mut self, output: &mut Output<'_, D::Record>) -> Result<SourceStatus> {
        if self.parts.iter().all(|part| part.has_ended) {
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

    fn snapshot(&self) -> Vec<NatsSplit> {
        self.parts.iter().map(|part| part.split.clone()).collect()
    }
}
