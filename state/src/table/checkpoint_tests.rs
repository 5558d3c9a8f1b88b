use std::collections::BTreeMap;
use std::sync::Arc;

use futures::executor::block_on;
use object_store::memory::InMemory;
use object_store::path::Path;
use proptest::prelude::*;

use crate::snapshot::manifest::{Manifest, OperatorManifest, SnapshotKind};
use crate::snapshot::part::{BlockReference, OperatorSnapshot, StateKind, StateMeta, SubtaskPart};
use crate::snapshot::read::load;
use crate::snapshot::storage::{ResolvedSnapshot, SnapshotHome};
use crate::snapshot::write::{OnThisThread, write_subtask};
use crate::state_processor::SavepointReader;
use crate::{
    CheckpointId, CheckpointName, KeyGroups, KeyTable, KeyedTable, OperatorId, StateError, Timestamp,
    stable_hash,
};

fn groups() -> KeyGroups {
    KeyGroups::new(2)
}

/// A table, what it must hold, and the checkpoints that were taken of it.
struct Job {
    home: SnapshotHome,
    table: KeyedTable<u16, String>,
    model: BTreeMap<u16, String>,
    /// What each checkpoint that is complete has written, and must hold.
    completed: Vec<(CheckpointId, SubtaskPart, BTreeMap<u16, String>)>,
    next: CheckpointId,
    /// The first of them that may be the base of another: the one that was restored.
    first_base: usize,
}

fn meta() -> StateMeta {
    StateMeta::declare::<u16, String>("names", StateKind::Value).unwrap()
}

fn operator() -> OperatorId {
    OperatorId::from_uid("names")
}

fn contents(table: &KeyedTable<u16, String>) -> BTreeMap<u16, String> {
    table.contents().flat_map(KeyTable::iter).cloned().collect()
}

impl Job {
    fn new() -> Self {
        Self::writing(false)
    }

    fn writing(compressed: bool) -> Self {
        let home = SnapshotHome::new(Arc::new(InMemory::new()), Path::from("job"));
        let home = home.with_compression(compressed);
        let table = KeyedTable::new(meta(), groups(), groups().range_of(0, 1));
        let next = CheckpointId::new(1);
        Self { home, table, model: BTreeMap::new(), completed: Vec::new(), next, first_base: 0 }
    }

    fn set(&mut self, key: u16, value: &str) {
        self.table.content_mut(stable_hash(&key)).unwrap().insert(stable_hash(&key), key, value.into());
        self.model.insert(key, value.into());
    }

    fn remove(&mut self, key: u16) {
        let content = self.table.content_mut(stable_hash(&key)).unwrap();
        assert_eq!(content.remove(stable_hash(&key), &key), self.model.remove(&key));
    }

    /// Takes a checkpoint on top of the one that so many were completed after, if there is one, and completes it or not.
    fn checkpoint(&mut self, back: usize, completes: bool) -> SubtaskPart {
        let id = self.next;
        self.next = id.next();
        let keyed = vec![self.table.snapshot(id)];
        let snapshot = OperatorSnapshot { operator: operator(), keyed, lists: Vec::new() };
        let base = self.completed.len().checked_sub(back + 1).map(|index| index.max(self.first_base));
        let base = base.and_then(|index| self.completed.get(index));
        let base = base.map(|(id, part, _)| (*id, part));
        let file = format!("chk-{id}/0-0.state");
        let part = block_on(write_subtask(&OnThisThread, &self.home, &file, vec![snapshot], base)).unwrap();
        let manifest = Manifest {
            job: "job".into(),
            checkpoint: id,
            kind: SnapshotKind::Checkpoint,
            created: Timestamp::from_millis(1),
            operators: vec![OperatorManifest {
                operator: operator(),
                name: "names".into(),
                uid: Some("names".into()),
                parallelism: 1,
                max_parallelism: 2,
                subtasks: part.operators.clone(),
            }],
        };
        block_on(self.home.create_manifest(&format!("chk-{id}"), &manifest)).unwrap();
        if completes {
            // What is read is what was taken, whatever has happened since.
            self.completed.push((id, part.clone(), self.model.clone()));
        }
        part
    }

    fn resolved(&self, id: CheckpointId) -> ResolvedSnapshot {
        ResolvedSnapshot::checkpoint(self.home.clone(), CheckpointName::parse(&format!("chk-{id}")).unwrap())
    }

    /// The table of a job that goes on from a checkpoint.
    fn restored(&self, id: CheckpointId) -> KeyedTable<u16, String> {
        let loaded = block_on(load(&self.resolved(id))).unwrap();
        let mut restore = loaded.for_subtask(operator(), 0, 1, 2).unwrap().unwrap();
        let mut table = KeyedTable::new(meta(), groups(), groups().range_of(0, 1));
        restore.keyed.drain(..).for_each(|stored| table.restore_all(stored).unwrap());
        table
    }
}

fn references(part: &SubtaskPart) -> Vec<&BlockReference> {
    part.operators[0].keyed[0].groups.iter().map(|(_, block)| block).collect()
}

/// How many blocks each key group has.
fn blocks(part: &SubtaskPart) -> Vec<usize> {
    part.operators[0].keyed[0].by_group().map(<[_]>::len).collect()
}

#[derive(Clone, Debug)]
enum Step {
    Set(u16, String),
    /// Writes to a value through a reference.
    Append(u16, char),
    Remove(u16),
    /// Writes many keys, so that tables grow and everything in them moves.
    Fill(u16),
    Checkpoint {
        back: usize,
        completes: bool,
    },
    /// Goes on from the last checkpoint.
    Restore,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..120_u16, "[a-c]{0,2}").prop_map(|(key, value)| Step::Set(key, value)),
        6 => (0..120_u16, any::<char>()).prop_map(|(key, char)| Step::Append(key, char)),
        6 => (0..120_u16).prop_map(Step::Remove),
        1 => (0..200_u16).prop_map(Step::Fill),
        6 => (0..4_usize, prop::bool::weighted(0.8))
            .prop_map(|(back, completes)| Step::Checkpoint { back, completes }),
        1 => Just(Step::Restore),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_checkpoint_holds_what_the_table_held(
        steps in prop::collection::vec(step(), 0..150),
        compressed: bool,
    ) {
        let mut job = Job::writing(compressed);
        (0..80).for_each(|key| job.set(key, "first"));
        for step in steps {
            match step {
                Step::Set(key, value) => job.set(key, &value),
                Step::Append(key, char) => {
                    let content = job.table.content_mut(stable_hash(&key)).unwrap();
                    let found = content.get_mut(stable_hash(&key), &key);
                    found.into_iter().chain(job.model.get_mut(&key)).for_each(|value| value.push(char));
                }
                Step::Remove(key) => job.remove(key),
                Step::Fill(from) => (from..from + 60).for_each(|key| job.set(key, "many")),
                Step::Checkpoint { back, completes } => drop(job.checkpoint(back, completes)),
                Step::Restore => {
                    let Some((id, _, model)) = job.completed.last() else { continue };
                    (job.table, job.model) = (job.restored(*id), model.clone());
                    job.first_base = job.completed.len() - 1;
                }
            }
            prop_assert_eq!(contents(&job.table), job.model.clone());
        }
        for (id, _, model) in &job.completed {
            prop_assert_eq!(&contents(&job.restored(*id)), model);
            let reader = block_on(SavepointReader::of(job.resolved(*id))).unwrap();
            let read = block_on(reader.keyed_state::<u16, String>("names", "names").unwrap().entries()).unwrap();
            prop_assert_eq!(&read.into_iter().collect::<BTreeMap<_, _>>(), model);
        }
    }

    #[test]
    fn arbitrary_bytes_of_changes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        use crate::grouped::GroupContent;
        let _ = KeyTable::<String, Vec<u64>>::default().decode_changes(&bytes);
        let _ = KeyTable::<(), ()>::default().decode_changes(&bytes);
    }
}

#[test]
fn a_checkpoint_writes_the_entries_that_have_changed_and_only_those() {
    let mut job = Job::new();
    (0..10_000).for_each(|key| job.set(key, "a value of some length"));
    let whole = job.checkpoint(0, true);
    assert_eq!(blocks(&whole), [1, 1]);
    for round in 2..=5 {
        (0..100).for_each(|key| job.set(key * 7 + round, "another"));
        let part = job.checkpoint(0, true);
        assert_eq!(blocks(&part), [usize::from(round); 2]);
        assert!(part.written_bytes < whole.written_bytes / 50, "{part:?}");
        assert!(part.total_bytes > whole.total_bytes);
    }
    let (id, _, model) = job.completed.last().unwrap();
    assert_eq!(&contents(&job.restored(*id)), model);
}

#[test]
fn a_key_group_is_written_whole_again_before_its_blocks_are_too_many() {
    let mut job = Job::new();
    (0..10_000).for_each(|key| job.set(key, "first"));
    let mut most = 0;
    for round in 0..40_u16 {
        (0..20).for_each(|key| job.set(round * 20 + key, "another"));
        let blocks = blocks(&job.checkpoint(0, true));
        most = most.max(*blocks.iter().max().unwrap());
    }
    assert_eq!(most, 10);
    // Nor are there more changes than would fill half of it.
    for _ in 0..4 {
        (0..2_000).for_each(|key| job.set(key, "more"));
        job.checkpoint(0, true);
    }
    let part = &job.completed.last().unwrap().1;
    for group in part.operators[0].keyed[0].by_group() {
        let changes: u64 = group[1..].iter().map(|(_, block)| block.entries).sum();
        assert!(changes * 2 <= 10_000 / 2, "{group:?}");
    }
}

#[test]
fn changes_since_a_base_further_back_are_written_while_they_are_known() {
    let mut job = Job::new();
    (0..1_000).for_each(|key| job.set(key, "first"));
    job.checkpoint(0, true);
    let mut counts = Vec::new();
    for round in 0..4_u16 {
        (0..20).for_each(|key| job.set(round * 20 + key, "another"));
        let part = job.checkpoint(0, false);
        counts.push(blocks(&part).into_iter().max().unwrap());
    }
    // None of these was completed: the first is the base of all, and in the end too far back.
    assert_eq!(counts, [2, 2, 2, 1]);
}

/// Most of a table that changes all the time would be noted in vain.
#[test]
fn a_table_that_changes_as_a_whole_is_watched_more_and_more_seldom() {
    let mut job = Job::new();
    (0..1_000).for_each(|key| job.set(key, "first"));
    job.checkpoint(0, true);
    let mut watched = Vec::new();
    for _ in 0..40 {
        (0..1_000).for_each(|key| job.set(key, "all"));
        job.checkpoint(0, true);
        watched.push(job.table.contents().all(|table| table.is_watched()));
    }
    let expected: Vec<bool> =
        [1, 2, 4, 8, 8, 8].iter().flat_map(|pause| [vec![false; *pause + 1], vec![true]].concat()).collect();
    assert_eq!(watched, expected[..40]);
    // And again as soon as little changes.
    let mut counts = Vec::new();
    for round in 0..12_u16 {
        (0..2).for_each(|key| job.set(key, "some"));
        counts.push(blocks(&job.checkpoint(0, true)).into_iter().max().unwrap());
        assert!(round < 9 || counts[usize::from(round)] > 1, "{counts:?}");
    }
}

#[test]
fn changes_of_a_state_that_cannot_have_any_are_refused() {
    let mut job = Job::new();
    (0..1_000).for_each(|key| job.set(key, "first"));
    job.checkpoint(0, true);
    job.set(1, "another");
    job.checkpoint(0, true);
    let loaded = block_on(load(&job.resolved(CheckpointId::new(2)))).unwrap();
    let mut restore = loaded.for_subtask(operator(), 0, 1, 2).unwrap().unwrap();
    let refused = restore.keyed.remove(0).into_whole_groups().map(drop);
    assert!(matches!(refused, Err(StateError::Codec { .. })), "{refused:?}");
}

/// Between two snapshots, that is, any number of times.
#[test]
fn keys_that_come_and_go_are_noted_once_each() {
    let mut job = Job::new();
    (0..1_000).for_each(|key| job.set(key, "first"));
    job.checkpoint(0, true);
    for round in 0..10_000 {
        job.remove(round % 8);
        job.set(round % 8, "again");
    }
    let part = job.checkpoint(0, true);
    let changes: u64 = references(&part).iter().map(|block| block.entries).sum();
    assert!(blocks(&part).contains(&2) && changes < 1_000 + 20, "{part:?}");
    // Of many keys, it is given up before they are noted.
    (0..1_000).for_each(|key| job.remove(key));
    (0..1_000).for_each(|key| job.set(key, "again"));
    assert!(job.table.contents().all(|table| !table.is_watched()));
    let part = job.checkpoint(0, true);
    assert_eq!(blocks(&part), [1, 1]);
    let (id, _, model) = job.completed.last().unwrap();
    assert_eq!(&contents(&job.restored(*id)), model);
}
