//! An error as it travels between processes: its causes become text.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Error, ErrorKind};

/// An [`Error`] as it travels between processes. Errors and all messages that hold one are encoded as this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireError {
    /// What the caller can do about it.
    pub kind: ErrorKind,
    /// What went wrong, without the causes.
    pub message: String,
    /// The operator it happened in, where one is to blame.
    pub operator: Option<String>,
    /// The subtask it happened in, where one is to blame.
    pub subtask: Option<u32>,
    /// What caused it, what caused that, and so on.
    pub causes: Vec<String>,
}

impl From<&Error> for WireError {
    fn from(error: &Error) -> Self {
        Self {
            kind: error.0.kind,
            message: error.0.message.clone(),
            operator: error.0.operator.clone(),
            subtask: error.0.subtask,
            causes: error.causes().map(ToString::to_string).collect(),
        }
    }
}

/// What was a cause of its own type in another process.
#[derive(Debug)]
struct Cause {
    message: String,
    source: Option<Box<Self>>,
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<WireError> for Error {
    fn from(wire: WireError) -> Self {
        let WireError { kind, message, operator, subtask, causes } = wire;
        let chain = |source, message| Some(Box::new(Cause { message, source }));
        let source = causes.into_iter().rev().fold(None, chain);
        Self::new(kind, message).change(|inner| {
            inner.operator = operator;
            inner.subtask = subtask;
            inner.source = source.map(|source| std::sync::Arc::new(*source) as _);
        })
    }
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WireError::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Error {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        WireError::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests;
