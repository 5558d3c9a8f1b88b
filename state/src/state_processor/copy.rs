//! State of one snapshot that is part of another as it is.

use std::sync::Arc;

use bytes::Bytes;

use crate::snapshot::Pieces;
use crate::snapshot::part::{
    BlockReference, EncodeBlock, GroupSnapshot, KeyedPart, KeyedStateSnapshot, ListItems, ListStateSnapshot,
    OperatorPart, OperatorSnapshot,
};
use crate::snapshot::read::{LoadedSnapshot, OpenedSnapshot};
use crate::snapshot::storage::SnapshotHome;
use crate::snapshot::write::{OnThisThread, write_subtask};
use crate::{CheckpointId, KeyGroup, Result};

/// How many bytes of blocks are copied at once, unless one alone has more.
const COPIED_AT_ONCE: u64 = 32 << 20;

/// A block that is copied as it is.
struct Copied {
    bytes: Bytes,
    entries: u64,
}

impl EncodeBlock for Copied {
    fn encode(&self, out: &mut Pieces) -> Result<()> {
        out.end().extend_from_slice(&self.bytes);
        Ok(())
    }

    fn entries(&self) -> u64 {
        self.entries
    }
}

/// Copies what a subtask contributed to a snapshot, a few key groups a file.
pub(super) async fn copy(
    base: &OpenedSnapshot,
    home: &SnapshotHome,
    file: &str,
    part: &OperatorPart,
) -> Result<OperatorPart> {
    let mut copied = OperatorPart { operator: part.operator, keyed: Vec::new(), lists: Vec::new() };
    let mut files = 0;
    let mut next_file = || {
        files += 1;
        format!("{file}-{files}.state")
    };
    for state in &part.keyed {
        let mut groups = Vec::with_capacity(state.groups.len());
        for some in runs(&state.groups) {
            let loaded = base.load_blocks(some.iter().map(|(_, block)| block.clone()).collect()).await?;
            let snapshot = KeyedStateSnapshot { meta: state.meta.clone(), groups: blocks(&loaded, some)? };
            let snapshot =
                OperatorSnapshot { operator: part.operator, keyed: vec![snapshot], lists: Vec::new() };
            let written = write_subtask(&OnThisThread, home, &next_file(), vec![snapshot], None).await?;
            groups.extend(written.operators.into_iter().flat_map(|it| it.keyed).flat_map(|it| it.groups));
        }
        copied.keyed.push(KeyedPart { meta: state.meta.clone(), groups });
    }
    if !part.lists.is_empty() {
        let loaded = base.load_blocks(part.lists.iter().map(|list| list.block.clone()).collect()).await?;
        let mut lists = Vec::with_capacity(part.lists.len());
        for list in &part.lists {
            let items = loaded.items([list])?.into_iter().map(|item| item.to_vec()).collect();
            lists.push(ListStateSnapshot {
                name: list.name.clone(),
                redistribution: list.redistribution,
                item: list.item.clone(),
                items: ListItems::Ready(items),
            });
        }
        let snapshot = OperatorSnapshot { operator: part.operator, keyed: Vec::new(), lists };
        let written = write_subtask(&OnThisThread, home, &next_file(), vec![snapshot], None).await?;
        copied.lists.extend(written.operators.into_iter().flat_map(|it| it.lists));
    }
    Ok(copied)
}

/// Divides key groups into runs that are copied at once.
fn runs(groups: &[(KeyGroup, BlockReference)]) -> Vec<&[(KeyGroup, BlockReference)]> {
    let (mut runs, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (index, (_, block)) in groups.iter().enumerate() {
        if bytes + block.length > COPIED_AT_ONCE && index > start {
            runs.push(groups.get(start..index).unwrap_or_default());
            (start, bytes) = (index, 0);
        }
        bytes += block.length;
    }
    runs.push(groups.get(start..).unwrap_or_default());
    runs.retain(|run| !run.is_empty());
    runs
}

fn blocks(loaded: &LoadedSnapshot, groups: &[(KeyGroup, BlockReference)]) -> Result<Vec<GroupSnapshot>> {
    let blocks = groups.iter().map(|(group, block)| {
        let copied = Copied { bytes: loaded.block(block)?, entries: block.entries };
        Ok(GroupSnapshot { group: *group, unchanged_since: CheckpointId::new(1), block: Arc::new(copied) })
    });
    blocks.collect()
}
