//! From what operators hand over at a barrier to files on the store.
//!
//! One subtask writes at most one file. Its blocks are encoded on a pool for such work, several at once and
//! each in pieces that are never copied again, and a large file leaves in parts while later blocks are
//! still being encoded. What is in memory at any time are the blocks that are being encoded and some parts,
//! however many blocks there are.

mod cpu;
mod upload;

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use hashbrown::HashMap;

use self::cpu::computed;
pub use self::cpu::{CpuPool, OnThisThread};
use self::upload::Upload;
use super::compression::compress;
use super::format::Block;
use super::part::{
    BlockReference, EncodeBlock, GroupSnapshot, KeyedPart, KeyedStateSnapshot, ListItems, ListPart,
    ListStateSnapshot, OperatorPart, OperatorSnapshot, StateMeta, SubtaskPart,
};
use super::pieces::Pieces;
use super::storage::SnapshotHome;
use crate::{CheckpointId, KeyGroup, OperatorId, Result};

/// How many batches of blocks of one subtask are encoded at once.
const CONCURRENT_BATCHES: usize = 2;

/// The number of entries from which a batch takes in no more blocks.
const BATCH_ENTRIES: u64 = 4_096;

/// Of how many blocks a key group may consist: its content at one checkpoint, and changes behind it. A restore reads
/// them all.
const MOST_BLOCKS: usize = 10;
/// How many entries of a key group there are to one change in its blocks, at least: with more changes, it is written
/// whole again.
const ENTRIES_PER_CHANGE: u64 = 2;

/// The blocks of a key group, as listed.
type GroupBlocks<'a> = &'a [(KeyGroup, BlockReference)];

/// The states of the checkpoint that an incremental one builds on, by operator and name.
type Base<'a> = HashMap<(OperatorId, &'a str), BaseState<'a>>;

struct BaseState<'a> {
    meta: &'a StateMeta,
    blocks: HashMap<KeyGroup, GroupBlocks<'a>>,
}

/// Writes what one subtask hands over to `file` (relative to `home`, such as `chk-7/3-0.state`), and
/// encodes it on `cpu`.
///
/// Key groups that have not changed since `base`, an earlier checkpoint and what this subtask (or
/// the one that it was restored from) contributed to it, are referred to rather than written again. Of
/// those in which only a few entries have changed these are written, where the state knows them.
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
        upload: Upload::new(home, file),
        compressed: home.is_compressed(),
        cpu,
        total_bytes: 0,
    };
    match writer.write(snapshots).await {
        Ok(operators) => {
            let total_bytes = writer.total_bytes;
            let written_bytes = writer.upload.finish().await?;
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
        operator.keyed.iter().map(|part| {
            let blocks = part.by_group().filter_map(|blocks| Some((blocks.first()?.0, blocks)));
            let (meta, blocks) = (&part.meta, blocks.collect());
            ((operator.operator, meta.name.as_str()), BaseState { meta, blocks })
        })
    });
    states.collect()
}

struct Writer<'a> {
    base: Option<(CheckpointId, Base<'a>)>,
    file: Arc<str>,
    upload: Upload<'a>,
    compressed: bool,
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
        let (mut known, mut new) = (Vec::with_capacity(groups.len()), Vec::new());
        for GroupSnapshot { group, unchanged_since, block } in groups {
            let Some((base, blocks)) = self.known(operator, &meta, group) else {
                known.push((group, Vec::new(), true));
                new.push(block);
                continue;
            };
            let is_changed = unchanged_since > base;
            let changes = is_changed.then(|| changes_since(base, blocks, &block)).flatten();
            let kept = if is_changed && changes.is_none() { Vec::new() } else { blocks.to_vec() };
            known.push((group, kept, is_changed));
            new.extend(is_changed.then(|| changes.unwrap_or(block)));
        }
        let mut written = self.append(new).await?.into_iter();
        let mut groups = Vec::with_capacity(known.len());
        for (group, blocks, is_changed) in known {
            groups.extend(blocks);
            groups.extend(written.by_ref().take(usize::from(is_changed)).map(|block| (group, block)));
        }
        self.total_bytes += groups.iter().map(|(_, block)| block.length).sum::<u64>();
        Ok(KeyedPart { meta, groups })
    }

    /// The base, and the blocks that hold a key group's content as of it.
    fn known(
        &self,
        operator: OperatorId,
        meta: &StateMeta,
        group: KeyGroup,
    ) -> Option<(CheckpointId, GroupBlocks<'_>)> {
        let (base, states) = self.base.as_ref()?;
        // What was written as another type, before a migration, has other bytes.
        let state = states.get(&(operator, meta.name.as_str())).filter(|state| state.meta == meta)?;
        Some((*base, state.blocks.get(&group).copied()?))
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
        if !blocks.is_empty() && self.upload.taken() == 0 {
            let mut header = Pieces::default();
            header.begin_state(self.compressed);
            self.upload.take(header.into_pieces()).await?;
        }
        let compressed = self.compressed;
        let encoding = batches(blocks).into_iter();
        let encoding: Vec<_> =
            encoding.map(|batch| computed(self.cpu, move || encode(&batch, compressed))).collect();
        let mut encoded = stream::iter(encoding).buffered(CONCURRENT_BATCHES);
        while let Some((blocks, pieces)) = encoded.try_next().await? {
            let start = self.upload.taken();
            references.extend(blocks.into_iter().map(|(block, entries)| BlockReference {
                file: self.file.clone(),
                offset: start + block.offset,
                length: block.length,
                checksum: block.checksum,
                entries,
            }));
            self.upload.take(pieces.into_pieces()).await?;
        }
        Ok(references)
    }
}

/// What has changed in a key group since `base`, of which it has these blocks, if it is to be written in place of the
/// whole of it.
fn changes_since(
    base: CheckpointId,
    blocks: GroupBlocks<'_>,
    block: &Arc<dyn EncodeBlock>,
) -> Option<Arc<dyn EncodeBlock>> {
    let (_, earlier) = blocks.split_first()?;
    if blocks.len() >= MOST_BLOCKS {
        return None;
    }
    let changes = block.changes_since(base)?;
    let all = earlier.iter().map(|(_, block)| block.entries).fold(changes.entries(), u64::saturating_add);
    (all.saturating_mul(ENTRIES_PER_CHANGE) <= block.entries()).then_some(changes)
}

/// Blocks in order, those with few entries together: to hand work to another thread takes as long as to
/// encode some hundred entries.
fn batches(blocks: Vec<Arc<dyn EncodeBlock>>) -> Vec<Vec<Arc<dyn EncodeBlock>>> {
    let mut batches: Vec<Vec<Arc<dyn EncodeBlock>>> = Vec::new();
    let mut entries = BATCH_ENTRIES;
    for block in blocks {
        if entries >= BATCH_ENTRIES {
            batches.push(Vec::new());
            entries = 0;
        }
        entries = entries.saturating_add(block.entries());
        if let Some(batch) = batches.last_mut() {
            batch.push(block);
        }
    }
    batches
}

/// Encodes blocks one behind the other; returns each with how many entries it has.
fn encode(batch: &[Arc<dyn EncodeBlock>], compressed: bool) -> Result<(Vec<(Block, u64)>, Pieces)> {
    let mut pieces = Pieces::default();
    let mut encode = |block: &Arc<dyn EncodeBlock>| {
        let appended = pieces.append_block(|out| {
            if !compressed {
                return block.encode(out);
            }
            let mut whole = Pieces::default();
            block.encode(&mut whole)?;
            compress(whole, out)
        });
        Ok((appended?, block.entries()))
    };
    let encoded = batch.iter().map(&mut encode).collect::<Result<_>>()?;
    Ok((encoded, pieces))
}

/// The items of an operator state, one behind the other, each behind its length.
struct Items(Vec<Vec<u8>>);

impl EncodeBlock for Items {
    fn encode(&self, out: &mut Pieces) -> Result<()> {
        for item in &self.0 {
            let out = out.end();
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
