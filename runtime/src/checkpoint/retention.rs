//! Which completed checkpoints are kept, and which files nobody needs any more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use millstream_state::snapshot::part::SubtaskPart;
use millstream_state::{CheckpointId, CheckpointName};

type Files = BTreeSet<Arc<str>>;

/// All files a part refers to, those of earlier checkpoints included; a file may come up repeatedly.
pub(super) fn files_of(part: &SubtaskPart) -> impl Iterator<Item = &Arc<str>> {
    part.operators.iter().flat_map(|operator| {
        let keyed = operator.keyed.iter().flat_map(|state| &state.groups).map(|(_, block)| &block.file);
        keyed.chain(operator.lists.iter().map(|state| &state.block.file))
    })
}

/// The files a part refers to that were written for this very checkpoint.
pub(super) fn own_files(checkpoint: CheckpointId, part: &SubtaskPart) -> impl Iterator<Item = Arc<str>> {
    // Of all checkpoints of this number that processes may have begun, only one is ever referred to.
    let is_own = move |file: &str| {
        let name = file.split_once('/').and_then(|(folder, _)| CheckpointName::parse(folder));
        name.is_some_and(|name| name.id == checkpoint)
    };
    files_of(part).filter(move |file| is_own(file)).cloned()
}

/// The completed checkpoints of a job and the files they consist of.
///
/// Knows only what this master has seen completed: what an earlier process left on the store, or
/// the user restored from, is never deleted.
#[derive(Debug)]
pub(super) struct Retention {
    keep: usize,
    completed: BTreeMap<CheckpointId, Files>,
    /// No longer kept, but a pending checkpoint may refer to their files.
    dropped: BTreeMap<CheckpointId, Files>,
    /// Manifests that may or may not be on the store, for their writing failed.
    doubtful: BTreeMap<CheckpointId, Files>,
    /// Every file of a completed checkpoint that has not been deleted.
    owned: Files,
}

impl Retention {
    pub(super) fn new(keep: usize) -> Self {
        Self {
            keep: keep.max(1),
            completed: BTreeMap::new(),
            dropped: BTreeMap::new(),
            doubtful: BTreeMap::new(),
            owned: Files::new(),
        }
    }

    /// The newest completed checkpoint.
    pub(super) fn latest(&self) -> Option<CheckpointId> {
        self.completed.last_key_value().map(|(id, _)| *id)
    }

    /// Keeps a checkpoint; returns the one that is no longer kept for it (which may be itself, if
    /// its manifest was overtaken by newer ones).
    pub(super) fn add(&mut self, id: CheckpointId, files: Files) -> Option<CheckpointId> {
        self.owned.extend(files.iter().cloned());
        self.completed.insert(id, files);
        if self.completed.len() <= self.keep {
            return None;
        }
        let (dropped, files) = self.completed.pop_first()?;
        self.dropped.insert(dropped, files);
        Some(dropped)
    }

    /// Takes note of a checkpoint whose manifest may be on the store although writing it failed.
    ///
    /// None of its own files are ever deleted: a manifest without its files would be worse than a
    /// leak. What it refers to stays as long as it would be the newest checkpoint on the store.
    pub(super) fn doubt(&mut self, id: CheckpointId, files: Files) {
        self.doubtful.insert(id, files);
    }

    /// The files to delete: those that no kept checkpoint refers to, nor any of `bases`, which
    /// pending checkpoints build on.
    pub(super) fn sweep(&mut self, bases: &BTreeSet<CheckpointId>) -> Vec<Arc<str>> {
        self.dropped.retain(|id, _| bases.contains(id));
        let latest = self.latest();
        self.doubtful.retain(|id, _| Some(*id) > latest);
        let manifests = self.completed.values().chain(self.dropped.values()).chain(self.doubtful.values());
        let needed: BTreeSet<&Arc<str>> = manifests.flatten().collect();
        let garbage: Vec<_> = self.owned.iter().filter(|file| !needed.contains(file)).cloned().collect();
        for file in &garbage {
            self.owned.remove(file);
        }
        garbage
    }
}

#[cfg(test)]
mod tests;
