//! Timers of a keyed function, in both domains of time.

use millstream_runtime::Result;
use millstream_runtime::chain::{OpenContext, OperatorInfo, SnapshotContext};
use millstream_state::{Key, KeyGroupRange, KeyGroups, TimerQueue, Timestamp};

use crate::timed_keys::restore_timers;

/// Which time a timer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeDomain {
    /// The time that records carry: the timer fires when the watermark gets there.
    EventTime,
    /// The time of day. Fires no earlier, and perhaps later.
    ProcessingTime,
}

/// A timer that is due.
#[doc(alias = "OnTimerContext")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timer {
    /// The point in time it was set for.
    pub time: Timestamp,
    /// Which time that is.
    pub domain: TimeDomain,
}

/// The timers of one subtask.
pub(crate) struct Timers<K> {
    pub(crate) event_time: TimerQueue<K>,
    pub(crate) processing_time: TimerQueue<K>,
    groups: KeyGroups,
    range: KeyGroupRange,
}

impl<K: Key> Timers<K> {
    pub(crate) fn new(info: &OperatorInfo) -> Self {
        let (groups, range) = (info.groups, info.range());
        Self {
            event_time: TimerQueue::new(TimerQueue::<K>::EVENT_TIME, groups, range),
            processing_time: TimerQueue::new(TimerQueue::<K>::PROCESSING_TIME, groups, range),
            groups,
            range,
        }
    }

    pub(crate) fn restore(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        for timers in [&mut self.event_time, &mut self.processing_time] {
            restore_timers(timers, cx)?;
        }
        if let Some(next) = self.processing_time.next() {
            cx.task().wake_at(next);
        }
        Ok(())
    }

    pub(crate) fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        for timers in [&mut self.event_time, &mut self.processing_time] {
            let state = timers.snapshot(cx.checkpoint());
            cx.keyed(state);
        }
    }

    /// Forgets the timers that wait for the time of day.
    pub(crate) fn forget_processing_time(&mut self) {
        self.processing_time = TimerQueue::new(TimerQueue::<K>::PROCESSING_TIME, self.groups, self.range);
    }

    pub(crate) const fn of(&mut self, domain: TimeDomain) -> &mut TimerQueue<K> {
        match domain {
            TimeDomain::EventTime => &mut self.event_time,
            TimeDomain::ProcessingTime => &mut self.processing_time,
        }
    }
}
