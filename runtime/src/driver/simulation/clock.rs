//! Time in a simulation: it stands still until the world lets it pass.

use std::time::Duration;

use millstream_state::Timestamp;
use parking_lot::Mutex;

use crate::clock::{Clock, Random};

/// Where simulated time begins: any time will do, as long as it is not 0.
const DAWN: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// The time of day is this far off at most, in milliseconds, either way.
const LONGEST_SKEW: i64 = 3_000;

/// A steady clock, and a time of day that steps when the world says so.
#[derive(Default)]
pub(super) struct VirtualClock(Mutex<Time>);

#[derive(Default)]
struct Time {
    /// Since dawn, finer than the milliseconds that tasks see.
    elapsed: Duration,
    /// By how many milliseconds the time of day is off.
    skew: i64,
}

impl VirtualClock {
    pub(super) fn advance(&self, time: Duration) {
        self.0.lock().elapsed += time;
    }

    /// Sets the time of day: forward or back, by milliseconds or by seconds.
    pub(super) fn step(&self, random: &mut Random) {
        let reach = if random.below(2) == 0 { 5 } else { LONGEST_SKEW };
        let skew = i64::try_from(random.below(2 * reach.unsigned_abs() as usize + 1)).unwrap_or(0) - reach;
        self.0.lock().skew = skew;
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        let time = self.0.lock();
        let steady = DAWN.saturating_add(time.elapsed);
        Timestamp::from_millis(steady.as_millis().saturating_add(time.skew))
    }

    fn monotonic(&self) -> Duration {
        self.0.lock().elapsed
    }
}
