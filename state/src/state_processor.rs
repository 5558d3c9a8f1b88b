//! Snapshots read and written without a job: what is in them, other states, and the first state of a job.
//!
//! As Flink's State Processor API. [`SavepointReader`] lists the operators of any checkpoint or savepoint and reads their states
//! with the types that the job has. [`SavepointWriter`] makes a savepoint: out of another one, with states
//! replaced, added and removed and operators renamed, or out of nothing. A job restores it at any
//! parallelism.
//!
//! The functions here are asynchronous and assume no runtime, as all of [`snapshot`](crate::snapshot); object stores need one
//! of Tokio's. At hand are a few key groups of one state at a time, and for writing the state that is being
//! given.
//!
//! ```
//! # mod millstream { pub use millstream_state as state; pub use millstream_state::state_processor; }
//! use futures::executor::block_on;
//! use millstream::state::StateError;
//! use millstream::state_processor::{SavepointReader, SavepointWriter};
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
//!
//! // The first state of a job: what an operator with the uid "counts" finds in its state "count".
//! let mut writer = SavepointWriter::new();
//! let counts = [("ann".to_owned(), 3_u64), ("bob".to_owned(), 1)];
//! writer.operator("counts")?.value_state("count", counts)?;
//! block_on(writer.write(&path("first")))?;
//!
//! let reader = block_on(SavepointReader::open(&path("first")))?;
//! let mut entries = block_on(reader.keyed_state::<String, u64>("counts", "count")?.entries())?;
//! entries.sort();
//! assert_eq!(entries, [("ann".to_owned(), 3), ("bob".to_owned(), 1)]);
//! # Ok::<(), StateError>(())
//! ```

mod copy;
mod keyed_reader;
mod operator_edit;
mod reader;
mod writer;

pub use self::keyed_reader::{KeyedStateReader, StateEntry};
pub use self::operator_edit::OperatorEdit;
pub use self::reader::{OperatorListing, SavepointReader, StateListing};
pub use self::writer::SavepointWriter;

use crate::StateError;
use crate::snapshot::manifest::OperatorManifest;
use crate::suggestion::nearest;

/// How an operator is called by those who look for it: its uid, or its name if it has none.
fn called(operator: &OperatorManifest) -> &str {
    operator.uid.as_deref().unwrap_or(&operator.name)
}

/// What is wrong with a name that is none of `names`.
fn unknown(what: &str, name: &str, place: &str, names: &[&str]) -> StateError {
    let known = match names {
        [] => "there is none".to_owned(),
        names => format!("there are `{}`", names.join("`, `")),
    };
    let hint = nearest(name, names).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    StateError::Usage(format!("{place} has no {what} `{name}`: {known}{hint}"))
}

#[cfg(test)]
mod tests;
