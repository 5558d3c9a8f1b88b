use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use millstream_runtime::batch::Batch;
use millstream_runtime::graph::OutputTag;
use millstream_runtime::testing::{HarnessSetup, OperatorHarness};

use super::*;
use crate::Emitter;
use crate::function::FunctionResult;
use crate::window::function::{Processed, Results};
use crate::window::pane::{Count, PaneFunction};
use crate::window::process::ProcessFn;
use crate::window::{WindowContext, WindowResult};

mod oracle;

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn windows(size: i64, slide: i64) -> SlidingEventTimeWindows {
    let [size, slide] = [size, slide].map(|millis| Duration::from_millis(millis.unsigned_abs()));
    SlidingEventTimeWindows::of(size, slide)
}

fn lateness<T>(allowed: i64) -> Lateness<T> {
    Lateness { allowed: Duration::from_millis(allowed.unsigned_abs()), too_late: None }
}

/// Keeps all records, and calls that merging: what a window has come to then says what went into it.
#[derive(Clone, Default)]
struct Gather {
    added: Arc<AtomicUsize>,
    merged: Arc<AtomicUsize>,
}

impl PaneFunction<u32> for Gather {
    type Accumulator = Vec<u32>;
    type Output = Vec<u32>;
    type Failure = Infallible;

    const MERGES: bool = true;

    fn create(&self) -> Vec<u32> {
        Vec::new()
    }
    fn add(&mut self, records: &mut Vec<u32>, record: u32) -> Result<(), Infallible> {
        self.added.fetch_add(1, Ordering::Relaxed);
        records.push(record);
        Ok(())
    }
    fn merge(&mut self, records: &mut Vec<u32>, other: Vec<u32>) -> Result<(), Infallible> {
        self.merged.fetch_add(1, Ordering::Relaxed);
        records.extend(other);
        Ok(())
    }
    fn result(&mut self, records: &Vec<u32>) -> Result<Option<Vec<u32>>, Infallible> {
        Ok(Some(records.clone()))
    }
}

type Counting = OperatorHarness<(u32, ()), WindowResult<u32, u64>>;

fn counting(windows: &SlidingEventTimeWindows, allowed: i64) -> Counting {
    OperatorHarness::make(HarnessSetup::new(), |info| {
        let operator = SlidingOperator::new(windows, Results(Count), lateness(allowed), info);
        assert!(matches!(operator, SlidingOperator::Sliced(_)));
        operator
    })
    .unwrap()
}

/// What has been emitted: key, start and count.
fn taken(harness: &Counting) -> Vec<(u32, i64, u64)> {
    let records = harness.take_records().into_iter();
    records.map(|result| (result.key, result.window.start.as_millis(), result.value)).collect()
}

#[test]
fn a_window_that_holds_no_record_does_not_fire() {
    let mut harness = counting(&windows(10, 5), 0);
    harness.push((7, ()), at(3)).unwrap();
    harness.push((7, ()), at(1_000_003)).unwrap();
    harness.watermark(at(2_000_000)).unwrap();
    assert_eq!(taken(&harness), [(7, -5, 1), (7, 0, 1), (7, 999_995, 1), (7, 1_000_000, 1)]);
    assert_eq!(harness.snapshot(1).unwrap().keyed_entries(), 0);
}

#[test]
fn a_record_that_is_late_for_some_windows_counts_in_the_others() {
    let late = OutputTag::new("late");
    let mut harness: Counting = OperatorHarness::make(HarnessSetup::new(), |info| {
        let lateness = Lateness { allowed: Duration::ZERO, too_late: Some(late.clone()) };
        SlidingOperator::new(&windows(30, 10), Results(Count), lateness, info)
    })
    .unwrap();
    harness.push((7, ()), at(5)).unwrap();
    harness.watermark(at(19)).unwrap();
    assert_eq!(taken(&harness), [(7, -20, 1), (7, -10, 1)]);
    // In time for [0, 30) alone, and then for none.
    harness.push((7, ()), at(4)).unwrap();
    harness.push((8, ()), at(3)).unwrap();
    harness.push((9, ()), at(-1)).unwrap();
    assert_eq!((taken(&harness), harness.take_side(&late).len()), (vec![], 1));
    harness.watermark(at(29)).unwrap();
    let mut fired = taken(&harness);
    fired.sort_unstable();
    assert_eq!(fired, [(7, 0, 2), (8, 0, 1)]);
}

#[test]
fn a_late_record_lets_all_its_windows_fire_again_in_order() {
    let mut harness = counting(&windows(30, 10), 25);
    for time in [5, 15, 25, 35] {
        harness.push((7, ()), at(time)).unwrap();
    }
    harness.watermark(at(40)).unwrap();
    assert_eq!(taken(&harness), [(7, -20, 1), (7, -10, 2), (7, 0, 3), (7, 10, 3)].map(|row| row));
    harness.push((7, ()), at(14)).unwrap();
    // [-10, 20) is open till 44, [0, 30) and [10, 40) longer.
    assert_eq!(taken(&harness), [(7, -10, 3), (7, 0, 4), (7, 10, 4)]);
    harness.watermark(at(44)).unwrap();
    harness.push((7, ()), at(15)).unwrap();
    assert_eq!(taken(&harness), [(7, 0, 5), (7, 10, 5)]);
    harness.watermark(at(100)).unwrap();
    assert_eq!(taken(&harness), [(7, 20, 2), (7, 30, 1)]);
    assert_eq!((harness.counters().late_records, harness.snapshot(1).unwrap().keyed_entries()), (0, 0));
}

/// Lets `slides` windows fire that hold a record in each slice; returns how often records were added and
/// accumulators merged.
fn work(size: i64, slides: i64) -> (usize, usize) {
    let gather = Gather::default();
    let mut harness =
        OperatorHarness::<(u32, u32), WindowResult<u32, Vec<u32>>>::make(HarnessSetup::new(), |info| {
            SlidingOperator::new(&windows(size, 1), Results(gather.clone()), lateness(0), info)
        })
        .unwrap();
    for time in 0..slides {
        harness.push((7, 0), at(time)).unwrap();
        harness.watermark(at(time)).unwrap();
        let length = (time + 1).min(size);
        assert_eq!(harness.take_records()[0].value.len(), usize::try_from(length).unwrap());
    }
    assert_eq!(harness.snapshot(1).unwrap().keyed_entries(), size.min(slides).unsigned_abs() - 1);
    (gather.added.load(Ordering::Relaxed), gather.merged.load(Ordering::Relaxed))
}

#[test]
fn records_and_windows_cost_the_same_however_many_slices_a_window_has() {
    const SLIDES: usize = 2_000;
    for size in [10, 60, 600] {
        let (added, merged) = work(size, SLIDES as i64);
        assert_eq!(added, SLIDES);
        assert!(merged <= 3 * SLIDES, "{size}: {merged}");
    }
}

#[test]
fn state_is_kept_by_slices_not_by_windows() {
    let mut harness = counting(&windows(600, 1), 0);
    for time in 0..100 {
        harness.push((7, ()), at(time)).unwrap();
        harness.push((7, ()), at(time)).unwrap();
    }
    let snapshot = harness.snapshot(1).unwrap();
    let states: Vec<_> =
        snapshot.keyed_states().map(|(meta, entries)| (meta.name.as_str(), entries)).collect();
    assert_eq!(states, [("slices", 100)]);
}

/// Emits the number of records as often as a batch has room for it.
fn repeat(
    records: Vec<u32>,
    _: &mut WindowContext<'_, char, TimeWindow>,
    out: &mut Emitter<'_, usize>,
) -> FunctionResult {
    (0..Batch::<usize>::FULL).try_for_each(|_| out.emit(records.len()))
}

#[test]
fn windows_that_fire_suspend_the_operator() {
    for allowed in [0, 1_000] {
        for at_most in [u32::MAX, 1] {
            let setup = HarnessSetup::new().emit_at_most(at_most);
            let mut harness = OperatorHarness::<(char, u32), usize>::make(setup, |info| {
                let function = Processed::new(Gather::default(), ProcessFn(repeat));
                SlidingOperator::new(&windows(30, 10), function, lateness(allowed), info)
            })
            .unwrap();
            harness.push_timed(('a'..='j').map(|key| ((key, 0), at(5)))).unwrap();
            harness.push_timed(('a'..='j').map(|key| ((key, 0), at(15)))).unwrap();
            let emitted = |harness: &OperatorHarness<(char, u32), usize>| {
                let emitted = harness.take_records();
                assert_eq!(emitted.len() % Batch::<usize>::FULL, 0);
                emitted.into_iter().step_by(Batch::<usize>::FULL).collect::<Vec<_>>()
            };
            harness.watermark(at(29)).unwrap();
            assert_eq!(emitted(&harness), [[1; 10], [2; 10], [2; 10]].concat());
            let runs = harness.resumed_runs();
            assert!(if at_most == 1 { runs >= 29 } else { runs == 0 }, "{runs}");
            harness.push_timed((1..=10).map(|number| (('a', number), at(15)))).unwrap();
            let again: Vec<_> = (3..13).flat_map(|records| vec![records; 2]).collect();
            assert_eq!(emitted(&harness), if allowed == 0 { vec![] } else { again });
            let runs = harness.resumed_runs() - runs;
            assert!(if at_most == 1 && allowed > 0 { runs >= 9 } else { runs == 0 }, "{runs}");
        }
    }
}

#[test]
fn a_failure_to_merge_fails_the_job() {
    use crate::window::pane::Reduce;
    let sum = |sum: u8, next: u8| FunctionResult::Ok(sum.checked_add(next).ok_or("the sum is above 255")?);
    let mut harness = OperatorHarness::make(HarnessSetup::new(), |info| {
        let function = Results(Reduce(sum));
        SlidingOperator::new(&windows(20, 10), function, lateness::<u8>(0), info)
    })
    .unwrap();
    harness.push(('a', 200), at(5)).unwrap();
    harness.push(('a', 100), at(15)).unwrap();
    harness.watermark(at(9)).unwrap();
    let error = harness.watermark(at(19)).unwrap_err();
    assert!(error.to_string().contains("the sum is above 255"), "{error}");
    drop::<Vec<WindowResult<char, u8>>>(harness.take_records());
}
