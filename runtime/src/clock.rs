//! Time, spawning and randomness as tasks see them: always from the context, never from the system.
//!
//! The actor driver hands out the real ones, the simulation driver its own.

mod alarm;
mod io;
mod sleep;

use std::time::Duration;

use millstream_state::Timestamp;

pub(crate) use self::alarm::Alarm;
pub use self::io::{IoHandle, IoPool};
pub use self::sleep::Sleeper;
pub(crate) use self::sleep::Sleepers;

/// A clock.
pub trait Clock: Send + Sync {
    /// The time of day, for processing time. May step either way.
    fn now(&self) -> Timestamp;
    /// Time since some fixed point, for measuring; never goes back.
    fn monotonic(&self) -> Duration;
    /// Both at once.
    fn moment(&self) -> Moment {
        Moment { monotonic: self.monotonic(), wall: self.now() }
    }
}

/// A moment on both clocks of a [`Clock`].
///
/// What is scheduled goes by the monotonic one. The other one may step either way at any time, and
/// only says to humans when something was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Time since some fixed point.
    pub monotonic: Duration,
    /// The time of day.
    pub wall: Timestamp,
}

/// Random numbers from a seed: SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 random bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 if `bound` is 0.
    #[allow(clippy::cast_possible_truncation, reason = "below a usize")]
    pub const fn below(&mut self, bound: usize) -> usize {
        ((self.next() as u128 * bound as u128) >> 64) as usize
    }

    /// A number from 0 up to, not including, 1.
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit exactly")]
    pub const fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
