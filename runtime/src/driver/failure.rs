//! How a task's failure is told, be it an error or a panic in a user's function.

use crate::error::{Error, ErrorKind, Result};

/// One error out of the two ways in which a task can fail.
pub(super) fn flatten<T>(outcome: std::thread::Result<Result<T>>) -> Result<T> {
    outcome.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        let text = text.unwrap_or_else(|| "with a value that is not text".to_owned());
        Err(Error::new(ErrorKind::Panic, format!("a function panicked: {text}")))
    })
}
