use std::convert::Infallible;
use std::time::Duration;

use millstream_runtime::Result;
use millstream_runtime::graph::OutputTag;
use millstream_runtime::testing::{HarnessSetup, KeyedFleet, OperatorHarness};
use millstream_state::Timestamp;

use super::function::{Processed, Results};
use super::lateness::Lateness;
use super::pane::{Count, Keep, Reduce};
use super::process::ProcessFn;
use super::*;
use crate::Emitter;

mod assigners;
mod bounded;
mod evictors;
mod general;
mod general_model;
mod many_keys;
pub(super) mod model;
mod properties;
mod refused;
mod stateful;
mod triggers;

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn lateness<T>(allowed: u64) -> Lateness<T> {
    Lateness { allowed: millis(allowed), too_late: None }
}

type Counting = OperatorHarness<(char, u32), WindowResult<char, u64>>;

/// Counts in `windows`, of which records may be `allowed` milliseconds late.
fn counting(windows: impl WindowAssigner<u32, Window = TimeWindow>, allowed: u64) -> Result<Counting> {
    OperatorHarness::make(HarnessSetup::new(), |info| {
        windows.window_operator(Results(Count), lateness(allowed), info)
    })
}

fn push(harness: &mut Counting, records: &[(char, i64)]) -> Result<()> {
    harness.push_timed(records.iter().map(|(key, time)| ((*key, 0), at(*time))))
}

/// What has been emitted: key, start, end and count, in order.
fn taken(harness: &Counting) -> Vec<(char, i64, i64, u64)> {
    let row = |(result, time): (WindowResult<char, u64>, Timestamp)| {
        assert_eq!(time, result.window.max_timestamp());
        (result.key, result.window.start.as_millis(), result.window.end.as_millis(), result.value)
    };
    let mut rows: Vec<_> = harness.take_timed().into_iter().map(row).collect();
    assert!(rows.is_sorted_by_key(|(_, _, end, _)| *end), "windows fire in order of time: {rows:?}");
    rows.sort_unstable_by_key(|(key, start, end, _)| (*end, *start, *key));
    rows
}

fn tumbling(size: u64) -> TumblingEventTimeWindows {
    TumblingEventTimeWindows::of(millis(size))
}

#[test]
fn records_out_of_order_count_in_the_window_of_their_time() -> Result<()> {
    let mut harness = counting(tumbling(10), 0)?;
    push(&mut harness, &[('a', 12), ('a', 3), ('b', 9), ('a', 10), ('a', 5), ('a', 25)])?;
    harness.watermark(at(8))?;
    assert!(taken(&harness).is_empty());
    harness.watermark(at(19))?;
    assert_eq!(taken(&harness), [('a', 0, 10, 2), ('b', 0, 10, 1), ('a', 10, 20, 2)]);
    harness.end_of_data()?;
    assert_eq!(taken(&harness), [('a', 20, 30, 1)]);
    Ok(())
}

#[test]
fn late_records_are_dropped_and_counted() -> Result<()> {
    let mut harness = counting(tumbling(10), 0)?;
    harness.watermark(at(9))?;
    push(&mut harness, &[('a', 9), ('a', 10), ('b', 0)])?;
    assert_eq!(harness.counters().late_records, 2);
    harness.end_of_data()?;
    assert_eq!(taken(&harness), [('a', 10, 20, 1)]);
    Ok(())
}

#[test]
fn late_records_go_to_a_side_output_where_there_is_one() -> Result<()> {
    let tag = OutputTag::new("late");
    let lateness = Lateness { allowed: Duration::ZERO, too_late: Some(tag.clone()) };
    let mut harness = OperatorHarness::make(HarnessSetup::new(), |info| {
        tumbling(10).window_operator(Results(Count), lateness, info)
    })?;
    harness.watermark(at(9))?;
    harness.push(('a', 7_u32), at(9))?;
    assert_eq!((harness.take_side(&tag), harness.counters().late_records), (vec![7], 0));
    Ok(())
}

#[test]
fn within_the_allowed_lateness_a_window_is_emitted_anew() -> Result<()> {
    let mut harness = counting(tumbling(10), 5)?;
    push(&mut harness, &[('a', 1), ('b', 2)])?;
    harness.watermark(at(13))?;
    assert_eq!(taken(&harness), [('a', 0, 10, 1), ('b', 0, 10, 1)]);
    push(&mut harness, &[('a', 3), ('c', 4)])?;
    assert_eq!(taken(&harness), [('a', 0, 10, 2), ('c', 0, 10, 1)]);
    harness.watermark(at(14))?;
    push(&mut harness, &[('a', 3)])?;
    assert!(taken(&harness).is_empty());
    assert_eq!(harness.counters().late_records, 1);
    Ok(())
}

#[test]
fn sliding_windows_share_records() -> Result<()> {
    let mut harness = counting(SlidingEventTimeWindows::of(millis(10), millis(5)), 0)?;
    push(&mut harness, &[('a', 7), ('a', 12)])?;
    harness.watermark(at(9))?;
    // Too late for [0, 10), in time for [5, 15).
    push(&mut harness, &[('a', 6)])?;
    harness.end_of_data()?;
    assert_eq!(taken(&harness), [('a', 0, 10, 1), ('a', 5, 15, 3), ('a', 10, 20, 1)]);
    assert_eq!(harness.counters().late_records, 0);
    Ok(())
}

#[test]
fn sliding_windows_do_not_depend_on_the_records_before() {
    for (size, slide) in [(10, 5), (10, 3), (3, 10), (4, 4), (1, 1)] {
        let fresh = SlidingEventTimeWindows::of(millis(size), millis(slide)).offset(millis(2));
        let mut used = fresh.clone();
        let scrambled = (0..200).map(|n| at(n * 37 % 61 - 30));
        for timestamp in scrambled.chain((-30..30).map(at)).chain([Timestamp::MAX, at(0)]) {
            let expected: Vec<_> = fresh.clone().assign(&0, timestamp).collect();
            assert!(used.assign(&0, timestamp).eq(expected), "{size} by {slide} at {timestamp}");
        }
    }
}

#[test]
fn a_record_between_windows_is_not_late() -> Result<()> {
    let mut harness = counting(SlidingEventTimeWindows::of(millis(5), millis(10)), 0)?;
    push(&mut harness, &[('a', 4), ('a', 5), ('a', 9)])?;
    harness.end_of_data()?;
    assert_eq!((taken(&harness), harness.counters().late_records), (vec![('a', 0, 5, 1)], 0));
    Ok(())
}

#[test]
fn sessions_grow_merge_and_end() -> Result<()> {
    let mut harness = counting(EventTimeSessionWindows::with_gap(millis(10)), 0)?;
    push(&mut harness, &[('a', 0), ('a', 15), ('b', 3)])?;
    harness.watermark(at(8))?;
    push(&mut harness, &[('a', 8)])?;
    harness.watermark(at(12))?;
    assert_eq!(taken(&harness), [('b', 3, 13, 1)]);
    harness.watermark(at(23))?;
    assert!(taken(&harness).is_empty());
    // In a session that is still open nothing is late.
    push(&mut harness, &[('a', 5), ('b', 5)])?;
    harness.watermark(at(24))?;
    assert_eq!(taken(&harness), [('a', 0, 25, 4)]);
    assert_eq!(harness.counters().late_records, 1);
    Ok(())
}

#[test]
fn a_late_record_may_bring_a_session_back_to_life() -> Result<()> {
    let mut harness = counting(EventTimeSessionWindows::with_gap(millis(10)), 20)?;
    push(&mut harness, &[('a', 0)])?;
    harness.watermark(at(12))?;
    assert_eq!(taken(&harness), [('a', 0, 10, 1)]);
    push(&mut harness, &[('a', 1)])?;
    assert_eq!(taken(&harness), [('a', 0, 11, 2)]);
    push(&mut harness, &[('a', 9)])?;
    assert!(taken(&harness).is_empty());
    harness.watermark(at(18))?;
    assert_eq!(taken(&harness), [('a', 0, 19, 3)]);
    Ok(())
}

#[test]
fn the_global_window_needs_no_time_and_fires_at_the_end() -> Result<()> {
    let windows = GlobalWindows::at_end();
    let mut harness = OperatorHarness::make(HarnessSetup::new(), |info| {
        windows.window_operator(
            Results(Reduce(|sum: u32, next| Ok::<_, Infallible>(sum + next))),
            lateness(0),
            info,
        )
    })?;
    harness.push_all([('a', 1), ('b', 2), ('a', 3)])?;
    harness.watermark(at(1_000))?;
    assert!(harness.take_records().is_empty());
    harness.end_of_data()?;
    let mut results: Vec<_> =
        harness.take_records().into_iter().map(|result| (result.key, result.value)).collect();
    results.sort_unstable();
    assert_eq!(results, [('a', 4), ('b', 2)]);
    Ok(())
}

#[test]
fn a_function_gets_all_records_in_order() -> Result<()> {
    let texts =
        |records: Vec<u32>, cx: &mut WindowContext<'_, char, TimeWindow>, out: &mut Emitter<'_, String>| {
            out.emit(format!("{} {} {records:?}", cx.key(), cx.window()))
        };
    let function = Processed::new(Keep, ProcessFn(texts));
    let mut harness = OperatorHarness::make(HarnessSetup::new(), |info| {
        tumbling(1_000).window_operator(function, lateness(0), info)
    })?;
    harness.push_timed([(('a', 3), at(5)), (('a', 1), at(2)), (('a', 2), at(999))])?;
    harness.watermark(Timestamp::MAX)?;
    assert_eq!(harness.take_records(), ["a [1970-01-01T00:00:00.000Z, 1970-01-01T00:00:01.000Z) [3, 1, 2]"]);
    Ok(())
}

#[test]
fn event_time_windows_refuse_records_without_a_time() -> Result<()> {
    let sessions = EventTimeSessionWindows::with_gap(millis(1));
    for mut harness in [counting(tumbling(1), 0)?, counting(sessions, 0)?] {
        let error = harness.push(('a', 0), Timestamp::MIN).unwrap_err();
        assert!(error.to_string().contains("without a timestamp"), "{error}");
    }
    Ok(())
}

#[test]
fn a_window_that_has_fired_stays_closed_over_a_failure() -> Result<()> {
    let mut before = counting(tumbling(10), 0)?;
    push(&mut before, &[('a', 1), ('a', 11)])?;
    before.watermark(at(9))?;
    let snapshot = before.snapshot(1)?;

    let setup = HarnessSetup::new().restore([&snapshot]);
    let mut after: Counting =
        OperatorHarness::make(setup, |info| tumbling(10).window_operator(Results(Count), lateness(0), info))?;
    // No watermark has come again yet.
    push(&mut after, &[('a', 2), ('a', 12)])?;
    after.end_of_data()?;
    assert_eq!(taken(&after), [('a', 10, 20, 2)]);
    assert_eq!(after.counters().late_records, 1);
    Ok(())
}

#[test]
fn only_key_groups_that_change_are_part_of_the_next_checkpoint() -> Result<()> {
    let mut harness = counting(tumbling(10), 0)?;
    push(&mut harness, &[('a', 1)])?;
    harness.snapshot(1)?;
    push(&mut harness, &('b'..='z').map(|key| (key, 101)).collect::<Vec<_>>())?;
    let filled = harness.snapshot(2)?;
    let groups = filled.blocks_changed_since(0);
    assert_eq!((filled.keyed_entries(), filled.blocks_changed_since(1)), (26, groups - 1));
    // A watermark that makes nothing due, and one that makes only `a`'s window due.
    harness.watermark(at(5))?;
    assert_eq!(harness.snapshot(3)?.blocks_changed_since(2), 0);
    harness.watermark(at(9))?;
    assert_eq!(harness.snapshot(4)?.blocks_changed_since(2), 0);
    assert_eq!(harness.snapshot(5)?.blocks_changed_since(0), groups - 1);
    Ok(())
}

#[test]
fn windows_move_with_their_keys_when_the_parallelism_changes() -> Result<()> {
    let make = |info: &_| tumbling(10).window_operator(Results(Count), lateness(0), info);
    let mut fleet: KeyedFleet<u32, (), WindowResult<u32, u64>> = KeyedFleet::new(2, 128, make)?;
    for parallelism in [3, 1, 2] {
        (0..100).try_for_each(|key| fleet.push(key, (), at(i64::from(key % 20))))?;
        fleet.rescale(parallelism)?;
    }
    fleet.watermark(at(9))?;
    fleet.rescale(4)?;
    fleet.end_of_data()?;
    let results = fleet.take_records();
    assert_eq!((results.len(), results.iter().all(|result| result.value == 3)), (100, true));
    Ok(())
}

#[test]
fn lengths_that_time_cannot_resolve_are_problems() {
    let zero = Duration::ZERO;
    assert!(WindowAssigner::<u32>::problem(&tumbling(0)).is_some());
    assert!(WindowAssigner::<u32>::problem(&SlidingEventTimeWindows::of(millis(1), zero)).is_some());
    assert!(WindowAssigner::<u32>::problem(&SlidingEventTimeWindows::of(zero, millis(1))).is_some());
    assert!(
        WindowAssigner::<u32>::problem(&EventTimeSessionWindows::with_gap(Duration::from_micros(999)))
            .is_some()
    );
    assert!(WindowAssigner::<u32>::problem(&GlobalWindows::at_end()).is_none());
}
