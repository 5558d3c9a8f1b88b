//! What the general operator does besides letting windows fire.

use millstream_runtime::batch::Batch;

use super::*;
use crate::FunctionResult;
use crate::testing::window_operator;
use crate::window::general::{Combined, GeneralOperator};

fn repeat(
    records: Vec<u32>,
    _: &mut WindowContext<'_, char, TimeWindow>,
    out: &mut Emitter<'_, u32>,
) -> FunctionResult {
    let last = records.last().copied().ok_or("a window without records")?;
    (0..Batch::<u32>::FULL).try_for_each(|_| out.emit(last))
}

#[test]
fn windows_that_fire_suspend_the_operator() -> Result<()> {
    for at_most in [u32::MAX, 1] {
        let setup = HarnessSetup::new().emit_at_most(at_most);
        let mut harness = OperatorHarness::make(setup, |info| {
            let function = Processed::new(Keep, ProcessFn(repeat));
            let parts = (DefaultTrigger::EventTime, Combined);
            GeneralOperator::new(tumbling(10), function, parts, lateness(100), info)
        })?;
        let emitted = |harness: &OperatorHarness<(char, u32), u32>| {
            let mut emitted = harness.take_records();
            assert_eq!(emitted.len() % Batch::<u32>::FULL, 0);
            emitted = emitted.into_iter().step_by(Batch::<u32>::FULL).collect();
            emitted.sort_unstable();
            emitted
        };
        harness.push_timed(('a'..='j').zip(0..).map(|(key, number)| ((key, number), at(5))))?;
        harness.watermark(at(9))?;
        assert_eq!(emitted(&harness), (0..10).collect::<Vec<_>>());
        let runs = harness.resumed_runs();
        assert!(if at_most == 1 { runs >= 9 } else { runs == 0 }, "{runs}");
        harness.push_timed((10..20).map(|number| (('a', number), at(5))))?;
        assert_eq!(emitted(&harness), (10..20).collect::<Vec<_>>());
        let runs = harness.resumed_runs() - runs;
        assert!(if at_most == 1 { runs >= 9 } else { runs == 0 }, "{runs}");
    }
    Ok(())
}

#[test]
fn what_waits_for_the_clock_suspends_the_operator_at_the_end() -> Result<()> {
    let setup = HarnessSetup::new().emit_at_most(1);
    let mut harness = OperatorHarness::make(setup, |info| {
        let function = Processed::new(Keep, ProcessFn(repeat));
        let windows = TumblingProcessingTimeWindows::of(millis(10));
        let parts = (DefaultTrigger::ProcessingTime, Combined);
        GeneralOperator::new(windows, function, parts, lateness(0), info)
    })?;
    harness.push_all(('a'..='j').zip(0..))?;
    harness.end_of_data()?;
    assert_eq!(harness.take_records().len(), 10 * Batch::<u32>::FULL);
    assert!(harness.resumed_runs() >= 9, "{}", harness.resumed_runs());
    Ok(())
}

#[test]
fn only_key_groups_that_change_are_part_of_the_next_checkpoint() -> Result<()> {
    let mut harness: Counting = OperatorHarness::make(HarnessSetup::new(), |info| {
        let sessions = EventTimeSessionWindows::with_gap(millis(10));
        let parts = (DefaultTrigger::EventTime, Combined);
        GeneralOperator::new(sessions, Results(Count), parts, lateness(0), info)
    })?;
    push(&mut harness, &('a'..='z').map(|key| (key, 100)).collect::<Vec<_>>())?;
    harness.watermark(at(50))?;
    harness.snapshot(1)?;
    // Too late, and a watermark that makes nothing due.
    push(&mut harness, &[('a', 1), ('b', 2)])?;
    harness.watermark(at(60))?;
    assert_eq!(harness.snapshot(2)?.blocks_changed_since(1), 0);
    assert_eq!(harness.counters().late_records, 2);
    Ok(())
}

#[test]
fn windows_move_with_their_keys_when_the_parallelism_changes() -> Result<()> {
    let of = || {
        window_operator(|number: &u32| *number, SlidingEventTimeWindows::of(millis(20), millis(10)))
            .trigger(PurgingTrigger::of(CountTrigger::of(3)))
            .count()
    };
    let mut harness = of().max_parallelism(16).open()?;
    for parallelism in [3, 2, 4] {
        (0..50).try_for_each(|key| harness.push_at(key, at(15)))?;
        assert_eq!(harness.take_records().len(), if parallelism == 4 { 100 } else { 0 });
        harness = of().parallelism(parallelism).restore(&harness.snapshot()?)?;
    }
    assert_eq!(harness.state_entries("panes")?, 0);
    assert_eq!(harness.event_time_timers()?, 100);
    harness.end_of_data()?;
    assert!(harness.take_records().is_empty());
    assert_eq!(harness.event_time_timers()?, 0);
    Ok(())
}
