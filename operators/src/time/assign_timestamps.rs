//! The operator that assigns timestamps and emits watermarks.

use std::time::Duration;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};
use millstream_runtime::event::StreamStatus;
use millstream_state::snapshot::part::Redistribution;
use millstream_state::{Record, Timestamp};
use serde::{Deserialize, Serialize};

use super::generator::{BatchGenerator, WatermarkTracker};
use super::strategy::{Assign, WatermarkStrategy, Watermarks};
use crate::Stream;

const WATERMARK: &str = "watermark";

/// How far one subtask had brought its stream at a snapshot.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Reached {
    watermark: Timestamp,
    idle: bool,
}

/// Where all subtasks together had brought event time: what an operator downstream, which reads
/// them all, had come to. Whatever was late then is late after a restore too, at any parallelism,
/// and nothing else is.
fn resume_from(reached: &[Reached]) -> Option<Timestamp> {
    // Subtasks that had ended will end again, and report it.
    let going_on = || reached.iter().filter(|subtask| subtask.watermark != Timestamp::MAX);
    let active = going_on().filter(|subtask| !subtask.idle).map(|subtask| subtask.watermark).min();
    active.or_else(|| going_on().map(|subtask| subtask.watermark).max())
}

/// Watermarks of this operator's own, in place of upstream's.
struct OwnWatermarks<T> {
    /// None where there are to be no watermarks at all.
    generator: Option<Box<dyn BatchGenerator<T>>>,
    interval: Duration,
    idleness: Option<Duration>,
    tracker: WatermarkTracker,
    /// Where event time stood at the snapshot, until that has been emitted.
    resume: Option<Timestamp>,
    /// The next watermark is due then, on the monotonic clock.
    next_due: Duration,
    /// When there was a record last, on the monotonic clock.
    last_record: Duration,
    idle: bool,
}

impl<T: Record> OwnWatermarks<T> {
    fn new(generator: Option<Box<dyn BatchGenerator<T>>>, strategy: &WatermarkStrategy<T>) -> Self {
        Self {
            generator,
            interval: strategy.interval,
            idleness: strategy.idleness,
            tracker: WatermarkTracker::new(),
            resume: None,
            next_due: Duration::ZERO,
            last_record: Duration::ZERO,
            idle: false,
        }
    }

    fn process(&mut self, batch: &mut Batch<T>, output: &mut Output<'_, T>) -> Result<()> {
        self.set_idle(false, output)?;
        let Some(generator) = &mut self.generator else { return output.forward(batch) };
        generator.process(batch, &mut self.tracker, output)?;
        let now = output.context().monotonic();
        self.last_record = now;
        if now >= self.next_due { self.emit_periodic(now, output) } else { Ok(()) }
    }

    fn emit_periodic(&mut self, now: Duration, output: &mut Output<'_, T>) -> Result<()> {
        self.next_due = now.saturating_add(self.interval);
        let time = output.context().now();
        match self.generator.as_mut().and_then(|generator| generator.on_periodic(time)) {
            Some(watermark) => self.tracker.rise(watermark, output),
            None => Ok(()),
        }
    }

    fn set_idle(&mut self, idle: bool, output: &mut Output<'_, T>) -> Result<()> {
        if idle == self.idle {
            return Ok(());
        }
        self.idle = idle;
        output.emit_status(if idle { StreamStatus::Idle } else { StreamStatus::Active })
    }

    /// There is no input. Only here can a subtask be found idle: one that is merely held up by
    /// backpressure has input that waits.
    fn flush(&mut self, output: &mut Output<'_, T>) -> Result<()> {
        if self.tracker.reached() == Timestamp::MAX || self.generator.is_none() {
            return Ok(());
        }
        let now = output.context().monotonic();
        self.emit_periodic(now, output)?;
        if let Some(idleness) = self.idleness.filter(|_| !self.idle) {
            let idle_at = self.last_record.saturating_add(idleness);
            if now >= idle_at {
                self.set_idle(true, output)?;
            } else {
                output.context().wake_after(idle_at.saturating_sub(now));
            }
        }
        if self.generator.as_ref().is_some_and(|generator| generator.follows_the_clock()) {
            output.context().wake_after(self.interval.max(Duration::from_millis(1)));
        }
        Ok(())
    }
}

pub(super) struct AssignTimestamps<T> {
    assign: Option<Assign<T>>,
    /// None where upstream's are preserved.
    own: Option<OwnWatermarks<T>>,
}

impl<T: Record> OperatorHooks<T> for AssignTimestamps<T> {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        if let Some(own) = &mut self.own {
            own.resume = cx.take_list::<Reached>(WATERMARK)?.and_then(|reached| resume_from(&reached));
            own.last_record = cx.task().monotonic();
        }
        Ok(())
    }

    fn poll(&mut self, output: &mut Output<'_, T>) -> Result<()> {
        let Some(own) = &mut self.own else { return Ok(()) };
        // Before the first record, so that it is judged by the time that had been reached.
        own.resume.take().map_or(Ok(()), |resume| own.tracker.rise(resume, output))
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, T>) -> Result<()> {
        match &mut self.own {
            None => output.emit_watermark(watermark),
            // The end of the stream is known to upstream alone.
            Some(own) if watermark == Timestamp::MAX => own.tracker.rise(watermark, output),
            Some(_) => Ok(()),
        }
    }

    fn status(&mut self, status: StreamStatus, output: &mut Output<'_, T>) -> Result<()> {
        let Some(own) = &mut self.own else { return output.emit_status(status) };
        own.last_record = output.context().monotonic();
        own.set_idle(status == StreamStatus::Idle, output)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        let Some(own) = self.own.as_ref().filter(|own| own.generator.is_some()) else { return Ok(()) };
        let watermark = own.resume.unwrap_or_else(|| own.tracker.reached());
        cx.list(WATERMARK, Redistribution::Union, [&Reached { watermark, idle: own.idle }])
    }

    fn flush(&mut self, output: &mut Output<'_, T>) -> Result<()> {
        self.own.as_mut().map_or(Ok(()), |own| own.flush(output))
    }
}

impl<T: Record> Operator<T, T> for AssignTimestamps<T> {
    fn process(&mut self, batch: &mut Batch<T>, output: &mut Output<'_, T>) -> Result<()> {
        if let Some(assign) = &mut self.assign {
            assign(batch);
        }
        match &mut self.own {
            None => output.forward(batch),
            Some(own) => own.process(batch, output),
        }
    }
}

impl<T: Record> Stream<T> {
    /// Gives records their event timestamps and the stream its watermarks, as a
    /// [`WatermarkStrategy`] says. As Flink's `assignTimestampsAndWatermarks`.
    ///
    /// The strategy's watermarks take the place of upstream's. The watermark that the stream has
    /// reached is part of snapshots: what is late without a failure is late with one.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let strategy = WatermarkStrategy::monotonous().timestamp_assigner(|ms: &i64| Timestamp::from_millis(*ms));
    /// let readings = env.from_collection([500, 1_500, 2_500]);
    /// let times = readings
    ///     .assign_timestamps_and_watermarks(strategy)
    ///     .process_fn(|_, cx, out| out.emit(cx.timestamp().map(Timestamp::as_millis)))
    ///     .collect();
    /// env.execute("times")?;
    /// assert_eq!(times.sorted(), [Some(500), Some(1_500), Some(2_500)]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "assignTimestampsAndWatermarks")]
    #[must_use]
    pub fn assign_timestamps_and_watermarks(&self, strategy: WatermarkStrategy<T>) -> Self {
        let (assigns, aligns) = (strategy.assigns_timestamps(), strategy.alignment.is_some());
        let problem = strategy.problem();
        let timed = self.transform("Timestamps/watermarks", move |_| AssignTimestamps::new(&strategy));
        timed.graph.lock().mark_side_outputs(timed.node, []);
        if assigns {
            timed.graph.lock().mark_assigns_timestamps(timed.node);
        }
        if aligns {
            let problem = "its watermark strategy names an alignment group, but only sources that make watermarks split \
                           by split can be held up: give the strategy to `from_source_with_watermarks` of such a source";
            timed.graph.lock().mark_problem(timed.node, problem);
        }
        if let Some(problem) = problem {
            timed.graph.lock().mark_problem(timed.node, problem);
        }
        timed
    }
}

impl<T: Record> AssignTimestamps<T> {
    pub(super) fn new(strategy: &WatermarkStrategy<T>) -> Self {
        let own = match &strategy.watermarks {
            Watermarks::Preserved => None,
            _ => Some(OwnWatermarks::new(strategy.generator(), strategy)),
        };
        Self { assign: strategy.assign(), own }
    }
}
