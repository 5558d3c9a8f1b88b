//! Random uses of states that expire, steps of the clock, sweeps and restores, against the model.

use proptest::prelude::*;

use super::model::Model;
use super::*;
use crate::KeyGroups;
use crate::snapshot::test_support::stored_on;

fn groups() -> KeyGroups {
    // Several keys in each, of which most stay as they are between two checkpoints.
    KeyGroups::new(6)
}

#[derive(Clone, Debug)]
enum Use {
    Value(ValueUse),
    List(ListUse),
    Map(MapUse),
}

#[derive(Clone, Copy, Debug)]
enum ValueUse {
    Get,
    Set(u32),
    Replace(u32),
    Update,
    UpdateOr(u32),
    Take,
    Clear,
}

#[derive(Clone, Debug)]
enum ListUse {
    Get,
    Len,
    Add(u32),
    AddAll(Vec<u32>),
    Set(Vec<u32>),
    Update,
    Retain,
    Take,
}

#[derive(Clone, Debug)]
enum MapUse {
    Get(u8),
    Insert(u8, u32),
    InsertAll(Vec<(u8, u32)>),
    Update(u8),
    UpdateOr(u8, u32),
    Remove(u8),
    Entries,
    Retain,
    Clear,
}

#[derive(Clone, Debug)]
enum Step {
    At(u8, Use),
    /// The clock moves, perhaps back.
    Clock(i64),
    Sweep(usize),
    /// Fills states of many keys, of which few will change.
    Fill,
    Checkpoint,
    Restore {
        parallelism: u32,
        ttl: Option<(i64, bool)>,
    },
}

fn ttls() -> impl Strategy<Value = Option<(i64, bool)>> {
    prop::option::weighted(0.8, (1..12_i64, any::<bool>()))
}

fn uses() -> impl Strategy<Value = Use> {
    let numbers = || prop::collection::vec(0..9_u32, 0..4);
    let value = prop_oneof![
        3 => Just(ValueUse::Get),
        2 => (0..9_u32).prop_map(ValueUse::Set),
        1 => (0..9_u32).prop_map(ValueUse::Replace),
        1 => Just(ValueUse::Update),
        1 => (0..9_u32).prop_map(ValueUse::UpdateOr),
        1 => Just(ValueUse::Take),
        1 => Just(ValueUse::Clear),
    ];
    let list = prop_oneof![
        2 => Just(ListUse::Get),
        1 => Just(ListUse::Len),
        4 => (0..9_u32).prop_map(ListUse::Add),
        1 => numbers().prop_map(ListUse::AddAll),
        1 => numbers().prop_map(ListUse::Set),
        1 => Just(ListUse::Update),
        1 => Just(ListUse::Retain),
        1 => Just(ListUse::Take),
    ];
    let key = || 0..4_u8;
    let map = prop_oneof![
        2 => key().prop_map(MapUse::Get),
        4 => (key(), 0..9_u32).prop_map(|(key, value)| MapUse::Insert(key, value)),
        1 => prop::collection::vec((key(), 0..9_u32), 0..3).prop_map(MapUse::InsertAll),
        1 => key().prop_map(MapUse::Update),
        1 => (key(), 0..9_u32).prop_map(|(key, value)| MapUse::UpdateOr(key, value)),
        1 => key().prop_map(MapUse::Remove),
        1 => Just(MapUse::Entries),
        1 => Just(MapUse::Retain),
        1 => Just(MapUse::Clear),
    ];
    prop_oneof![value.prop_map(Use::Value), list.prop_map(Use::List), map.prop_map(Use::Map)]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => (prop_oneof![0..4_u8, 0..60_u8], uses()).prop_map(|(key, used)| Step::At(key, used)),
        4 => (-3..8_i64).prop_map(Step::Clock),
        2 => (0..40_usize).prop_map(Step::Sweep),
        1 => Just(Step::Fill),
        3 => Just(Step::Checkpoint),
        1 => (1..4_u32, ttls()).prop_map(|(parallelism, ttl)| Step::Restore { parallelism, ttl }),
    ];
    prop::collection::vec(step, 0..80)
}

/// A subtask: its states, and the key that is current.
struct Subtask {
    store: HeapStore<u8>,
    key: u8,
    value: ValueState<u32>,
    list: ListState<u32>,
    map: MapState<u8, u32>,
}

impl StateAccess for Subtask {
    type Store = HeapStore<u8>;
    fn store(&self) -> (&HeapStore<u8>, Current<'_, u8>) {
        (&self.store, Current { key: &self.key, hash: stable_hash(&self.key) })
    }
    fn store_mut(&mut self) -> (&mut HeapStore<u8>, Current<'_, u8>) {
        (&mut self.store, Current { key: &self.key, hash: stable_hash(&self.key) })
    }
}

fn descriptor<V: crate::Record>(name: &str, ttl: Option<(i64, bool)>) -> StateDescriptor<V> {
    let descriptor = StateDescriptor::new(name);
    let Some((millis, on_read)) = ttl else { return descriptor };
    let ttl = super::ttl(millis.unsigned_abs());
    descriptor.ttl(if on_read { ttl.update_on_read() } else { ttl })
}

impl Subtask {
    fn open(
        (subtask, parallelism): (u32, u32),
        restored: &[KeyedRestore],
        now: i64,
        ttl: Option<(i64, bool)>,
    ) -> Self {
        let range = groups().range_of(subtask, parallelism);
        let own = restored.iter().map(|state| {
            let blocks = state.blocks.iter().filter(|(group, _)| range.contains(*group));
            KeyedRestore { meta: state.meta.clone(), blocks: blocks.cloned().collect() }
        });
        let mut store = HeapStore::new(groups(), range, own.collect());
        store.set_now(Timestamp::from_millis(now));
        let value = ValueState::declare(&mut store, &descriptor("value", ttl)).unwrap();
        let list = ListState::declare(&mut store, &descriptor("list", ttl)).unwrap();
        let map = MapState::declare(&mut store, &descriptor("map", ttl)).unwrap();
        Self { store, key: 0, value, list, map }
    }
}

/// Uses a state of the subtask and of the model, and compares what comes of it.
fn use_state(subtask: &mut Subtask, model: &mut Model, key: u8, used: &Use) {
    model.expire();
    subtask.key = key;
    let (now, times) = (model.now, model.clone());
    let states = model.at(key);
    match used {
        Use::Value(used) => {
            let (state, known) = (subtask.value, &mut states.value);
            let before = known.map(|(value, _)| value);
            match *used {
                ValueUse::Get => {
                    assert_eq!(state.cloned(subtask), before);
                    known.iter_mut().for_each(|(_, written)| times.read(written));
                }
                ValueUse::Set(value) => {
                    state.set(subtask, value);
                    *known = Some((value, now));
                }
                ValueUse::Replace(value) => {
                    assert_eq!(state.replace(subtask, value), before);
                    *known = Some((value, now));
                }
                ValueUse::Update => {
                    let add = |value: &mut u32| {
                        *value += 1;
                        *value
                    };
                    *known = before.map(|value| (value + 1, now));
                    assert_eq!(state.update(subtask, add), known.map(|(value, _)| value));
                }
                ValueUse::UpdateOr(init) => {
                    let value = before.unwrap_or(init) + 1;
                    state.update_or(subtask, || init, |value| *value += 1);
                    *known = Some((value, now));
                }
                ValueUse::Take => {
                    assert_eq!(state.take(subtask), before);
                    *known = None;
                }
                ValueUse::Clear => {
                    state.clear(subtask);
                    *known = None;
                }
            }
        }
        Use::List(used) => {
            let (state, known) = (subtask.list, &mut states.list);
            let before: Vec<u32> = known.iter().map(|(value, _)| *value).collect();
            let written = |values: &[u32]| values.iter().map(|value| (*value, now)).collect::<Vec<_>>();
            match used {
                ListUse::Get | ListUse::Len => {
                    match used {
                        ListUse::Get => assert_eq!(*state.get(subtask), before),
                        _ => assert_eq!(state.len(subtask), before.len()),
                    }
                    known.iter_mut().for_each(|(_, written)| times.read(written));
                }
                ListUse::Add(value) => {
                    state.add(subtask, *value);
                    known.push((*value, times.appended(known)));
                }
                ListUse::AddAll(values) => {
                    state.add_all(subtask, values.clone());
                    let stamp = times.appended(known);
                    known.extend(values.iter().map(|value| (*value, stamp)));
                }
                ListUse::Set(values) => {
                    state.set(subtask, values.clone());
                    *known = written(values);
                }
                ListUse::Update => {
                    let change = |list: &mut Vec<u32>| {
                        list.insert(0, 5);
                        list.truncate(3);
                        list.retain(|value| *value != 3);
                    };
                    let mut after = before;
                    change(&mut after);
                    state.update(subtask, change);
                    *known = written(&after);
                }
                ListUse::Retain => {
                    state.retain(subtask, |value| *value > 2);
                    known.retain(|(value, _)| *value > 2);
                }
                ListUse::Take => {
                    assert_eq!(state.take(subtask), before);
                    known.clear();
                }
            }
        }
        Use::Map(used) => {
            let (state, known) = (subtask.map, &mut states.map);
            match used {
                MapUse::Get(user_key) => {
                    assert_eq!(state.cloned(subtask, user_key), known.get(user_key).map(|(value, _)| *value));
                    known.get_mut(user_key).into_iter().for_each(|(_, written)| times.read(written));
                }
                MapUse::Insert(user_key, value) => {
                    let before = known.insert(*user_key, (*value, now)).map(|(value, _)| value);
                    assert_eq!(state.insert(subtask, *user_key, *value), before);
                }
                MapUse::InsertAll(entries) => {
                    state.insert_all(subtask, entries.clone());
                    known.extend(entries.iter().map(|(user_key, value)| (*user_key, (*value, now))));
                }
                MapUse::Update(user_key) => {
                    let after = known.get_mut(user_key).map(|written| {
                        *written = (written.0 + 1, now);
                        written.0
                    });
                    let add = |value: &mut u32| {
                        *value += 1;
                        *value
                    };
                    assert_eq!(state.update(subtask, user_key, add), after);
                }
                MapUse::UpdateOr(user_key, init) => {
                    let written = known.entry(*user_key).or_insert((*init, now));
                    *written = (written.0 + 1, now);
                    state.update_or(subtask, *user_key, || *init, |value| *value += 1);
                }
                MapUse::Remove(user_key) => {
                    let before = known.remove(user_key).map(|(value, _)| value);
                    assert_eq!(state.remove(subtask, user_key), before);
                }
                MapUse::Entries => {
                    let found: BTreeMap<_, _> =
                        state.iter(subtask).map(|(key, value)| (*key, *value)).collect();
                    assert_eq!(found, known.iter().map(|(key, (value, _))| (*key, *value)).collect());
                    assert_eq!(
                        (state.len(subtask), state.is_empty(subtask)),
                        (known.len(), known.is_empty())
                    );
                    known.values_mut().for_each(|(_, written)| times.read(written));
                }
                MapUse::Retain => {
                    state.retain(subtask, |user_key, value| (u32::from(*user_key) + value) % 2 == 0);
                    known.retain(|user_key, (value, _)| (u32::from(*user_key) + *value) % 2 == 0);
                }
                MapUse::Clear => {
                    state.clear(subtask);
                    known.clear();
                }
            }
        }
    }
}

/// What a checkpoint holds of the states of all subtasks.
struct Taken {
    checkpoint: CheckpointId,
    states: Vec<KeyedRestore>,
}

/// Takes a checkpoint on top of another.
fn taken(subtasks: &mut [Subtask], checkpoint: CheckpointId, base: Option<&Taken>) -> Taken {
    let mut states: Vec<KeyedRestore> = Vec::new();
    for state in subtasks.iter_mut().flat_map(|it| it.store.snapshot(checkpoint)) {
        let same = |it: &&KeyedRestore| it.meta.name == state.meta.name;
        let base = base.and_then(|base| Some((base.checkpoint, base.states.iter().find(same)?)));
        let stored = stored_on(base, state);
        match states.iter_mut().find(|it| it.meta.name == stored.meta.name) {
            Some(known) => known.blocks.extend(stored.blocks),
            None => states.push(stored),
        }
    }
    Taken { checkpoint, states }
}

fn run(ttl: Option<(i64, bool)>, steps: &[Step]) {
    let mut model = Model { keys: BTreeMap::new(), now: 100, ttl };
    let (mut clock, mut checkpoint) = (100, 0);
    let mut base: Option<Taken> = None;
    let use_owned = |subtasks: &mut [Subtask], model: &mut Model, key: u8, used: &Use| {
        let parallelism = subtasks.len() as u32;
        let is_own = |subtask: &u32| groups().range_of(*subtask, parallelism).contains(groups().of(&key));
        let owner = (0..parallelism).find(is_own).unwrap();
        use_state(&mut subtasks[owner as usize], model, key, used);
    };
    let mut subtasks = vec![Subtask::open((0, 1), &[], clock, ttl)];
    for step in steps {
        match step {
            Step::At(key, used) => use_owned(&mut subtasks, &mut model, *key, used),
            Step::Fill => (0..60).for_each(|key| {
                let list = Use::List(ListUse::AddAll(vec![1, 2]));
                let map = Use::Map(MapUse::Insert(key % 3, 1));
                for used in [Use::Value(ValueUse::Set(1)), list, map] {
                    use_owned(&mut subtasks, &mut model, key, &used);
                }
            }),
            Step::Checkpoint => {
                checkpoint += 1;
                base = Some(taken(&mut subtasks, CheckpointId::new(checkpoint), base.as_ref()));
            }
            Step::Clock(millis) => {
                clock += millis;
                model.now = model.now.max(clock);
                subtasks.iter_mut().for_each(|it| it.store.set_now(Timestamp::from_millis(clock)));
            }
            Step::Sweep(budget) => subtasks.iter_mut().for_each(|it| {
                it.store.sweep(*budget);
            }),
            Step::Restore { parallelism, ttl } => {
                checkpoint += 1;
                // What has expired since the base comes back where it is kept for longer from now on, or the clock
                // has stepped back.
                let is_longer = ttl.is_none_or(|(ttl, _)| model.ttl.is_none_or(|(before, _)| ttl > before));
                let known = base.as_ref().filter(|_| !is_longer && clock >= model.now);
                let all = taken(&mut subtasks, CheckpointId::new(checkpoint), known);
                model.restore(clock, *ttl);
                let open = |subtask| Subtask::open((subtask, *parallelism), &all.states, clock, *ttl);
                subtasks = (0..*parallelism).map(open).collect();
                base = Some(all);
            }
        }
    }
    check_rest(&mut subtasks, &mut model);
}

/// In the end: what is left is what can be seen, and all keys of it are visited.
fn check_rest(subtasks: &mut [Subtask], model: &mut Model) {
    model.expire();
    let (mut keys, mut entries) = (BTreeSet::new(), 0);
    for subtask in subtasks {
        let list = subtask.list;
        let visited: Result<(), ()> = subtask.store.for_each_key(&list, |cx| {
            assert!(keys.insert(*cx.key()), "{} twice", cx.key());
            Ok(())
        });
        visited.unwrap();
        while !subtask.store.sweep(5) {}
        while !subtask.store.sweep(5) {}
        entries += subtask.store.entries();
    }
    let with_list = model.keys.iter().filter(|(_, states)| !states.list.is_empty());
    assert_eq!(keys, with_list.map(|(key, _)| *key).collect());
    let of_key = |it: &super::model::OfKey| {
        usize::from(it.value.is_some()) + usize::from(!it.list.is_empty()) + usize::from(!it.map.is_empty())
    };
    assert_eq!(entries, model.keys.values().map(of_key).sum::<usize>(), "{model:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn states_do_what_the_model_says(ttl in ttls(), steps in steps()) {
        run(ttl, &steps);
    }
}
