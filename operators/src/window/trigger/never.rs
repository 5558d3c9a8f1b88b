//! Never fires.

use millstream_state::Timestamp;

use super::{Trigger, TriggerContext, TriggerResult};
use crate::function::FunctionResult;
use crate::process::TimeDomain;
use crate::window::Window;

/// Never fires: what [`GlobalWindows::create`](crate::window::GlobalWindows::create) does without a trigger. By itself
/// it is refused when the job is built; it is there for triggers that are made of others. As Flink's `NeverTrigger`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NeverTrigger;

impl<T, W: Window> Trigger<T, W> for NeverTrigger {
    type State = ();

    fn problem(&self, _: Option<TimeDomain>) -> Option<String> {
        Some(
            "the windows never fire: say when they do with `.trigger(…)`, or take `GlobalWindows::at_end()`"
                .to_owned(),
        )
    }

    fn on_element(
        &mut self,
        _: &T,
        _: Timestamp,
        _: &W,
        _: &mut TriggerContext<'_, ()>,
    ) -> FunctionResult<TriggerResult> {
        Ok(TriggerResult::Continue)
    }

    fn can_merge(&self) -> bool {
        true
    }
}
