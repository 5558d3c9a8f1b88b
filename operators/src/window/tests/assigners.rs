//! Which windows records belong to: by the clock, by the record, merging in ways of their own.

use std::iter;

use super::*;
use crate::process::TimeDomain;
use crate::testing::window_operator;

fn spans<K, R>(results: Vec<WindowResult<K, R>>) -> Vec<(i64, i64, R)> {
    let span = |result: WindowResult<K, R>| {
        (result.window.start.as_millis(), result.window.end.as_millis(), result.value)
    };
    results.into_iter().map(span).collect()
}

#[test]
fn windows_of_processing_time_go_by_the_clock_only() -> Result<()> {
    let windows = TumblingProcessingTimeWindows::of(millis(10)).offset(millis(3));
    let mut harness = window_operator(|_: &char| (), windows).count().open()?;
    harness.push_at('a', at(5_000))?;
    harness.watermark(at(9_000))?;
    harness.push_at('b', at(1))?;
    assert!(harness.take_records().is_empty());
    harness.advance(millis(2))?;
    assert!(harness.take_records().is_empty(), "there may be more in the last millisecond");
    harness.advance(millis(1))?;
    assert_eq!(spans(harness.take_records()), [(-7, 3, 2)]);
    harness.push('c')?;
    let snapshot = harness.snapshot()?;
    assert_eq!((snapshot.processing_time_timers(), snapshot.event_time_timers()), (1, 0));
    harness.advance(millis(10))?;
    assert_eq!(spans(harness.take_records()), [(3, 13, 1)]);
    Ok(())
}

#[test]
fn sessions_of_processing_time_grow_and_end() -> Result<()> {
    let sessions = ProcessingTimeSessionWindows::with_gap(millis(10));
    let mut harness = window_operator(|letter: &char| *letter, sessions).count().open()?;
    harness.push('a')?;
    harness.advance(millis(9))?;
    harness.push_all(['a', 'b'])?;
    harness.advance(millis(10))?;
    harness.push('a')?;
    let mut results = spans(harness.take_records());
    results.sort_unstable();
    assert_eq!(results, [(0, 19, 2), (9, 19, 1)]);
    assert_eq!(harness.processing_time_timers()?, 1);
    Ok(())
}

#[test]
fn windows_are_staggered_by_chance_or_by_the_first_record() -> Result<()> {
    let windows = |stagger| TumblingProcessingTimeWindows::of(millis(1_000_000)).stagger(stagger);
    let starts = |stagger, parallelism: u32| -> Result<Vec<i64>> {
        let of = window_operator(|number: &u32| *number, windows(stagger));
        let mut harness = of.count().parallelism(parallelism).open()?;
        harness.advance(millis(7))?;
        harness.push_all(0..20)?;
        harness.advance(millis(1))?;
        harness.push_all(0..20)?;
        harness.advance(millis(1_000_000))?;
        let mut starts: Vec<_> =
            spans(harness.take_records()).into_iter().map(|(start, _, _)| start).collect();
        starts.sort_unstable();
        starts.dedup();
        Ok(starts)
    };
    assert_eq!(starts(WindowStagger::Aligned, 3)?, [0]);
    assert_eq!(starts(WindowStagger::Natural, 3)?, [7]);
    let by_chance = starts(WindowStagger::Random, 1)?;
    assert!(by_chance.len() == 1 && by_chance != [0], "{by_chance:?}");
    Ok(())
}

#[test]
fn a_gap_must_last() -> Result<()> {
    let gap = |gap: &u64| Duration::from_millis(*gap);
    let mut harness =
        window_operator(|_: &u64| (), EventTimeSessionWindows::with_dynamic_gap(gap)).count().open()?;
    harness.push_at(1, at(0))?;
    let error = harness.push_at(0, at(0)).unwrap_err();
    assert!(error.to_string().contains("gaps must be at least 1 ms"), "{error}");
    Ok(())
}

#[test]
fn a_record_that_is_late_for_no_session_any_more_is_dropped() -> Result<()> {
    let sessions = EventTimeSessionWindows::with_dynamic_gap(|gap: &u64| Duration::from_millis(*gap));
    let late = OutputTag::new("late");
    let mut harness = window_operator(|_: &u64| (), sessions).side_output_late_data(&late).count().open()?;
    harness.push_at(10, at(0))?;
    harness.watermark(at(9))?;
    assert_eq!(spans(harness.take_records()), [(0, 10, 1)]);
    // Late by itself; the other is so long that it is not.
    harness.push_at(5, at(2))?;
    harness.push_at(20, at(2))?;
    harness.push_at(5, at(3))?;
    harness.watermark(at(21))?;
    assert_eq!((spans(harness.take_records()), harness.take_side_output(&late)), (vec![(2, 22, 2)], vec![5]));
    Ok(())
}

/// Whole numbers up to a bound, which merge to one window when they are neighbours.
#[derive(Clone)]
struct Neighbours;

impl WindowAssigner<i64> for Neighbours {
    type Window = TimeWindow;
    const TIME: Option<TimeDomain> = Some(TimeDomain::EventTime);
    const MERGES: bool = true;

    fn assign(&mut self, number: &i64, _: Timestamp) -> impl Iterator<Item = TimeWindow> {
        iter::once(TimeWindow::new(at(*number), at(*number + 1)))
    }

    fn merge(&self, one: &TimeWindow, other: &TimeWindow) -> Option<TimeWindow> {
        one.touches(other).then(|| one.cover(other))
    }
}

#[test]
fn windows_merge_as_their_assigner_says() -> Result<()> {
    let mut harness = window_operator(|_: &i64| (), Neighbours)
        .process_fn(|mut numbers, _, out| {
            numbers.sort_unstable();
            out.emit(numbers)
        })
        .open()?;
    [5, 1, 3, 4, 9].into_iter().try_for_each(|number| harness.push_at(number, at(0)))?;
    assert_eq!(harness.event_time_timers()?, 3);
    harness.end_of_data()?;
    assert_eq!(harness.take_records(), [vec![1], vec![3, 4, 5], vec![9]]);
    Ok(())
}

#[test]
fn cumulating_windows_grow_by_steps() {
    let mut windows = CumulatingEventTimeWindows::of(millis(30), millis(10)).offset(millis(5));
    let of = |time, windows: &mut CumulatingEventTimeWindows| -> Vec<(i64, i64)> {
        windows
            .assign(&(), at(time))
            .map(|window| (window.start.as_millis(), window.end.as_millis()))
            .collect()
    };
    assert_eq!(of(5, &mut windows), [(5, 15), (5, 25), (5, 35)]);
    assert_eq!(of(15, &mut windows), [(5, 25), (5, 35)]);
    assert_eq!(of(34, &mut windows), [(5, 35)]);
    assert_eq!(of(4, &mut windows), [(-25, 5)]);
    assert!(windows.assign(&(), Timestamp::MAX).count() <= 3);
}

#[test]
fn sessions_that_grow_side_by_side_keep_a_timer_each() -> Result<()> {
    let sessions = EventTimeSessionWindows::with_gap(millis(10));
    let mut harness = window_operator(|_: &u8| (), sessions).allowed_lateness(millis(50)).count().open()?;
    // Timers of the first come due in each round, those of the second, which lies far ahead, in none.
    for round in 0..30 {
        harness.push_at(1, at(9 * round))?;
        harness.push_at(2, at(1_000 + 9 * round))?;
        harness.watermark(at(9 * round))?;
        assert_eq!(harness.event_time_timers()?, 2, "in round {round}");
    }
    harness.end_of_data()?;
    assert_eq!(spans(harness.take_records()), [(0, 271, 30), (1_000, 1_271, 30)]);
    assert_eq!(harness.event_time_timers()?, 0);
    Ok(())
}
