//! What watermarks are made of.

use std::time::Duration;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::Output;
use millstream_state::{Record, Timestamp};

/// Makes watermarks from the records it sees. As Flink's `WatermarkGenerator`.
///
/// What it keeps is not part of snapshots; the watermark that it has brought the stream to is, and
/// a restored job does not fall behind that. Each subtask has a generator of its own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `WatermarkGenerator` for records `{T}`",
    note = "implement it for your type; most streams do with `WatermarkStrategy::bounded_out_of_orderness` or `monotonous`"
)]
pub trait WatermarkGenerator<T>: Send + 'static {
    /// Looks at a record that has just gone by. A watermark that it returns follows the record at once.
    #[doc(alias = "onEvent")]
    fn on_event(&mut self, record: &T, timestamp: Timestamp) -> Option<Timestamp>;

    /// Called at the strategy's interval, and whenever there is no input for now; `now` is the
    /// processing time. A watermark that is not above the one before changes nothing.
    #[doc(alias = "onPeriodicEmit")]
    fn on_periodic(&mut self, now: Timestamp) -> Option<Timestamp>;
}

/// How far the watermark has come; it never goes back.
#[derive(Debug)]
pub(super) struct WatermarkTracker {
    /// What the generators have said.
    seen: Timestamp,
    /// What others allow: they may be behind.
    limit: Timestamp,
    emitted: Timestamp,
}

impl WatermarkTracker {
    pub(super) const fn new() -> Self {
        Self { seen: Timestamp::MIN, limit: Timestamp::MAX, emitted: Timestamp::MIN }
    }

    /// The watermark that was emitted last.
    pub(super) const fn reached(&self) -> Timestamp {
        self.emitted
    }

    /// Goes on for a generator that has come to `seen`, while the others have come to `limit`.
    pub(super) const fn begin(&mut self, seen: Timestamp, limit: Timestamp) {
        (self.seen, self.limit) = (seen, limit);
    }

    /// What the generator has come to.
    pub(super) const fn seen(&self) -> Timestamp {
        self.seen
    }

    /// Emits a watermark if it is above all before, as far as the others allow it.
    pub(super) fn rise<T>(&mut self, watermark: Timestamp, output: &mut Output<'_, T>) -> Result<()> {
        self.seen = self.seen.max(watermark);
        let risen = self.seen.min(self.limit);
        if risen <= self.emitted {
            return Ok(());
        }
        self.emitted = risen;
        output.emit_watermark(risen)
    }
}

/// A generator as the operator calls it: a whole batch at a time.
pub(super) trait BatchGenerator<T>: Send {
    /// Looks at a batch and hands it on.
    fn process(
        &mut self,
        batch: &mut Batch<T>,
        tracker: &mut WatermarkTracker,
        output: &mut Output<'_, T>,
    ) -> Result<()>;
    fn on_periodic(&mut self, now: Timestamp) -> Option<Timestamp>;
    /// Whether the watermark may rise without records, as time goes by.
    fn follows_the_clock(&self) -> bool;
}

/// The greatest timestamp so far, less what records may be late.
pub(super) struct BoundedOutOfOrderness {
    bound: Duration,
    greatest: Timestamp,
}

impl BoundedOutOfOrderness {
    pub(super) const fn new(bound: Duration) -> Self {
        Self { bound, greatest: Timestamp::MIN }
    }
}

impl<T: Record> BatchGenerator<T> for BoundedOutOfOrderness {
    fn process(
        &mut self,
        batch: &mut Batch<T>,
        _: &mut WatermarkTracker,
        output: &mut Output<'_, T>,
    ) -> Result<()> {
        self.greatest = batch.timestamps().iter().copied().fold(self.greatest, Timestamp::max);
        output.forward(batch)
    }

    fn on_periodic(&mut self, _: Timestamp) -> Option<Timestamp> {
        // One millisecond less, because another record with just this timestamp may still come.
        let watermark = self.greatest.saturating_sub(self.bound).saturating_sub(Duration::from_millis(1));
        (self.greatest != Timestamp::MIN).then_some(watermark)
    }

    fn follows_the_clock(&self) -> bool {
        false
    }
}

/// Timestamps and watermarks from the clock.
pub(super) struct IngestionTime {
    /// The latest timestamp that a record may have had.
    latest: Timestamp,
}

impl IngestionTime {
    pub(super) const fn new() -> Self {
        Self { latest: Timestamp::MIN }
    }
}

impl<T: Record> BatchGenerator<T> for IngestionTime {
    fn process(
        &mut self,
        batch: &mut Batch<T>,
        tracker: &mut WatermarkTracker,
        output: &mut Output<'_, T>,
    ) -> Result<()> {
        // The clock may have been set back: in this run, or since the snapshot that says how far time has come.
        let reached = tracker.seen().max(tracker.reached());
        let above = reached.saturating_add(Duration::from_millis(1));
        self.latest = self.latest.max(above).max(output.context().now());
        batch.assign_timestamps(|_, _| self.latest);
        output.forward(batch)
    }

    fn on_periodic(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.latest = self.latest.max(now);
        // One millisecond less, because another record may come within this one.
        Some(self.latest.saturating_sub(Duration::from_millis(1)))
    }

    fn follows_the_clock(&self) -> bool {
        true
    }
}

/// A generator that the user has written.
pub(super) struct Custom<G>(pub(super) G);

impl<T: Record, G: WatermarkGenerator<T>> BatchGenerator<T> for Custom<G> {
    fn process(
        &mut self,
        batch: &mut Batch<T>,
        tracker: &mut WatermarkTracker,
        output: &mut Output<'_, T>,
    ) -> Result<()> {
        for (record, timestamp) in batch.drain_timed() {
            let punctuated = self.0.on_event(&record, timestamp);
            output.emit(record, timestamp)?;
            if let Some(watermark) = punctuated {
                tracker.rise(watermark, output)?;
            }
        }
        Ok(())
    }

    fn on_periodic(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.0.on_periodic(now)
    }

    fn follows_the_clock(&self) -> bool {
        true
    }
}
