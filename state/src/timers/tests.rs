use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::codec::encode;
use crate::hash::stable_hash;

const GROUPS: u32 = 8;

fn queue_over(range: KeyGroupRange) -> TimerQueue<u8> {
    TimerQueue::new(TimerQueue::<u8>::EVENT_TIME, KeyGroups::new(GROUPS), range)
}

fn queue() -> TimerQueue<u8> {
    queue_over(KeyGroupRange::new(0, 8))
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn register(queue: &mut TimerQueue<u8>, key: u8, millis: i64) -> bool {
    queue.register(stable_hash(&key), &key, at(millis)).unwrap()
}

fn delete(queue: &mut TimerQueue<u8>, key: u8, millis: i64) -> bool {
    queue.delete(stable_hash(&key), &key, at(millis)).unwrap()
}

fn restored(queue: &mut TimerQueue<u8>) -> TimerQueue<u8> {
    let mut copy = self::queue();
    for group in queue.snapshot(CheckpointId::new(1)).groups {
        let bytes = group.block.to_bytes().unwrap();
        copy.restore(group.group, &bytes).unwrap();
    }
    copy
}

#[test]
fn the_same_timer_twice_is_one() {
    let mut queue = queue();
    assert!(register(&mut queue, 1, 10));
    assert!(!register(&mut queue, 1, 10));
    assert!(register(&mut queue, 2, 10));
    assert_eq!(queue.len(), 2);
    assert!(delete(&mut queue, 1, 10));
    assert!(!delete(&mut queue, 1, 10));
    assert_eq!(queue.next(), Some(at(10)));
    assert_eq!(queue.pop(at(9)), None);
    assert_eq!(queue.pop(at(10)), Some((at(10), 2)));
    assert!(queue.is_empty());
    assert_eq!(queue.next(), None);
}

#[test]
fn what_changes_nothing_marks_nothing_as_changed() {
    let mut queue = queue();
    register(&mut queue, 1, 10);
    let mut others = (2..=255_u8).filter(|key| {
        queue.timers.slot_index(stable_hash(key)) == queue.timers.slot_index(stable_hash(&1_u8))
    });
    let neighbour = others.next().unwrap();
    queue.snapshot(CheckpointId::new(1));
    assert!(!register(&mut queue, 1, 10));
    assert!(!delete(&mut queue, 1, 11));
    assert!(!delete(&mut queue, neighbour, 10));
    assert_eq!(queue.pop(at(9)), None);
    let snapshot = queue.snapshot(CheckpointId::new(2));
    assert_eq!(snapshot.groups[0].unchanged_since, CheckpointId::new(1));
    assert_eq!(queue.pop(at(10)), Some((at(10), 1)));
    assert!(queue.snapshot(CheckpointId::new(3)).groups.is_empty());
}

#[test]
fn what_fires_may_set_timers_that_fire_at_once() {
    let mut queue = queue();
    register(&mut queue, 1, 10);
    let mut fired = Vec::new();
    while let Some((time, key)) = queue.pop(at(30)) {
        fired.push(time.as_millis());
        register(&mut queue, key, time.as_millis() + 10);
    }
    assert_eq!(fired, [10, 20, 30]);
    assert_eq!(queue.next(), Some(at(40)));
}

#[test]
fn the_ends_of_time_are_times() {
    let mut queue = queue();
    register(&mut queue, 1, i64::MAX);
    register(&mut queue, 1, i64::MIN);
    assert_eq!(queue.pop(Timestamp::MIN), Some((Timestamp::MIN, 1)));
    assert_eq!(queue.pop(at(i64::MAX - 1)), None);
    assert_eq!(queue.pop(Timestamp::MAX), Some((Timestamp::MAX, 1)));
}

#[test]
fn keys_and_groups_of_others_are_refused() {
    let mut queue = queue_over(KeyGroupRange::new(2, 4));
    let foreign = (0..=255_u8).find(|key| KeyGroups::new(GROUPS).of(key) == KeyGroup::new(1)).unwrap();
    assert!(queue.register(stable_hash(&foreign), &foreign, at(1)).is_err());
    assert!(queue.delete(stable_hash(&foreign), &foreign, at(1)).is_err());
    assert!(queue.restore(KeyGroup::new(5), &[0]).is_err());
    assert!(queue.restore(KeyGroup::new(2), &[1]).is_err());
    assert!(queue.is_empty());
}

#[derive(Clone, Debug)]
enum Step {
    Register(u8, i64),
    Delete(u8, i64),
    Pop(i64),
    /// Goes on with what a snapshot holds.
    Restore,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..30_u8, 0..20_i64).prop_map(|(key, time)| Step::Register(key, time)),
        2 => (0..30_u8, 0..20_i64).prop_map(|(key, time)| Step::Delete(key, time)),
        2 => (0..20_i64).prop_map(Step::Pop),
        1 => Just(Step::Restore),
    ]
}

proptest! {
    #[test]
    fn behaves_as_a_sorted_set(steps in prop::collection::vec(step(), 0..200)) {
        let (mut queue, mut model) = (queue(), BTreeSet::new());
        for step in steps {
            match step {
                Step::Register(key, time) => {
                    prop_assert_eq!(register(&mut queue, key, time), model.insert((at(time), key)));
                }
                Step::Delete(key, time) => {
                    prop_assert_eq!(delete(&mut queue, key, time), model.remove(&(at(time), key)));
                }
                Step::Pop(now) => match queue.pop(at(now)) {
                    Some((time, key)) => {
                        prop_assert!(time <= at(now));
                        prop_assert_eq!(Some(time), model.first().map(|(time, _)| *time));
                        prop_assert!(model.remove(&(time, key)));
                    }
                    None => prop_assert!(model.first().is_none_or(|(time, _)| *time > at(now))),
                },
                Step::Restore => queue = restored(&mut queue),
            }
            prop_assert_eq!(queue.next(), model.first().map(|(time, _)| *time));
            prop_assert_eq!((queue.len(), queue.is_empty()), (model.len(), model.is_empty()));
        }
        let mut fired = BTreeSet::new();
        while let Some(timer) = queue.pop(Timestamp::MAX) {
            prop_assert!(fired.insert(timer));
        }
        prop_assert_eq!(fired, model);
    }
}

/// A key without content takes no bytes: nothing but the count says how many there are.
#[test]
fn a_timer_that_comes_twice_is_refused_whatever_the_count_says() {
    let restored = |keys: u64| {
        let groups = KeyGroups::new(1);
        let mut queue = TimerQueue::<()>::new(TimerQueue::<()>::EVENT_TIME, groups, groups.range_of(0, 1));
        let bytes = encode(&(1_u64, at(5), keys)).unwrap();
        queue.restore(KeyGroup::new(0), &bytes).map(|()| queue.len())
    };
    assert_eq!(restored(1).unwrap(), 1);
    assert!(restored(2).is_err());
    assert!(restored(0).is_err(), "timers behind a time without any are never written");
    assert!(restored(u64::MAX).is_err());
}

proptest! {
    #[test]
    fn what_is_due_comes_in_order_and_at_least_once(
        steps in prop::collection::vec(step(), 0..200),
        scale in prop_oneof![Just(1_i64), Just(1_000), Just(i64::MAX / 20)],
    ) {
        let new = || DueQueue::<u8>::new(TimerQueue::<u8>::EVENT_TIME, KeyGroups::new(GROUPS), KeyGroupRange::new(0, 8));
        // How often each is set.
        let (mut queue, mut model) = (new(), std::collections::BTreeMap::new());
        for step in steps {
            match step {
                Step::Register(key, time) | Step::Delete(key, time) => {
                    let time = at((time - 10) * scale);
                    queue.push(stable_hash(&key), &key, time).unwrap();
                    *model.entry((time, key)).or_insert(0) += 1;
                }
                Step::Pop(now) => match queue.pop(at((now - 10) * scale)) {
                    Some((time, key)) => {
                        prop_assert!(time <= at((now - 10) * scale));
                        prop_assert_eq!(Some(time), model.keys().next().map(|(time, _)| *time));
                        let left = model.get_mut(&(time, key)).unwrap();
                        *left -= 1;
                        if *left == 0 {
                            model.remove(&(time, key));
                        }
                    }
                    None => prop_assert!(model.keys().next().is_none_or(|(time, _)| *time > at((now - 10) * scale))),
                },
                Step::Restore => {
                    let snapshot = queue.snapshot(CheckpointId::new(1));
                    let mut exact = self::queue();
                    queue = new();
                    for group in snapshot.groups {
                        let bytes = group.block.to_bytes().unwrap();
                        queue.restore(group.group, &bytes).unwrap();
                        // Each is written once, and in the form of the other kind.
                        exact.restore(group.group, &bytes).unwrap();
                    }
                    model.values_mut().for_each(|count| *count = 1);
                    prop_assert_eq!(exact.len(), model.len());
                    prop_assert_eq!(exact.next(), queue.next());
                }
            }
            prop_assert_eq!(queue.next(), model.keys().next().map(|(time, _)| *time));
            prop_assert_eq!(queue.len(), model.values().sum::<usize>());
            prop_assert_eq!(queue.is_empty(), model.is_empty());
        }
    }

    #[test]
    fn arbitrary_bytes_of_due_timers_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let new = || DueQueue::<()>::new(TimerQueue::<()>::EVENT_TIME, KeyGroups::new(1), KeyGroupRange::new(0, 1));
        let _ = new().restore(KeyGroup::new(0), &bytes);
    }
}
