use millstream_runtime::batch::{BATCH_RECORDS, Batch};
use millstream_runtime::chain::{OpenContext, Output, SnapshotContext};
use millstream_runtime::graph::{OutputTag, Plan, PlanSettings};
use millstream_runtime::testing::OperatorHarness;
use millstream_runtime::{Error, ErrorKind};
use millstream_state::Timestamp;
use millstream_state::snapshot::part::Redistribution;

use super::each_batch;
use super::pipeline::{Pipeline, PipelineRecords};
use super::process::{Process, ProcessFunction};
use crate::source::{CollectionSource, add_source};
use crate::stream::SharedGraph;
use crate::{Emitter, FunctionResult, ProcessContext, Stream};

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

#[test]
fn a_batch_function_may_emit_more_than_a_batch() {
    let repeat = each_batch(|batch: &mut Batch<usize>, output: &mut Output<'_, usize>| {
        batch
            .drain_timed()
            .try_for_each(|(times, timestamp)| (0..times).try_for_each(|n| output.emit(n, timestamp)))
    });
    let mut harness = OperatorHarness::new(repeat).unwrap();
    let times = BATCH_RECORDS * 5 / 2;
    harness.push_at(times, 7).unwrap();
    assert_eq!(harness.take_timed(), (0..times).map(|n| (n, at(7))).collect::<Vec<_>>());
    assert_eq!(harness.counters().records_out, times as u64);
}

#[test]
fn a_batch_function_that_fails_fails_the_operator() {
    let fail =
        each_batch(|_: &mut Batch<u8>, _: &mut Output<'_, u8>| Err(Error::new(ErrorKind::Function, "no")));
    let error = OperatorHarness::new(fail).unwrap().push_all([1]).unwrap_err();
    assert_eq!((error.kind(), error.operator()), (ErrorKind::Function, Some("operator under test")));
}

/// What comes out of a pipeline that repeats each number as often as it says, and drops odd results.
fn repeated<I: Iterator<Item = u64>>(numbers: I) -> impl Iterator<Item = u64> + use<I> {
    numbers.flat_map(|number| (0..number).map(move |n| 10 * number + n)).filter(|n| n.is_multiple_of(2))
}

#[test]
fn a_pipeline_keeps_order_and_timestamps() {
    for timed in [false, true] {
        let mut harness = OperatorHarness::new(Pipeline::new(repeated::<PipelineRecords<_>>)).unwrap();
        let mut expected = Vec::new();
        for number in 0..40_u64 {
            let time = if timed { at(number.cast_signed()) } else { Timestamp::MIN };
            expected.extend(repeated(std::iter::once(number)).map(|made| (made, time)));
        }
        let times = (0..40).map(|number| if timed { at(number) } else { Timestamp::MIN });
        harness.push_timed((0..40).zip(times)).unwrap();
        assert_eq!(harness.take_timed(), expected);
    }
}

/// A pipeline that does not know how much comes out, and one that makes fewer of many.
#[test]
fn a_pipeline_forgets_the_timestamps_of_the_batch_before() {
    let large = |numbers: PipelineRecords<u64>| numbers.filter(|n| *n > 1);
    let mut harness = OperatorHarness::new(Pipeline::new(large)).unwrap();
    harness.push_timed([(1, at(5)), (2, at(6))]).unwrap();
    harness.push_all([3]).unwrap();
    assert_eq!(harness.take_timed(), [(2, at(6)), (3, Timestamp::MIN)]);
}

fn source(graph: &SharedGraph, end: i64) -> Stream<i64> {
    Stream::new(graph, add_source(&mut graph.lock(), CollectionSource::new(0..end)))
}

/// The edges of a job as text: who, how, to whom.
fn edges(graph: &SharedGraph, parallelism: u32) -> Vec<String> {
    let settings = PlanSettings { parallelism, ..PlanSettings::default() };
    let explained = Plan::new(std::mem::take(&mut graph.lock()), settings).unwrap().explain();
    let name = |vertex: u32| {
        let vertex = &explained.vertices[vertex as usize];
        vertex.operators.iter().map(|operator| operator.name.as_str()).collect::<Vec<_>>().join("+")
    };
    explained
        .edges
        .iter()
        .map(|edge| format!("{} -{}- {}", name(edge.from), edge.partitioning, name(edge.to)))
        .collect()
}

#[test]
fn edges_are_partitioned_as_the_user_says_and_chained_where_nothing_forbids() {
    type Build = fn(Stream<i64>) -> Stream<i64>;
    let cases: [(Build, &[&str]); 9] = [
        (|stream| stream.map(|n| n).filter(|_| true), &[]),
        (|stream| stream.forward().map(|n| n), &[]),
        (|stream| stream.rebalance().map(|n| n), &["Collection -rebalance- Map"]),
        (|stream| stream.broadcast().map(|n| n), &["Collection -broadcast- Map"]),
        (|stream| stream.partition_custom(|_, _| 0).map(|n| n), &["Collection -custom- Map"]),
        (|stream| stream.key_by(|n| *n).reduce(|_, n| n), &["Collection+Key by -key group- Reduce"]),
        (|stream| stream.map(|n| n).start_new_chain().filter(|_| true), &["Collection -forward- Map+Filter"]),
        (
            |stream| stream.map(|n| n).disable_chaining().filter(|_| true),
            &["Collection -forward- Map", "Map -forward- Filter"],
        ),
        (|stream| stream.union(&stream).map(|n| n), &["Collection -forward- Map"; 2]),
    ];
    for (build, expected) in cases {
        let graph = SharedGraph::default();
        let _built = build(source(&graph, 3));
        assert_eq!(edges(&graph, 2), expected);
    }
}

/// Passes numbers on, counts them, emits the count at each watermark, and what came late to a side output.
struct Counting {
    late: OutputTag<i64>,
    count: u64,
}

impl ProcessFunction<i64, String> for Counting {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
        self.count = cx.take_list::<u64>("count")?.into_iter().flatten().sum();
        Ok(())
    }

    fn process(
        &mut self,
        record: i64,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        self.count += 1;
        if cx.timestamp().is_some_and(|timestamp| timestamp <= cx.watermark()) {
            return out.emit_side(&self.late, record);
        }
        out.emit(record.to_string())
    }

    fn watermark(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, String>) -> FunctionResult {
        out.emit(format!("{} until {}", self.count, cx.watermark().as_millis()))
    }

    fn end_of_data(&mut self, _: &mut ProcessContext<'_>, out: &mut Emitter<'_, String>) -> FunctionResult {
        out.emit_at("end".to_owned(), at(1))
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> FunctionResult {
        Ok(cx.list("count", Redistribution::Split, [&self.count])?)
    }
}

#[test]
fn a_process_function_sees_time_and_keeps_its_state() {
    let late = OutputTag::new("late");
    let counting = || Process::new(Counting { late: late.clone(), count: 0 });
    let mut before = OperatorHarness::new(counting()).unwrap();
    before.push_at(1, 10).unwrap();
    before.watermark(at(15)).unwrap();
    before.push_at(2, 15).unwrap();
    before.push_at(3, 16).unwrap();
    let expected = [("1", 10), ("1 until 15", 15), ("3", 16)];
    assert_eq!(before.take_timed(), expected.map(|(text, millis)| (text.to_owned(), at(millis))));
    assert_eq!(before.take_side(&late), [2]);

    let snapshot = before.snapshot(1).unwrap();
    let mut after = OperatorHarness::restore(counting(), &snapshot).unwrap();
    after.watermark(at(20)).unwrap();
    after.end_of_data().unwrap();
    let expected = ["3 until 20", &format!("3 until {}", i64::MAX), "end"];
    assert_eq!(after.take_records(), expected);
}

/// Otherwise records of a key would overtake each other on the way to where the key is computed.
#[test]
fn keys_are_computed_where_the_records_come_from() {
    let graph = SharedGraph::default();
    let one = source(&graph, 9).parallelism(1).name("one");
    let three = source(&graph, 9).parallelism(3).name("three");
    let _counts = one.union(&three).key_by(|number| number % 2).count().name("count");
    let expected = ["one+Key by -key group- count", "three+Key by -key group- count"];
    assert_eq!(edges(&graph, 2), expected);

    let graph = SharedGraph::default();
    let _counts = source(&graph, 9)
        .parallelism(1)
        .name("one")
        .rebalance()
        .key_by(|number| number % 2)
        .count()
        .name("count");
    assert_eq!(edges(&graph, 2), ["one -rebalance- Key by", "Key by -key group- count"]);
}
