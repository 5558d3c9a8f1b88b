//! From what the operators of a subtask hand over to a file on the store.

use std::collections::HashMap;
use std::sync::Arc;

use super::format::{FileKind, append_block, begin};
use super::part::{
    BlockReference, KeyedPart, KeyedStateSnapshot, ListItems, ListPart, ListStateSnapshot, OperatorPart,
    OperatorSnapshot, SubtaskPart,
};
use super::storage::SnapshotHome;
use crate::codec::encode_into;
use crate::{CheckpointId, KeyGroup, OperatorId, Result, StateError};

/// Writes everything that one subtask hands over at a barrier into one file, or none if nothing is new.
///
/// A key group's block is referred to instead of written where `base`, an earlier completed
/// checkpoint of the same subtask, holds the same content.
///
/// # Errors
/// If a value cannot be encoded, deferred items fail, or the store does.
pub async fn write_subtask(
    home: &SnapshotHome,
    file: &str,
    snapshots: Vec<OperatorSnapshot>,
    base: Option<(CheckpointId, &SubtaskPart)>,
) -> Result<SubtaskPart> {
    let mut writer = Writer { file: Arc::from(file), out: Vec::new(), known: known_blocks(base) };
    begin(FileKind::State, &mut writer.out);
    let empty = writer.out.len();
    let mut part = SubtaskPart::default();
    for snapshot in snapshots {
        let operator = snapshot.operator;
        let keyed =
            snapshot.keyed.into_iter().map(|state| writer.keyed(operator, state)).collect::<Result<_>>()?;
        let mut lists = Vec::with_capacity(snapshot.lists.len());
        for list in snapshot.lists {
            lists.push(writer.list(list).await?);
        }
        part.operators.push(OperatorPart { operator, keyed, lists });
    }
    let blocks = part.operators.iter().flat_map(|operator| {
        let keyed = operator.keyed.iter().flat_map(|state| state.groups.iter().map(|(_, block)| block));
        keyed.chain(operator.lists.iter().map(|list| &list.block))
    });
    part.total_bytes = blocks.map(|block| block.length).sum();
    if writer.out.len() > empty {
        part.written_bytes = writer.out.len() as u64;
        home.put(file, writer.out).await?;
    }
    Ok(part)
}

type Known<'a> = HashMap<(OperatorId, &'a str, KeyGroup), &'a BlockReference>;

fn known_blocks(base: Option<(CheckpointId, &SubtaskPart)>) -> Option<(CheckpointId, Known<'_>)> {
    let (checkpoint, part) = base?;
    let mut known = Known::new();
    for operator in &part.operators {
        for state in &operator.keyed {
            let blocks = state.groups.iter();
            known.extend(
                blocks.map(|(group, block)| ((operator.operator, state.meta.name.as_str(), *group), block)),
            );
        }
    }
    Some((checkpoint, known))
}

struct Writer<'a> {
    file: Arc<str>,
    out: Vec<u8>,
    known: Option<(CheckpointId, Known<'a>)>,
}

impl Writer<'_> {
    fn block(
        &mut self,
        entries: u64,
        write: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) -> Result<BlockReference> {
        let (offset, length, checksum) = append_block(&mut self.out, write)?;
        Ok(BlockReference { file: self.file.clone(), offset, length, checksum, entries })
    }

    fn keyed(&mut self, operator: OperatorId, state: KeyedStateSnapshot) -> Result<KeyedPart> {
        let mut groups = Vec::with_capacity(state.groups.len());
        for snapshot in state.groups {
            let unchanged = self.known.as_ref().filter(|(base, _)| snapshot.unchanged_since <= *base);
            let key = (operator, state.meta.name.as_str(), snapshot.group);
            let known =
                unchanged.and_then(|(_, known)| known.get(&key)).map(|block| BlockReference::clone(block));
            let block = match known {
                Some(block) => block,
                None => self.block(snapshot.block.entries(), |out| snapshot.block.encode(out))?,
            };
            groups.push((snapshot.group, block));
        }
        Ok(KeyedPart { meta: state.meta, groups })
    }

    async fn list(&mut self, list: ListStateSnapshot) -> Result<ListPart> {
        let items = match list.items {
            ListItems::Ready(items) => items,
            ListItems::Deferred(items) => items.await?,
        };
        let block = self.block(items.len() as u64, |out| {
            encode_into(&items, out).map_err(|source| StateError::Codec {
                state: list.name.clone(),
                action: "encode",
                source,
            })
        })?;
        Ok(ListPart { name: list.name, redistribution: list.redistribution, item: list.item, block })
    }
}
