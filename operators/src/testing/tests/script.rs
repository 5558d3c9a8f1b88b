//! Sources that do what a test has written down.

use millstream_runtime::chain::SourceStatus;
use millstream_runtime::driver::simulation::{Faults, Simulation};
use millstream_runtime::job::RestartStrategy;
use millstream_runtime::testing::{HarnessSetup, SourceHarness};

use super::*;
use crate::Environment;
use crate::sink::{CollectSink, Collected};
use crate::window::TumblingEventTimeWindows;

const fn record(letter: char) -> Emitted<char> {
    Emitted::Record(letter, Timestamp::MIN)
}

/// A subtask of a source of these scripts.
fn source(
    scripts: impl IntoIterator<Item = Script<char>>,
    setup: HarnessSetup<'_>,
    (subtask, parallelism): (u32, u32),
) -> Result<SourceHarness<char>> {
    let source = ScriptedSource::new(scripts);
    let splits = futures::executor::block_on(crate::source::Source::discover(&source))?;
    let setup = setup.subtask(subtask, parallelism);
    SourceHarness::with(setup, source_operator(source, splits, subtask, parallelism))
}

#[test]
fn steps_are_done_in_order_and_pauses_kept() -> Result<()> {
    let gate = Gate::new();
    let script = Script::new()
        .record_at('a', at(3))
        .watermark(at(4))
        .pause(millis(50))
        .records(['b', 'c'])
        .idle()
        .wait_for(&gate)
        .active()
        .record('d');
    let mut harness = source([script], HarnessSetup::new(), (0, 1))?;
    assert_eq!(harness.run(9)?, SourceStatus::Waiting);
    assert_eq!(harness.take_emitted(), [Emitted::Record('a', at(3)), Emitted::Watermark(at(4))]);
    harness.advance(millis(49))?;
    harness.run(9)?;
    assert!(harness.take_emitted().is_empty());
    harness.advance(millis(1))?;
    assert_eq!(harness.run(9)?, SourceStatus::Waiting);
    let idle = Emitted::Status(StreamStatus::Idle);
    assert_eq!(harness.take_emitted(), [record('b'), record('c'), idle]);
    gate.open();
    assert_eq!(harness.run(9)?, SourceStatus::Ended);
    assert_eq!(harness.take_emitted()[..2], [Emitted::Status(StreamStatus::Active), record('d')]);
    Ok(())
}

fn two_scripts(gate: &Gate) -> [Script<char>; 2] {
    let first = Script::new().record('a').watermark(at(10)).wait_for(gate).record('b').watermark(at(30));
    let second =
        Script::new().record('x').watermark(at(5)).idle().wait_for(gate).record('y').watermark(at(20));
    [first, second]
}

#[test]
fn splits_of_one_subtask_share_its_event_time() -> Result<()> {
    let gate = Gate::new();
    let mut harness = source(two_scripts(&gate), HarnessSetup::new(), (0, 1))?;
    harness.run(9)?;
    let five = Emitted::Watermark(at(5));
    assert_eq!(harness.take_emitted(), [record('a'), record('x'), five, Emitted::Watermark(at(10))]);
    gate.open();
    assert_eq!(harness.run(9)?, SourceStatus::Ended);
    let emitted = harness.take_emitted();
    let twenty = Emitted::Watermark(at(20));
    assert_eq!(emitted[..3], [record('b'), record('y'), twenty]);
    // The last watermark of all is emitted once, by the task.
    let end = [Emitted::Status(StreamStatus::Active), Emitted::Watermark(Timestamp::MAX), Emitted::EndOfData];
    assert_eq!(emitted[3..], end);
    Ok(())
}

#[test]
fn restored_scripts_go_on_in_fewer_subtasks_or_more() -> Result<()> {
    let gate = Gate::new();
    let mut one = source(two_scripts(&gate), HarnessSetup::new(), (0, 1))?;
    one.run(9)?;
    let snapshots = [one.snapshot(1)?];
    let mut parts = Vec::new();
    for (subtask, reached) in [(0, at(10)), (1, at(5))] {
        let mut part = source(two_scripts(&gate), HarnessSetup::new().restore(&snapshots), (subtask, 2))?;
        part.run(9)?;
        // Nothing that was emitted comes again, but how far time had come is.
        let emitted = part.take_emitted();
        assert_eq!((emitted[0].clone(), emitted.len()), (Emitted::Watermark(reached), 1 + subtask as usize));
        parts.push(part.snapshot(2)?);
    }
    gate.open();
    let mut again = source(two_scripts(&gate), HarnessSetup::new().restore(&parts), (0, 1))?;
    assert_eq!(again.run(9)?, SourceStatus::Ended);
    let emitted = again.take_emitted();
    let expected = [Emitted::Watermark(at(5)), Emitted::Watermark(at(10)), record('b'), record('y')];
    assert_eq!(emitted[..4], expected);
    Ok(())
}

#[test]
fn other_scripts_than_those_of_the_snapshot_are_an_error() -> Result<()> {
    let mut harness = source(two_scripts(&Gate::new()), HarnessSetup::new(), (0, 1))?;
    harness.run(9)?;
    let snapshots = [harness.snapshot(1)?];
    let shorter = [Script::new().record('a'), Script::new()];
    let error = source(shorter, HarnessSetup::new().restore(&snapshots), (0, 1))?.run(9).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Restore);
    assert!(
        error.to_string().contains("3 steps of script 0") || error.to_string().contains("steps of script")
    );
    Ok(())
}

/// Counts are the same whatever fails, so scripts go on where the restored snapshot was.
#[test]
fn a_whole_job_is_exact_over_failures() {
    for seed in 0..20 {
        let counts = Collected::default();
        let report = Simulation::new(seed).faults(Faults::all()).run(|_store| {
            let env = Environment::new()
                .parallelism(2)
                .checkpoint_every(millis(20))
                .restart_strategy(RestartStrategy::FixedDelay { attempts: 1_000, delay: Duration::ZERO });
            let scripts = (0..3).map(|script| {
                (0..20).fold(Script::new(), |steps, second| {
                    let record =
                        steps.record_at(script, at(second * 10)).record_at(script, at(second * 10 + 3));
                    record.watermark(at(second * 10 + 5)).pause(millis(7))
                })
            });
            let windows = TumblingEventTimeWindows::of(millis(50));
            let source = env.from_source(ScriptedSource::new(scripts));
            let counted = source.key_by(|script| *script).window(windows).count();
            let counted = counted.map(|count| (count.key, count.window.start.as_millis(), count.value));
            let _sink = counted.sink_to(CollectSink::new(&counts));
            env.job("scripts")
        });
        let report = report.unwrap();
        let expected = (0..3).flat_map(|script| (0..4).map(move |window| (script, window * 50, 10)));
        assert_eq!(counts.sorted(), expected.collect::<Vec<_>>(), "{report:?}");
    }
}
