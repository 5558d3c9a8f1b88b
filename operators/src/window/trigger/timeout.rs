//! Fires when another trigger does, or when it has not done so for some time.

use std::time::Duration;

use millstream_state::{Record, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Trigger, TriggerContext, TriggerResult};
use crate::function::FunctionResult;
use crate::process::TimeDomain;
use crate::window::Window;
use crate::window::length::length_problem;

/// Fires when another trigger does, and also when that has not happened some time after the first record came. As Flink's
/// `ProcessingTimeoutTrigger`.
///
/// A window that is over while it waits fires as well.
///
/// ```
/// # use millstream::prelude::*;
/// use millstream::testing::window_operator;
/// use millstream::window::{CountTrigger, ProcessingTimeoutTrigger, PurgingTrigger};
///
/// // Three records together, or fewer if they do not come within a second.
/// let trigger = ProcessingTimeoutTrigger::of(CountTrigger::of(3), Duration::from_secs(1));
/// let mut harness = window_operator(|_: &char| (), GlobalWindows::create())
///     .trigger(PurgingTrigger::of(trigger))
///     .process_fn(|letters, _, out| out.emit(letters.into_iter().collect::<String>()))
///     .open()?;
/// harness.push_all(['a', 'b', 'c', 'd', 'e'])?;
/// assert_eq!(harness.take_records(), ["abc"]);
/// harness.advance(Duration::from_secs(1))?;
/// assert_eq!(harness.take_records(), ["de"]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessingTimeoutTrigger<G> {
    trigger: G,
    timeout: Duration,
    resets_on_record: bool,
    clears_on_timeout: bool,
}

impl<G> ProcessingTimeoutTrigger<G> {
    /// Fires when `trigger` does, and when it has not done so for `timeout`, of processing time, since the first record: a
    /// whole number of milliseconds.
    pub const fn of(trigger: G, timeout: Duration) -> Self {
        Self { trigger, timeout, resets_on_record: false, clears_on_timeout: true }
    }

    /// Whether each record begins the time anew, so that it is one without records: not unless set.
    #[doc(alias = "resetTimerOnNewRecord")]
    #[must_use]
    pub const fn reset_on_record(mut self, resets: bool) -> Self {
        self.resets_on_record = resets;
        self
    }

    /// Whether the other trigger forgets what it knows when the time is over, so that it begins anew: so unless set.
    #[doc(alias = "shouldClearOnTimeout")]
    #[must_use]
    pub const fn clear_on_timeout(mut self, clears: bool) -> Self {
        self.clears_on_timeout = clears;
        self
    }
}

/// What a [`ProcessingTimeoutTrigger`] keeps: when the time is over, and what the other trigger keeps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TimeoutState<S> {
    due: Option<Timestamp>,
    trigger: Option<S>,
}

impl<S> Default for TimeoutState<S> {
    fn default() -> Self {
        Self { due: None, trigger: None }
    }
}

type Context<'a, S> = TriggerContext<'a, TimeoutState<S>>;

/// No timeout is waited for any more.
fn stop<S: Record>(cx: &mut Context<'_, S>) {
    if let Some(due) = cx.state_or_default().due.take() {
        cx.delete_processing_time_timer(due);
    }
    if cx.state().is_some_and(|state| state.trigger.is_none()) {
        cx.clear_state();
    }
}

impl<G> ProcessingTimeoutTrigger<G> {
    /// The other trigger begins anew.
    fn restart<T, W: Window>(&mut self, window: &W, cx: &mut Context<'_, G::State>) -> FunctionResult
    where
        G: Trigger<T, W>,
    {
        let mut inner = cx.part(|state| &mut state.trigger);
        self.trigger.clear(window, &mut inner)?;
        inner.clear_state();
        Ok(())
    }

    /// Goes by what the other trigger says.
    fn follow<T, W: Window>(result: TriggerResult, cx: &mut Context<'_, G::State>) -> TriggerResult
    where
        G: Trigger<T, W>,
    {
        if result.fires() || cx.state().is_some_and(|state| state.due.is_none()) {
            stop(cx);
        }
        result
    }

    /// The time is over, and the other trigger has said `result` about that.
    fn time_out<T, W: Window>(
        &mut self,
        result: TriggerResult,
        window: &W,
        cx: &mut Context<'_, G::State>,
    ) -> FunctionResult<TriggerResult>
    where
        G: Trigger<T, W>,
    {
        if self.clears_on_timeout {
            self.restart::<T, W>(window, cx)?;
        }
        stop(cx);
        Ok(if result.purges() { TriggerResult::FireAndPurge } else { TriggerResult::Fire })
    }
}

impl<T, W: Window, G: Trigger<T, W>> Trigger<T, W> for ProcessingTimeoutTrigger<G> {
    type State = TimeoutState<G::State>;

    fn problem(&self, time: Option<TimeDomain>) -> Option<String> {
        let timeout = length_problem("the time of `ProcessingTimeoutTrigger`", self.timeout);
        timeout.or_else(|| self.trigger.problem(time))
    }

    fn needs_timestamps(&self) -> bool {
        self.trigger.needs_timestamps()
    }

    fn on_element(
        &mut self,
        record: &T,
        timestamp: Timestamp,
        window: &W,
        cx: &mut Context<'_, G::State>,
    ) -> FunctionResult<TriggerResult> {
        let mut inner = cx.part(|state| &mut state.trigger);
        let result = self.trigger.on_element(record, timestamp, window, &mut inner)?;
        if result.fires() {
            self.restart::<T, W>(window, cx)?;
            stop(cx);
            return Ok(result);
        }
        let due = cx.state().and_then(|state| state.due);
        if due.is_none() || self.resets_on_record {
            let next = cx.now().saturating_add(self.timeout);
            if let Some(before) = due {
                cx.delete_processing_time_timer(before);
            }
            cx.state_or_default().due = Some(next);
            cx.register_processing_time_timer(next);
        }
        Ok(result)
    }

    fn on_event_time(
        &mut self,
        time: Timestamp,
        window: &W,
        cx: &mut Context<'_, G::State>,
    ) -> FunctionResult<TriggerResult> {
        let mut inner = cx.part(|state| &mut state.trigger);
        let result = self.trigger.on_event_time(time, window, &mut inner)?;
        let waits = cx.state().is_some_and(|state| state.due.is_some());
        if waits && !result.fires() && time >= window.max_timestamp() {
            return self.time_out::<T, W>(result, window, cx);
        }
        Ok(Self::follow::<T, W>(result, cx))
    }

    fn on_processing_time(
        &mut self,
        time: Timestamp,
        window: &W,
        cx: &mut Context<'_, G::State>,
    ) -> FunctionResult<TriggerResult> {
        let mut inner = cx.part(|state| &mut state.trigger);
        let result = self.trigger.on_processing_time(time, window, &mut inner)?;
        let due = cx.state().and_then(|state| state.due);
        if due.is_some_and(|due| due <= time || window.max_timestamp() <= time) {
            return self.time_out::<T, W>(result, window, cx);
        }
        Ok(Self::follow::<T, W>(result, cx))
    }

    fn clear(&mut self, window: &W, cx: &mut Context<'_, G::State>) -> FunctionResult {
        self.restart::<T, W>(window, cx)?;
        stop(cx);
        Ok(())
    }
}
