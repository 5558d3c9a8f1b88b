use std::ops::Range;

use futures::executor::block_on;
use object_store::memory::InMemory;
use object_store::path::Path;
use proptest::prelude::*;

use super::runs::LONGEST_RUN;
use super::*;
use crate::snapshot::Pieces;
use crate::snapshot::manifest::SnapshotKind;
use crate::snapshot::part::{
    EncodeBlock, GroupSnapshot, KeyedStateSnapshot, ListItems, ListStateSnapshot, OperatorSnapshot, StateKind,
};
use crate::snapshot::storage::SnapshotHome;
use crate::snapshot::write::{OnThisThread, write_subtask};
use crate::{CheckpointId, KeyGroups, Timestamp};

const MANIFEST: &str = "chk-1/manifest";

struct Group(Vec<u8>);

impl EncodeBlock for Group {
    fn encode(&self, out: &mut Pieces) -> Result<()> {
        self.0.chunks(1_000).for_each(|chunk| out.end().extend_from_slice(chunk));
        Ok(())
    }

    fn entries(&self) -> u64 {
        1
    }
}

/// The content of key group `n` is `n` and some fixed bytes.
fn content_of(group: KeyGroup) -> Vec<u8> {
    [b"key group ", group.to_string().as_bytes()].concat()
}

fn operator() -> OperatorId {
    OperatorId::from_uid("counter")
}

/// A snapshot of `parallelism` subtasks; subtask `n` has `items(n)` in each of its three lists.
fn snapshot(parallelism: u32, max_parallelism: u32, items: impl Fn(u32) -> Range<u8>) -> ResolvedSnapshot {
    snapshot_of(false, parallelism, max_parallelism, content_of, items)
}

/// As [`snapshot`], with this content of each key group, compressed or not.
fn snapshot_of(
    compressed: bool,
    parallelism: u32,
    max_parallelism: u32,
    content: fn(KeyGroup) -> Vec<u8>,
    items: impl Fn(u32) -> Range<u8>,
) -> ResolvedSnapshot {
    let home = SnapshotHome::new(Arc::new(InMemory::new()), Path::from("job"));
    let home = home.with_compression(compressed);
    let parts = (0..parallelism).map(|subtask| {
        let groups = KeyGroups::new(max_parallelism).range_of(subtask, parallelism).iter().map(|group| {
            GroupSnapshot {
                group,
                unchanged_since: CheckpointId::new(1),
                block: Arc::new(Group(content(group))),
            }
        });
        let meta = StateMeta {
            name: "count".into(),
            kind: StateKind::Value,
            key: Shape::from_text("str"),
            value: Shape::from_text("u64"),
        };
        let list = |name: &str, redistribution| ListStateSnapshot {
            name: name.into(),
            redistribution,
            item: Shape::from_text("u8"),
            items: ListItems::Ready(items(subtask).map(|item| vec![item]).collect()),
        };
        let snapshot = OperatorSnapshot {
            operator: operator(),
            keyed: vec![KeyedStateSnapshot { meta, groups: groups.collect() }],
            lists: vec![
                list("broadcast", Redistribution::Broadcast),
                list("split", Redistribution::Split),
                list("union", Redistribution::Union),
            ],
        };
        let file = format!("chk-1/0-{subtask}.state");
        block_on(write_subtask(&OnThisThread, &home, &file, vec![snapshot], None))
            .unwrap()
            .operators
            .remove(0)
    });
    let stored = OperatorManifest {
        operator: operator(),
        name: "Counter".into(),
        uid: Some("counter".into()),
        parallelism,
        max_parallelism,
        subtasks: parts.collect(),
    };
    let manifest = Manifest {
        job: "job".into(),
        checkpoint: CheckpointId::new(1),
        kind: SnapshotKind::Checkpoint,
        created: Timestamp::from_millis(5),
        operators: vec![stored],
    };
    block_on(home.create_manifest("chk-1", &manifest)).unwrap();
    ResolvedSnapshot { home, manifest_file: MANIFEST.into(), listed: None }
}

fn restore(loaded: &LoadedSnapshot, parallelism: u32, max_parallelism: u32) -> Vec<OperatorRestore> {
    let subtasks = 0..parallelism;
    subtasks
        .map(|it| loaded.for_subtask(operator(), it, parallelism, max_parallelism).unwrap().unwrap())
        .collect()
}

fn items(restore: &OperatorRestore, name: &str) -> Vec<u8> {
    restore.lists.iter().find(|list| list.name == name).unwrap().items.iter().map(|item| item[0]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// At whatever parallelism: every key group goes to its owner, every item of a list to one subtask.
    #[test]
    fn nothing_is_lost_or_doubled(max in 1_u32..200, old in 1_u32..12, new in 1_u32..12, each in 0_u8..6) {
        let (old, new) = (old.min(max), new.min(max));
        let items_of = |subtask: u32| subtask as u8 * each..(subtask as u8 + 1) * each;
        let loaded = block_on(load(&snapshot(old, max, items_of))).unwrap();
        let restored = restore(&loaded, new, max);

        for (subtask, restore) in (0..).zip(&restored) {
            let groups: Vec<_> = KeyGroups::new(max).range_of(subtask, new).iter().collect();
            let blocks: Vec<_> = groups.into_iter().map(|group| (group, content_of(group).into())).collect();
            prop_assert_eq!(&restore.keyed[0].blocks, &blocks);
        }
        let mut split: Vec<_> = restored.iter().flat_map(|restore| items(restore, "split")).collect();
        if old == new {
            prop_assert!((0..).zip(&restored).all(|(subtask, it)| items(it, "split").into_iter().eq(items_of(subtask))));
        }
        split.sort_unstable();
        let all: Vec<_> = (0..old as u8 * each).collect();
        prop_assert_eq!(&split, &all);
        for (subtask, restore) in (0..).zip(&restored) {
            prop_assert_eq!(&items(restore, "union"), &all);
            prop_assert!(items(restore, "broadcast").into_iter().eq(items_of(subtask % old)));
        }
    }

    /// Damage to either kind of file is reported before anything starts, or changes nothing.
    #[test]
    fn damage_is_found_on_loading(in_manifest: bool, at: prop::sample::Index, bit in 0..8_u8, cut: bool) {
        let resolved = snapshot(2, 8, |_| 0..3);
        let file = if in_manifest { MANIFEST } else { "chk-1/0-1.state" };
        let mut content = block_on(resolved.home.get(file)).unwrap().to_vec();
        let at = at.index(content.len());
        if cut {
            content.truncate(at);
        } else {
            content[at] ^= 1 << bit;
        }
        block_on(resolved.home.put(file, content.into())).unwrap();
        let error = block_on(load(&resolved)).unwrap_err();
        let StateError::Corrupt { path, .. } = &error else { panic!("{error}") };
        prop_assert!(path.ends_with(file), "{error}");
    }
}

#[test]
fn items_are_dealt_in_turn() {
    let loaded = block_on(load(&snapshot(2, 8, |subtask| if subtask == 0 { 0..4 } else { 4..5 }))).unwrap();
    let restored = restore(&loaded, 3, 8);
    let dealt: Vec<_> = restored.iter().map(|restore| items(restore, "split")).collect();
    assert_eq!(dealt, [vec![0, 3], vec![1, 4], vec![2]]);
}

#[test]
fn a_missing_file_is_reported_by_name() {
    let resolved = snapshot(2, 8, |_| 0..3);
    block_on(resolved.home.delete_files(["chk-1/0-1.state".into()])).unwrap();
    let error = block_on(load(&resolved)).unwrap_err().to_string();
    assert!(error.contains("job/chk-1/manifest`: refers to"), "{error}");
    assert!(error.contains("job/chk-1/0-1.state`, which does not exist"), "{error}");
}

fn share(subtask: u32, parallelism: u32) -> OperatorShare {
    OperatorShare { operator: operator(), subtask, parallelism }
}

/// Loads what one subtask restores.
fn load_for(resolved: &ResolvedSnapshot, subtask: u32, parallelism: u32) -> Result<LoadedSnapshot> {
    let opened = block_on(OpenedSnapshot::open(resolved.clone())).unwrap();
    block_on(opened.load_for(&[share(subtask, parallelism)]))
}

#[test]
fn each_subtask_loads_its_own_part_and_nothing_else() {
    let resolved = snapshot(3, 12, |subtask| subtask as u8..subtask as u8 + 1);
    let all = block_on(load(&resolved)).unwrap();
    for parallelism in [1, 2, 3, 5] {
        for subtask in 0..parallelism {
            let loaded = load_for(&resolved, subtask, parallelism).unwrap();
            let own = |snapshot: &LoadedSnapshot| snapshot.for_subtask(operator(), subtask, parallelism, 12);
            assert_eq!(own(&loaded).unwrap(), own(&all).unwrap());
            let groups = KeyGroups::new(12).range_of(subtask, parallelism).len();
            assert_eq!(loaded.blocks.keys().filter(|(_, at)| is_keyed(&resolved, *at)).count(), groups);
        }
    }
}

/// Whether a block of keyed state lies at this offset, in any file.
fn is_keyed(resolved: &ResolvedSnapshot, offset: u64) -> bool {
    let manifest = block_on(resolved.home.read_manifest(MANIFEST)).unwrap();
    let keyed = manifest.operators[0].subtasks.iter().flat_map(|part| part.keyed.clone());
    keyed.flat_map(|state| state.groups).any(|(_, block)| block.offset == offset)
}

#[test]
fn a_subtask_neither_reads_nor_misses_the_files_of_others() {
    // Lists that every subtask restores would need all files.
    let resolved = snapshot(2, 8, |_| 0..0);
    block_on(resolved.home.delete_files(["chk-1/0-1.state".into()])).unwrap();
    assert!(load_for(&resolved, 0, 2).is_ok());
    assert!(load_for(&resolved, 1, 2).unwrap_err().to_string().contains("0-1.state`, which does not exist"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Damage to the part of a file that a subtask restores is reported by the file's name, and damage
    /// elsewhere in the file does not concern it.
    #[test]
    fn damage_to_ones_own_part_is_found(at: prop::sample::Index, bit in 0..8_u8, cut: bool, subtask in 0..3_u32) {
        let resolved = snapshot(2, 8, |_| 0..3);
        let own = |loaded: LoadedSnapshot| loaded.for_subtask(operator(), subtask, 3, 8).unwrap();
        let whole = own(load_for(&resolved, subtask, 3).unwrap());
        let mut bytes = block_on(resolved.home.get("chk-1/0-1.state")).unwrap().to_vec();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
        block_on(resolved.home.put("chk-1/0-1.state", bytes.into())).unwrap();
        match load_for(&resolved, subtask, 3) {
            Ok(loaded) => prop_assert_eq!(own(loaded), whole),
            Err(StateError::Corrupt { path, .. }) => prop_assert!(path.contains("0-1.state"), "{path}"),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Of every group a third as many bytes as a run has at most.
fn large_content_of(group: KeyGroup) -> Vec<u8> {
    let length = usize::try_from(LONGEST_RUN).unwrap() / 3;
    (0..length + group.index()).map(|at| (at * (group.index() + 1)) as u8).collect()
}

#[test]
fn large_files_are_read_in_runs() {
    for (compressed, subtask, parallelism) in
        [false, true].into_iter().flat_map(|it| [(it, 0, 1), (it, 1, 2), (it, 1, 3)])
    {
        let resolved = snapshot_of(compressed, 2, 10, large_content_of, |_| 0..1);
        let loaded = load_for(&resolved, subtask, parallelism).unwrap();
        let restored = loaded.for_subtask(operator(), subtask, parallelism, 10).unwrap().unwrap();
        let blocks = &restored.keyed[0].blocks;
        let groups = KeyGroups::new(10).range_of(subtask, parallelism);
        assert_eq!(blocks.len(), groups.len());
        for (group, block) in blocks {
            assert!(groups.contains(*group) && *block == large_content_of(*group), "key group {group}");
        }
    }
}

#[test]
fn damage_to_any_run_of_a_large_file_is_found() {
    let resolved = snapshot_of(false, 1, 5, large_content_of, |_| 0..1);
    let whole = block_on(resolved.home.get("chk-1/0-0.state")).unwrap();
    let damaged = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.to_vec();
        change(&mut bytes);
        block_on(resolved.home.put("chk-1/0-0.state", bytes.into())).unwrap();
        block_on(load(&resolved)).unwrap_err().to_string()
    };
    assert!(damaged(&|bytes| bytes[3] ^= 1).contains("0-0.state`: not a Millstream snapshot file"));
    for part in 1..10 {
        let error = damaged(&|bytes| *bytes.iter_mut().nth_back(whole.len() / part / 2).unwrap() ^= 1);
        assert!(error.contains("0-0.state`: damaged: the checksum of the block"), "{error}");
    }
    let error = damaged(&|bytes| bytes.truncate(whole.len() - 1));
    assert!(error.contains("0-0.state`: truncated"), "{error}");
}

#[test]
fn a_file_of_another_kind_or_snapshot_is_refused() {
    let resolved = snapshot(2, 8, |_| 0..3);
    let other = block_on(resolved.home.get("chk-1/0-0.state")).unwrap();
    block_on(resolved.home.put("chk-1/0-1.state", other)).unwrap();
    assert!(matches!(block_on(load(&resolved)), Err(StateError::Corrupt { .. })));
    let manifest = block_on(resolved.home.get(MANIFEST)).unwrap();
    block_on(resolved.home.put("chk-1/0-1.state", manifest)).unwrap();
    let error = block_on(load(&resolved)).unwrap_err().to_string();
    assert!(error.contains("not a state file"), "{error}");
}

#[test]
fn another_number_of_key_groups_is_an_error_that_says_both() {
    let loaded = block_on(load(&snapshot(2, 8, |_| 0..3))).unwrap();
    let error = loaded.for_subtask(operator(), 0, 2, 16).unwrap_err().to_string();
    assert!(error.contains("`Counter` has a maximum parallelism of 16, but 8"), "{error}");
    assert_eq!(loaded.for_subtask(OperatorId::from_uid("new"), 0, 2, 16).unwrap(), None);
    assert!(loaded.operators().eq([(operator(), "Counter")]));
}

#[test]
fn loading_may_move_between_threads() {
    fn assert_send<T: Send>(_: T) {}
    assert_send(load(&snapshot(1, 1, |_| 0..1)));
}
