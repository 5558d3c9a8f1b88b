//! Windows, triggers and evictors that do not go together: refused when the job is built.

use millstream_runtime::ErrorKind;

use super::*;
use crate::testing::{WindowOperatorBuilder, window_operator};
use crate::{Environment, WatermarkStrategy};

fn of<W: WindowAssigner<u32>>(windows: W) -> WindowOperatorBuilder<(), u32, W> {
    window_operator(|_: &u32| (), windows)
}

/// What is said of windows that are refused.
fn refused<W: WindowAssigner<u32>, R: FiringRule<u32, W>>(
    of: WindowOperatorBuilder<(), u32, W, R>,
) -> String {
    let Err(error) = of.count().open() else { panic!("it is not refused") };
    assert_eq!(error.kind(), ErrorKind::InvalidJob, "{error}");
    error.to_string()
}

#[test]
fn what_cannot_work_is_refused() {
    let sessions = || EventTimeSessionWindows::with_gap(millis(10));
    let processing = || TumblingProcessingTimeWindows::of(millis(10));
    let far = |one: &u32, other: &u32| f64::from(one.abs_diff(*other));
    let zero = Duration::ZERO;
    for (said, problem) in [
        (refused(of(GlobalWindows::create())), "never fire"),
        (refused(of(tumbling(10)).trigger(NeverTrigger)), "never fire"),
        (refused(of(GlobalWindows::create()).evictor(CountEvictor::of(1))), "never fire"),
        (refused(of(GlobalWindows::create()).trigger(ProcessingTimeTrigger)), "do not end"),
        (refused(of(processing()).trigger(EventTimeTrigger)), "take `ProcessingTimeTrigger`"),
        (refused(of(processing()).trigger(PurgingTrigger::of(EventTimeTrigger))), "waits for the watermark"),
        (
            refused(of(processing()).trigger(ContinuousEventTimeTrigger::of(millis(1)))),
            "take `ContinuousProcessingTimeTrigger`",
        ),
        (refused(of(sessions()).trigger(DeltaTrigger::of(1.0, far))), "the windows merge"),
        (
            refused(of(sessions()).trigger(ProcessingTimeoutTrigger::of(CountTrigger::of(1), millis(1)))),
            "the windows merge",
        ),
        (refused(of(tumbling(10)).trigger(CountTrigger::of(0))), "at least one record"),
        (refused(of(tumbling(10)).trigger(DeltaTrigger::of(f64::NAN, far))), "NaN"),
        (refused(of(tumbling(10)).trigger(ContinuousEventTimeTrigger::of(zero))), "at least 1 ms"),
        (refused(of(tumbling(10)).trigger(ContinuousProcessingTimeTrigger::of(zero))), "at least 1 ms"),
        (
            refused(of(tumbling(10)).trigger(ProcessingTimeoutTrigger::of(CountTrigger::of(1), zero))),
            "at least 1 ms",
        ),
        (refused(of(tumbling(10)).evictor(CountEvictor::of(0))), "at least one element"),
        (refused(of(tumbling(10)).evictor(TimeEvictor::of(zero))), "at least 1 ms"),
        (refused(of(tumbling(10)).evictor(DeltaEvictor::of(f64::NAN, far))), "NaN"),
        (refused(of(processing()).allowed_lateness(millis(5))), "no record is late"),
        (refused(of(TumblingProcessingTimeWindows::of(zero))), "at least 1 ms"),
        (refused(of(SlidingProcessingTimeWindows::of(millis(1), zero))), "at least 1 ms"),
        (refused(of(ProcessingTimeSessionWindows::with_gap(zero))), "at least 1 ms"),
        (refused(of(CumulatingEventTimeWindows::of(millis(10), zero))), "at least 1 ms"),
        (refused(of(CumulatingEventTimeWindows::of(millis(10), millis(3)))), "a multiple of their step"),
    ] {
        assert!(said.contains(problem), "`{problem}` is missing: {said}");
    }
}

#[test]
fn a_snapshot_without_a_trigger_is_refused_with_one_and_the_other_way_round() -> Result<()> {
    let mut plain = of(tumbling(10)).count().open()?;
    let mut triggered = of(tumbling(10)).trigger(CountTrigger::of(2)).count().open()?;
    let mut evicting =
        of(tumbling(10)).trigger(CountTrigger::of(2)).evictor(CountEvictor::of(9)).count().open()?;
    for harness in [&mut plain, &mut triggered, &mut evicting] {
        harness.push_at(1, at(1))?;
    }
    let (plain, triggered, evicting) = (plain.snapshot()?, triggered.snapshot()?, evicting.snapshot()?);
    let refusal = |opened: Result<_>| -> String {
        match opened {
            Ok(_) => "restored".to_owned(),
            Err(error) => error.to_string(),
        }
    };
    let said = refusal(of(tumbling(10)).trigger(CountTrigger::of(2)).count().restore(&plain));
    assert!(said.contains("no longer has: `windows`"), "{said}");
    let said = refusal(of(tumbling(10)).count().restore(&triggered));
    assert!(said.contains("no longer has") && said.contains("`panes`"), "{said}");
    let said = refusal(of(tumbling(10)).trigger(CountTrigger::of(2)).count().restore(&evicting));
    assert!(said.contains("panes"), "{said}");
    let said = refusal(of(tumbling(10)).trigger(EventTimeTrigger).count().restore(&triggered));
    assert!(said.contains("panes"), "{said}");
    Ok(())
}

#[test]
fn records_must_carry_timestamps_where_the_trigger_or_evictor_needs_them() {
    let mistake = |build: fn(&crate::KeyedStream<u32, u32>)| {
        let env = Environment::new();
        build(&env.from_collection([1_u32]).key_by(|number| *number));
        env.execute("mistaken").unwrap_err().to_string()
    };
    let said = [
        mistake(|stream| drop(stream.window(tumbling(10)).count().collect())),
        mistake(|stream| {
            let windows = stream.window(GlobalWindows::create());
            drop(windows.trigger(ContinuousEventTimeTrigger::of(millis(1))).count().collect());
        }),
        mistake(|stream| {
            let windows = stream.window(TumblingProcessingTimeWindows::of(millis(10)));
            drop(windows.evictor(TimeEvictor::of(millis(1))).count().collect());
        }),
    ];
    for said in said {
        assert!(said.contains("its input has no timestamps"), "{said}");
    }
    let env = Environment::new();
    let time = WatermarkStrategy::monotonous().timestamp_assigner(|number: &u32| at(i64::from(*number)));
    let timed = env.from_collection([1_u32]).assign_timestamps_and_watermarks(time).key_by(|number| *number);
    let counts =
        timed.window(GlobalWindows::create()).trigger(ContinuousEventTimeTrigger::of(millis(1))).count();
    let counts = counts.collect();
    env.execute("counts").unwrap();
    assert_eq!(counts.to_vec().len(), 1);
}
