//! The files and manifests on the simulated store.

use millstream_state::snapshot::part::{BlockReference, ListPart, OperatorPart, Redistribution, SubtaskPart};
use millstream_state::{OperatorId, Shape};

use super::*;

fn part(files: &Files) -> SubtaskPart {
    let block = |file: &Arc<str>| BlockReference {
        file: file.clone(),
        offset: 0,
        length: 1,
        checksum: 0,
        entries: 1,
    };
    let list = |file| ListPart {
        name: String::new(),
        redistribution: Redistribution::Split,
        item: Shape::from_text("u64"),
        block: block(file),
    };
    let lists = files.iter().map(list).collect();
    let operator = OperatorPart { operator: OperatorId::from_uid("any"), keyed: Vec::new(), lists };
    SubtaskPart { operators: vec![operator], written_bytes: 1, total_bytes: 2 }
}

fn files(part: &SubtaskPart) -> Files {
    part.operators.iter().flat_map(|operator| &operator.lists).map(|list| list.block.file.clone()).collect()
}

impl SimulatedDriver {
    /// Uploads a file, and refers to some of what the subtask had in the base.
    pub(super) fn acknowledge(&mut self, index: u32, id: CheckpointId, base: Option<CheckpointId>) {
        let mut part_files = Files::new();
        if let Some(old) = base.and_then(|base| self.parts.get(&(base, index)).cloned()) {
            part_files.extend(old.into_iter().filter(|_| self.random(3) > 0));
        }
        if !self.savepoints.contains(&id) {
            let file: Arc<str> = Arc::from(format!("chk-{id}/0-{index}.state"));
            self.store.insert(file.clone());
            part_files.insert(file);
        }
        self.parts.insert((id, index), part_files.clone());
        let alignment = Duration::from_millis(self.random(100));
        self.report(index, Report::Acknowledged { checkpoint: id, part: part(&part_files), alignment });
    }

    pub(super) fn write_manifest(
        &mut self,
        attempt: AttemptId,
        id: CheckpointId,
        parts: &[(SubtaskId, SubtaskPart)],
    ) {
        assert_eq!(parts.len(), SUBTASKS as usize, "seed {}", self.seed);
        let all: Files = parts.iter().flat_map(|(_, part)| files(part)).collect();
        let failed = self.fault(12);
        if !failed || self.random(2) == 0 {
            self.manifests.insert(id, all.clone());
        }
        self.known.insert(id, all);
        self.writing.insert(id);
        let result = if failed { Err(error(ErrorKind::External)) } else { Ok(()) };
        self.inbox.push(MasterEvent::ManifestWritten { attempt, checkpoint: id, result });
        self.check_store();
    }

    /// Deletes everything but savepoints.
    pub(super) fn discard(&mut self) {
        let seed = self.seed;
        assert!(self.checkpoint.deleted_on_cancellation, "seed {seed}: checkpoints are to be kept");
        assert!(!self.alive && self.writing.is_empty(), "seed {seed}: files are still being written");
        assert!(!self.discarded && self.outcome.is_none(), "seed {seed}: discarded too late");
        self.discarded = true;
        self.manifests.retain(|id, _| self.savepoints.contains(id));
        self.store.clear();
        self.inbox.push(MasterEvent::CheckpointsDiscarded);
    }

    pub(super) fn delete(&mut self, checkpoints: Vec<CheckpointId>, files: &[Arc<str>]) {
        for id in checkpoints {
            assert!(self.manifests.remove(&id).is_some(), "seed {}: {id} has no manifest", self.seed);
        }
        for file in files {
            assert!(file.starts_with("chk-"), "seed {}: {file} is not ours", self.seed);
            self.store.remove(file);
        }
        self.check_store();
    }
}
