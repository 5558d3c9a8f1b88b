//! Checkpoints that build on one another without files, for tests of what states hand over.

use bytes::Bytes;

use super::part::{EncodeBlock, GroupSnapshot, KeyedStateSnapshot};
use super::read::KeyedRestore;
use crate::CheckpointId;

/// What a checkpoint holds of a state that is taken on top of another: what that holds of key groups that have not
/// changed since, and changes behind it where they are known.
pub(crate) fn stored_on(
    base: Option<(CheckpointId, &KeyedRestore)>,
    snapshot: KeyedStateSnapshot,
) -> KeyedRestore {
    let bytes = |block: &std::sync::Arc<dyn EncodeBlock>| Bytes::from(block.to_bytes().unwrap());
    let base = base.filter(|(_, base)| base.meta == snapshot.meta);
    let mut blocks = Vec::new();
    for GroupSnapshot { group, unchanged_since, block } in snapshot.groups {
        let earlier =
            base.map(|(id, base)| (id, base.blocks.iter().filter(move |(other, _)| *other == group)));
        match earlier.map(|(id, earlier)| (id, earlier.cloned().collect::<Vec<_>>())) {
            Some((_, earlier)) if earlier.is_empty() => blocks.push((group, bytes(&block))),
            Some((base, earlier)) if unchanged_since <= base => blocks.extend(earlier),
            Some((base, earlier)) => match block.changes_since(base) {
                Some(changes) => {
                    blocks.extend(earlier);
                    blocks.push((group, bytes(&changes)));
                }
                None => blocks.push((group, bytes(&block))),
            },
            None => blocks.push((group, bytes(&block))),
        }
    }
    KeyedRestore { meta: snapshot.meta, blocks }
}
