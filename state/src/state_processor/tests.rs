use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::executor::block_on;
use tempfile::TempDir;

use super::*;
use crate::snapshot::manifest::{Manifest, SnapshotKind};
use crate::snapshot::part::{ListItems, ListStateSnapshot, OperatorSnapshot, Redistribution, StateKind};
use crate::snapshot::read::load;
use crate::snapshot::storage::{open_url, resolve};
use crate::snapshot::write::{OnThisThread, write_subtask};
use crate::{
    CheckpointId, Current, HeapStore, KeyGroups, ListState, MapState, OperatorId, Shape, StateAccess,
    StateDescriptor, TimerQueue, Timestamp, Ttl, ValueState, codec, stable_hash,
};

/// A folder with savepoints, each in a folder of its own.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_string_lossy().into_owned()
    }

    fn read(&self, name: &str) -> SavepointReader {
        block_on(SavepointReader::open(&self.path(name))).unwrap()
    }

    fn write(&self, writer: SavepointWriter, name: &str) -> SavepointReader {
        block_on(writer.write(&self.path(name))).unwrap();
        self.read(name)
    }
}

struct At(HeapStore<u32>, u32);

impl StateAccess for At {
    type Store = HeapStore<u32>;
    fn store(&self) -> (&HeapStore<u32>, Current<'_, u32>) {
        (&self.0, Current { key: &self.1, hash: stable_hash(&self.1) })
    }
    fn store_mut(&mut self) -> (&mut HeapStore<u32>, Current<'_, u32>) {
        (&mut self.0, Current { key: &self.1, hash: stable_hash(&self.1) })
    }
}

const MAX_PARALLELISM: u32 = 32;
const KEYS: u32 = 100;

/// What two subtasks of a job wrote: of the keys below 100 a number, a list that expires, a map, and a timer each.
fn written_by_a_job(folder: &Folder, name: &str) -> SavepointReader {
    let home = open_url(&folder.path(name), true).unwrap();
    let (groups, operator) = (KeyGroups::new(MAX_PARALLELISM), OperatorId::from_uid("accounts"));
    let mut parts = Vec::new();
    for subtask in 0..2 {
        let range = groups.range_of(subtask, 2);
        let mut store = HeapStore::<u32>::new(groups, range, Vec::new());
        store.set_now(Timestamp::from_millis(5));
        let value = ValueState::<u64>::declare(&mut store, &StateDescriptor::new("total")).unwrap();
        let ttl = Ttl::new(Duration::from_secs(60));
        let list = ListState::<String>::declare(&mut store, &StateDescriptor::new("last").ttl(ttl)).unwrap();
        let map = MapState::<char, u8>::declare(&mut store, &StateDescriptor::new("letters")).unwrap();
        let mut timers = TimerQueue::<u32>::new(TimerQueue::<u32>::EVENT_TIME, groups, range);
        let mut cx = At(store, 0);
        for key in (0..KEYS).filter(|key| range.contains(groups.of(key))) {
            cx.1 = key;
            value.set(&mut cx, u64::from(key) * 10);
            list.add(&mut cx, format!("{key}"));
            map.insert_all(&mut cx, [('a', 1), ('b', key as u8)]);
            timers.register(stable_hash(&key), &key, Timestamp::from_millis(i64::from(key))).unwrap();
        }
        let id = CheckpointId::new(7);
        let mut keyed = cx.0.snapshot(id);
        keyed.push(timers.snapshot(id));
        let list = |name: &str, redistribution, items: &[u32]| ListStateSnapshot {
            name: name.to_owned(),
            redistribution,
            item: Shape::of::<u32>(),
            items: ListItems::Ready(items.iter().map(|item| codec::encode(item).unwrap()).collect()),
        };
        let lists = vec![
            list("offsets", Redistribution::Split, &[subtask, subtask + 10]),
            list("rules", Redistribution::Broadcast, &[42]),
        ];
        let snapshot = OperatorSnapshot { operator, keyed, lists };
        let file = format!("0-{subtask}.state");
        parts.extend(
            block_on(write_subtask(&OnThisThread, &home, &file, vec![snapshot], None)).unwrap().operators,
        );
    }
    let stored = |uid: Option<&str>, name: &str, id| OperatorManifest {
        operator: id,
        name: name.to_owned(),
        uid: uid.map(str::to_owned),
        parallelism: 2,
        max_parallelism: MAX_PARALLELISM,
        subtasks: parts.clone(),
    };
    let nameless = stored(None, "Keyed process", OperatorId::from_uid("somewhere in the graph"));
    let manifest = Manifest {
        job: "bank".to_owned(),
        checkpoint: CheckpointId::new(7),
        kind: SnapshotKind::Savepoint,
        created: Timestamp::from_millis(9),
        operators: vec![stored(Some("accounts"), "Accounts", operator), nameless],
    };
    block_on(home.create_manifest("", &manifest)).unwrap();
    folder.read(name)
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort();
    items
}

fn totals(reader: &SavepointReader, uid: &str) -> BTreeMap<u32, u64> {
    let entries = block_on(reader.keyed_state(uid, "total").unwrap().entries()).unwrap();
    let count = entries.len();
    let totals: BTreeMap<_, _> = entries.into_iter().collect();
    assert_eq!(totals.len(), count);
    totals
}

fn expected_totals() -> BTreeMap<u32, u64> {
    (0..KEYS).map(|key| (key, u64::from(key) * 10)).collect()
}

/// Restores an operator with so many subtasks, as a job does, and says what each key has.
fn restored(reader: &SavepointReader, uid: &str, parallelism: u32) -> BTreeMap<u32, (u64, usize)> {
    let loaded = block_on(load(reader.snapshot().resolved())).unwrap();
    let groups = KeyGroups::new(MAX_PARALLELISM);
    let mut found = BTreeMap::new();
    for subtask in 0..parallelism {
        let share = loaded.for_subtask(OperatorId::from_uid(uid), subtask, parallelism, MAX_PARALLELISM);
        let keyed = share.unwrap().unwrap().keyed;
        let mut store = HeapStore::<u32>::new(groups, groups.range_of(subtask, parallelism), keyed);
        store.set_now(Timestamp::from_millis(6));
        let value = ValueState::<u64>::declare(&mut store, &StateDescriptor::new("total")).unwrap();
        let ttl = Ttl::new(Duration::from_secs(60));
        let list = ListState::<String>::declare(&mut store, &StateDescriptor::new("last").ttl(ttl)).unwrap();
        let visited: Result<(), ()> = store.for_each_key(&value, |cx| {
            found.insert(*cx.key(), (value.cloned(cx).unwrap_or_default(), list.len(cx)));
            Ok(())
        });
        visited.unwrap();
    }
    found
}

#[test]
fn all_kinds_of_state_are_listed_and_read() {
    let folder = Folder::new();
    let reader = written_by_a_job(&folder, "savepoint");
    let listed = reader.operators();
    assert_eq!(listed.iter().map(|it| it.uid.as_deref()).collect::<Vec<_>>(), [Some("accounts"), None]);
    let states: Vec<_> = listed[0].states.iter().collect();
    let names: Vec<_> = states.iter().map(|state| state.name.as_str()).collect();
    assert_eq!(names, ["_event_time_timers", "last", "letters", "offsets", "rules", "total"]);
    let last = states[1];
    assert_eq!(
        (last.kind, last.expires, last.value.to_string().as_str()),
        (Some(StateKind::List), true, "[str]")
    );
    assert_eq!((last.entries, last.key.as_ref().map(Shape::as_str)), (100, Some("u32")));
    assert_eq!((states[3].kind, states[3].redistribution), (None, Some(Redistribution::Split)));
    assert!(states.iter().all(|state| state.bytes > 0));

    assert_eq!(totals(&reader, "accounts"), expected_totals());
    assert_eq!(totals(&reader, "Keyed process"), expected_totals(), "by its name, for it has no uid");
    assert_eq!(totals(&reader, &listed[1].id.to_string()), expected_totals());
    let mut last = reader.keyed_state::<u32, Vec<String>>("accounts", "last").unwrap();
    let mut seen = BTreeSet::new();
    while let Some(entries) = block_on(last.next_group()).unwrap() {
        for StateEntry { key, value, written } in entries {
            assert_eq!((value, written), (vec![key.to_string()], vec![Timestamp::from_millis(5)]));
            seen.insert(key);
        }
    }
    assert!(seen.into_iter().eq(0..KEYS));
    let maps =
        block_on(reader.keyed_state::<u32, BTreeMap<char, u8>>("accounts", "letters").unwrap().entries());
    assert!(maps.unwrap().into_iter().all(|(key, map)| map == BTreeMap::from([('a', 1), ('b', key as u8)])));
    let timers = block_on(reader.event_time_timers::<u32>("accounts")).unwrap();
    assert!(timers.into_iter().eq((0..KEYS).map(|key| (Timestamp::from_millis(i64::from(key)), key))));
    assert_eq!(
        sorted(block_on(reader.operator_state::<u32>("accounts", "offsets")).unwrap()),
        [0, 1, 10, 11]
    );
    assert_eq!(block_on(reader.operator_state::<u32>("accounts", "rules")).unwrap(), [42]);
}

#[test]
fn what_cannot_be_read_is_said_with_what_can() {
    let folder = Folder::new();
    let reader = written_by_a_job(&folder, "savepoint");
    let error = |uid: &str, state: &str| reader.keyed_state::<u32, u64>(uid, state).unwrap_err().to_string();
    let unknown = error("acounts", "total");
    assert!(unknown.contains("savepoint/manifest` has no operator `acounts`"), "{unknown}");
    assert!(unknown.contains("there are `accounts`, `Keyed process`; did you mean `accounts`?"), "{unknown}");
    let unknown = error("accounts", "totla");
    assert!(unknown.contains("operator `accounts` has no state `totla`"), "{unknown}");
    assert!(unknown.ends_with("did you mean `total`?"), "{unknown}");
    let shape = error("accounts", "letters");
    assert!(shape.contains("values of the shape `map<char, u8>`, and cannot be read as `u64`"), "{shape}");
    let key = reader.keyed_state::<String, u64>("accounts", "total").unwrap_err().to_string();
    assert!(key.contains("keys of the shape `u32`, and cannot be read as `str`"), "{key}");
    assert!(error("accounts", "_event_time_timers").contains("of the kind EventTimer"));
    let items = block_on(reader.operator_state::<String>("accounts", "rules")).unwrap_err().to_string();
    assert!(items.contains("items of the shape `u32`, and cannot be read as `str`"), "{items}");
    let nothing = block_on(SavepointReader::open(&folder.path("nothing"))).unwrap_err();
    assert!(matches!(nothing, StateError::NoSnapshot { .. }), "{nothing}");
}

#[test]
fn a_copy_is_restored_as_what_it_was_copied_from_at_any_parallelism() {
    let folder = Folder::new();
    let before = written_by_a_job(&folder, "before");
    let after = folder.write(SavepointWriter::from_existing(&before), "after");
    std::fs::remove_dir_all(folder.path("before")).unwrap();
    assert_eq!((after.manifest().job.as_str(), after.manifest().checkpoint.number()), ("bank", 7));
    assert_eq!(totals(&after, "accounts"), expected_totals());
    assert_eq!(sorted(block_on(after.operator_state::<u32>("accounts", "offsets")).unwrap()), [0, 1, 10, 11]);
    let expected: BTreeMap<_, _> = (0..KEYS).map(|key| (key, (u64::from(key) * 10, 1))).collect();
    for parallelism in [1, 2, 3, 5] {
        assert_eq!(restored(&after, "accounts", parallelism), expected);
    }
}

#[test]
fn states_are_replaced_added_and_removed() {
    let folder = Folder::new();
    let before = written_by_a_job(&folder, "before");
    let mut writer = SavepointWriter::from_existing(&before);
    let accounts = writer.operator("accounts").unwrap();
    accounts.value_state("total", (0..10_u32).map(|key| (key, 1_u64))).unwrap();
    accounts.operator_state("offsets", Redistribution::Split, 0..7_u32).unwrap();
    accounts.operator_state("all", Redistribution::Union, [9_u8]).unwrap();
    accounts.list_state("new", [(1_u32, vec!['x']), (2, Vec::new())]).unwrap();
    accounts.map_state("letters", [(1_u32, [('z', 0_u8)])]).unwrap();
    accounts.event_time_timers([(Timestamp::from_millis(3), 1_u32)]).unwrap();
    accounts.processing_time_timers([(Timestamp::from_millis(4), 1_u32)]).unwrap();
    accounts.remove_state("rules").unwrap();
    writer.remove_operator("Keyed process").unwrap().change_uid("accounts", "clients").unwrap();
    writer.operator("fresh").unwrap().reducing_state("sum", [('k', 1_u8)]).unwrap();
    let after = folder.write(writer, "after");

    let uids: Vec<_> = after.operators().into_iter().filter_map(|operator| operator.uid).collect();
    assert_eq!(uids, ["clients", "fresh"]);
    assert_eq!(totals(&after, "clients"), (0..10).map(|key| (key, 1)).collect());
    assert_eq!(
        sorted(block_on(after.operator_state::<u32>("clients", "offsets")).unwrap()),
        [0, 1, 2, 3, 4, 5, 6]
    );
    assert_eq!(block_on(after.operator_state::<u8>("clients", "all")).unwrap(), [9]);
    let new = block_on(after.keyed_state::<u32, Vec<char>>("clients", "new").unwrap().entries()).unwrap();
    assert_eq!(new, [(1, vec!['x'])]);
    let letters = after.keyed_state::<u32, BTreeMap<char, u8>>("clients", "letters").unwrap();
    assert_eq!(block_on(letters.entries()).unwrap(), [(1, BTreeMap::from([('z', 0)]))]);
    assert_eq!(block_on(after.event_time_timers("clients")).unwrap(), [(Timestamp::from_millis(3), 1_u32)]);
    assert_eq!(
        block_on(after.processing_time_timers("clients")).unwrap(),
        [(Timestamp::from_millis(4), 1_u32)]
    );
    assert!(
        after
            .keyed_state::<u32, u32>("clients", "rules")
            .unwrap_err()
            .to_string()
            .contains("no state `rules`")
    );
    let fresh = &after.operators()[1];
    assert_eq!((fresh.max_parallelism, fresh.states[0].kind), (MAX_PARALLELISM, Some(StateKind::Reducing)));
    // What nobody touched is there as before.
    for parallelism in [1, 2, 4] {
        let found = restored(&after, "clients", parallelism);
        assert_eq!(found, (0..10).map(|key| (key, (1, 1))).collect());
    }
    // At the same parallelism, items of a list that is split go to all subtasks.
    let loaded = block_on(load(&block_on(resolve(&folder.path("after"), None)).unwrap())).unwrap();
    let shares = (0..2).map(|subtask| {
        let share = loaded.for_subtask(OperatorId::from_uid("clients"), subtask, 2, MAX_PARALLELISM);
        let lists = share.unwrap().unwrap().lists;
        lists.into_iter().find(|list| list.name == "offsets").unwrap().items.len()
    });
    assert_eq!(shares.collect::<Vec<_>>(), [4, 3]);
}

#[test]
fn mistakes_of_writers_are_reported() {
    let folder = Folder::new();
    let before = written_by_a_job(&folder, "before");
    let mut writer = SavepointWriter::from_existing(&before);
    let twice = writer.operator("accounts").unwrap().value_state("total", [(1_u32, 1_u64), (1, 2)]);
    assert!(
        twice.unwrap_err().to_string().contains("state `total` of operator `accounts`: a key comes twice")
    );
    let missing = writer.operator("accounts").unwrap().remove_state("tota").unwrap_err().to_string();
    assert!(
        missing.contains("has no state `tota`") && missing.ends_with("did you mean `total`?"),
        "{missing}"
    );
    let missing = writer.remove_operator("account").unwrap_err().to_string();
    assert!(missing.contains("did you mean `accounts`?"), "{missing}");
    writer.operator("other").unwrap();
    let taken = writer.change_uid("accounts", "other").unwrap_err().to_string();
    assert!(taken.contains("operator `accounts` cannot become `other`: there is one already"), "{taken}");
    let none = SavepointWriter::new().max_parallelism(0).operator("any").unwrap_err().to_string();
    assert!(none.contains("a maximum parallelism of 0"), "{none}");
    let exists = block_on(SavepointWriter::new().write(&folder.path("before"))).unwrap_err();
    assert!(matches!(exists, StateError::AlreadyExists { .. }), "{exists}");
    assert_eq!(totals(&before, "accounts"), expected_totals(), "and is as it was");
}
