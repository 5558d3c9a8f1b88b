//! The manifest: the list of everything a snapshot consists of. A snapshot exists once it does.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::format::{FileKind, append_block, begin, read_only_block};
use super::part::{BlockReference, OperatorPart};
use crate::codec::{decode, encode_into};
use crate::{CheckpointId, OperatorId, Result, StateError, Timestamp};

/// What a manifest's file is called.
pub const MANIFEST: &str = "manifest";

/// Who a snapshot belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SnapshotKind {
    /// The engine: taken and deleted automatically; may share files with others of the job.
    Checkpoint,
    /// The user: self-contained, never deleted.
    Savepoint,
}

/// Everything a snapshot consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The job's name.
    pub job: String,
    /// The number among the job's checkpoints and savepoints.
    pub checkpoint: CheckpointId,
    /// Who it belongs to.
    pub kind: SnapshotKind,
    /// When it was triggered, in processing time.
    pub created: Timestamp,
    /// The operators that have state.
    pub operators: Vec<OperatorManifest>,
}

/// One operator in a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorManifest {
    /// Its identifier.
    pub operator: OperatorId,
    /// Its name.
    pub name: String,
    /// Its uid, if the user gave one.
    pub uid: Option<String>,
    /// How many subtasks it had.
    pub parallelism: u32,
    /// How many key groups it has.
    pub max_parallelism: u32,
    /// What each of its subtasks wrote, by index.
    pub subtasks: Vec<OperatorPart>,
}

impl OperatorManifest {
    /// All blocks of the operator's state.
    pub fn blocks(&self) -> impl Iterator<Item = &BlockReference> {
        self.subtasks.iter().flat_map(|part| {
            let keyed = part.keyed.iter().flat_map(|state| state.groups.iter().map(|(_, block)| block));
            keyed.chain(part.lists.iter().map(|list| &list.block))
        })
    }
}

impl Manifest {
    /// All blocks of the snapshot.
    pub fn blocks(&self) -> impl Iterator<Item = &BlockReference> {
        self.operators.iter().flat_map(OperatorManifest::blocks)
    }

    /// All files that the snapshot refers to, its own and those it shares.
    pub fn files(&self) -> BTreeSet<Arc<str>> {
        self.blocks().map(|block| block.file.clone()).collect()
    }

    /// The size of all state, in bytes.
    pub fn total_bytes(&self) -> u64 {
        self.blocks().map(|block| block.length).sum()
    }

    /// The manifest as a file.
    ///
    /// # Errors
    /// If it cannot be encoded.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut file = Vec::new();
        begin(FileKind::Manifest, &mut file);
        append_block(&mut file, |out| {
            encode_into(self, out).map_err(|source| StateError::Codec {
                state: MANIFEST.to_owned(),
                action: "encode",
                source,
            })
        })?;
        Ok(file)
    }

    /// Reads a manifest's file.
    ///
    /// # Errors
    /// [`StateError::Corrupt`] if it is anything else.
    pub fn from_bytes(path: &str, bytes: &[u8]) -> Result<Self> {
        let payload = read_only_block(path, bytes, FileKind::Manifest)?;
        decode(&payload).map_err(|error| StateError::Corrupt {
            path: path.to_owned(),
            problem: format!("its content cannot be read: {error}"),
        })
    }
}
