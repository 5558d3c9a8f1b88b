//! From what operators hand over at a barrier to files on the store.
//!
//! One subtask writes at most one file. Blocks are encoded straight into the file's buffer, and a
//! large file leaves in parts while later blocks are still being encoded.

mod upload;

use std::sync::Arc;

use hashbrown::HashMap;

use self::upload::Upload;
use super::format::{self, FileKind, append_block};
use super::part::{
    BlockReference, GroupSnapshot, KeyedPart, KeyedStateSnapshot, ListItems, ListPart, ListStateSnapshot,
    OperatorPart, OperatorSnapshot, StateMeta, SubtaskPart,
};
use super::storage::SnapshotHome;
use crate::{CheckpointId, KeyGroup, OperatorId, Result};

/// The states of the checkpoint that an incremental one builds on, by operator and name.
type Base<'a> = HashMap<(OperatorId, &'a str), BaseState<'a>>;

struct BaseState<'a> {
    meta: &'a StateMeta,
    blocks: HashMap<KeyGroup, &'a BlockReference>,
}

/// Writes what one subtask hands over to `file` (relative to `home`, such as `chk-7/3-0.state`).
///
/// Key groups that have not changed since `base`, an earlier checkpoint and what this subtask (or
/// the one that it was restored from) contributed to it, are referred to rather than written again.
/// Without anything new to write, there is no file.
///
/// # Errors
/// [`StateError::Storage`](crate::StateError::Storage) and
/// [`StateError::Codec`](crate::StateError::Codec); the file does not exist then.
pub async fn write_subtask(
    home: &SnapshotHome,
    file: &str,
    snapshots: Vec<OperatorSnapshot>,
    base: Option<(CheckpointId, &SubtaskPart)>,
) -> Result<SubtaskPart> {
    let mut writer = Writer {
        base: base.map(|(id, part)| (id, states_of(part))),
        file: Arc::from(file),
        out: Vec::new(),
        upload: Upload::new(home, file),
        total_bytes: 0,
    };
    match writer.write(snapshots).await {
        Ok(operators) => {
            let total_bytes = writer.total_bytes;
            let written_bytes = writer.upload.finish(writer.out).await?;
            Ok(SubtaskPart { operators, written_bytes, total_bytes })
        }
        Err(error) => {
            writer.upload.abort().await;
            Err(error)
        }
    }
}

fn states_of(part: &SubtaskPart) -> Base<'_> {
    let states = part.operators.iter().flat_map(|operator| {
        operator.keyed.iter().map(|KeyedPart { meta, groups }| {
            let blocks = groups.iter().map(|(group, block)| (*group, block)).collect();
            ((operator.operator, meta.name.as_str()), BaseState { meta, blocks })
        })
    });
    states.collect()
}

struct Writer<'a> {
    base: Option<(CheckpointId, Base<'a>)>,
    file: Arc<str>,
    /// The end of the file, from where the upload has not taken it yet.
    out: Vec<u8>,
    upload: Upload<'a>,
    total_bytes: u64,
}

impl Writer<'_> {
    async fn write(&mut self, snapshots: Vec<OperatorSnapshot>) -> Result<Vec<OperatorPart>> {
        let mut operators = Vec::with_capacity(snapshots.len());
        for OperatorSnapshot { operator, keyed, lists } in snapshots {
            let mut part = OperatorPart { operator, keyed: Vec::new(), lists: Vec::new() };
            for state in keyed {
                part.keyed.push(self.keyed(operator, state).await?);
            }
            for list in lists {
                part.lists.push(self.list(list).await?);
            }
            operators.push(part);
        }
        Ok(operators)
    }

    async fn keyed(&mut self, operator: OperatorId, state: KeyedStateSnapshot) -> Result<KeyedPart> {
        let KeyedStateSnapshot { meta, groups } = state;
        let mut written = Vec::with_capacity(groups.len());
        for GroupSnapshot { group, unchanged_since, block } in groups {
            let reference = match self.known(operator, &meta, group, unchanged_since) {
                Some(reference) => reference.clone(),
                None => self.append(block.entries(), |out| block.encode(out)).await?,
            };
            self.total_bytes += reference.length;
            written.push((group, reference));
        }
        Ok(KeyedPart { meta, groups: written })
    }

    /// The block that already holds a key group's content.
    fn known(
        &self,
        operator: OperatorId,
        meta: &StateMeta,
        group: KeyGroup,
        unchanged_since: CheckpointId,
    ) -> Option<&BlockReference> {
        let (_, states) = self.base.as_ref().filter(|(base, _)| unchanged_since <= *base)?;
        // What was written as another type, before a migration, has other bytes.
        let state = states.get(&(operator, meta.name.as_str())).filter(|state| state.meta == meta)?;
        state.blocks.get(&group).copied()
    }

    async fn list(&mut self, list: ListStateSnapshot) -> Result<ListPart> {
        let ListStateSnapshot { name, redistribution, item, items } = list;
        let items = match items {
            ListItems::Ready(items) => items,
            ListItems::Deferred(items) => items.await?,
        };
        let block = if items.is_empty() {
            // Nothing to read back, but worth knowing: it is empty, rather than new.
            BlockReference { file: Arc::from(""), offset: 0, length: 0, checksum: 0, entries: 0 }
        } else {
            self.append(items.len() as u64, |out| {
                items.iter().for_each(|item| append_item(out, item));
                Ok(())
            })
            .await?
        };
        self.total_bytes += block.length;
        Ok(ListPart { name, redistribution, item, block })
    }

    async fn append(
        &mut self,
        entries: u64,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) -> Result<BlockReference> {
        if self.upload.taken() == 0 && self.out.is_empty() {
            format::begin(FileKind::State, &mut self.out);
        }
        let block = append_block(&mut self.out, encode)?;
        let offset = self.upload.taken() + block.offset;
        self.upload.take_parts(&mut self.out).await?;
        Ok(BlockReference {
            file: self.file.clone(),
            offset,
            length: block.length,
            checksum: block.checksum,
            entries,
        })
    }
}

/// Appends an item of an operator state, behind its length.
fn append_item(out: &mut Vec<u8>, item: &[u8]) {
    out.extend_from_slice(&(item.len() as u64).to_le_bytes());
    out.extend_from_slice(item);
}

#[cfg(test)]
mod tests;
