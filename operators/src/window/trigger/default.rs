//! What makes windows fire where no trigger is set.

use millstream_state::Timestamp;

use super::{EventTimeTrigger, NeverTrigger, ProcessingTimeTrigger, Trigger, TriggerContext, TriggerResult};
use crate::function::FunctionResult;
use crate::process::TimeDomain;
use crate::window::Window;

/// What makes windows fire where no trigger is set:
/// [`WindowAssigner::default_trigger`](crate::window::WindowAssigner::default_trigger) says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultTrigger {
    /// The watermark has come to the end of the window, as with [`EventTimeTrigger`].
    EventTime,
    /// Processing time has come to the end of the window, as with [`ProcessingTimeTrigger`].
    ProcessingTime,
    /// Nothing does: a job whose windows have no trigger of their own is refused.
    Never,
}

macro_rules! delegate {
    ($self:ident, $call:ident($($argument:ident),*)) => {
        match $self {
            Self::EventTime => Trigger::<T, W>::$call(&mut EventTimeTrigger, $($argument),*),
            Self::ProcessingTime => Trigger::<T, W>::$call(&mut ProcessingTimeTrigger, $($argument),*),
            Self::Never => Trigger::<T, W>::$call(&mut NeverTrigger, $($argument),*),
        }
    };
}

impl<T, W: Window> Trigger<T, W> for DefaultTrigger {
    type State = ();

    fn problem(&self, time: Option<TimeDomain>) -> Option<String> {
        delegate!(self, problem(time))
    }

    fn on_element(
        &mut self,
        record: &T,
        timestamp: Timestamp,
        window: &W,
        cx: &mut TriggerContext<'_, ()>,
    ) -> FunctionResult<TriggerResult> {
        delegate!(self, on_element(record, timestamp, window, cx))
    }

    fn on_event_time(
        &mut self,
        time: Timestamp,
        window: &W,
        cx: &mut TriggerContext<'_, ()>,
    ) -> FunctionResult<TriggerResult> {
        delegate!(self, on_event_time(time, window, cx))
    }

    fn on_processing_time(
        &mut self,
        time: Timestamp,
        window: &W,
        cx: &mut TriggerContext<'_, ()>,
    ) -> FunctionResult<TriggerResult> {
        delegate!(self, on_processing_time(time, window, cx))
    }

    fn can_merge(&self) -> bool {
        true
    }

    fn on_merge(&mut self, window: &W, cx: &mut TriggerContext<'_, ()>) -> FunctionResult {
        delegate!(self, on_merge(window, cx))
    }

    fn clear(&mut self, window: &W, cx: &mut TriggerContext<'_, ()>) -> FunctionResult {
        delegate!(self, clear(window, cx))
    }
}
