//! From what operators hand over at a barrier to files on the store.
//!
//! One subtask writes at most one file. Blocks are encoded straight into the file's buffer, on a pool for
//! such work, and a large file leaves in parts while later blocks are still being encoded.

mod cpu;
mod upload;

use std::sync::Arc;

use hashbrown::HashMap;

use self::cpu::computed;
pub use self::cpu::{CpuPool, OnThisThread};
use self::upload::{PART, Upload};
use super::format::{self, Block, FileKind, append_block};
use super::part::{
    BlockReference, EncodeBlock, GroupSnapshot, KeyedPart, KeyedStateSnapshot, ListItems, ListPart,
    ListStateSnapshot, OperatorPart, OperatorSnapshot, StateMeta, SubtaskPart,
};
use super::storage::SnapshotHome;
use crate::{CheckpointId, KeyGroup, OperatorId, Result};

/// The states of the checkpoint that an incremental one builds on, by operator and name.
type Base<'a> = HashMap<(OperatorId, &'a str), BaseState<'a>>;

struct BaseState<'a> {
    meta: &'a StateMeta,
    blocks: HashMap<KeyGroup, &'a BlockReference>,
}

/// Writes what one subtask hands over to `file` (relative to `home`, such as `chk-7/3-0.state`), and
/// encodes it on `cpu`.
///
/// Key groups that have not changed since `base`, an earlier checkpoint and what this subtask (or
/// the one that it was restored from) contributed to it, are referred to rather than written again.
/// Without anything new to write, there is no file.
///
/// # Errors
/// [`StateError::Storage`](crate::StateError::Storage) and
/// [`StateError::Codec`](crate::StateError::Codec); the file does not exist then.
pub async fn write_subtask(
    cpu: &dyn CpuPool,
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
        cpu,
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
    cpu: &'a dyn CpuPool,
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
        let (mut references, mut new) = (Vec::with_capacity(groups.len()), Vec::new());
        for GroupSnapshot { group, unchanged_since, block } in groups {
            let known = self.known(operator, &meta, group, unchanged_since).cloned();
            if known.is_none() {
                new.push(block);
            }
            references.push((group, known));
        }
        let mut written = self.append(new).await?.into_iter();
        // As many were written as are not known.
        let found = references
            .into_iter()
            .filter_map(|(group, known)| Some((group, known.or_else(|| written.next())?)));
        let groups: Vec<_> = found.collect();
        self.total_bytes += groups.iter().map(|(_, block)| block.length).sum::<u64>();
        Ok(KeyedPart { meta, groups })
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
        let new: Vec<Arc<dyn EncodeBlock>> = match items.is_empty() {
            true => Vec::new(),
            false => vec![Arc::new(Items(items))],
        };
        // Nothing to read back, but worth knowing: it is empty, rather than new.
        let empty = || BlockReference { file: Arc::from(""), offset: 0, length: 0, checksum: 0, entries: 0 };
        let block = self.append(new).await?.pop().unwrap_or_else(empty);
        self.total_bytes += block.length;
        Ok(ListPart { name, redistribution, item, block })
    }

    /// Appends blocks, in order, and sends on its way what is enough for a part.
    async fn append(&mut self, blocks: Vec<Arc<dyn EncodeBlock>>) -> Result<Vec<BlockReference>> {
        let mut references = Vec::with_capacity(blocks.len());
        let mut blocks = blocks.into_iter();
        while blocks.len() > 0 {
            if self.upload.taken() == 0 && self.out.is_empty() {
                format::begin(FileKind::State, &mut self.out);
            }
            let (taken, mut out) = (self.upload.taken(), std::mem::take(&mut self.out));
            let encoded = computed(self.cpu, move || {
                let encoded = encode_a_part(&mut blocks, &mut out)?;
                Ok((encoded, out, blocks))
            });
            let (encoded, out, rest) = encoded.await?;
            references.extend(encoded.into_iter().map(|(block, entries)| BlockReference {
                file: self.file.clone(),
                offset: taken + block.offset,
                length: block.length,
                checksum: block.checksum,
                entries,
            }));
            (self.out, blocks) = (out, rest);
            self.upload.take_parts(&mut self.out).await?;
        }
        Ok(references)
    }
}

/// Encodes blocks until there is enough for a part, or none is left; returns each with how many entries
/// it has.
fn encode_a_part(
    blocks: &mut std::vec::IntoIter<Arc<dyn EncodeBlock>>,
    out: &mut Vec<u8>,
) -> Result<Vec<(Block, u64)>> {
    let (start, mut encoded) = (out.len(), Vec::new());
    while out.len() - start < PART {
        let Some(block) = blocks.next() else { break };
        encoded.push((append_block(out, |out| block.encode(out))?, block.entries()));
    }
    Ok(encoded)
}

/// The items of an operator state, one behind the other, each behind its length.
struct Items(Vec<Vec<u8>>);

impl EncodeBlock for Items {
    fn encode(&self, out: &mut Vec<u8>) -> Result<()> {
        for item in &self.0 {
            out.extend_from_slice(&(item.len() as u64).to_le_bytes());
            out.extend_from_slice(item);
        }
        Ok(())
    }

    fn entries(&self) -> u64 {
        self.0.len() as u64
    }
}

#[cfg(test)]
mod tests;
