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
        let files = keyed.chain(operator.lists.iter().map(|state| &state.block.file));
        // A list without items has no file: an empty name would mean the job's whole folder.
        files.filter(|file| !file.is_empty())
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

/// The checkpoints that a job owns when an attempt begins, by its journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundCheckpoints {
    /// The one that the attempt restores, if it is one of them.
    pub latest: Option<CheckpointId>,
    /// All of them, and the files that each consists of.
    pub retained: Vec<(CheckpointId, BTreeSet<Arc<str>>)>,
}

/// The completed checkpoints of a job and the files they consist of.
///
/// Knows what the journal lists. What else lies on the store, or the user restored from without
/// claiming it, is never deleted.
#[derive(Debug)]
pub(super) struct Retention {
    keep: usize,
    latest: Option<CheckpointId>,
    completed: BTreeMap<CheckpointId, Files>,
    /// No longer kept, but a pending checkpoint may refer to their files.
    dropped: BTreeMap<CheckpointId, Files>,
    /// Checkpoints that may be listed or not, for the store has not answered.
    unconfirmed: BTreeMap<CheckpointId, Files>,
    /// Every file of a completed checkpoint that has not been deleted.
    owned: Files,
}

impl Retention {
    pub(super) fn new(keep: usize) -> Self {
        Self {
            keep: keep.max(1),
            latest: None,
            completed: BTreeMap::new(),
            dropped: BTreeMap::new(),
            unconfirmed: BTreeMap::new(),
            owned: Files::new(),
        }
    }

    /// The newest completed checkpoint of this run.
    pub(super) const fn latest(&self) -> Option<CheckpointId> {
        self.latest
    }

    /// Takes over what the journal lists: what earlier processes completed, and what was unconfirmed.
    pub(super) fn adopt(&mut self, found: FoundCheckpoints) {
        for (id, files) in found.retained {
            self.unconfirmed.remove(&id);
            self.owned.extend(files.iter().cloned());
            self.completed.entry(id).or_insert(files);
        }
        self.latest = self.latest.max(found.latest);
    }

    /// Keeps a checkpoint; returns those that are no longer kept for it (which may be itself, if
    /// it was overtaken by newer ones).
    pub(super) fn add(&mut self, id: CheckpointId, files: Files) -> Vec<CheckpointId> {
        self.owned.extend(files.iter().cloned());
        self.completed.insert(id, files);
        self.latest = self.latest.max(Some(id));
        let mut surplus = Vec::new();
        while self.completed.len() > self.keep {
            let Some((dropped, files)) = self.completed.pop_first() else { break };
            self.dropped.insert(dropped, files);
            surplus.push(dropped);
        }
        surplus
    }

    /// Takes note of a checkpoint that may be listed although that is unconfirmed.
    ///
    /// None of its own files are deleted: a listed checkpoint without its files would be worse than a
    /// leak. What it refers to stays as long as it would be the newest.
    pub(super) fn keep_unconfirmed(&mut self, id: CheckpointId, files: Files) {
        self.unconfirmed.insert(id, files);
    }

    /// The files to delete: those that no kept checkpoint refers to, nor any of `bases`, which
    /// pending checkpoints build on.
    pub(super) fn sweep(&mut self, bases: &BTreeSet<CheckpointId>) -> Vec<Arc<str>> {
        self.dropped.retain(|id, _| bases.contains(id));
        let latest = self.latest();
        self.unconfirmed.retain(|id, _| Some(*id) > latest);
        let manifests = self.completed.values().chain(self.dropped.values()).chain(self.unconfirmed.values());
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
