//! Fires when processing time has come to the end of the window.

use std::time::Duration;

use millstream_state::Timestamp;

use super::{Trigger, TriggerContext, TriggerResult};
use crate::function::FunctionResult;
use crate::process::TimeDomain;
use crate::window::Window;

/// Fires when processing time has passed the [last point in time](Window::max_timestamp) of a window. As Flink's
/// `ProcessingTimeTrigger`; what windows of processing time do without a trigger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessingTimeTrigger;

impl<T, W: Window> Trigger<T, W> for ProcessingTimeTrigger {
    type State = ();

    fn problem(&self, time: Option<TimeDomain>) -> Option<String> {
        time.is_none().then(|| {
            "`ProcessingTimeTrigger` never fires for these windows, which do not end: take \
             `ContinuousProcessingTimeTrigger` or `CountTrigger`"
                .to_owned()
        })
    }

    fn on_element(
        &mut self,
        _: &T,
        _: Timestamp,
        window: &W,
        cx: &mut TriggerContext<'_, ()>,
    ) -> FunctionResult<TriggerResult> {
        cx.register_processing_time_timer(end_by_clock(window));
        Ok(TriggerResult::Continue)
    }

    fn on_processing_time(
        &mut self,
        time: Timestamp,
        window: &W,
        _: &mut TriggerContext<'_, ()>,
    ) -> FunctionResult<TriggerResult> {
        Ok(if time == end_by_clock(window) { TriggerResult::Fire } else { TriggerResult::Continue })
    }

    fn can_merge(&self) -> bool {
        true
    }

    fn on_merge(&mut self, window: &W, cx: &mut TriggerContext<'_, ()>) -> FunctionResult {
        cx.register_processing_time_timer(end_by_clock(window));
        Ok(())
    }

    fn clear(&mut self, window: &W, cx: &mut TriggerContext<'_, ()>) -> FunctionResult {
        cx.delete_processing_time_timer(end_by_clock(window));
        Ok(())
    }
}

/// When a window is over by the clock: after its last millisecond, in which records may still come to it.
pub(in crate::window) fn end_by_clock(window: &impl Window) -> Timestamp {
    window.max_timestamp().saturating_add(Duration::from_millis(1))
}
