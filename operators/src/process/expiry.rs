//! States that expire: what time it is for them, and when what has expired goes though no records come.

use std::time::Duration;

use millstream_runtime::chain::TaskContext;
use millstream_state::{HeapStore, Key};

/// How many parts of states are looked through at a time while no records come.
const PARTS_AT_ONCE: usize = 4_096;
/// How long the task has for other work then.
const PAUSE: Duration = Duration::from_millis(10);
/// How long to wait at least and at most after everything has been looked through.
const INTERVALS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(600));

/// Removes what has expired from the states of a function.
pub(super) struct Expiry {
    /// How long to wait after everything has been looked through; none where nothing expires.
    interval: Option<Duration>,
    /// When to go on, in monotonic time.
    next: Duration,
}

impl Expiry {
    /// For a store whose states have been declared.
    pub(super) fn of<K: Key>(store: &HeapStore<K>, cx: &mut TaskContext) -> Self {
        let interval = store.shortest_ttl().map(|ttl| (ttl / 2).clamp(INTERVALS.0, INTERVALS.1));
        if let Some(interval) = interval {
            cx.wake_after(interval);
        }
        Self { interval, next: cx.monotonic().saturating_add(interval.unwrap_or_default()) }
    }

    /// Goes on if it is time, and has the task woken for the next time.
    pub(super) fn poll<K: Key>(&mut self, store: &mut HeapStore<K>, cx: &mut TaskContext) {
        let Some(interval) = self.interval else { return };
        let now = cx.monotonic();
        if self.next <= now {
            store.set_now(cx.now());
            let pause = if store.sweep(PARTS_AT_ONCE) { interval } else { PAUSE };
            self.next = now.saturating_add(pause);
        }
        cx.wake_after(self.next.saturating_sub(now));
    }
}
