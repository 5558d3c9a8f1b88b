//! Work that may panic, because a user wrote some of it: its panic becomes an error like any other.
//!
//! Every future that leaves a task or the coordinator is guarded: a caller that waits for its
//! result would otherwise wait for ever.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;

use crate::error::{Error, ErrorKind, Result};

/// Does some work; a panic in it is an error of [`ErrorKind::Panic`] with its message.
///
/// # Errors
/// Those of the work, and its panic.
pub fn catch<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(panic.as_ref())))
}

/// The same for work that takes time: the future never panics.
///
/// # Errors
/// Those of the work, and its panic.
pub async fn guarded<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| Err(panicked(panic.as_ref())))
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("with a value that is not text");
    Error::new(ErrorKind::Panic, format!("a function panicked: {text}"))
}
