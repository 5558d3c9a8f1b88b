//! What one record, one watermark or one timer gives rise to lies in memory a few batches at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use millstream::prelude::*;
use serde::{Deserialize, Serialize};

/// A record of which one knows how many there are at a time, in the job that marks them with `JOB`.
#[derive(Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
struct Counted<const JOB: usize>(u64);

const JOBS: usize = 5;
static ALIVE: [AtomicUsize; JOBS] = [const { AtomicUsize::new(0) }; JOBS];
static PEAK: [AtomicUsize; JOBS] = [const { AtomicUsize::new(0) }; JOBS];

impl<const JOB: usize> Counted<JOB> {
    fn new(number: u64) -> Self {
        let alive = ALIVE[JOB].fetch_add(1, Ordering::SeqCst) + 1;
        PEAK[JOB].fetch_max(alive, Ordering::SeqCst);
        Self(number)
    }
}

/// Records that are decoded count, too.
impl<const JOB: usize> From<u64> for Counted<JOB> {
    fn from(number: u64) -> Self {
        Self::new(number)
    }
}

impl<const JOB: usize> From<Counted<JOB>> for u64 {
    fn from(record: Counted<JOB>) -> Self {
        record.0
    }
}

impl<const JOB: usize> Clone for Counted<JOB> {
    fn clone(&self) -> Self {
        Self::new(self.0)
    }
}

impl<const JOB: usize> Drop for Counted<JOB> {
    fn drop(&mut self) {
        ALIVE[JOB].fetch_sub(1, Ordering::SeqCst);
    }
}

const CHANNEL_BATCHES: usize = 2;

/// Several times what the channels and the batches under construction hold: far below what a job
/// would hold at once whose emission knows no bounds.
const FEW_BATCHES: usize = 20 * 1_024;

fn environment() -> Environment {
    Environment::new().parallelism(2).channel_batches(CHANNEL_BATCHES).disable_operator_chaining()
}

/// Consumes slowly enough for the producer to be far ahead if nothing holds it back.
fn consume<const JOB: usize>(env: &Environment, records: &Stream<Counted<JOB>>, expected: u64) {
    let sum = records.map(|record| std::hint::black_box((0..50_u64).fold(record.0, u64::wrapping_add)));
    let count = sum.map(|_| 1_u64).parallelism(1).key_by(|_| 0_u8).count().map(|(_, count)| count).collect();
    env.execute("bounded emission").unwrap();
    assert_eq!(count.sorted().last().copied(), Some(expected));
    let peak = PEAK[JOB].load(Ordering::SeqCst);
    assert!(peak > 0 && peak < FEW_BATCHES, "{peak} records were alive at once");
    assert_eq!(ALIVE[JOB].load(Ordering::SeqCst), 0);
}

#[test]
fn one_record_may_become_any_number() {
    let env = environment();
    let many = env.from_collection([300_000_u64]).flat_map(|count| (0..count).map(Counted::<0>::new));
    consume(&env, &many, 300_000);
}

fn timed<T: Record>(stream: &Stream<T>) -> Stream<T> {
    let strategy = WatermarkStrategy::monotonous().timestamp_assigner(|_: &T| Timestamp::from_millis(5));
    stream.assign_timestamps_and_watermarks(strategy)
}

#[test]
fn a_watermark_may_close_the_windows_of_any_number_of_keys() {
    let env = environment();
    let windows = timed(&env.from_collection(0..200_000_u64))
        .key_by(|number| *number)
        .window(TumblingEventTimeWindows::of(Duration::from_millis(10)))
        .process_fn(|numbers, _, out| out.emit(Counted::<1>::new(numbers.len() as u64)));
    consume(&env, &windows, 200_000);
}

#[test]
fn windows_that_stay_open_are_bounded_too() {
    let env = environment();
    let windows = timed(&env.from_collection(0..200_000_u64))
        .key_by(|number| *number)
        .window(TumblingEventTimeWindows::of(Duration::from_millis(10)))
        .allowed_lateness(Duration::from_secs(1))
        .process_fn(|numbers, _, out| out.emit(Counted::<2>::new(numbers.len() as u64)));
    consume(&env, &windows, 200_000);
}

#[test]
fn sessions_of_many_keys_close_a_few_at_a_time() {
    let env = environment();
    let windows = timed(&env.from_collection(0..200_000_u64))
        .key_by(|number| *number)
        .window(EventTimeSessionWindows::with_gap(Duration::from_millis(10)))
        .process_fn(|numbers, _, out| out.emit(Counted::<3>::new(numbers.len() as u64)));
    consume(&env, &windows, 200_000);
}

#[test]
fn windows_may_emit_any_number_of_records_each() {
    let env = environment();
    let windows = timed(&env.from_collection(0..2_000_u64))
        .key_by(|number| *number)
        .window(TumblingEventTimeWindows::of(Duration::from_millis(10)))
        .process_fn(|_, _, out| (0..150).try_for_each(|number| out.emit(Counted::<4>::new(number))));
    consume(&env, &windows, 300_000);
}
