//! Reads the splits of one source, tells the enumerator, and then reads those of the next.

use std::sync::Arc;

use millstream_runtime::Result;
use millstream_runtime::chain::{Output, SourceStatus, TaskContext};
use millstream_runtime::input::ReaderGroup;
use millstream_runtime::metrics::MetricGroup;
use millstream_state::Timestamp;

use super::HybridSplit;
use crate::source::SourceReader;

/// Reads a [`HybridSource`](super::HybridSource).
pub struct HybridReader<A, B> {
    source: u64,
    subtask: u32,
    parallelism: u32,
    /// What the reader tells the enumerator by, once it has started.
    group: Option<Arc<ReaderGroup>>,
    first: Part<A>,
    second: Part<B>,
    /// The attempt whose enumerator has said that no split of the first source follows.
    complete: Option<(u64, u32)>,
    /// The watermark that was emitted last: the second source knows nothing of the first.
    watermark: Timestamp,
}

/// The reader of one of the sources.
struct Part<R> {
    reader: R,
    /// It has been given splits.
    has_begun: bool,
    /// It has been given something that it has not read.
    is_busy: bool,
}

impl<R: SourceReader> Part<R> {
    const fn new(reader: R) -> Self {
        Self { reader, has_begun: false, is_busy: false }
    }

    fn add(&mut self, splits: Vec<R::Split>) {
        if !splits.is_empty() {
            self.reader.add_splits(splits);
            (self.has_begun, self.is_busy) = (true, true);
        }
    }

    /// As [`SourceReader::next`]; a reader that has nothing is not asked.
    fn next(
        &mut self,
        watermark: &mut Timestamp,
        output: &mut Output<'_, R::Record>,
    ) -> Result<SourceStatus> {
        if !self.is_busy {
            return Ok(SourceStatus::Ended);
        }
        let status = output.with_rising_watermarks(watermark, |output| self.reader.next(output))?;
        self.is_busy = status != SourceStatus::Ended;
        Ok(status)
    }

    fn checkpoint_completed(&mut self, left: Vec<R::Split>, cx: &mut TaskContext) -> Result<()> {
        if self.has_begun {
            self.reader.checkpoint_completed(left, cx)?;
            // Some do what is to be done when they are asked for records.
            self.is_busy = true;
        }
        Ok(())
    }
}

impl<A: SourceReader, B: SourceReader<Record = A::Record>> HybridReader<A, B> {
    pub(super) const fn new(source: u64, first: A, second: B, subtask: u32, parallelism: u32) -> Self {
        Self {
            source,
            subtask,
            parallelism,
            group: None,
            first: Part::new(first),
            second: Part::new(second),
            complete: None,
            watermark: Timestamp::MIN,
        }
    }
}

/// The splits of the first source, and those of the second.
fn by_source<A, B>(splits: Vec<HybridSplit<A, B>>) -> (Vec<A>, Vec<B>, Option<(u64, u32)>) {
    let (mut first, mut second, mut complete) = (Vec::new(), Vec::new(), None);
    for split in splits {
        match split {
            HybridSplit::First(split) => first.push(split),
            HybridSplit::Second(split) => second.push(split),
            HybridSplit::FirstIsComplete { epoch, attempt } => complete = Some((epoch, attempt)),
        }
    }
    (first, second, complete)
}

impl<A: SourceReader, B: SourceReader<Record = A::Record>> SourceReader for HybridReader<A, B> {
    type Record = A::Record;
    type Split = HybridSplit<A::Split, B::Split>;

    fn register_metrics(&mut self, metrics: &MetricGroup) {
        self.first.reader.register_metrics(metrics);
        self.second.reader.register_metrics(metrics);
    }

    fn start(&mut self, cx: &TaskContext) {
        let group = cx.reader_group(self.source);
        group.join(self.parallelism);
        self.group = Some(group);
        self.first.reader.start(cx);
        self.second.reader.start(cx);
    }

    fn add_splits(&mut self, splits: Vec<Self::Split>) {
        let (first, second, complete) = by_source(splits);
        self.first.add(first);
        self.second.add(second);
        self.complete = complete.or(self.complete);
    }

    fn next(&mut self, output: &mut Output<'_, A::Record>) -> Result<SourceStatus> {
        let status = self.first.next(&mut self.watermark, output)?;
        if status != SourceStatus::Ended {
            return Ok(status);
        }
        if let Some(said) = self.complete.take() {
            let attempt = output.context().attempt();
            // What an earlier attempt has said may have been in flight, before splits that come yet.
            if said == (attempt.epoch.number(), attempt.number)
                && let Some(group) = &self.group
            {
                group.finish(self.subtask);
            }
        }
        self.second.next(&mut self.watermark, output)
    }

    fn snapshot(&self) -> Vec<Self::Split> {
        // By then the first has been read to its end by all, and what it has left is what tells it so.
        let first = if self.second.has_begun { Vec::new() } else { self.first.reader.snapshot() };
        let first = first.into_iter().map(HybridSplit::First);
        first.chain(self.second.reader.snapshot().into_iter().map(HybridSplit::Second)).collect()
    }

    fn checkpoint_completed(&mut self, left: Vec<Self::Split>, cx: &mut TaskContext) -> Result<()> {
        let (first, second, _) = by_source(left);
        if !self.second.has_begun {
            self.first.checkpoint_completed(first, cx)?;
        }
        self.second.checkpoint_completed(second, cx)
    }
}
