//! The primitives under the channel, the wake flag and the I/O handle.
//!
//! The crate in `runtime/model` compiles these three sources a second time, over a module of the same
//! name with primitives of the model checker loom: it tries every interleaving, also without one
//! step of a protocol, to see that a wake-up is lost then.

mod wake_step;

pub use std::sync::OnceLock;
pub use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

pub use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
pub use futures::future::{AbortHandle, abortable};
pub use parking_lot::Mutex;

pub use self::wake_step::WakeStep;

/// Whether a step is left out on purpose: never here.
#[inline]
pub const fn omits(_: WakeStep) -> bool {
    false
}
