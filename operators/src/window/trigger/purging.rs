//! Drops what a window holds whenever it fires.

use millstream_state::Timestamp;

use super::{Trigger, TriggerContext, TriggerResult};
use crate::function::FunctionResult;
use crate::process::TimeDomain;
use crate::window::Window;

/// Fires when another trigger does, and drops what the window holds then: each record is in one result. As Flink's
/// `PurgingTrigger`.
///
/// ```
/// # use millstream::prelude::*;
/// use millstream::window::{CountTrigger, PurgingTrigger};
///
/// let env = Environment::new().parallelism(1);
/// let sums = env
///     .from_collection([1, 2, 3, 4, 5])
///     .key_by(|_| ())
///     .window(GlobalWindows::create())
///     .trigger(PurgingTrigger::of(CountTrigger::of(2)))
///     .reduce(|sum, next| sum + next)
///     .map(|result| result.value)
///     .collect();
/// env.execute("sums")?;
/// assert_eq!(sums.to_vec(), [1 + 2, 3 + 4]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurgingTrigger<G> {
    trigger: G,
}

impl<G> PurgingTrigger<G> {
    /// Fires when `trigger` does, and purges then.
    pub const fn of(trigger: G) -> Self {
        Self { trigger }
    }
}

const fn purging(result: TriggerResult) -> TriggerResult {
    if result.fires() { TriggerResult::FireAndPurge } else { result }
}

impl<T, W: Window, G: Trigger<T, W>> Trigger<T, W> for PurgingTrigger<G> {
    type State = G::State;

    fn problem(&self, time: Option<TimeDomain>) -> Option<String> {
        self.trigger.problem(time)
    }

    fn needs_timestamps(&self) -> bool {
        self.trigger.needs_timestamps()
    }

    fn on_element(
        &mut self,
        record: &T,
        timestamp: Timestamp,
        window: &W,
        cx: &mut TriggerContext<'_, G::State>,
    ) -> FunctionResult<TriggerResult> {
        self.trigger.on_element(record, timestamp, window, cx).map(purging)
    }

    fn on_event_time(
        &mut self,
        time: Timestamp,
        window: &W,
        cx: &mut TriggerContext<'_, G::State>,
    ) -> FunctionResult<TriggerResult> {
        self.trigger.on_event_time(time, window, cx).map(purging)
    }

    fn on_processing_time(
        &mut self,
        time: Timestamp,
        window: &W,
        cx: &mut TriggerContext<'_, G::State>,
    ) -> FunctionResult<TriggerResult> {
        self.trigger.on_processing_time(time, window, cx).map(purging)
    }

    fn can_merge(&self) -> bool {
        self.trigger.can_merge()
    }

    fn merge(&self, state: &mut G::State, other: G::State) {
        self.trigger.merge(state, other);
    }

    fn on_merge(&mut self, window: &W, cx: &mut TriggerContext<'_, G::State>) -> FunctionResult {
        self.trigger.on_merge(window, cx)
    }

    fn clear(&mut self, window: &W, cx: &mut TriggerContext<'_, G::State>) -> FunctionResult {
        self.trigger.clear(window, cx)
    }
}
