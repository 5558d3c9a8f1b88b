//! The harness: all subtasks of a function under test, their time, and what they emit.

use std::time::Duration;

use millstream_runtime::event::StreamStatus;
use millstream_runtime::input::{Merged, WatermarkMerger};
use millstream_runtime::testing::{Emitted, Harness};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::{KeyGroups, Timestamp};

use super::input::{Subtasks, Target};
use super::{FunctionSnapshot, Inputs};

/// A function under test, opened by a [`HarnessBuilder`](super::HarnessBuilder).
///
/// All methods that let the function work return the error that it returns, with its message. A
/// function that has failed has to be opened or restored anew, as in a job. Dropping the harness
/// closes the function.
///
/// Both kinds of time stand still until the test moves them: event time by
/// [`watermark`](Self::watermark), processing time by [`advance`](Self::advance).
pub struct FunctionHarness<I: Inputs, O> {
    pub(super) inputs: I,
    pub(super) subtasks: Vec<Harness<I::Head, O>>,
    groups: KeyGroups,
    watermarks: WatermarkMerger,
    /// How far each input has come.
    reached: Vec<Timestamp>,
    /// Which inputs have ended.
    ended: Vec<bool>,
    pub(super) emitted: Vec<Emitted<O>>,
    clock: Duration,
    /// The number of the last snapshot.
    checkpoint: u64,
}

impl<I: Inputs, O: Send + 'static> FunctionHarness<I, O> {
    pub(super) fn new(inputs: I, subtasks: Vec<Harness<I::Head, O>>, max_parallelism: u32) -> Self {
        Self {
            inputs,
            subtasks,
            groups: KeyGroups::new(max_parallelism),
            watermarks: WatermarkMerger::new(I::COUNT),
            reached: vec![Timestamp::MIN; I::COUNT],
            ended: vec![false; I::COUNT],
            emitted: Vec::new(),
            clock: Duration::ZERO,
            checkpoint: 0,
        }
    }

    pub(super) fn places(&self) -> Subtasks {
        let parallelism = u32::try_from(self.subtasks.len()).unwrap_or(u32::MAX);
        Subtasks { parallelism, groups: self.groups }
    }

    /// Lets some subtasks work, then sees to timers that are due already, and keeps what was emitted.
    fn work(
        &mut self,
        target: &Target,
        mut work: impl FnMut(&mut Harness<I::Head, O>) -> Result<()>,
    ) -> Result<()> {
        for (index, subtask) in (0..).zip(&mut self.subtasks) {
            if matches!(target, Target::One(chosen) if *chosen != index) {
                continue;
            }
            let worked = work(subtask).and_then(|()| subtask.advance(Duration::ZERO));
            let emitted = subtask.take_emitted().into_iter();
            // The harness sends barriers of its own, for snapshots.
            self.emitted.extend(emitted.filter(|emitted| !matches!(emitted, Emitted::Barrier(_))));
            worked.map_err(|error| error.in_subtask(index))?;
        }
        Ok(())
    }

    /// Hands a record of input `input` to where it goes.
    pub(super) fn deliver<R: Clone>(
        &mut self,
        input: usize,
        (target, record): (Target, R),
        push: impl Fn(&mut Harness<I::Head, O>, R) -> Result<()>,
    ) -> Result<()> {
        self.check_open(input)?;
        self.work(&target, |subtask| push(subtask, record.clone()))
    }

    fn check_open(&self, input: usize) -> Result<()> {
        match self.ended.get(input) {
            Some(false) => Ok(()),
            _ => Err(Error::new(ErrorKind::InvalidJob, "the test goes on with an input that has ended")),
        }
    }

    /// Notifies the subtasks of what a change of one input means for the whole.
    fn apply(&mut self, merged: Merged) -> Result<()> {
        self.work(&Target::All, |subtask| {
            merged.status.map_or(Ok(()), |status| subtask.status(status))?;
            merged.watermark.map_or(Ok(()), |watermark| subtask.watermark(watermark))
        })
    }

    pub(super) fn watermark_of(&mut self, input: usize, watermark: Timestamp) -> Result<()> {
        self.check_open(input)?;
        self.reach(input, watermark)?;
        let merged = self.watermarks.watermark(input, watermark);
        self.apply(merged)
    }

    /// Tells the subtasks how far one of two inputs has come.
    fn reach(&mut self, input: usize, watermark: Timestamp) -> Result<()> {
        let Some(reached) = self.reached.get_mut(input).filter(|reached| **reached < watermark) else {
            return Ok(());
        };
        *reached = watermark;
        self.work(&Target::All, |subtask| subtask.input_watermark(input, watermark))
    }

    pub(super) fn status_of(&mut self, input: usize, status: StreamStatus) -> Result<()> {
        self.check_open(input)?;
        let merged = self.watermarks.status(input, status);
        self.apply(merged)
    }

    /// Ends an input; with the last of them, event time and the data.
    pub(super) fn end_of(
        &mut self,
        input: usize,
        mut notify: impl FnMut(&mut Harness<I::Head, O>) -> Result<()>,
    ) -> Result<()> {
        self.check_open(input)?;
        if let Some(ended) = self.ended.get_mut(input) {
            *ended = true;
        }
        self.reach(input, Timestamp::MAX)?;
        self.work(&Target::All, &mut notify)?;
        let mut merged = self.watermarks.end(input);
        let all_ended = self.ended.iter().all(|ended| *ended);
        if all_ended {
            // Sent with the end of the data.
            merged.watermark = None;
        }
        self.apply(merged)?;
        if all_ended { self.work(&Target::All, Harness::end_of_data) } else { Ok(()) }
    }

    /// Whether an input has ended.
    pub(super) fn has_ended(&self, input: usize) -> bool {
        self.ended.get(input).copied().unwrap_or(true)
    }

    /// The inputs that have not ended, of which there must be one.
    fn open_inputs(&self) -> Result<impl Iterator<Item = usize> + use<I, O>> {
        let first = self.ended.iter().position(|ended| !ended).unwrap_or_default();
        self.check_open(first)?;
        let ended = self.ended.clone();
        Ok((0..I::COUNT).zip(ended).filter(|(_, ended)| !ended).map(|(input, _)| input))
    }

    /// Brings event time to `watermark`, on all inputs that have not ended. One that is not above the
    /// last does nothing.
    ///
    /// # Errors
    /// What the function returns, or if all inputs have ended.
    #[doc(alias = "processWatermark")]
    pub fn watermark(&mut self, watermark: Timestamp) -> Result<()> {
        self.open_inputs()?.try_for_each(|input| self.watermark_of(input, watermark))
    }

    /// Notifies the operator that the inputs that have not ended have become idle or active.
    ///
    /// # Errors
    /// What the function returns, or if all inputs have ended.
    #[doc(alias = "processWatermarkStatus")]
    pub fn status(&mut self, status: StreamStatus) -> Result<()> {
        self.open_inputs()?.try_for_each(|input| self.status_of(input, status))
    }

    /// Moves processing time forward. Timers that become due fire one after the other, each when the
    /// clock has come to it.
    ///
    /// # Errors
    /// What the function returns.
    #[doc(alias = "setProcessingTime")]
    pub fn advance(&mut self, duration: Duration) -> Result<()> {
        self.clock = self.clock.saturating_add(duration);
        self.work(&Target::All, |subtask| {
            let mut left = duration;
            while let Some(due) = subtask.wake_at() {
                let step = due.since(subtask.now());
                if step.is_zero() || step >= left {
                    break;
                }
                left -= step;
                subtask.advance(step)?;
            }
            subtask.advance(left)
        })
    }

    /// The processing time; it begins at the Unix epoch.
    #[doc(alias = "getProcessingTime")]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(0) + self.clock
    }

    /// Takes a snapshot.
    ///
    /// # Errors
    /// What the function returns.
    pub fn snapshot(&mut self) -> Result<FunctionSnapshot> {
        self.checkpoint += 1;
        let (checkpoint, mut parts) = (self.checkpoint, Vec::new());
        self.work(&Target::All, |subtask| {
            parts.push(subtask.snapshot(checkpoint)?);
            Ok(())
        })?;
        Ok(FunctionSnapshot { parts, max_parallelism: self.groups.count(), clock: self.clock })
    }

    /// How many entries the state `name` has, as [`FunctionSnapshot::state_entries`] says. Takes a
    /// snapshot to find out, as do the other counts.
    ///
    /// # Errors
    /// If there is no such state, or the function's `snapshot` fails.
    pub fn state_entries(&mut self, name: &str) -> Result<u64> {
        self.snapshot()?.state_entries(name)
    }

    /// How many entries all keyed states have together, without timers.
    ///
    /// # Errors
    /// If the function's `snapshot` fails.
    #[doc(alias = "numKeyedStateEntries")]
    pub fn keyed_state_entries(&mut self) -> Result<u64> {
        Ok(self.snapshot()?.keyed_state_entries())
    }

    /// How many event-time timers are set.
    ///
    /// # Errors
    /// If the function's `snapshot` fails.
    #[doc(alias = "numEventTimeTimers")]
    pub fn event_time_timers(&mut self) -> Result<u64> {
        Ok(self.snapshot()?.event_time_timers())
    }

    /// How many processing-time timers are set.
    ///
    /// # Errors
    /// If the function's `snapshot` fails.
    #[doc(alias = "numProcessingTimeTimers")]
    pub fn processing_time_timers(&mut self) -> Result<u64> {
        Ok(self.snapshot()?.processing_time_timers())
    }

    /// Closes the function, as the end of a job does.
    pub fn close(self) {}
}
