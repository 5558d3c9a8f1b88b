//! The errors of this crate: what went wrong with state, and what to do about it.

use std::sync::Arc;

use crate::shape::RoundTripFailure;
use crate::stores::explain;

/// A result whose error is a [`StateError`].
pub type Result<T, E = StateError> = std::result::Result<T, E>;

/// What can go wrong with state and snapshots.
///
/// Cheap to clone, so that one failure can be reported to every subtask that waited for it.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The object store did not do what it was asked: try again, or look at the store.
    #[error("object store: cannot {action} `{path}`: {}", explain(source))]
    Storage {
        /// What was tried, as a verb: "read", "write", "list".
        action: &'static str,
        /// The file or folder it was tried on.
        path: String,
        /// What the store answered.
        source: Arc<object_store::Error>,
    },
    /// A snapshot file is not what it should be: truncated, damaged, foreign, or from a newer version.
    #[error("snapshot file `{path}`: {problem}")]
    Corrupt {
        /// The file.
        path: String,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// No snapshot lies where one was expected.
    #[error("no snapshot at `{path}`: {problem}")]
    NoSnapshot {
        /// Where one was looked for.
        path: String,
        /// What was looked for there.
        problem: String,
    },
    /// A snapshot already lies where one was to be written.
    #[error("`{path}` already exists: another job writes there, or a savepoint's folder is not empty")]
    AlreadyExists {
        /// The manifest that was to be created.
        path: String,
    },
    /// A newer process owns the job's folder: whatever this one still does there does not count.
    #[error("fenced: {newer} has taken over `{path}`")]
    Fenced {
        /// The job's folder.
        path: String,
        /// The process that has it now.
        newer: String,
    },
    /// Somebody else took the job's folder over at the same moment: look again, and try again.
    #[error("`{path}` was taken over at the same moment by {other}")]
    Contended {
        /// The job's folder.
        path: String,
        /// The process that was faster.
        other: String,
    },
    /// The type of a state differs from the type in the snapshot, and no migration is registered.
    #[error(
        "state `{state}` has changed its type: the snapshot holds `{stored}`, the job expects `{expected}`; \
         register a migration from the older type, or give the state another name"
    )]
    ShapeChanged {
        /// The state's name.
        state: String,
        /// The shape in the snapshot.
        stored: String,
        /// The shape of the type that the job declares now.
        expected: String,
    },
    /// A value could not be turned into bytes or back.
    #[error("state `{state}`: cannot {action}: {source}")]
    Codec {
        /// The state's name.
        state: String,
        /// "encode" or "decode".
        action: &'static str,
        /// What the codec answered.
        source: postcard::Error,
    },
    /// A type whose values do not come back from their encoding as they were.
    #[error("{role}: values of `{type_name}` cannot be read back: {problem}")]
    Unsupported {
        /// What the type is used for.
        role: String,
        /// The type's name.
        type_name: &'static str,
        /// What is wrong with it, and what to do.
        problem: RoundTripFailure,
    },
    /// Work that an operator's part of a snapshot waited for has failed; the source says how.
    #[error("{0}")]
    Work(Arc<dyn std::error::Error + Send + Sync>),
    /// The program uses state in a way that cannot work.
    #[error("{0}")]
    Usage(String),
}
