//! The public error: small, cheap to clone, with a kind that says what the caller can do about it.

mod wire;

use std::fmt;
use std::sync::Arc;

use millstream_state::StateError;
use millstream_state::stores::is_final;
use serde::{Deserialize, Serialize};

pub use self::wire::WireError;

/// A result whose error is an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The job cannot run as it is written or configured: fix the program.
    InvalidJob,
    /// The input holds something that cannot be read: fix it, or choose another policy for it.
    InvalidInput,
    /// A snapshot cannot be restored: choose another, or fix the program.
    Restore,
    /// A checkpoint or savepoint could not be completed: look at the store and at the cause.
    Checkpoint,
    /// An outside system (file, network, store) did not do what it was asked: try again.
    External,
    /// A function of the job returned an error.
    Function,
    /// A function of the job panicked.
    Panic,
    /// A process that ran a part of the job is gone: run the job again on those that are left.
    Lost,
    /// A newer process has taken the job over: this one gives up, and nothing is restarted.
    Fenced,
    /// The job was cancelled.
    Cancelled,
    /// Millstream itself is at fault: report it.
    Internal,
}

impl ErrorKind {
    /// Whether running the job again from its last checkpoint may help. If not, a job fails for good at
    /// the first such error, whatever its restart strategy.
    pub const fn is_retryable(self) -> bool {
        !matches!(
            self,
            Self::InvalidJob | Self::InvalidInput | Self::Restore | Self::Cancelled | Self::Fenced
        )
    }
}

/// What went wrong in a job, and in which operator.
///
/// Cheap to clone, so that one failure can be reported to every caller that waits for the job.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    operator: Option<String>,
    subtask: Option<u32>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of this kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner { kind, message: message.into(), operator: None, subtask: None, source: None }))
    }

    /// The same error, with what caused it.
    #[must_use]
    pub fn caused_by(self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let source: Box<dyn std::error::Error + Send + Sync> = source.into();
        self.change(|inner| inner.source = Some(Arc::from(source)))
    }

    /// The same error, with the name of the operator it happened in (the innermost name stays).
    #[must_use]
    pub fn in_operator(self, name: &str) -> Self {
        self.change(|inner| {
            inner.operator.get_or_insert_with(|| name.to_owned());
        })
    }

    /// The same error, with the index of the subtask it happened in.
    #[must_use]
    pub fn in_subtask(self, subtask: u32) -> Self {
        self.change(|inner| inner.subtask = inner.subtask.or(Some(subtask)))
    }

    /// The error that follows from this one further up: another kind, and what failed for it in front
    /// of the message. Operator, subtask and cause stay.
    #[must_use]
    pub fn wrapped(self, kind: ErrorKind, what: impl fmt::Display) -> Self {
        self.change(|inner| {
            inner.kind = kind;
            inner.message = format!("{what}: {}", inner.message);
        })
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// What caused it, what caused that, and so on, up to the first that is an [`Error`] itself, which
    /// prints its own causes.
    pub fn causes(&self) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
        let first = self.0.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static));
        std::iter::successors(first, |cause| if cause.is::<Self>() { None } else { cause.source() })
    }

    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operator it happened in, where one is to blame.
    pub fn operator(&self) -> Option<&str> {
        self.0.operator.as_deref()
    }

    /// The subtask it happened in, where one is to blame.
    pub fn subtask(&self) -> Option<u32> {
        self.0.subtask
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0.operator, self.0.subtask) {
            (Some(operator), Some(subtask)) => {
                write!(formatter, "operator `{operator}` (subtask {subtask}): ")?
            }
            (Some(operator), None) => write!(formatter, "operator `{operator}`: ")?,
            (None, _) => {}
        }
        formatter.write_str(&self.0.message)?;
        // The whole chain on one line: a job's error is mostly read in a log. Some libraries print causes as part of what
        // they caused: these are not said again.
        let mut said = String::new();
        for cause in self.causes().map(ToString::to_string) {
            if !said.contains(&cause) {
                write!(formatter, ": {cause}")?;
                said = cause;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}: {self}", self.0.kind)
    }
}

/// [`Display`](fmt::Display) prints the whole chain, on one line, and `source` is there to look for a
/// cause of a certain type: code that prints an error need not walk its causes.
impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<StateError> for Error {
    fn from(error: StateError) -> Self {
        let kind = match &error {
            StateError::Work(source) => match source.downcast_ref::<Self>() {
                Some(own) => return own.clone(),
                None => ErrorKind::External,
            },
            // The next attempt has the same credentials, and asks for the same bucket.
            StateError::Storage { source, .. } if is_final(source) => ErrorKind::InvalidJob,
            StateError::Storage { .. } | StateError::Contended { .. } => ErrorKind::External,
            StateError::Fenced { .. } => ErrorKind::Fenced,
            StateError::Usage(_) | StateError::Unsupported { .. } => ErrorKind::InvalidJob,
            // A value that has no encoding has none in the next attempt either.
            StateError::Codec { action: "encode", .. } => ErrorKind::InvalidJob,
            _ => ErrorKind::Restore,
        };
        Self::new(kind, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error that prints what has caused it, as those of some libraries do.
    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);

    impl fmt::Display for Outer {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(formatter, "no port: {}", self.0)
        }
    }

    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn each_cause_is_said_once() {
        let digit = || "x".parse::<u16>().unwrap_err();
        let error = Error::new(ErrorKind::External, "cannot connect").in_operator("read");
        let message = "operator `read`: cannot connect: no port: invalid digit found in string";
        assert_eq!(error.clone().caused_by(Outer(digit())).to_string(), message);
        // A cause that is new is said, though the one above it said another.
        let inner = Error::new(ErrorKind::External, "no port").caused_by(digit());
        assert_eq!(error.caused_by(inner).to_string(), message);
    }
}
