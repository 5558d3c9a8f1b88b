//! Functions that are slow, or that never end: barriers and cancellations still get their turn.

use std::time::{Duration, Instant};

use millstream::job::JobOutcome;
use millstream::prelude::*;

/// Far above what a cancellation takes, and far below the 40 s it takes where tasks do not yield.
const PATIENCE: Duration = Duration::from_secs(10);

fn wait_until(job: &JobHandle, holds: impl Fn(&JobHandle) -> bool) {
    let began = Instant::now();
    while !holds(job) {
        assert!(began.elapsed() < 3 * PATIENCE, "it does not come: {:?}", job.metrics());
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn cancel(job: &JobHandle) {
    let began = Instant::now();
    job.cancel();
    assert_eq!(job.join_blocking().unwrap().outcome, JobOutcome::Cancelled);
    let took = began.elapsed();
    assert!(took < PATIENCE, "cancelling took {took:?}");
}

fn slow(number: u64) -> u64 {
    std::thread::sleep(Duration::from_millis(2));
    number
}

#[test]
fn barriers_pass_between_slow_records() {
    // Chained to its source, where a batch of slow records would take 2 s.
    let env = Environment::new().parallelism(1).checkpoint_every(Duration::from_millis(100));
    env.from_generator(None, |number| number).map(slow).discard();
    let job = env.spawn("slow in the chain of its source").unwrap();
    wait_until(&job, |job| job.metrics().checkpoints.completed() >= 3);
    cancel(&job);
}

#[test]
fn a_slow_operator_behind_a_channel_can_be_cancelled() {
    let env = Environment::new().parallelism(1).disable_operator_chaining();
    env.from_generator(None, |number| number).map(slow).name("slow").discard();
    let job = env.spawn("slow behind a channel").unwrap();
    wait_until(&job, |job| job.metrics().operator("slow").records_out > 0);
    cancel(&job);
}

#[test]
fn a_record_that_becomes_any_number_can_be_cancelled() {
    let env = Environment::new().parallelism(1);
    env.from_collection([0_u64]).flat_map(|first| first..).name("endless").discard();
    let job = env.spawn("endless flat map").unwrap();
    wait_until(&job, |job| job.metrics().operator("endless").records_out > 100_000);
    cancel(&job);
}

/// Sets the next timer at each one, also when the stream has ended.
#[derive(Clone)]
struct Clockwork;

impl KeyedProcessFunction<u64, u64, u64> for Clockwork {
    type State = ();

    fn open(&mut self, _: &mut KeyedOpenContext<'_, u64>) -> FunctionResult {
        Ok(())
    }

    fn process(
        &mut self,
        _: u64,
        (): &(),
        cx: &mut KeyedContext<'_, u64>,
        _: &mut Emitter<'_, u64>,
    ) -> FunctionResult {
        cx.register_event_time_timer(Timestamp::from_millis(1))
    }

    fn on_timer(
        &mut self,
        timer: Timer,
        (): &(),
        cx: &mut KeyedContext<'_, u64>,
        out: &mut Emitter<'_, u64>,
    ) -> FunctionResult {
        cx.register_event_time_timer(timer.time.saturating_add(Duration::from_millis(1)))?;
        out.emit(1)
    }
}

#[test]
fn timers_that_set_the_next_at_the_end_of_the_data_can_be_cancelled() {
    let env = Environment::new().parallelism(1);
    let time = WatermarkStrategy::monotonous().timestamp_assigner(|_: &u64| Timestamp::from_millis(0));
    let timed = env.from_collection([1_u64]).assign_timestamps_and_watermarks(time);
    timed.key_by(|number| *number).process(Clockwork).name("clockwork").discard();
    let job = env.spawn("endless timers").unwrap();
    wait_until(&job, |job| job.metrics().operator("clockwork").records_out > 10_000);
    cancel(&job);
}
