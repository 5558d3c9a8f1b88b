//! Order, watermarks and snapshots, against what a list says.

use millstream_runtime::event::StreamStatus;
use millstream_runtime::testing::{Emitted, HarnessSetup};
use proptest::prelude::*;

use super::*;

#[test]
fn nothing_overtakes_a_watermark_or_a_status() {
    let mut harness = Harness::new(Service::default().operator(OutputOrder::Unordered, 10)).unwrap();
    harness.push_all([(1, 30), (2, 20)]).unwrap();
    harness.watermark(at(7)).unwrap();
    harness.push_all([(3, 15), (4, 10)]).unwrap();
    harness.status(StreamStatus::Idle).unwrap();
    harness.push_all([(5, 0)]).unwrap();
    let record = |number| Emitted::Record(number, Timestamp::MIN);
    (0..4).for_each(|_| harness.advance(millis(5)).unwrap());
    assert_eq!(harness.take_emitted(), [record(2)]);
    harness.advance(millis(10)).unwrap();
    assert_eq!(
        harness.take_emitted(),
        [
            record(1),
            Emitted::Watermark(at(7)),
            record(4),
            record(3),
            Emitted::Status(StreamStatus::Idle),
            record(5)
        ]
    );
}

#[test]
fn a_watermark_passes_at_once_where_nothing_waits() {
    let mut harness = Harness::new(Service::default().operator(OutputOrder::Ordered, 10)).unwrap();
    harness.watermark(at(3)).unwrap();
    assert_eq!(harness.take_emitted(), [Emitted::Watermark(at(3))]);
}

/// Numbers, each in a subtask of its own, behind the watermarks that they came behind.
#[test]
fn after_a_restore_records_come_behind_the_watermarks_that_all_subtasks_had_seen() {
    let service = Service::default();
    let operator = || service.operator(OutputOrder::Ordered, 10);
    let subtask = |index, watermarks: &[i64]| {
        let mut harness = Harness::with(HarnessSetup::new().subtask(index, 2), operator()).unwrap();
        let first = u64::from(index) * 10;
        harness.push_at((first, 1), 0).unwrap();
        for (number, watermark) in (first + 1..).zip(watermarks) {
            harness.watermark(at(*watermark)).unwrap();
            harness.push_at((number, 1), 0).unwrap();
        }
        harness.snapshot(1).unwrap()
    };
    // One has seen 5 and 9, the other only 5.
    let snapshots = [subtask(0, &[5, 9]), subtask(1, &[5])];
    let restore = |index, parallelism| {
        let setup = HarnessSetup::new().subtask(index, parallelism).restore(&snapshots);
        let mut harness = Harness::with(setup, operator()).unwrap();
        harness.poll().unwrap();
        harness.advance(millis(1)).unwrap();
        harness.take_emitted()
    };
    // They are dealt out in turn.
    let (record, watermark) = (|number| Emitted::Record(number, at(0)), Emitted::Watermark(at(5)));
    assert_eq!(restore(0, 2), [record(0), watermark.clone(), record(11), record(2)]);
    assert_eq!(restore(1, 2), [record(10), watermark.clone(), record(1)]);
    assert_eq!(restore(0, 1), [record(0), record(10), watermark.clone(), record(1), record(11), record(2)]);
    // One that gets no record knows the watermark, too.
    assert_eq!(restore(7, 8).last(), Some(&watermark));
}

#[derive(Clone, Debug)]
enum Step {
    /// A record that is answered after so many milliseconds.
    Record(u64),
    Watermark,
    Advance(u64),
    /// A crash after a snapshot, and a restart.
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..30_u64).prop_map(Step::Record),
        3 => Just(Step::Watermark),
        4 => (0..20_u64).prop_map(Step::Advance),
        1 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 0..80)
}

/// Records and watermarks as they went in, or came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Record(u64),
    Watermark(i64),
}

fn emitted(harness: &Harness) -> Vec<Item> {
    let item = |emitted| match emitted {
        Emitted::Record(number, _) => Some(Item::Record(number)),
        Emitted::Watermark(watermark) => Some(Item::Watermark(watermark.as_millis())),
        _ => None,
    };
    harness.take_emitted().into_iter().filter_map(item).collect()
}

/// The records between watermarks, sorted, where order does not count.
fn segments(items: &[Item], order: OutputOrder) -> Vec<Item> {
    let mut items = items.to_vec();
    if order == OutputOrder::Unordered {
        items
            .chunk_by_mut(|a, b| matches!((a, b), (Item::Record(_), Item::Record(_))))
            .for_each(<[_]>::sort_unstable);
    }
    items
}

/// Watermarks that nothing lies between count as the last of them; one that has been sent is not sent again.
fn merged(items: impl IntoIterator<Item = Item>) -> Vec<Item> {
    let mut merged = Vec::<Item>::new();
    for item in items {
        match (merged.last_mut(), item) {
            (Some(last @ Item::Watermark(_)), Item::Watermark(_)) => *last = item,
            _ => merged.push(item),
        }
    }
    merged
}

proptest! {
    #[test]
    fn each_record_is_answered_once_in_its_place(
        is_ordered in any::<bool>(),
        capacity in 1..8_usize,
        steps in steps(),
    ) {
        let order = if is_ordered { OutputOrder::Ordered } else { OutputOrder::Unordered };
        let service = Service::default();
        let operator = || service.operator(order, capacity);
        let mut harness = Harness::new(operator()).unwrap();
        let (mut taken_in, mut found, mut checkpoint) = (Vec::new(), Vec::new(), 0);
        let (mut number, mut watermark) = (0, 0);
        for step in steps {
            match step {
                Step::Record(delay) => {
                    harness.push_all([(number, delay)]).unwrap();
                    taken_in.push(Item::Record(number));
                    number += 1;
                }
                Step::Watermark => {
                    watermark += 1;
                    harness.watermark(at(watermark)).unwrap();
                    taken_in.push(Item::Watermark(watermark));
                }
                Step::Advance(time) => harness.advance(millis(time)).unwrap(),
                Step::Crash => {
                    checkpoint += 1;
                    let snapshot = harness.snapshot(checkpoint).unwrap();
                    found.extend(emitted(&harness));
                    // What comes after the snapshot does not count.
                    harness.push_all([(u64::MAX, 0)]).unwrap();
                    harness = Harness::restore(operator(), &snapshot).unwrap();
                    harness.poll().unwrap();
                }
            }
            prop_assert!(service.under_way() <= capacity);
            found.extend(emitted(&harness));
        }
        harness.end_of_data().unwrap();
        taken_in.push(Item::Watermark(Timestamp::MAX.as_millis()));
        while harness.is_end_held() {
            harness.advance(millis(5)).unwrap();
        }
        found.extend(emitted(&harness));
        // A watermark that had been emitted before the snapshot comes again.
        let mut last = 0;
        found.retain(|item| match item {
            Item::Watermark(watermark) => {
                let rises = *watermark > last;
                last = last.max(*watermark);
                rises
            }
            Item::Record(_) => true,
        });
        prop_assert_eq!(segments(&merged(found), order), segments(&merged(taken_in), order));
    }

    #[test]
    fn each_record_is_answered_once_at_any_parallelism(
        before in 1..5_u32,
        after in 1..5_u32,
        answered in 0..20_u64,
        keyed in any::<bool>(),
    ) {
        let service = Service::default();
        let questions: Vec<_> = (0..60_u64).map(|number| (number, number % 20)).collect();
        let owner = |number: u64, parallelism: u32| {
            let groups = millstream_state::KeyGroups::new(millstream_state::DEFAULT_MAX_PARALLELISM);
            groups.owner(groups.of_hash(key_hash(&(number, 0))), parallelism)
        };
        let operator = || {
            let settings = AsyncSettings { capacity: 5, ..AsyncSettings::default() };
            AsyncWait::new(service.clone(), settings, keyed.then_some(key_hash as fn(&Question) -> u64))
        };
        let (mut found, mut snapshots) = (Vec::new(), Vec::new());
        for index in 0..before {
            let mut harness = Harness::with(HarnessSetup::new().subtask(index, before), operator()).unwrap();
            harness.push_all(questions.iter().copied().filter(|(number, _)| owner(*number, before) == index)).unwrap();
            harness.advance(millis(answered)).unwrap();
            snapshots.push(harness.snapshot(1).unwrap());
            found.extend(harness.take_records());
        }
        for index in 0..after {
            let setup = HarnessSetup::new().subtask(index, after).restore(&snapshots);
            let mut harness = Harness::with(setup, operator()).unwrap();
            harness.end_of_data().unwrap();
            while harness.is_end_held() {
                harness.advance(millis(5)).unwrap();
            }
            let records = harness.take_records();
            if keyed {
                prop_assert!(records.iter().all(|number| owner(*number, after) == index));
                // Those of a key are in order, as all are that have come from one subtask.
                let of_key = |key| records.iter().filter(move |number| **number % 7 == key);
                prop_assert!((0..7).all(|key| of_key(key).is_sorted()));
            }
            found.extend(records);
        }
        found.sort_unstable();
        prop_assert_eq!(found, (0..60).collect::<Vec<_>>());
    }
}

fn key_hash((number, _): &Question) -> u64 {
    millstream_state::stable_hash(&(number % 7))
}

#[test]
fn many_results_of_a_record_leave_in_several_runs_and_a_barrier_behind_them() {
    #[derive(Clone)]
    struct Many;

    impl AsyncFunction<u32, u32> for Many {
        async fn invoke(&self, number: u32) -> FunctionResult<Vec<u32>> {
            Ok((0..number).collect())
        }
    }

    let setup = HarnessSetup::new().emit_at_most(1);
    let operator = AsyncWait::new(Many, AsyncSettings::default(), None);
    let mut harness = OperatorHarness::<u32, u32>::with(setup, operator).unwrap();
    harness.push_all([10_000, 3]).unwrap();
    assert!(harness.resumed_runs() > 5);
    let snapshot = harness.snapshot(1).unwrap();
    assert_eq!(snapshot.list::<(u32, Timestamp, Timestamp)>("in flight").unwrap(), []);
    assert_eq!(harness.take_records(), (0..10_000).chain(0..3).collect::<Vec<_>>());
}
