//! States that expire, with a clock that the tests move.

mod model;
mod properties;

use std::collections::HashMap;
use std::time::Duration;

use super::*;
use crate::{Shape, Timestamp};

fn ttl(millis: u64) -> Ttl {
    Ttl::new(Duration::from_millis(millis))
}

/// A context at time 0.
fn context(restored: Vec<KeyedRestore>) -> Context {
    let mut context = Context::new(restored);
    context.backend.set_now(Timestamp::from_millis(0));
    context
}

impl Context {
    fn now(&mut self, millis: i64) -> &mut Self {
        self.backend.set_now(Timestamp::from_millis(millis));
        self
    }

    /// Removes all that has expired.
    fn sweep_all(&mut self) {
        while !self.backend.sweep(7) {}
        while !self.backend.sweep(7) {}
    }
}

#[test]
fn a_value_is_gone_when_its_time_is_over() {
    let mut context = context(Vec::new());
    let state = StateDescriptor::<u32>::new("value").ttl(ttl(10));
    let state = ValueState::declare(&mut context.backend, &state).unwrap();
    state.set(context.at("a"), 1);
    assert_eq!(state.cloned(context.now(9)), Some(1));
    state.update(&mut context, |value| *value += 1);
    assert_eq!(state.cloned(context.now(18)), Some(2), "written at 9");
    assert_eq!(state.cloned(context.now(19)), None);
    assert_eq!(state.update(&mut context, |value| *value), None);
    assert_eq!(state.replace(&mut context, 7), None);
    assert_eq!(state.take(context.now(29)), None);
    assert_eq!(state.update_or(&mut context, || 3, |value| *value), 3);
    assert_eq!(state.take(&mut context), Some(3));
    assert_eq!(context.backend.entries(), 0);
}

#[test]
fn reading_prolongs_where_it_is_to_and_is_part_of_the_next_snapshot() {
    let mut context = context(Vec::new());
    let state = StateDescriptor::<u32>::new("value").ttl(ttl(10).update_on_read());
    let state = ValueState::declare(&mut context.backend, &state).unwrap();
    state.set(context.at("a"), 1);
    let changed = |context: &mut Context, checkpoint| {
        let snapshots = context.backend.snapshot(CheckpointId::new(checkpoint));
        snapshots.iter().flat_map(|state| &state.groups).map(|group| group.unchanged_since.number()).max()
    };
    assert_eq!(changed(&mut context, 1), Some(1));
    assert_eq!(changed(&mut context, 2), Some(1));
    assert_eq!(state.cloned(context.now(9)), Some(1));
    assert_eq!(changed(&mut context, 3), Some(3), "a restore must know of the later time");
    assert_eq!(changed(&mut context, 4), Some(3));
    assert_eq!(state.cloned(context.now(18)), Some(1));
    assert_eq!(state.cloned(context.now(28)), None);
}

#[test]
fn what_has_expired_can_be_seen_until_it_is_removed_where_it_is_to() {
    let mut context = context(Vec::new());
    let expired = ttl(10).return_expired_if_not_cleaned_up().update_on_read();
    let value = StateDescriptor::<u32>::new("value").ttl(expired);
    let value = ValueState::declare(&mut context.backend, &value).unwrap();
    let list = ListState::declare(&mut context.backend, &StateDescriptor::new("list").ttl(expired)).unwrap();
    let map = MapState::declare(&mut context.backend, &StateDescriptor::new("map").ttl(expired)).unwrap();
    value.set(context.at("a"), 1);
    list.add_all(&mut context, [1, 2]);
    map.insert(&mut context, 'x', 1);
    context.now(50);
    assert_eq!(value.cloned(&context), Some(1));
    assert_eq!(list.get(&context), [1, 2]);
    assert_eq!((map.cloned(&context, &'x'), map.len(&context)), (Some(1), 1));
    assert_eq!(context.backend.entries(), 3);
    assert!(context.taken().iter().all(|state| state.blocks.iter().all(|(_, bytes)| **bytes == [0])));
    context.sweep_all();
    assert_eq!(context.backend.entries(), 0);
    assert_eq!(value.cloned(&context), None);
}

#[test]
fn elements_and_entries_expire_one_by_one() {
    let mut context = context(Vec::new());
    let list = ListState::declare(&mut context.backend, &StateDescriptor::new("list").ttl(ttl(10))).unwrap();
    let map = MapState::declare(&mut context.backend, &StateDescriptor::new("map").ttl(ttl(10))).unwrap();
    for time in 0..20 {
        list.add(context.now(time).at("a"), time);
        map.insert(&mut context, time % 4, time);
    }
    map.insert(&mut context, 100, 19);
    assert_eq!(list.get(context.now(25)), [16, 17, 18, 19]);
    assert_eq!((map.len(&context), map.contains(&context, &0)), (5, true));
    map.insert(&mut context, 1, 25);
    assert_eq!(list.iter(context.now(28)).map(StateRef::cloned).collect::<Vec<_>>(), [19]);
    let mut left: Vec<_> = map.iter(&context).map(|(key, value)| (*key, *value)).collect();
    left.sort_unstable();
    assert_eq!(left, [(1, 25), (3, 19), (100, 19)]);
    map.retain(&mut context, |key, _| *key != 3);
    list.retain(&mut context, |_| true);
    assert_eq!((map.len(context.now(34)), list.len(&context)), (1, 0), "retaining is no writing");
    context.sweep_all();
    assert_eq!(context.backend.entries(), 1);
}

#[test]
fn a_clock_that_steps_back_neither_revives_nor_loses_anything() {
    let mut context = context(Vec::new());
    let state = StateDescriptor::<u32>::new("value").ttl(ttl(10));
    let state = ValueState::declare(&mut context.backend, &state).unwrap();
    state.set(context.at("a"), 1);
    assert_eq!(state.cloned(context.now(10)), None);
    assert_eq!(state.cloned(context.now(5)), None, "it was gone");
    state.set(&mut context, 2);
    assert_eq!(state.cloned(context.now(19)), Some(2), "written when it was 10");
    // Restored by a process whose clock is behind, and comes right.
    let mut restored = Context::new(context.taken());
    restored.backend.set_now(Timestamp::from_millis(2));
    let state = StateDescriptor::<u32>::new("value").ttl(ttl(10));
    let state = ValueState::declare(&mut restored.backend, &state).unwrap();
    assert_eq!(state.cloned(restored.at("a").now(19)), Some(2));
    assert_eq!(state.cloned(restored.now(20)), None);
}

#[test]
fn a_time_to_live_can_be_added_changed_and_removed() {
    let declare = |context: &mut Context, ttl: Option<Ttl>| {
        fn with<V: crate::Record>(name: &str, ttl: Option<Ttl>) -> StateDescriptor<V> {
            let descriptor = StateDescriptor::new(name);
            ttl.map_or(descriptor.clone(), |ttl| descriptor.ttl(ttl))
        }
        let store = &mut context.backend;
        (
            ValueState::<u32>::declare(store, &with("value", ttl)).unwrap(),
            ListState::<u32>::declare(store, &with("list", ttl)).unwrap(),
            MapState::<u32, u32>::declare(store, &with("map", ttl)).unwrap(),
        )
    };
    let mut before = context(Vec::new());
    let (value, list, map) = declare(&mut before, None);
    value.set(before.at("a"), 1);
    list.add_all(&mut before, [1, 2]);
    map.insert(&mut before, 7, 8);

    let mut timed = Context::new(before.taken());
    timed.now(100);
    let (value, list, map) = declare(&mut timed, Some(ttl(10)));
    timed.at("a").now(109);
    assert_eq!((value.cloned(&timed), list.len(&timed), map.cloned(&timed, &7)), (Some(1), 2, Some(8)));
    list.add(&mut timed, 3);

    let mut longer = Context::new(timed.taken());
    longer.now(110);
    let (value, list, map) = declare(&mut longer, Some(ttl(20)));
    longer.at("a").now(119);
    assert_eq!((value.cloned(&longer), list.len(&longer), map.cloned(&longer, &7)), (Some(1), 3, Some(8)));
    longer.now(120);
    assert_eq!((value.cloned(&longer), map.cloned(&longer, &7)), (None, None));
    assert_eq!(list.get(&longer), [3]);

    let mut plain = Context::new(longer.taken());
    let (value, list, map) = declare(&mut plain, None);
    plain.at("a").now(1_000);
    assert_eq!((value.cloned(&plain), map.is_empty(&plain)), (None, true));
    assert_eq!(list.get(&plain), [3]);
}

#[test]
fn migrations_go_together_with_a_time_to_live() {
    let mut old = context(Vec::new());
    let value = StateDescriptor::<u32>::new("value").ttl(ttl(10));
    let value = ValueState::declare(&mut old.backend, &value).unwrap();
    let list =
        ListState::<u32>::declare(&mut old.backend, &StateDescriptor::new("list").ttl(ttl(10))).unwrap();
    let map =
        MapState::<u8, u32>::declare(&mut old.backend, &StateDescriptor::new("map").ttl(ttl(10))).unwrap();
    value.set(old.at("a"), 1);
    for (time, number) in [(0, 1), (5, 2)] {
        list.add(old.now(time), number);
        map.insert(&mut old, number as u8, number);
    }
    let texts = |old: Vec<u32>| old.iter().map(u32::to_string).collect::<Vec<_>>();
    let wide = |old: HashMap<u8, u32>| {
        old.into_iter().map(|(key, value)| (u64::from(key), value)).collect::<StableMap<_, _>>()
    };
    for keep in [Some(ttl(10)), None] {
        let mut new = Context::new(old.taken());
        new.now(6);
        let with = |new: &mut Context| {
            let value = StateDescriptor::new("value").migrate_from(|old: u32| old.to_string());
            let list = StateDescriptor::new("list").migrate_from(texts);
            let map = StateDescriptor::<StableMap<u64, u32>>::new("map").migrate_from(wide);
            let (value, list, map) = match keep {
                Some(ttl) => (value.ttl(ttl), list.ttl(ttl), map.ttl(ttl)),
                None => (value, list, map),
            };
            let store = &mut new.backend;
            (
                ValueState::<String>::declare(store, &value).unwrap(),
                ListState::<String>::declare(store, &list).unwrap(),
                MapState::declare(store, &map).unwrap(),
            )
        };
        let (value, list, map) = with(&mut new);
        new.at("a").now(9);
        assert_eq!(value.cloned(&new).as_deref(), Some("1"));
        assert_eq!(list.get(&new), ["1", "2"]);
        assert_eq!(map.len(&new), 2);
        new.now(14);
        let expired = keep.is_some();
        assert_eq!(value.get(&new).is_none(), expired);
        assert_eq!(list.len(&new), if expired { 1 } else { 2 });
        assert_eq!(map.len(&new), 2, "both are as old as the younger was");
    }
}

#[test]
fn the_shape_says_that_a_state_expires() {
    let mut context = context(Vec::new());
    let state = StateDescriptor::<Vec<u8>>::new("list").ttl(ttl(1));
    ListState::declare(&mut context.backend, &state).unwrap();
    let shape = context.taken().remove(0).meta.value;
    assert_eq!(shape.to_string(), "ttl<[u8]>");
    assert_eq!(shape.of_expiring(), Some(Shape::of::<Vec<u8>>()));
    let mut other = Context::new(context.taken());
    other.now(0);
    let error = ListState::<u64>::declare(&mut other.backend, &StateDescriptor::new("list").ttl(ttl(1)));
    let error = error.err().unwrap().to_string();
    assert!(error.contains("the snapshot holds `[u8]`, the job expects `[u64]`"), "{error}");
}

#[test]
fn bad_use_is_an_error_that_says_what_to_do() {
    let none = StateDescriptor::<u32>::new("value").ttl(Ttl::new(Duration::from_micros(999)));
    let error = ValueState::declare(&mut context(Vec::new()).backend, &none).err().unwrap().to_string();
    assert!(error.contains("`value`: its time-to-live is shorter than a millisecond"), "{error}");
    let state = StateDescriptor::<u32>::new("value").ttl(ttl(1));
    let error = ValueState::declare(&mut Context::new(Vec::new()).backend, &state).err().unwrap().to_string();
    assert!(error.contains("call `HeapStore::set_now` before it is declared"), "{error}");
    let forever = StateDescriptor::<u32>::new("forever").ttl(Ttl::new(Duration::MAX));
    let mut context = context(Vec::new());
    let state = ValueState::declare(&mut context.backend, &forever).unwrap();
    state.set(context.at("a"), 1);
    assert_eq!(state.cloned(context.now(i64::MAX - 1)), Some(1));
}

#[test]
fn a_sweep_does_no_more_than_it_may_and_gives_memory_back() {
    let mut context = context(Vec::new());
    let state = StateDescriptor::<u32>::new("value").ttl(ttl(10));
    let state = ValueState::declare(&mut context.backend, &state).unwrap();
    let map = MapState::declare(&mut context.backend, &StateDescriptor::new("map").ttl(ttl(10))).unwrap();
    (0..20_000).for_each(|number| state.set(context.at(&number.to_string()), number));
    map.insert_all(context.at("a"), (0..5_000).map(|number| (number, ())));
    context.now(10);
    let mut left = context.backend.entries();
    let mut calls = 0;
    loop {
        let is_at_end = context.backend.sweep(100);
        let now = context.backend.entries();
        assert!(left - now <= 100, "{left} entries became {now}");
        (left, calls) = (now, calls + 1);
        if is_at_end {
            break;
        }
    }
    assert_eq!(left, 0);
    // The map alone takes 50 calls.
    assert!((250..2_000).contains(&calls), "{calls} calls");
    let buckets = |context: &HeapStore<String>| {
        context.table::<expiring::Timed<u32>>(state.id()).contents().map(|it| it.buckets()).max()
    };
    assert!(buckets(&context.backend) <= Some(64), "{:?} buckets", buckets(&context.backend));
}
