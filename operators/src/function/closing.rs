//! A function that is closed when its subtask ends, however it ends.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// A function of a subtask, and how it is closed.
///
/// The operator is dropped when the input has ended, the attempt has failed or the job was
/// cancelled: all three close the function. One that was never opened is not closed.
pub(crate) struct Closing<F> {
    function: F,
    opened: bool,
    close: fn(&mut F),
}

impl<F> Closing<F> {
    pub(crate) const fn new(function: F, close: fn(&mut F)) -> Self {
        Self { function, opened: false, close }
    }

    /// The function, which is about to be opened.
    pub(crate) const fn opening(&mut self) -> &mut F {
        self.opened = true;
        &mut self.function
    }

    #[inline]
    pub(crate) const fn get(&mut self) -> &mut F {
        &mut self.function
    }
}

impl<F> Drop for Closing<F> {
    fn drop(&mut self) {
        if !self.opened {
            return;
        }
        let (function, close) = (&mut self.function, self.close);
        if catch_unwind(AssertUnwindSafe(|| close(function))).is_err() {
            // There is nothing left to report it to: the outcome of the attempt is decided already.
            tracing::error!("a function has panicked while it was being closed");
        }
    }
}
