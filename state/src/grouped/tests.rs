use std::cell::Cell;
use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::snapshot::part::StateKind;
use crate::{KeyedTable, Shape, stable_hash};

const GROUPS: u32 = 8;

fn state_over(range: KeyGroupRange) -> KeyedTable<u16, String> {
    let (key, value) = (Shape::of::<u16>(), Shape::of::<String>());
    let meta = StateMeta { name: "texts".to_owned(), kind: StateKind::Value, key, value };
    KeyedTable::new(meta, KeyGroups::new(GROUPS), range)
}

fn state() -> KeyedTable<u16, String> {
    state_over(KeyGroupRange::new(0, 8))
}

fn set(state: &mut KeyedTable<u16, String>, key: u16, value: &str) {
    let hash = stable_hash(&key);
    state.content_mut(hash).unwrap().insert(hash, key, value.to_owned());
}

fn remove(state: &mut KeyedTable<u16, String>, key: u16) {
    let hash = stable_hash(&key);
    state.content_mut(hash).unwrap().remove(hash, &key);
}

fn content_of(snapshot: &KeyedStateSnapshot) -> BTreeMap<u16, String> {
    let mut restored = state();
    for group in &snapshot.groups {
        let bytes = group.block.to_bytes().unwrap();
        restored.restore(group.group, &bytes, GroupContent::decode).unwrap();
    }
    restored.contents().flat_map(|table| table.iter().cloned()).collect()
}

fn since(snapshot: &KeyedStateSnapshot) -> BTreeMap<KeyGroup, u64> {
    snapshot.groups.iter().map(|group| (group.group, group.unchanged_since.number())).collect()
}

#[test]
fn a_write_after_a_snapshot_marks_only_its_group() {
    let mut state = state();
    (0..100).for_each(|key| set(&mut state, key, "first"));
    let first = state.snapshot(CheckpointId::new(1));
    assert_eq!(since(&first).len(), 8);
    let untouched = state.snapshot(CheckpointId::new(2));
    assert!(since(&untouched).values().all(|since| *since == 1));

    set(&mut state, 42, "second");
    let third = state.snapshot(CheckpointId::new(3));
    let group = KeyGroups::new(GROUPS).of(&42_u16);
    for (other, since) in since(&third) {
        assert_eq!(since, if other == group { 3 } else { 1 });
    }
    assert_eq!(content_of(&first)[&42], "first");
    assert_eq!(content_of(&third)[&42], "second");
}

#[test]
fn reading_marks_nothing() {
    let mut state = state();
    set(&mut state, 1, "one");
    state.snapshot(CheckpointId::new(1));
    assert_eq!(state.get(stable_hash(&1_u16), &1).map(String::as_str), Some("one"));
    assert_eq!(state.get(stable_hash(&2_u16), &2), None);
    assert_eq!(state.contents_mut_if(|table| table.len() > 1).count(), 0);
    assert!(since(&state.snapshot(CheckpointId::new(2))).values().all(|since| *since == 1));
    assert_eq!(state.contents_mut_if(|table| !table.is_empty()).count(), 1);
    assert!(since(&state.snapshot(CheckpointId::new(3))).values().all(|since| *since == 3));
}

#[test]
fn keys_and_groups_of_others_are_refused() {
    let groups = KeyGroups::new(GROUPS);
    let mut state = state_over(KeyGroupRange::new(2, 4));
    for key in 0..100_u16 {
        let ours = state_over(KeyGroupRange::new(2, 4)).content(stable_hash(&key)).is_some();
        assert_eq!(ours, (2..4).contains(&groups.of(&key).index()));
        assert_eq!(state.content_mut(stable_hash(&key)).is_ok(), ours);
    }
    let error = state.restore(KeyGroup::new(1), &[0], GroupContent::decode).unwrap_err();
    assert!(error.to_string().contains("key group 1 came to the subtask that owns 2..4"), "{error}");
}

#[test]
fn bytes_that_do_not_decode_name_the_state() {
    for bytes in [&[][..], &[2, 1], &[0, 0], &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1]] {
        let error = state().restore(KeyGroup::new(0), bytes, GroupContent::decode).unwrap_err();
        assert!(error.to_string().starts_with("state `texts`: cannot decode"), "{error}");
    }
}

#[test]
fn a_block_whose_keys_belong_elsewhere_is_refused() {
    let mut state = state();
    set(&mut state, 1, "one");
    let snapshot = state.snapshot(CheckpointId::new(1));
    let [group] = snapshot.groups.as_slice() else { panic!("one key has one group") };
    let bytes = group.block.to_bytes().unwrap();
    let elsewhere = KeyGroup::new(u16::try_from(group.group.index()).unwrap() ^ 1);
    let error = state.restore(elsewhere, &bytes, GroupContent::decode).unwrap_err();
    assert!(error.to_string().contains("`Hash`"), "{error}");
}

#[derive(Clone, Debug)]
enum Step {
    Set(u16, String),
    Remove(u16),
    Snapshot,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..40_u16, "[a-z]{0,3}").prop_map(|(key, value)| Step::Set(key, value)),
        2 => (0..40_u16).prop_map(Step::Remove),
        1 => Just(Step::Snapshot),
    ]
}

proptest! {
    /// A snapshot keeps what was there when it was taken, and `unchanged_since` names the first
    /// snapshot after the last write.
    #[test]
    fn snapshots_are_not_touched_by_later_writes(steps in prop::collection::vec(step(), 0..120)) {
        let groups = KeyGroups::new(GROUPS);
        let (mut state, mut model) = (state(), BTreeMap::new());
        let mut taken = Vec::new();
        let mut known_since = BTreeMap::<KeyGroup, u64>::new();
        for step in steps {
            match step {
                Step::Set(key, value) => {
                    set(&mut state, key, &value);
                    known_since.remove(&groups.of(&key));
                    model.insert(key, value);
                }
                Step::Remove(key) => {
                    remove(&mut state, key);
                    known_since.remove(&groups.of(&key));
                    model.remove(&key);
                }
                Step::Snapshot => {
                    let number = taken.len() as u64 + 1;
                    let snapshot = state.snapshot(CheckpointId::new(number));
                    let expected: BTreeMap<_, _> = model
                        .keys()
                        .map(|key| groups.of(key))
                        .map(|group| (group, *known_since.entry(group).or_insert(number)))
                        .collect();
                    prop_assert_eq!(since(&snapshot), expected);
                    taken.push((snapshot, model.clone()));
                }
            }
            prop_assert_eq!(state.entries(), model.len());
        }
        for (snapshot, expected) in taken {
            prop_assert_eq!(content_of(&snapshot), expected);
        }
    }
}

thread_local! {
    /// How many blocks are in memory.
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// The memory of a block.
struct Held;

impl Held {
    fn block() -> Bytes {
        HELD.set(HELD.get() + 1);
        Bytes::from_owner(Self)
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        b"block"
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        HELD.set(HELD.get() - 1);
    }
}

/// How many blocks were in memory when it was decoded.
#[derive(Clone, Default)]
struct HeldThen(usize);

impl GroupContent for HeldThen {
    fn entries(&self) -> usize {
        1
    }

    fn encode(&self, _: &mut Pieces) -> Result<(), postcard::Error> {
        Ok(())
    }

    fn decode(&mut self, _: &[u8]) -> Result<(), postcard::Error> {
        self.0 = HELD.get();
        Ok(())
    }
}

#[test]
fn a_restore_gives_each_block_back_before_it_reads_the_next() {
    let groups = KeyGroups::new(3);
    let meta = state().meta().clone();
    let mut restored = GroupedState::<HeldThen>::new(meta.clone(), groups, groups.range_of(0, 1));
    let blocks = (0..3).map(|group| (KeyGroup::new(group), Held::block())).collect();
    restored.restore_all(KeyedRestore { meta, blocks }).unwrap();
    assert_eq!(restored.contents().map(|content| content.0).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!(HELD.get(), 0);
}
