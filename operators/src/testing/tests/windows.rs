//! Windows, and what is made of them.

use millstream_runtime::graph::OutputTag;
use millstream_state::AggregateFunction;

use super::*;
use crate::window::{
    EventTimeSessionWindows, GlobalWindows, TimeWindow, TryAggregateFunction, TumblingEventTimeWindows,
    WindowAssigner, WindowContext, WindowProcessFunction, WindowResult,
};

const fn tumbling(size: u64) -> TumblingEventTimeWindows {
    TumblingEventTimeWindows::of(millis(size))
}

type Summing = KeyedHarness<u32, u32, WindowResult<u32, u32>>;

fn push(harness: &mut Summing, records: &[(u32, i64)]) -> Result<()> {
    records.iter().try_for_each(|(record, time)| harness.push_at(*record, at(*time)))
}

/// Key, start and value of each result.
fn taken(harness: &mut Summing) -> Vec<(u32, i64, u32)> {
    let results = harness.take_records().into_iter();
    results.map(|result| (result.key, result.window.start.as_millis(), result.value)).collect()
}

/// Sums, and fails above 99.
#[derive(Clone, Copy)]
struct Sum;

impl AggregateFunction for Sum {
    type Input = u32;
    type Accumulator = u32;
    type Output = u32;

    fn create_accumulator(&self) -> u32 {
        0
    }
    fn add(&self, input: &u32, sum: &mut u32) {
        *sum += input;
    }
    fn result(&self, sum: &u32) -> u32 {
        *sum
    }
    fn merge(&self, sum: &mut u32, other: u32) {
        *sum += other;
    }
}

impl TryAggregateFunction for Sum {
    type Input = u32;
    type Accumulator = u32;
    type Output = u32;

    fn create_accumulator(&self) -> u32 {
        0
    }
    fn add(&self, input: &u32, sum: &mut u32) -> FunctionResult {
        *sum += input;
        if *input == 13 { Err("cannot add 13")? } else { Ok(()) }
    }
    fn result(&self, sum: &u32) -> FunctionResult<u32> {
        if *sum > 99 { Err("a result above 99")? } else { Ok(*sum) }
    }
    fn merge(&self, sum: &mut u32, other: u32) -> FunctionResult {
        *sum += other;
        if *sum > 80 { Err("cannot merge above 80")? } else { Ok(()) }
    }
}

#[test]
fn all_ways_to_sum_agree() -> Result<()> {
    let add = |sum: u32, next: u32| sum + next;
    let of = || window_operator(|record: &u32| record % 2, tumbling(10)).allowed_lateness(millis(5));
    for builder in [
        of().reduce(add),
        of().try_reduce(move |a, b| Ok(add(a, b))),
        of().aggregate(Sum),
        of().try_aggregate(Sum),
    ] {
        let mut harness = builder.parallelism(2).open()?;
        push(&mut harness, &[(1, 3), (2, 4), (3, 5), (5, 12)])?;
        harness.watermark(at(9))?;
        let mut results = taken(&mut harness);
        results.sort_unstable();
        assert_eq!(results, [(0, 0, 2), (1, 0, 4)]);
        push(&mut harness, &[(7, 8)])?;
        assert_eq!(taken(&mut harness), [(1, 0, 11)]);
        harness.watermark(at(14))?;
        push(&mut harness, &[(9, 8)])?;
        assert_eq!((taken(&mut harness), harness.late_records()), (vec![], 1));
        harness.end_of_data()?;
        assert_eq!(taken(&mut harness), [(1, 10, 5)]);
    }
    Ok(())
}

#[test]
fn functions_may_fail_wherever_they_are_called() -> Result<()> {
    let of = |gap| window_operator(|_: &u32| 0_u32, EventTimeSessionWindows::with_gap(millis(gap)));
    let fails = |mut harness: Summing, records: &[(u32, i64)]| {
        let error = push(&mut harness, records).and_then(|()| harness.end_of_data()).unwrap_err();
        assert_eq!((error.kind(), error.subtask()), (ErrorKind::Function, Some(0)));
        error.to_string()
    };
    let text = fails(of(5).try_aggregate(Sum).open()?, &[(13, 1)]);
    assert!(text.contains("cannot add 13"), "{text}");
    let text = fails(of(5).try_aggregate(Sum).open()?, &[(50, 0), (50, 8), (1, 4)]);
    assert!(text.contains("cannot merge above 80"), "{text}");
    let text = fails(of(5).try_aggregate(Sum).open()?, &[(50, 0), (50, 1)]);
    assert!(text.contains("a result above 99"), "{text}");
    let text = fails(of(5).try_reduce(|_, _| Err("no second record")?).open()?, &[(1, 0), (2, 1)]);
    assert!(text.contains("no second record"), "{text}");
    let text = fails(window_operator(|_: &u32| 0, tumbling(5)).try_aggregate(Sum).open()?, &[(100, 1)]);
    assert!(text.contains("a result above 99"), "{text}");
    Ok(())
}

/// Says what it sees, counts how often it was called, and sends what is odd aside.
#[derive(Clone)]
struct Witness {
    calls: u32,
    odd: OutputTag<u32>,
    closed: Arc<AtomicU32>,
}

impl WindowProcessFunction<u32, Vec<u32>, TimeWindow, String> for Witness {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
        self.calls = cx.take_list::<u32>("calls")?.into_iter().flatten().sum();
        Ok(())
    }

    fn process(
        &mut self,
        records: Vec<u32>,
        cx: &mut WindowContext<'_, u32, TimeWindow>,
        out: &mut Emitter<'_, String>,
    ) -> FunctionResult {
        self.calls += 1;
        for record in records {
            if record % 2 == 1 {
                out.emit_side(&self.odd, record)?;
            } else {
                let (key, end, now) = (cx.key(), cx.window().end.as_millis(), cx.now().as_millis());
                out.emit(format!("{key} until {end}: {record} at {}, {now}", cx.watermark().as_millis()))?;
            }
        }
        out.emit_at("done".to_owned(), at(77))
    }

    fn watermark(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, String>) -> FunctionResult {
        out.emit(format!("watermark {}", cx.watermark().as_millis()))
    }

    fn end_of_data(&mut self, _: &mut ProcessContext<'_>, out: &mut Emitter<'_, String>) -> FunctionResult {
        out.emit(format!("{} calls", self.calls))
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> FunctionResult {
        Ok(cx.list("calls", Redistribution::Split, [&self.calls])?)
    }

    fn close(&mut self) {
        self.closed.fetch_add(1, Ordering::Relaxed);
    }
}

fn a_function_emits_what_it_likes_of(windows: impl WindowAssigner<u32, Window = TimeWindow>) -> Result<()> {
    let odd = OutputTag::new("odd");
    let function = Witness { calls: 0, odd: odd.clone(), closed: Arc::default() };
    let of = || window_operator(|record: &u32| record / 10, windows.clone()).process(function.clone());
    let mut harness = of().open()?;
    harness.advance(millis(3))?;
    [(2, 3), (4, 0), (5, 2), (28, 11)]
        .into_iter()
        .try_for_each(|(record, time)| harness.push_at(record, at(time)))?;
    harness.watermark(at(5))?;
    assert_eq!(harness.take_records(), ["watermark 5"]);
    harness.watermark(at(9))?;
    let emitted =
        ["0 until 10: 2 at 9, 3", "0 until 10: 4 at 9, 3"].map(|text| (text.to_owned(), Some(at(9))));
    let rest = [("done".to_owned(), Some(at(77))), ("watermark 9".to_owned(), Some(at(9)))];
    assert_eq!(harness.take_timed(), [emitted, rest].concat());
    assert_eq!(harness.take_side_output_timed(&odd), [(5, Some(at(9)))]);

    let snapshot = harness.snapshot()?;
    harness.end_of_data()?;
    drop(harness);
    assert_eq!(function.closed.load(Ordering::Relaxed), 1);
    let mut harness = of().restore(&snapshot)?;
    harness.end_of_data()?;
    let all = harness.take_records();
    assert!(all[0].starts_with("2 until ") && all[0].contains(": 28 at "), "{all:?}");
    assert_eq!((all.len(), all[3].as_str()), (4, "2 calls"));
    Ok(())
}

#[test]
fn a_window_process_function_emits_what_it_likes() -> Result<()> {
    a_function_emits_what_it_likes_of(tumbling(10))?;
    a_function_emits_what_it_likes_of(EventTimeSessionWindows::with_gap(millis(7)))
}

#[test]
fn an_aggregate_is_processed_without_its_records() -> Result<()> {
    let twice = |sum: u32, cx: &mut WindowContext<'_, u32, _>, out: &mut Emitter<'_, (u32, u32)>| {
        out.emit((*cx.key(), sum))?;
        out.emit((*cx.key(), sum))
    };
    let windows = window_operator(|record: &u32| record % 2, GlobalWindows::at_end());
    let mut harness = windows.aggregate_and_process(Sum, crate::window::ProcessFn(twice)).open()?;
    harness.push_all(0..6)?;
    harness.end_of_data()?;
    let mut sums = harness.take_records();
    sums.sort_unstable();
    assert_eq!(sums, [(0, 6), (0, 6), (1, 9), (1, 9)]);
    Ok(())
}

#[test]
fn windows_that_cannot_be_are_refused() {
    let error = window_operator(|_: &u32| 0, tumbling(0)).count().open().err();
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::InvalidJob));
}
