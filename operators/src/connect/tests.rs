use millstream_runtime::event::StreamStatus;
use millstream_runtime::graph::{Plan, PlanSettings};
use millstream_runtime::testing::{Emitted, HarnessSetup, HarnessSnapshot, TwoInputHarness};
use millstream_state::Timestamp;
use proptest::prelude::*;

use super::broadcast_operator::BroadcastProcess;
use super::enrich::{Enrich, Lookup};
use super::{BroadcastOpenContext, BroadcastProcessFunction, BroadcastState, BroadcastStates};
use crate::source::{CollectionSource, add_source};
use crate::stream::SharedGraph;
use crate::{Emitter, FunctionResult, ProcessContext, Stream, WatermarkStrategy};

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn source(graph: &SharedGraph) -> Stream<i64> {
    Stream::new(graph, add_source(&mut graph.lock(), CollectionSource::new(0..3)))
}

#[test]
fn a_stream_keeps_its_event_time_through_enriching_but_not_through_an_untimed_connection() {
    let strategy = WatermarkStrategy::monotonous().timestamp_assigner(|n: &i64| at(*n));
    for (enriches, is_timed) in [(true, true), (false, false)] {
        let graph = SharedGraph::default();
        let timed = source(&graph).assign_timestamps_and_watermarks(strategy.clone());
        let joined = if enriches {
            timed.enrich(&source(&graph), |n| *n, |n| (n, ()), |n, _| n)
        } else {
            timed.connect(&source(&graph)).map(|n| n, |n| n)
        };
        let needing = joined.map(|n| n);
        graph.lock().mark_needs_timestamps(needing.node);
        let plan = Plan::new(std::mem::take(&mut graph.lock()), PlanSettings::default());
        assert_eq!(plan.is_ok(), is_timed);
    }
}

/// Sets a word's meaning; each record asks for one.
#[derive(Clone)]
struct Dictionary;

impl BroadcastProcessFunction<String, (String, u32), u32> for Dictionary {
    type State = BroadcastState<String, u32>;

    fn open(&mut self, cx: &mut BroadcastOpenContext<'_>) -> FunctionResult<Self::State> {
        cx.broadcast_state("meanings")
    }

    fn process(
        &mut self,
        word: String,
        meanings: &Self::State,
        broadcast: &BroadcastStates,
        _: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, u32>,
    ) -> FunctionResult {
        out.emit(meanings.get(broadcast, &word).copied().unwrap_or_default())
    }

    fn process_broadcast(
        &mut self,
        (word, meaning): (String, u32),
        meanings: &Self::State,
        broadcast: &mut BroadcastStates,
        _: &mut ProcessContext<'_>,
        _: &mut Emitter<'_, u32>,
    ) -> FunctionResult {
        meanings.insert(broadcast, word, meaning);
        Ok(())
    }
}

type BroadcastHarness = TwoInputHarness<String, (String, u32), u32>;

#[test]
fn broadcast_state_is_as_it_was_at_the_snapshot_in_every_subtask() {
    let mut before = BroadcastHarness::new(BroadcastProcess::new(Dictionary)).unwrap();
    before.push_second(("a".to_owned(), 1), Timestamp::MIN).unwrap();
    before.push_first("a".to_owned(), at(5)).unwrap();
    let snapshots = [before.snapshot(1).unwrap()];
    before.push_second(("a".to_owned(), 2), Timestamp::MIN).unwrap();
    before.push_first("a".to_owned(), at(6)).unwrap();
    assert_eq!(before.take_timed(), [(1, at(5)), (2, at(6))]);
    for subtask in 0..3 {
        let setup = HarnessSetup::new().subtask(subtask, 3).restore(&snapshots);
        let mut after = BroadcastHarness::with(setup, BroadcastProcess::new(Dictionary)).unwrap();
        after.push_first("a".to_owned(), Timestamp::MIN).unwrap();
        after.push_first("b".to_owned(), Timestamp::MIN).unwrap();
        assert_eq!(after.take_records(), [1, 0]);
    }
}

type EnrichHarness = TwoInputHarness<u32, (u32, String), String>;

fn enriching(snapshots: &[HarnessSnapshot], subtask: u32, parallelism: u32) -> EnrichHarness {
    let lookup = Lookup {
        key: |n: &u32| *n,
        entry: |pair: (u32, String)| pair,
        join: |n: u32, name: Option<&String>| format!("{n}={}", name.map_or("?", String::as_str)),
    };
    let setup = HarnessSetup::new().subtask(subtask, parallelism).restore(snapshots);
    EnrichHarness::with(setup, Enrich::new(lookup)).unwrap()
}

#[test]
fn records_watermarks_and_status_wait_for_the_whole_table() {
    let mut harness = enriching(&[], 0, 1);
    harness.push_first(1, at(10)).unwrap();
    harness.push_second((1, "one".to_owned()), Timestamp::MIN).unwrap();
    harness.push_first(2, at(20)).unwrap();
    harness.watermark(at(15)).unwrap();
    harness.watermark(at(19)).unwrap();
    harness.status(StreamStatus::Idle).unwrap();
    harness.push_second((2, "two".to_owned()), Timestamp::MIN).unwrap();
    assert_eq!(harness.take_emitted(), []);
    harness.end_second().unwrap();
    harness.push_first(3, at(30)).unwrap();
    harness.watermark(at(25)).unwrap();
    let record = |text: &str, millis| Emitted::Record(text.to_owned(), at(millis));
    let expected = [
        record("1=one", 10),
        record("2=two", 20),
        Emitted::Watermark(at(19)),
        Emitted::Status(StreamStatus::Idle),
        record("3=?", 30),
        Emitted::Watermark(at(25)),
    ];
    assert_eq!(harness.take_emitted(), expected);
}

#[test]
fn what_was_held_back_is_held_back_after_a_restore_until_the_table_ends_again() {
    let mut before = enriching(&[], 0, 1);
    before.push_second((1, "one".to_owned()), Timestamp::MIN).unwrap();
    before.push_first_timed([(1, at(10)), (2, at(20)), (3, at(30))]).unwrap();
    let snapshots = [before.snapshot(1).unwrap()];
    let mut emitted = Vec::new();
    for subtask in 0..2 {
        let mut after = enriching(&snapshots, subtask, 2);
        after.watermark(at(100)).unwrap();
        after.push_second((2, "two".to_owned()), Timestamp::MIN).unwrap();
        assert_eq!(after.take_emitted(), []);
        after.end_second().unwrap();
        let all = after.take_emitted();
        assert_eq!(all.last(), Some(&Emitted::Watermark(at(100))));
        emitted.extend(all.into_iter().filter_map(|emitted| match emitted {
            Emitted::Record(record, timestamp) => Some((record, timestamp)),
            _ => None,
        }));
    }
    emitted.sort();
    let expected = [("1=one", 10), ("2=two", 20), ("3=?", 30)];
    assert_eq!(emitted, expected.map(|(text, millis)| (text.to_owned(), at(millis))));
}

#[test]
fn a_snapshot_after_the_table_has_ended_knows_the_table_but_waits_again() {
    let mut before = enriching(&[], 0, 1);
    before.push_second((1, "one".to_owned()), Timestamp::MIN).unwrap();
    before.end_second().unwrap();
    let snapshots = [before.snapshot(1).unwrap()];
    let mut after = enriching(&snapshots, 0, 1);
    after.push_first(1, Timestamp::MIN).unwrap();
    assert_eq!(after.take_records(), Vec::<String>::new());
    after.end_second().unwrap();
    assert_eq!(after.take_records(), ["1=one"]);
}

proptest! {
    /// Whichever input is quicker, and wherever the task dies: the same answer.
    #[test]
    fn the_answer_does_not_depend_on_the_order_of_the_inputs(
        records in proptest::collection::vec(0_u32..6, 0..20),
        table in proptest::collection::btree_map(0_u32..6, "[a-c]", 0..5),
        order in proptest::collection::vec(0_u8..4, 60),
    ) {
        let mut harness = enriching(&[], 0, 1);
        let (mut first, mut second) = (records.iter(), table.iter());
        let (mut ended, mut emitted) = (false, Vec::new());
        for choice in order.into_iter().chain([0; 20]).chain([1; 20]) {
            match choice {
                0 => first.next().into_iter().for_each(|n| harness.push_first(*n, Timestamp::MIN).unwrap()),
                1 => match second.next() {
                    Some((key, name)) => harness.push_second((*key, name.clone()), Timestamp::MIN).unwrap(),
                    None if !ended => {
                        ended = true;
                        harness.end_second().unwrap();
                    }
                    None => {}
                },
                2 => emitted.append(&mut harness.take_records()),
                _ => {
                    emitted.append(&mut harness.take_records());
                    harness = enriching(&[harness.snapshot(1).unwrap()], 0, 1);
                    ended = false;
                }
            }
        }
        emitted.append(&mut harness.take_records());
        emitted.sort();
        let name = |n: &u32| table.get(n).map_or("?", String::as_str);
        let mut expected: Vec<_> = records.iter().map(|n| format!("{n}={}", name(n))).collect();
        expected.sort();
        prop_assert_eq!(emitted, expected);
    }
}
