//! What late records give rise to is emitted a few batches at a time.

use millstream_runtime::batch::Batch;

use super::*;
use crate::FunctionResult;

/// Emits the last record as often as a batch has room for it.
#[derive(Clone, Copy)]
struct Repeat;

impl WindowProcessFunction<char, Vec<u32>, TimeWindow, u32> for Repeat {
    fn process(
        &mut self,
        records: Vec<u32>,
        _: &mut WindowContext<'_, char, TimeWindow>,
        out: &mut Emitter<'_, u32>,
    ) -> FunctionResult {
        let last = records.last().copied().ok_or("a window without records")?;
        (0..Batch::<u32>::FULL).try_for_each(|_| out.emit(last))
    }
}

fn late_records_suspend(windows: impl WindowAssigner<u32, Window = TimeWindow>) -> Result<()> {
    for at_most in [u32::MAX, 1, 3] {
        let setup = HarnessSetup::new().emit_at_most(at_most);
        let mut harness = OperatorHarness::make(setup, |info| {
            windows.window_operator(Processed::new(Keep, Repeat), lateness(1_000), info)
        })?;
        harness.push(('a', 0), at(1))?;
        harness.watermark(at(500))?;
        assert_eq!(harness.take_records().len(), Batch::<u32>::FULL);
        let runs = harness.resumed_runs();
        harness.push_timed((1..=10).map(|number| (('a', number), at(1))))?;
        let mut emitted = harness.take_records();
        assert_eq!(emitted.len(), 10 * Batch::<u32>::FULL);
        emitted.dedup();
        assert_eq!(emitted, (1..=10).collect::<Vec<_>>(), "no record is lost, and none overtakes another");
        let resumed = harness.resumed_runs() - runs;
        match at_most {
            u32::MAX => assert_eq!(resumed, 0),
            1 => assert!(resumed >= 9, "{resumed}"),
            _ => assert!((2..9).contains(&resumed), "{resumed}"),
        }
    }
    Ok(())
}

#[test]
fn late_records_of_windows_suspend_the_operator() -> Result<()> {
    late_records_suspend(tumbling(10))?;
    late_records_suspend(SlidingEventTimeWindows::of(millis(10), millis(10)))
}

#[test]
fn late_records_of_sessions_suspend_the_operator() -> Result<()> {
    late_records_suspend(EventTimeSessionWindows::with_gap(millis(10)))
}

#[test]
fn windows_that_are_due_fire_a_few_at_a_time() -> Result<()> {
    for allowed in [0, 100] {
        let setup = HarnessSetup::new().emit_at_most(1);
        let mut harness = OperatorHarness::make(setup, |info| {
            tumbling(10).window_operator(Processed::new(Keep, Repeat), lateness(allowed), info)
        })?;
        harness.push_timed(('a'..='j').zip(0..).map(|(key, number)| ((key, number), at(5))))?;
        harness.watermark(at(9))?;
        let mut emitted = harness.take_records();
        assert!(harness.resumed_runs() >= 9, "{}", harness.resumed_runs());
        assert_eq!(emitted.len(), 10 * Batch::<u32>::FULL);
        emitted.dedup();
        emitted.sort_unstable();
        assert_eq!(emitted, (0..10).collect::<Vec<_>>());
    }
    Ok(())
}
