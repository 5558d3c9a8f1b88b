//! The manifest: the list of everything a snapshot consists of. It is written last, and a snapshot
//! without one does not exist.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::format::{FileKind, append_block, corrupt, header, only_block, verify_header};
use super::part::{BlockReference, KeyedPart, OperatorPart};
use crate::{CheckpointId, KeyGroup, OperatorId, Result, StateError, Timestamp, UPPER_MAX_PARALLELISM};

/// The name of a manifest in its folder.
pub const MANIFEST: &str = "manifest";

/// Who owns a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SnapshotKind {
    /// The engine: it may refer to files of earlier checkpoints, and is deleted when it is superseded.
    Checkpoint,
    /// The user: it is self-contained, may be moved, and is never deleted.
    Savepoint,
}

/// Everything a snapshot consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The job's name.
    pub job: String,
    /// The snapshot's number.
    pub checkpoint: CheckpointId,
    /// Who owns it.
    pub kind: SnapshotKind,
    /// When it was completed.
    pub created: Timestamp,
    /// The operators that had state.
    pub operators: Vec<OperatorManifest>,
}

/// What one operator contributed to a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorManifest {
    /// Which operator.
    pub operator: OperatorId,
    /// Its human-readable name.
    pub name: String,
    /// Its `uid`, where the user gave it one.
    pub uid: Option<String>,
    /// How many subtasks it had.
    pub parallelism: u32,
    /// How many key groups it had.
    pub max_parallelism: u32,
    /// What each subtask contributed, by the subtask's number.
    pub subtasks: Vec<OperatorPart>,
}

impl Manifest {
    /// The bytes of the file.
    ///
    /// # Errors
    /// [`StateError::Codec`], which only a lack of memory explains.
    pub fn encode(&self) -> Result<Bytes> {
        let keyed = self.operators.iter().flat_map(|it| &it.subtasks).flat_map(|part| &part.keyed);
        let has_changes = keyed.flat_map(KeyedPart::by_group).any(|blocks| blocks.len() > 1);
        let mut out = header(FileKind::Manifest, has_changes).to_vec();
        append_block(&mut out, |out| {
            *out = postcard::to_extend(self, std::mem::take(out)).map_err(|source| StateError::Codec {
                state: MANIFEST.into(),
                action: "encode",
                source,
            })?;
            Ok(())
        })?;
        Ok(out.into())
    }

    /// Reads a manifest from the bytes of the file at `path`.
    ///
    /// # Errors
    /// [`StateError::Corrupt`] where the file is damaged, foreign, or contradicts itself.
    pub fn decode(path: &str, bytes: &Bytes) -> Result<Self> {
        verify_header(FileKind::Manifest, path, bytes)?;
        let payload = only_block(path, bytes)?;
        let (manifest, rest) = postcard::take_from_bytes::<Self>(&payload)
            .map_err(|error| corrupt(path, format_args!("its content cannot be read: {error}")))?;
        if !rest.is_empty() {
            return Err(corrupt(path, format_args!("{} bytes follow its content", rest.len())));
        }
        for operator in &manifest.operators {
            operator
                .check()
                .map_err(|problem| corrupt(path, format_args!("operator `{}`: {problem}", operator.name)))?;
        }
        Ok(manifest)
    }

    /// The files it refers to, relative to the folder that holds the job's checkpoints (or to the
    /// savepoint's).
    pub fn files(&self) -> BTreeSet<Arc<str>> {
        let blocks = self.operators.iter().flat_map(OperatorManifest::blocks);
        blocks.filter(|block| block.length > 0).map(|block| block.file.clone()).collect()
    }

    /// The bytes of all state it refers to.
    pub fn total_bytes(&self) -> u64 {
        sum(self.operators.iter().map(OperatorManifest::total_bytes))
    }

    /// Of these, the bytes in files whose name begins with `folder`: what was written for the
    /// snapshot itself, where `folder` is its own.
    pub fn bytes_in(&self, folder: &str) -> u64 {
        let blocks = self.operators.iter().flat_map(OperatorManifest::blocks);
        let inside = |file: &str| file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        sum(blocks.filter(|block| inside(&block.file)).map(|block| block.length))
    }
}

impl OperatorManifest {
    /// All blocks of all subtasks.
    pub fn blocks(&self) -> impl Iterator<Item = &BlockReference> {
        self.subtasks.iter().flat_map(|part| {
            let keyed = part.keyed.iter().flat_map(|state| state.groups.iter().map(|(_, block)| block));
            keyed.chain(part.lists.iter().map(|list| &list.block))
        })
    }

    /// The bytes of its state.
    pub fn total_bytes(&self) -> u64 {
        sum(self.blocks().map(|block| block.length))
    }

    /// How many entries, items and changes of entries the blocks of its state hold.
    pub fn entries(&self) -> u64 {
        sum(self.blocks().map(|block| block.entries))
    }

    /// Whether any subtask had keyed state.
    pub fn is_keyed(&self) -> bool {
        self.subtasks.iter().any(|part| !part.keyed.is_empty())
    }

    /// What must hold for the operator to be restored.
    fn check(&self) -> Result<(), String> {
        let (parallelism, max_parallelism) = (self.parallelism, self.max_parallelism);
        if parallelism == 0 || self.subtasks.len() != parallelism as usize {
            return Err(format!("{} subtasks are listed of {parallelism}", self.subtasks.len()));
        }
        if max_parallelism == 0 || max_parallelism > UPPER_MAX_PARALLELISM {
            return Err(format!("a maximum parallelism of {max_parallelism}"));
        }
        let mut metas = BTreeMap::new();
        let mut groups: BTreeSet<(&str, KeyGroup)> = BTreeSet::new();
        for part in &self.subtasks {
            for state in &part.keyed {
                let name = state.meta.name.as_str();
                if *metas.entry(name).or_insert(&state.meta) != &state.meta {
                    return Err(format!("its subtasks disagree about the type of state `{name}`"));
                }
                for (group, _) in state.by_group().filter_map(<[_]>::first) {
                    if group.index() >= max_parallelism as usize {
                        return Err(format!("state `{name}` has a key group {group} of {max_parallelism}"));
                    }
                    if !groups.insert((name, *group)) {
                        return Err(format!("state `{name}` has key group {group} twice"));
                    }
                }
            }
        }
        Ok(())
    }
}

/// The sum of numbers that come from a file: what nothing can have must not make it overflow.
fn sum(numbers: impl Iterator<Item = u64>) -> u64 {
    numbers.fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests;
