//! Triggers: when a window fires, and whether what it holds is kept.

mod context;
mod continuous;
mod count;
mod default;
mod delta;
mod event_time;
mod never;
mod processing_time;
mod purging;
mod timeout;

use millstream_state::{Record, Timestamp};

use super::Window;
use crate::function::FunctionResult;
use crate::process::TimeDomain;

pub use context::TriggerContext;
pub(super) use context::{Change, TimerChange};
pub use continuous::{ContinuousEventTimeTrigger, ContinuousProcessingTimeTrigger};
pub use count::CountTrigger;
pub use default::DefaultTrigger;
pub use delta::DeltaTrigger;
pub use event_time::EventTimeTrigger;
pub use never::NeverTrigger;
pub use processing_time::ProcessingTimeTrigger;
pub(super) use processing_time::end_by_clock;
pub use purging::PurgingTrigger;
pub use timeout::{ProcessingTimeoutTrigger, TimeoutState};

/// What a [`Trigger`] has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TriggerResult {
    /// Nothing happens.
    Continue,
    /// The function gets what the window holds, which stays there.
    Fire,
    /// What the window holds is dropped.
    Purge,
    /// The function gets what the window holds, which is dropped then.
    FireAndPurge,
}

impl TriggerResult {
    /// Whether the function gets what the window holds.
    #[doc(alias = "isFire")]
    pub const fn fires(self) -> bool {
        matches!(self, Self::Fire | Self::FireAndPurge)
    }

    /// Whether what the window holds is dropped.
    #[doc(alias = "isPurge")]
    pub const fn purges(self) -> bool {
        matches!(self, Self::Purge | Self::FireAndPurge)
    }
}

/// Says when a window fires. As Flink's `Trigger`. Each subtask works with a clone of it.
///
/// A trigger is asked about each record, after windows have merged and before the function gets anything, and at
/// each of its timers. What it remembers of a key and window is its [`State`](Self::State), reached through the
/// [`TriggerContext`]; its timers are of one key and window too. A window without records does not fire, whatever
/// the trigger says. When a window is over, state and [timers](Self::clear) of its trigger go with it.
///
/// The fields of the trigger itself are settings: they are not part of snapshots, and all keys share them.
///
/// ```
/// use millstream::prelude::*;
/// use millstream::window::{Trigger, TriggerContext, TriggerResult};
///
/// /// Fires when the numbers of a window come to a total.
/// #[derive(Clone)]
/// struct TotalTrigger(u32);
///
/// impl<W: Window> Trigger<u32, W> for TotalTrigger {
///     type State = u32;
///
///     fn on_element(
///         &mut self,
///         number: &u32,
///         _: Timestamp,
///         _: &W,
///         cx: &mut TriggerContext<'_, u32>,
///     ) -> FunctionResult<TriggerResult> {
///         let total = cx.state_or_default();
///         *total += number;
///         if *total < self.0 {
///             return Ok(TriggerResult::Continue);
///         }
///         cx.clear_state();
///         Ok(TriggerResult::FireAndPurge)
///     }
/// }
///
/// let env = Environment::new().parallelism(1);
/// let parts = env
///     .from_collection([4, 3, 5, 1, 9, 2])
///     .key_by(|_| ())
///     .window(GlobalWindows::create())
///     .trigger(TotalTrigger(10))
///     .process_fn(|numbers, _, out| out.emit(numbers))
///     .collect();
/// env.execute("parts")?;
/// assert_eq!(parts.to_vec(), [vec![4, 3, 5], vec![1, 9]]);
/// # Ok::<(), Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `Trigger` of windows `{W}` of records `{T}`",
    note = "implement it for your type, which must also be `Clone + Send + Sync + 'static`"
)]
pub trait Trigger<T, W: Window>: Clone + Send + Sync + 'static {
    /// What the trigger keeps for each key and window; `()` if nothing.
    type State: Record;

    /// What is wrong with the trigger, or with having it on windows of this time (`None` for those of neither, as the
    /// global window): that it could never fire, for instance. Reported before the job runs.
    fn problem(&self, time: Option<TimeDomain>) -> Option<String> {
        let _ = time;
        None
    }

    /// Whether records must carry timestamps, also where the windows do not need them.
    fn needs_timestamps(&self) -> bool {
        false
    }

    /// A record has come to a window. `timestamp` is that of the record, [`Timestamp::MIN`] if it has none.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "onElement")]
    fn on_element(
        &mut self,
        record: &T,
        timestamp: Timestamp,
        window: &W,
        cx: &mut TriggerContext<'_, Self::State>,
    ) -> FunctionResult<TriggerResult>;

    /// The watermark has come to an event-time timer of the window: one of the trigger's, or the one at which the window
    /// is over. Records may no longer come to the window at that point, and it may be without any.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "onEventTime")]
    fn on_event_time(
        &mut self,
        time: Timestamp,
        window: &W,
        cx: &mut TriggerContext<'_, Self::State>,
    ) -> FunctionResult<TriggerResult> {
        let _ = (time, window, cx);
        Ok(TriggerResult::Continue)
    }

    /// Processing time has come to a timer of the window: one of the trigger's, or, for windows of processing time, the
    /// one at which the window is over.
    ///
    /// When the stream ends, the timers that are still set fire one after the other, as if their time had come. What is
    /// set then does not.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "onProcessingTime")]
    fn on_processing_time(
        &mut self,
        time: Timestamp,
        window: &W,
        cx: &mut TriggerContext<'_, Self::State>,
    ) -> FunctionResult<TriggerResult> {
        let _ = (time, window, cx);
        Ok(TriggerResult::Continue)
    }

    /// Whether the trigger works on windows that merge, as sessions do. Where not, a job with both is refused.
    #[doc(alias = "canMerge")]
    fn can_merge(&self) -> bool {
        false
    }

    /// Adds the state of a window to that of another with which it has merged. Called only where both have state.
    fn merge(&self, state: &mut Self::State, other: Self::State) {
        let _ = (state, other);
    }

    /// Windows have merged to this one. Their states have been [merged](Self::merge) to that of `cx`, and their timers
    /// [removed](Self::clear): sets those of the new window.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "onMerge")]
    fn on_merge(&mut self, window: &W, cx: &mut TriggerContext<'_, Self::State>) -> FunctionResult {
        let _ = (window, cx);
        Ok(())
    }

    /// A window is over, or has merged with another: removes the timers that the trigger has set. Its state goes without
    /// that.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn clear(&mut self, window: &W, cx: &mut TriggerContext<'_, Self::State>) -> FunctionResult {
        let _ = (window, cx);
        Ok(())
    }
}
