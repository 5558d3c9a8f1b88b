//! Fires when the watermark has come to the end of the window.

use millstream_state::Timestamp;

use super::{Trigger, TriggerContext, TriggerResult};
use crate::function::FunctionResult;
use crate::process::TimeDomain;
use crate::window::Window;

/// Fires when the watermark reaches the [last point in time](Window::max_timestamp) of a window, and then for each
/// record that still comes within the [allowed lateness](crate::window::WindowedStream::allowed_lateness). As Flink's
/// `EventTimeTrigger`; what windows of event time do without a trigger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventTimeTrigger;

impl<T, W: Window> Trigger<T, W> for EventTimeTrigger {
    type State = ();

    fn problem(&self, time: Option<TimeDomain>) -> Option<String> {
        refused_on_processing_time(time, "`EventTimeTrigger`", "`ProcessingTimeTrigger`")
    }

    fn on_element(
        &mut self,
        _: &T,
        _: Timestamp,
        window: &W,
        cx: &mut TriggerContext<'_, ()>,
    ) -> FunctionResult<TriggerResult> {
        let last = window.max_timestamp();
        if last <= cx.watermark() {
            return Ok(TriggerResult::Fire);
        }
        cx.register_event_time_timer(last);
        Ok(TriggerResult::Continue)
    }

    fn on_event_time(
        &mut self,
        time: Timestamp,
        window: &W,
        _: &mut TriggerContext<'_, ()>,
    ) -> FunctionResult<TriggerResult> {
        Ok(if time == window.max_timestamp() { TriggerResult::Fire } else { TriggerResult::Continue })
    }

    fn can_merge(&self) -> bool {
        true
    }

    fn on_merge(&mut self, window: &W, cx: &mut TriggerContext<'_, ()>) -> FunctionResult {
        let last = window.max_timestamp();
        // Otherwise the record because of which they have merged lets it fire.
        if last > cx.watermark() {
            cx.register_event_time_timer(last);
        }
        Ok(())
    }

    fn clear(&mut self, window: &W, cx: &mut TriggerContext<'_, ()>) -> FunctionResult {
        cx.delete_event_time_timer(window.max_timestamp());
        Ok(())
    }
}

/// What is wrong with a trigger of event time on windows of processing time.
pub(super) fn refused_on_processing_time(
    time: Option<TimeDomain>,
    trigger: &str,
    instead: &str,
) -> Option<String> {
    (time == Some(TimeDomain::ProcessingTime)).then(|| {
        format!(
            "{trigger} waits for the watermark, which says nothing about windows of processing time: take {instead}, \
             or windows of event time"
        )
    })
}
