//! What went wrong, and the code that the process ends with.

use std::process::ExitCode;

/// What went wrong.
#[derive(Debug)]
pub struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// A statement was refused.
    pub const REFUSED: u8 = 1;
    /// The command line is wrong.
    pub const USAGE: u8 = 2;
    /// A job failed.
    pub const JOB: u8 = 3;
    /// A test differs.
    pub const DIFFERS: u8 = 4;

    /// The command line is wrong, or a file is not there.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: Self::USAGE }
    }

    /// A failure that has been written already.
    pub const fn reported(code: u8) -> Self {
        Self { message: String::new(), code }
    }

    /// Writes it to standard error, and gives the code to end with.
    pub fn report(&self) -> ExitCode {
        if !self.message.is_empty() {
            crate::output::error_line(&format!("millstream: {}", self.message));
        }
        ExitCode::from(self.code)
    }
}
