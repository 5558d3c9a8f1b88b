//! What a trigger may ask: its state, its timers, and about time.

use millstream_state::Timestamp;

use crate::process::TimeDomain;
use crate::window::context::Time;

/// A timer that a trigger has set or removed.
#[derive(Clone, Copy, Debug)]
pub struct TimerChange {
    pub(in crate::window) change: Change,
    pub(in crate::window) domain: TimeDomain,
    pub(in crate::window) time: Timestamp,
}

/// What becomes of a timer.
#[derive(Clone, Copy, Debug)]
pub(in crate::window) enum Change {
    Register,
    Delete,
}

/// What a [`Trigger`](super::Trigger) may ask and do about the key and window at hand: its state and timers, and about
/// time.
pub struct TriggerContext<'a, S> {
    state: &'a mut Option<S>,
    /// Carried out after the call.
    timers: &'a mut Vec<TimerChange>,
    time: Time<'a>,
}

impl<'a, S> TriggerContext<'a, S> {
    pub(in crate::window) const fn new(
        state: &'a mut Option<S>,
        timers: &'a mut Vec<TimerChange>,
        time: Time<'a>,
    ) -> Self {
        Self { state, timers, time }
    }

    /// What the trigger keeps for the key and window, if anything.
    #[doc(alias = "getPartitionedState")]
    pub const fn state(&self) -> Option<&S> {
        self.state.as_ref()
    }

    /// What the trigger keeps for the key and window, the default value if there was nothing.
    pub fn state_or_default(&mut self) -> &mut S
    where
        S: Default,
    {
        self.state.get_or_insert_default()
    }

    /// Keeps this for the key and window; returns what was kept before.
    pub const fn set_state(&mut self, state: S) -> Option<S> {
        self.state.replace(state)
    }

    /// Keeps nothing for the key and window any longer.
    pub fn clear_state(&mut self) {
        *self.state = None;
    }

    /// The context of a trigger within this one, whose state is a part of this one's: for triggers that are made of
    /// others.
    pub fn part<P>(&mut self, part: impl FnOnce(&mut S) -> &mut Option<P>) -> TriggerContext<'_, P>
    where
        S: Default,
    {
        let state = part(self.state.get_or_insert_default());
        TriggerContext { state, timers: self.timers, time: self.time }
    }

    /// How far event time has come; [`Timestamp::MIN`] before the first watermark, [`Timestamp::MAX`] when the
    /// stream has ended.
    #[doc(alias = "getCurrentWatermark")]
    pub const fn watermark(&self) -> Timestamp {
        self.time.watermark()
    }

    /// The processing time. Reads a clock: best not for every record.
    #[doc(alias = "getCurrentProcessingTime")]
    pub fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// Sets a timer for the key and window, which fires when the watermark reaches `time`: at the next one if it
    /// already has. Setting the same timer twice is setting it once.
    #[doc(alias = "registerEventTimeTimer")]
    pub fn register_event_time_timer(&mut self, time: Timestamp) {
        self.change(Change::Register, TimeDomain::EventTime, time);
    }

    /// Sets a timer for the key and window, which fires when the [processing time](Self::now) reaches `time`.
    /// Setting the same timer twice is setting it once.
    #[doc(alias = "registerProcessingTimeTimer")]
    pub fn register_processing_time_timer(&mut self, time: Timestamp) {
        self.change(Change::Register, TimeDomain::ProcessingTime, time);
    }

    /// Removes a timer of the key and window, if it is set.
    #[doc(alias = "deleteEventTimeTimer")]
    pub fn delete_event_time_timer(&mut self, time: Timestamp) {
        self.change(Change::Delete, TimeDomain::EventTime, time);
    }

    /// Removes a timer of the key and window, if it is set.
    #[doc(alias = "deleteProcessingTimeTimer")]
    pub fn delete_processing_time_timer(&mut self, time: Timestamp) {
        self.change(Change::Delete, TimeDomain::ProcessingTime, time);
    }

    fn change(&mut self, change: Change, domain: TimeDomain, time: Timestamp) {
        self.timers.push(TimerChange { change, domain, time });
    }
}
