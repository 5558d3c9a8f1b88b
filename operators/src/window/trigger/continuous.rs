//! Fire again and again, at intervals.

use std::time::Duration;

use millstream_state::Timestamp;

use super::event_time::refused_on_processing_time;
use super::processing_time::end_by_clock;
use super::{Trigger, TriggerContext, TriggerResult};
use crate::function::FunctionResult;
use crate::process::TimeDomain;
use crate::window::Window;
use crate::window::length::length_problem;
use crate::window::tumbling::start_of;

/// Fires whenever the watermark passes a multiple of an interval, and at the end of the window: early results, which later
/// ones replace. As Flink's `ContinuousEventTimeTrigger`.
///
/// The interval is one of event time: a watermark that passes several multiples at once lets the window fire for each.
/// When the stream ends it fires once.
///
/// ```
/// # use millstream::prelude::*;
/// use millstream::testing::window_operator;
/// use millstream::window::ContinuousEventTimeTrigger;
///
/// let (at, second) = (Timestamp::from_millis, Duration::from_secs(1));
/// let mut harness = window_operator(|_: &u32| (), TumblingEventTimeWindows::of(60 * second))
///     .trigger(ContinuousEventTimeTrigger::of(10 * second))
///     .reduce(|sum, next| sum + next)
///     .open()?;
/// harness.push_at(1, at(5_000))?;
/// harness.push_at(2, at(12_000))?;
/// harness.watermark(at(15_000))?;
/// harness.push_at(3, at(16_000))?;
/// harness.watermark(at(60_000))?;
/// let sums: Vec<_> = harness.take_records().into_iter().map(|result| result.value).collect();
/// assert_eq!(sums[..2], [3, 6]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContinuousEventTimeTrigger {
    interval: Duration,
}

impl ContinuousEventTimeTrigger {
    /// Fires at multiples of `interval`: a whole number of milliseconds, since the Unix epoch.
    pub const fn of(interval: Duration) -> Self {
        Self { interval }
    }

    /// Fires next at `time`, or at the end of the window if that comes before.
    fn next_at(time: Timestamp, window: &impl Window, cx: &mut TriggerContext<'_, Timestamp>) {
        let next = time.min(window.max_timestamp());
        cx.set_state(next);
        cx.register_event_time_timer(next);
    }
}

impl<T, W: Window> Trigger<T, W> for ContinuousEventTimeTrigger {
    /// When it fires next.
    type State = Timestamp;

    fn problem(&self, time: Option<TimeDomain>) -> Option<String> {
        let name = "`ContinuousEventTimeTrigger`";
        refused_on_processing_time(time, name, "`ContinuousProcessingTimeTrigger`")
            .or_else(|| length_problem("the interval of `ContinuousEventTimeTrigger`", self.interval))
    }

    fn needs_timestamps(&self) -> bool {
        true
    }

    fn on_element(
        &mut self,
        _: &T,
        timestamp: Timestamp,
        window: &W,
        cx: &mut TriggerContext<'_, Timestamp>,
    ) -> FunctionResult<TriggerResult> {
        let last = window.max_timestamp();
        if last <= cx.watermark() {
            return Ok(TriggerResult::Fire);
        }
        cx.register_event_time_timer(last);
        if cx.state().is_none() {
            let start = start_of(timestamp, self.interval, Duration::ZERO);
            Self::next_at(start.saturating_add(self.interval), window, cx);
        }
        Ok(TriggerResult::Continue)
    }

    fn on_event_time(
        &mut self,
        time: Timestamp,
        window: &W,
        cx: &mut TriggerContext<'_, Timestamp>,
    ) -> FunctionResult<TriggerResult> {
        if time == window.max_timestamp() {
            return Ok(TriggerResult::Fire);
        }
        // When the stream has ended nothing changes until the end of the window, which may be far away.
        if cx.state() != Some(&time) || cx.watermark() == Timestamp::MAX {
            return Ok(TriggerResult::Continue);
        }
        Self::next_at(time.saturating_add(self.interval), window, cx);
        Ok(TriggerResult::Fire)
    }

    fn can_merge(&self) -> bool {
        true
    }

    fn merge(&self, next: &mut Timestamp, other: Timestamp) {
        *next = (*next).min(other);
    }

    fn on_merge(&mut self, window: &W, cx: &mut TriggerContext<'_, Timestamp>) -> FunctionResult {
        // A window whose end has passed fires with the record because of which it has merged.
        let is_open = window.max_timestamp() > cx.watermark();
        if let Some(next) = cx.state().copied().filter(|_| is_open) {
            cx.register_event_time_timer(next);
        }
        Ok(())
    }

    fn clear(&mut self, window: &W, cx: &mut TriggerContext<'_, Timestamp>) -> FunctionResult {
        cx.delete_event_time_timer(window.max_timestamp());
        if let Some(next) = cx.state().copied() {
            cx.delete_event_time_timer(next);
        }
        Ok(())
    }
}

/// Fires whenever processing time passes a multiple of an interval. As Flink's `ContinuousProcessingTimeTrigger`.
///
/// Also on windows of event time, for results that are early by the clock; those do then not fire at their end. Multiples
/// that have passed while the job stood still are made up for once.
///
/// ```
/// # use millstream::prelude::*;
/// use millstream::testing::window_operator;
/// use millstream::window::ContinuousProcessingTimeTrigger;
///
/// let second = Duration::from_secs(1);
/// let mut harness = window_operator(|_: &u32| (), GlobalWindows::create())
///     .trigger(ContinuousProcessingTimeTrigger::of(10 * second))
///     .reduce(|sum, next| sum + next)
///     .open()?;
/// harness.push_all([1, 2])?;
/// harness.advance(11 * second)?;
/// harness.push_all([3])?;
/// harness.advance(10 * second)?;
/// let sums: Vec<_> = harness.take_records().into_iter().map(|result| result.value).collect();
/// assert_eq!(sums, [3, 6]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContinuousProcessingTimeTrigger {
    interval: Duration,
}

impl ContinuousProcessingTimeTrigger {
    /// Fires at multiples of `interval`: a whole number of milliseconds, since the Unix epoch.
    pub const fn of(interval: Duration) -> Self {
        Self { interval }
    }

    /// Fires at the first multiple after `time`, or at the end of the window if that comes between.
    fn next_after(self, time: Timestamp, window: &impl Window, cx: &mut TriggerContext<'_, Timestamp>) {
        let end = end_by_clock(window);
        let multiple = start_of(time, self.interval, Duration::ZERO).saturating_add(self.interval);
        // The end may have passed: the window is perhaps one of event time.
        let next = if time < end { multiple.min(end) } else { multiple };
        cx.set_state(next);
        cx.register_processing_time_timer(next);
    }
}

impl<T, W: Window> Trigger<T, W> for ContinuousProcessingTimeTrigger {
    /// When it fires next.
    type State = Timestamp;

    fn problem(&self, _: Option<TimeDomain>) -> Option<String> {
        length_problem("the interval of `ContinuousProcessingTimeTrigger`", self.interval)
    }

    fn on_element(
        &mut self,
        _: &T,
        _: Timestamp,
        window: &W,
        cx: &mut TriggerContext<'_, Timestamp>,
    ) -> FunctionResult<TriggerResult> {
        if cx.state().is_none() {
            self.next_after(cx.now(), window, cx);
        }
        Ok(TriggerResult::Continue)
    }

    fn on_processing_time(
        &mut self,
        time: Timestamp,
        window: &W,
        cx: &mut TriggerContext<'_, Timestamp>,
    ) -> FunctionResult<TriggerResult> {
        if cx.state() != Some(&time) {
            return Ok(TriggerResult::Continue);
        }
        self.next_after(time.max(cx.now()), window, cx);
        Ok(TriggerResult::Fire)
    }

    fn can_merge(&self) -> bool {
        true
    }

    fn merge(&self, next: &mut Timestamp, other: Timestamp) {
        *next = (*next).min(other);
    }

    fn on_merge(&mut self, _: &W, cx: &mut TriggerContext<'_, Timestamp>) -> FunctionResult {
        if let Some(next) = cx.state().copied() {
            cx.register_processing_time_timer(next);
        }
        Ok(())
    }

    fn clear(&mut self, _: &W, cx: &mut TriggerContext<'_, Timestamp>) -> FunctionResult {
        if let Some(next) = cx.state().copied() {
            cx.delete_processing_time_timer(next);
        }
        Ok(())
    }
}
