//! Time, spawning and randomness as tasks see them: always from the context, never from the system.
//!
//! The actor driver hands out the real ones, the simulation driver its own.

mod alarm;

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use futures::future::{AbortHandle, BoxFuture, abortable};
use millstream_state::Timestamp;
use parking_lot::Mutex;

pub(crate) use self::alarm::Alarm;
use crate::error::Result;
use crate::guard::guarded;

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

/// Where work goes that must not run on an arbiter, since it waits: for files and networks. What computes
/// for long has a [`CpuPool`](millstream_state::snapshot::write::CpuPool).
pub trait IoPool: Send + Sync {
    /// Runs a future to its end, on some thread that may also wait for the network.
    fn spawn(&self, work: BoxFuture<'static, ()>);
}

/// The result of work on the I/O pool, once it is there. The task is woken then.
///
/// The work is given up when the handle is dropped, unless it is [detached](Self::detach).
#[derive(Debug)]
#[must_use = "dropping it gives the work up"]
pub struct IoHandle<T> {
    slot: Arc<Mutex<Option<Result<T>>>>,
    /// None once the work need not be given up any more.
    abort: Option<AbortHandle>,
}

impl<T: Send + 'static> IoHandle<T> {
    /// Starts `work` on `pool`; wakes `waker` when it is done, or has panicked.
    pub fn spawn(
        pool: &dyn IoPool,
        waker: Waker,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Self {
        let slot = Arc::new(Mutex::new(None));
        let result = slot.clone();
        let (work, abort) = abortable(guarded(work));
        pool.spawn(Box::pin(async move {
            if let Ok(value) = work.await {
                *result.lock() = Some(value);
                waker.wake();
            }
        }));
        Self { slot, abort: Some(abort) }
    }

    /// The result, the first time after it is there. A panic in the work is an error.
    pub fn take(&self) -> Option<Result<T>> {
        self.slot.lock().take()
    }

    /// Lets the work run to its end, whatever becomes of it.
    pub fn detach(mut self) {
        self.abort = None;
    }
}

impl<T> Drop for IoHandle<T> {
    fn drop(&mut self) {
        if let Some(abort) = &self.abort {
            abort.abort();
        }
    }
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
