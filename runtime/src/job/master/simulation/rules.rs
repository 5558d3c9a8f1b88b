//! The rules that need a look at everything the driver holds.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use millstream_state::CheckpointId;

use super::super::{JobOutcome, MasterEvent};
use super::driver::{Files, SUBTASKS, SimulatedDriver};
use crate::checkpoint::Report;

impl SimulatedDriver {
    pub(super) fn check_checkpoint_trigger(&mut self, id: CheckpointId, base: Option<CheckpointId>) {
        let seed = self.seed;
        assert_eq!(base, self.completed_here.last().copied(), "seed {seed}: the base of {id}");
        if self.reported_ended.len() == SUBTASKS as usize {
            assert!(self.pending.is_empty(), "seed {seed}: the final checkpoint waits for others");
            self.final_checkpoint = Some(id);
        } else {
            let since = |earlier: Option<Duration>| earlier.map_or(Duration::MAX, |time| self.now - time);
            if !std::mem::take(&mut self.checkpoint_is_wanted) {
                let interval = self.checkpoint.interval.unwrap();
                assert!(since(self.last_completion) >= self.checkpoint.min_pause, "seed {seed}: no pause");
                assert!(since(self.last_trigger) >= interval, "seed {seed}: too early");
            }
            self.last_trigger = Some(self.now);
        }
        self.pending.insert(id, base);
    }

    /// No manifest that may be restored lacks a file, and no base that a pending checkpoint refers to.
    pub(super) fn check_store(&self) {
        let newest = self.completed.difference(&self.savepoints).max();
        let stale = |id: &CheckpointId| self.unconfirmed.contains(id) && Some(id) < newest;
        let restorable = self.manifests.iter().filter(|(id, _)| !stale(id));
        let bases = self.pending.values().flatten().filter_map(|base| self.known.get_key_value(base));
        for (id, files) in restorable.chain(bases) {
            let missing: Vec<_> = files.difference(&self.store).collect();
            assert!(missing.is_empty(), "seed {}: checkpoint {id} lacks {missing:?}", self.seed);
        }
    }

    pub(super) fn check_end(&self) {
        let seed = self.seed;
        assert!(self.master.status().is_final(), "seed {seed}");
        assert_eq!(self.answered.len() as u64, self.requests, "seed {seed}: a request was never answered");
        assert_eq!(self.master.statistics().in_progress(), 0, "seed {seed}");
        let cancelled = matches!(self.outcome(), Some(Ok(JobOutcome::Cancelled)));
        assert_eq!(self.discarded, cancelled && self.checkpoint.deleted_on_cancellation, "seed {seed}");
        let kept =
            self.manifests.keys().filter(|id| self.completed.contains(id) && !self.savepoints.contains(id));
        assert!(kept.count() <= self.checkpoint.retained, "seed {seed}: too many are kept");
        // What is left on the store without a manifest belongs to a failed manifest, or to a part
        // that has not been reported to the master.
        let needed: Files = self.manifests.values().flatten().cloned().collect();
        let unreported = self.inbox.iter().filter_map(|event| match event {
            MasterEvent::Report { report: Report::Acknowledged { checkpoint, .. }, .. } => Some(*checkpoint),
            _ => None,
        });
        let known = self.unconfirmed.union(&self.too_late).copied();
        let excused: BTreeSet<_> = unreported.chain(known).collect();
        let newest = self.completed.difference(&self.savepoints).max();
        let protected = |file: &Arc<str>| {
            let unconfirmed = self.unconfirmed.iter().filter(|id| Some(*id) > newest);
            unconfirmed.filter_map(|id| self.known.get(id)).any(|files| files.contains(file))
        };
        let excused = |file: &&Arc<str>| {
            excused.iter().any(|id| file.starts_with(&format!("chk-{id}/"))) || protected(file)
        };
        let leaked: Vec<_> = self.store.difference(&needed).filter(|file| !excused(file)).collect();
        assert!(leaked.is_empty(), "seed {seed}: leaked {leaked:?}");
    }
}
