use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::*;
use crate::snapshot::part::KeyedStateSnapshot;
use crate::snapshot::read::KeyedRestore;
use crate::{AggregateFunction, CheckpointId, KeyGroups, stable_hash};

mod ttl;

/// A context with a current key, as an operator gives its function.
struct Context {
    backend: HeapStore<String>,
    key: String,
}

impl Context {
    fn new(restored: Vec<KeyedRestore>) -> Self {
        let groups = KeyGroups::new(128);
        Self { backend: HeapStore::new(groups, groups.range_of(0, 1), restored), key: String::new() }
    }

    fn at(&mut self, key: &str) -> &mut Self {
        self.key = key.to_owned();
        self
    }

    /// What a restore of a snapshot taken now would hand over.
    fn taken(&mut self) -> Vec<KeyedRestore> {
        let encoded = |state: KeyedStateSnapshot| {
            let blocks =
                state.groups.iter().map(|group| (group.group, Bytes::from(group.block.to_bytes().unwrap())));
            KeyedRestore { blocks: blocks.collect(), meta: state.meta }
        };
        self.backend.snapshot(CheckpointId::new(1)).into_iter().map(encoded).collect()
    }
}

impl StateAccess for Context {
    type Store = HeapStore<String>;
    fn store(&self) -> (&HeapStore<String>, Current<'_, String>) {
        (&self.backend, Current { key: &self.key, hash: stable_hash(&self.key) })
    }
    fn store_mut(&mut self) -> (&mut HeapStore<String>, Current<'_, String>) {
        (&mut self.backend, Current { key: &self.key, hash: stable_hash(&self.key) })
    }
}

struct Average;
impl AggregateFunction for Average {
    type Input = f64;
    type Accumulator = (f64, u32);
    type Output = f64;
    fn create_accumulator(&self) -> (f64, u32) {
        (0.0, 0)
    }
    fn add(&self, input: &f64, (sum, count): &mut (f64, u32)) {
        *sum += input;
        *count += 1;
    }
    fn result(&self, (sum, count): &(f64, u32)) -> f64 {
        sum / f64::from(*count)
    }
    fn merge(&self, accumulator: &mut (f64, u32), other: (f64, u32)) {
        *accumulator = (accumulator.0 + other.0, accumulator.1 + other.1);
    }
}

struct Handles {
    value: ValueState<u64>,
    list: ListState<String>,
    map: MapState<u8, i32>,
    sum: ReducingState<u32>,
    average: AggregatingState<Average>,
}

fn declare(backend: &mut HeapStore<String>) -> Handles {
    Handles {
        value: ValueState::declare(backend, &StateDescriptor::new("value")).unwrap(),
        list: ListState::declare(backend, &StateDescriptor::new("list")).unwrap(),
        map: MapState::declare(backend, &StateDescriptor::new("map")).unwrap(),
        sum: ReducingState::declare(backend, &StateDescriptor::new("sum"), |a, b| a + b).unwrap(),
        average: AggregatingState::declare(backend, &StateDescriptor::new("average"), Average).unwrap(),
    }
}

#[test]
fn every_kind_of_state_is_kept_by_key_and_survives() {
    let mut context = Context::new(Vec::new());
    let states = declare(&mut context.backend);
    for key in ["a", "b"] {
        let context = context.at(key);
        assert_eq!(states.value.update(context, |value| *value), None);
        assert_eq!(states.value.replace(context, 6), None);
        assert_eq!(states.value.replace(context, 7), Some(6));
        states.value.update_or(context, || 100, |value| *value += 1);
        assert_eq!(states.value.update(context, |value| std::mem::replace(value, 9)), Some(8));
        states.list.add(context, format!("{key}1"));
        states.list.add(context, format!("{key}2"));
        assert_eq!(states.map.insert(context, 1, 10), None);
        assert_eq!(states.map.insert(context, 1, 11), Some(10));
        states.map.insert(context, 2, 20);
        states.sum.add(context, 3);
        states.sum.add(context, 4);
        states.average.add(context, &1.0);
        states.average.add(context, &2.0);
    }
    states.value.clear(context.at("b"));
    let mut context = Context::new(context.taken());
    assert_eq!(context.backend.unclaimed().count(), 5);
    let states = declare(&mut context.backend);
    assert_eq!(context.backend.unclaimed().count(), 0);
    assert_eq!(context.backend.entries(), 9);

    let context = context.at("a");
    assert_eq!(states.value.cloned(context), Some(9));
    assert_eq!(states.list.get(context), ["a1", "a2"]);
    let entries = states.map.iter(context).map(|(key, value)| (*key, *value));
    assert_eq!(entries.collect::<BTreeMap<_, _>>(), BTreeMap::from([(1, 11), (2, 20)]));
    assert_eq!(states.sum.cloned(context), Some(7));
    assert_eq!(states.average.get(context), Some(1.5));
    let context = context.at("b");
    assert!(states.value.get(context).is_none());
    assert_eq!(states.list.take(context), ["b1", "b2"]);
    assert_eq!(states.map.remove(context, &1), Some(11));
    assert_eq!(states.map.remove(context, &1), None);
    assert_eq!(states.map.remove(context, &2), Some(20));
    assert_eq!(states.sum.take(context), Some(7));
    states.average.clear(context);
    assert_eq!(context.backend.entries(), 5);
    let context = context.at("never seen");
    assert!(states.list.get(context).is_empty() && states.map.get(context, &1).is_none());
    assert!(states.sum.get(context).is_none() && states.average.get(context).is_none());
}

#[test]
fn all_states_of_a_key_go_at_once() {
    let mut context = Context::new(Vec::new());
    let states = declare(&mut context.backend);
    for key in ["a", "b"] {
        states.value.set(context.at(key), 1);
        states.list.add(context.at(key), key.to_owned());
    }
    let key = "a".to_owned();
    context.backend.remove_all(Current { key: &key, hash: stable_hash(&key) }).unwrap();
    assert!(states.value.get(context.at("a")).is_none() && states.list.is_empty(context.at("a")));
    assert_eq!((states.value.cloned(context.at("b")), context.backend.entries()), (Some(1), 2));
    // What has nothing is not marked as changed.
    context.backend.snapshot(CheckpointId::new(1));
    context.backend.remove_all(Current { key: &key, hash: stable_hash(&key) }).unwrap();
    let snapshots = context.backend.snapshot(CheckpointId::new(2));
    let groups = snapshots.iter().flat_map(|state| &state.groups);
    assert!(groups.clone().all(|group| group.unchanged_since == CheckpointId::new(1)));
    assert_eq!(context.backend.names().collect::<Vec<_>>(), ["value", "list", "map", "sum", "average"]);
}

#[test]
fn looking_for_what_is_not_there_marks_nothing_as_changed() {
    let mut context = Context::new(Vec::new());
    let states = declare(&mut context.backend);
    states.value.set(context.at("a"), 1);
    states.map.insert(context.at("a"), 1, 1);
    context.backend.snapshot(CheckpointId::new(1));
    let groups = KeyGroups::new(128);
    let neighbour = (0..).map(|n| format!("n{n}")).find(|key| groups.of(key) == groups.of("a")).unwrap();
    states.map.remove(context.at("a"), &2);
    states.value.clear(context.at(&neighbour));
    assert_eq!(states.value.update(context.at(&neighbour), |value| *value), None);
    assert_eq!(states.map.update(context.at("a"), &2, |value| *value), None);
    states.list.add_all(context.at("a"), []);
    states.list.set(context.at("a"), Vec::new());
    states.map.insert_all(context.at("a"), []);
    states.map.clear(context.at(&neighbour));
    let snapshots = context.backend.snapshot(CheckpointId::new(2));
    let groups = snapshots.iter().flat_map(|state| &state.groups);
    assert!(groups.clone().all(|group| group.unchanged_since == CheckpointId::new(1)));
    assert_eq!(groups.count(), 2);
}

#[test]
fn a_name_can_be_declared_once() {
    let mut context = Context::new(Vec::new());
    ValueState::<u64>::declare(&mut context.backend, &StateDescriptor::new("count")).unwrap();
    let again =
        MapState::<u8, u8>::declare(&mut context.backend, &StateDescriptor::new("count")).err().unwrap();
    assert_eq!(again.to_string(), "state `count` is declared twice in one function");
}

#[test]
fn a_changed_type_is_an_error_that_shows_both_shapes() {
    let mut old = Context::new(Vec::new());
    let state =
        ValueState::<(u32, String)>::declare(&mut old.backend, &StateDescriptor::new("pair")).unwrap();
    state.set(old.at("a"), (1, "one".to_owned()));
    let mut new = Context::new(old.taken());
    let error = ValueState::<u64>::declare(&mut new.backend, &StateDescriptor::new("pair")).err().unwrap();
    assert_eq!(
        error.to_string(),
        "state `pair` has changed its type: the snapshot holds `(u32, str)`, the job expects `u64`; \
         register a migration from the older type, or give the state another name"
    );

    let groups = KeyGroups::new(128);
    let mut other_key = HeapStore::<u64>::new(groups, groups.range_of(0, 1), old.taken());
    let descriptor = StateDescriptor::<(u32, String)>::new("pair");
    let error = ValueState::declare(&mut other_key, &descriptor).err().unwrap();
    assert!(error.to_string().contains("holds `str`, the job expects `u64`"), "{error}");
}

#[test]
fn values_of_older_types_migrate() {
    let mut old = Context::new(Vec::new());
    let state = ValueState::<u32>::declare(&mut old.backend, &StateDescriptor::new("total")).unwrap();
    for (key, value) in [("a", 1), ("b", 300)] {
        state.set(old.at(key), value);
    }
    let descriptor = || {
        StateDescriptor::<String>::new("total")
            .migrate_from(|old: (u8, u8)| format!("{old:?}"))
            .migrate_from(|old: u32| format!("{old} of old"))
    };
    let mut new = Context::new(old.taken());
    let state = ValueState::declare(&mut new.backend, &descriptor()).unwrap();
    assert_eq!(state.cloned(new.at("a")).as_deref(), Some("1 of old"));
    assert_eq!(state.cloned(new.at("b")).as_deref(), Some("300 of old"));
    // What is written from now on is of today's type, and needs no migration.
    let mut newer = Context::new(new.taken());
    let state = ValueState::declare(&mut newer.backend, &descriptor()).unwrap();
    assert_eq!(state.cloned(newer.at("b")).as_deref(), Some("300 of old"));
}

#[test]
fn lists_and_maps_without_anything_in_them_take_no_room() {
    let mut context = Context::new(Vec::new());
    let states = declare(&mut context.backend);
    let context = context.at("a");
    states.list.add_all(context, ["1", "2", "3"].map(String::from));
    states.list.update(context, |list| list.retain(|text| text != "2"));
    assert_eq!((states.list.len(context), states.list.is_empty(context)), (2, false));
    assert_eq!(states.list.get(context).into_iter().map(StateRef::cloned).collect::<Vec<_>>(), ["1", "3"]);
    states.list.set(context, vec!["4".to_owned()]);
    assert_eq!(states.list.get(context)[0], "4");

    states.map.insert_all(context, [(1, 10), (2, 20)]);
    states.map.update_or_default(context, 3, |value| *value += 7);
    assert_eq!(states.map.update(context, &3, |value| *value), Some(7));
    assert!(states.map.contains(context, &1) && !states.map.contains(context, &4));
    let (mut keys, mut values): (Vec<_>, Vec<_>) = (
        states.map.keys(context).map(StateRef::cloned).collect(),
        states.map.values(context).map(StateRef::cloned).collect(),
    );
    keys.sort();
    values.sort();
    assert_eq!((keys, values, states.map.len(context)), (vec![1, 2, 3], vec![7, 10, 20], 3));
    assert_eq!(context.backend.entries(), 2);

    states.list.update(context, Vec::clear);
    for key in 1..=3 {
        states.map.remove(context, &key);
    }
    assert!(states.list.is_empty(context) && states.map.is_empty(context));
    assert_eq!(context.backend.entries(), 0);
}

#[test]
fn a_key_whose_hash_has_changed_is_named_as_the_mistake() {
    let groups = KeyGroups::new(128);
    let foreign = (0..).map(|n| format!("n{n}")).find(|key| groups.of(key).index() >= 64).unwrap();
    let backend = HeapStore::new(groups, groups.range_of(0, 2), Vec::new());
    let mut context = Context { backend, key: foreign };
    let states = declare(&mut context.backend);
    let message = |work: &mut dyn FnMut()| {
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_err();
        panic.downcast_ref::<String>().cloned().unwrap_or_default()
    };
    let expected = "the key's `Hash` must give the same value each time";
    assert!(message(&mut || assert!(states.value.cloned(&context).is_some())).contains(expected));
    let mut set = || states.value.set(&mut context, 1);
    assert!(message(&mut set).contains(expected));
    let mut clear = || states.value.clear(&mut context);
    assert!(message(&mut clear).contains("state `value`"));
}

#[test]
#[should_panic(expected = "used in another function than the one that has declared it")]
fn a_handle_of_another_function_is_named_as_the_mistake() {
    let mut one = Context::new(Vec::new());
    let mut other = Context::new(Vec::new());
    declare(&mut one.backend);
    let list = ListState::<u8>::declare(&mut other.backend, &StateDescriptor::new("list")).unwrap();
    list.add(&mut one, 1);
}

#[test]
fn all_keys_are_visited_in_the_order_of_their_groups() {
    let mut context = Context::new(Vec::new());
    let states = declare(&mut context.backend);
    let keys: Vec<_> = (0..300).map(|number| number.to_string()).collect();
    for key in &keys {
        states.value.set(context.at(key), 1);
    }
    states.map.insert(context.at("only a map"), 1, 1);
    let mut seen = Vec::new();
    let visited = context.backend.for_each_key(&states.value, |cx| {
        seen.push(cx.key().clone());
        match states.value.take(cx) {
            Some(_) if cx.key() == "7" => {}
            Some(value) => states.list.add(cx, value.to_string()),
            None => return Err("a key without a value"),
        }
        Ok(())
    });
    assert_eq!(visited, Ok(()));
    let groups: Vec<_> = seen.iter().map(|key| KeyGroups::new(128).of(key.as_str()).index()).collect();
    assert!(groups.is_sorted());
    assert_eq!(seen.iter().collect::<BTreeSet<_>>(), keys.iter().collect());
    assert!(states.list.is_empty(context.at("7")) && states.value.get(&context).is_none());
    assert_eq!(states.list.get(context.at("8")), ["1"]);

    let mut count = 0;
    let stopped = context.backend.for_each_key(&states.list, |_| {
        count += 1;
        if count < 10 { Ok(()) } else { Err("enough") }
    });
    assert_eq!((stopped, count), (Err("enough"), 10));
}

#[test]
fn visiting_keys_copies_only_what_changes() {
    let mut context = Context::new(Vec::new());
    let states = declare(&mut context.backend);
    (0..300).for_each(|number| states.value.set(context.at(&number.to_string()), number));
    context.backend.snapshot(CheckpointId::new(1));
    let Ok(()) = context.backend.for_each_key(&states.value, |cx| {
        if states.value.cloned(cx) == Some(5) {
            states.value.set(cx, 6);
        }
        Ok::<(), std::convert::Infallible>(())
    });
    let snapshots = context.backend.snapshot(CheckpointId::new(2));
    let changed = snapshots.iter().flat_map(|state| &state.groups);
    let changed: Vec<_> = changed.filter(|group| group.unchanged_since == CheckpointId::new(2)).collect();
    assert_eq!(changed.iter().map(|it| it.group).collect::<Vec<_>>(), [KeyGroups::new(128).of("5")]);
}
