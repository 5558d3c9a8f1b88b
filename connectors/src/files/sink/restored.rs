//! After a restore: whether the directory holds files that are newer than the snapshot.

use std::collections::BTreeMap;

use millstream_runtime::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::part::PartName;
use super::prepare::{list_parts, part_of};
use crate::files::location::Location;

/// What a writer must know after a restore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriterState {
    /// Whose state it is.
    pub(super) subtask: u32,
    /// The first counter that no file of this writer has.
    pub(super) next: u64,
}

/// Fails if a file is visible that was written after the snapshot in which writers had these states:
/// what is in it would be written a second time.
///
/// All subtasks' files are looked at, also of those that there were only at another parallelism. Writers
/// of a run begin above all counters that are in use, and so do those after a restore. So a file is older
/// than the snapshot if its counter is below that of its subtask, or where the snapshot knows no such
/// subtask below those of all.
pub(super) async fn refuse_newer(
    directory: &Location,
    states: &[WriterState],
    partitioned: bool,
) -> Result<()> {
    let next: BTreeMap<u32, u64> = states.iter().map(|state| (state.subtask, state.next)).collect();
    let Some(least) = next.values().min() else { return Ok(()) };
    let is_newer = |part: &PartName| part.counter >= *next.get(&part.subtask).unwrap_or(least);
    let files = list_parts(directory, partitioned).await?;
    let newer: Vec<_> =
        files.iter().filter(|file| part_of(file).is_some_and(|part| is_newer(&part))).collect();
    let Some(first) = newer.first() else { return Ok(()) };
    Err(Error::new(
        ErrorKind::InvalidJob,
        format!(
            "`{}` holds {} files that are newer than the snapshot the job was restored from, such as `{first}`: \
             what is in them would be written a second time; move them away, restore the latest snapshot, or \
             write into another directory",
            directory.name,
            newer.len(),
        ),
    ))
}
