//! Time in a simulation: it stands still until the world lets it pass.

use std::time::Duration;

use millstream_state::Timestamp;
use parking_lot::Mutex;

use crate::clock::Clock;

/// Where simulated time begins: any time will do, as long as it is not 0.
const DAWN: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// The time since dawn, finer than the milliseconds that tasks see.
#[derive(Default)]
pub(super) struct VirtualClock(Mutex<Duration>);

impl VirtualClock {
    pub(super) fn advance(&self, time: Duration) {
        *self.0.lock() += time;
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        DAWN.saturating_add(self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        *self.0.lock()
    }
}
