//! What the runtime's module of this name has, for the model checker.

mod abort;
mod atomic;
mod cell;
mod queue;

pub use std::sync::atomic::Ordering;

pub use self::abort::{AbortHandle, abortable};
pub use self::atomic::AtomicBool;
pub use self::cell::{Mutex, OnceLock};
pub use self::queue::{Receiver, Sender, TrySendError, bounded};
pub use crate::check::{WakeStep, omits};
pub use std::sync::atomic::{AtomicU64, AtomicUsize};
