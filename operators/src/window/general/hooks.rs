//! The operator as the engine calls it: batches, watermarks, timers and snapshots.

use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};
use millstream_runtime::{Error, Result};
use millstream_state::{Key, Record, Timestamp};

use super::contents::Contents;
use super::operator::{Firing, GeneralOperator, PaneOf};
use super::pane::PANES;
use crate::function::TimeOfDay;
use crate::process::TimeDomain;
use crate::window::WindowAssigner;
use crate::window::context::Time;
use crate::window::function::WindowFunction;
use crate::window::trigger::Trigger;

impl<K, T, A, F, G, C> GeneralOperator<K, T, A, F, G, C>
where
    K: Key,
    T: Record,
    A: WindowAssigner<T>,
    F: WindowFunction<K, T, A::Window>,
    G: Trigger<T, A::Window>,
    C: Contents<T, A::Window>,
{
    /// Fires the timers that are due, in order of time; those set meanwhile too. Then sends the watermark on that has made
    /// them due.
    fn fire(&mut self, output: &mut Output<'_, F::Output>) -> Result<()> {
        while let Some(firing) = self.firing {
            let (domain, until) = match firing {
                Firing::EventTime { .. } => (TimeDomain::EventTime, self.watermark.get()),
                Firing::Ending { .. } => (TimeDomain::ProcessingTime, Timestamp::MAX),
                Firing::ProcessingTime { now } => (TimeDomain::ProcessingTime, now),
            };
            while let Some((time, place)) = self.timers.of(domain).pop(until) {
                self.on_timer((domain, time), &place, output)?;
                if !output.goes_on() {
                    return Ok(());
                }
            }
            self.firing = match firing {
                Firing::EventTime { watermark } if watermark == Timestamp::MAX => {
                    Some(Firing::Ending { watermark })
                }
                Firing::EventTime { watermark } | Firing::Ending { watermark } => {
                    let time = Time::new(&self.calls.clock, self.watermark);
                    self.calls.function.get().watermark(time, output)?;
                    output.emit_watermark(watermark)?;
                    None
                }
                Firing::ProcessingTime { .. } => None,
            };
        }
        self.arm(output);
        Ok(())
    }

    /// Has the task woken for the next processing-time timer.
    fn arm(&self, output: &mut Output<'_, F::Output>) {
        if let Some(next) = self.timers.processing_time.next() {
            output.context().wake_at(next);
        }
    }
}

impl<K, T, A, F, G, C> OperatorHooks<F::Output> for GeneralOperator<K, T, A, F, G, C>
where
    K: Key,
    T: Record,
    A: WindowAssigner<T>,
    F: WindowFunction<K, T, A::Window>,
    G: Trigger<T, A::Window>,
    C: Contents<T, A::Window>,
{
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.panes.meta().check::<K, Vec<PaneOf<K, T, A, F, G, C>>>()?;
        if let Some(stored) = cx.take_keyed(PANES) {
            self.panes.restore_all(stored)?;
        }
        self.timers.restore(cx)?;
        self.watermark.restore(cx)?;
        self.calls.clock = TimeOfDay::of(cx.task());
        self.assigner.open(cx)?;
        Ok(self.calls.function.opening().open(cx)?)
    }

    fn resume(&mut self, output: &mut Output<'_, F::Output>) -> Result<()> {
        self.fire(output)
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, F::Output>) -> Result<()> {
        self.watermark.advance(watermark);
        self.firing = Some(Firing::EventTime { watermark });
        self.fire(output)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        let panes = self.panes.snapshot(cx.checkpoint());
        cx.keyed(panes);
        self.timers.snapshot(cx);
        self.watermark.snapshot(cx)?;
        Ok(self.calls.function.get().snapshot(cx)?)
    }

    fn poll(&mut self, output: &mut Output<'_, F::Output>) -> Result<()> {
        if self.timers.processing_time.is_empty() {
            return Ok(());
        }
        self.firing = Some(Firing::ProcessingTime { now: output.context().now() });
        self.fire(output)
    }

    fn end_of_data(&mut self, output: &mut Output<'_, F::Output>) -> Result<()> {
        // Set by a record after the watermark that says that there are none: not kept, for after a restore they would fire.
        self.timers.forget_processing_time();
        let time = Time::new(&self.calls.clock, self.watermark);
        Ok(self.calls.function.get().end_of_data(time, output)?)
    }
}

impl<K, T, A, F, G, C> Operator<(K, T), F::Output> for GeneralOperator<K, T, A, F, G, C>
where
    K: Key,
    T: Record,
    A: WindowAssigner<T>,
    F: WindowFunction<K, T, A::Window>,
    G: Trigger<T, A::Window>,
    C: Contents<T, A::Window>,
{
    fn process(&mut self, batch: &mut Batch<(K, T)>, output: &mut Output<'_, F::Output>) -> Result<()> {
        // Read once a batch.
        let now = if Self::OF_PROCESSING_TIME { output.context().now() } else { Timestamp::MIN };
        batch.drain_while(|pair, timestamp| {
            // A window that has fired may have emitted any number of records.
            let should_yield = self.add(pair, timestamp, now, output)? && output.should_yield();
            if should_yield {
                output.suspend();
            }
            Ok::<_, Error>(!should_yield)
        })?;
        self.arm(output);
        Ok(())
    }
}
