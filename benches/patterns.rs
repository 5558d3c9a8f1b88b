//! How fast is a pattern found? A small payment, and within a second a large one, among payments of a thousand accounts, on two
//! subtasks, against the same job with a state machine written by hand, in a keyed function of the engine, and against that
//! state machine in a loop over an array: no engine, no event time, one thread.
//!
//! `cargo bench --bench patterns -- [million records] [repeats]` prints medians, in million events a second by the clock and for each second of
//! processor time, and the ratio of the latter to that of the pattern.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark")]

#[path = "support/measured.rs"]
mod measured;

use std::collections::HashMap;
use std::time::Instant;

use measured::{median, processor_time};
use millstream::pattern::Pattern;
use millstream::prelude::*;
use serde::{Deserialize, Serialize};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ACCOUNTS: u64 = 1_000;
/// In milliseconds, of which there is one for each payment.
const WITHIN: i64 = 20_000;

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Payment {
    account: u64,
    millis: i64,
    amount: u64,
}

impl Payment {
    /// The payment of a number, always the same.
    fn new(number: u64) -> Self {
        let random = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number.rotate_left(29);
        let random = random.wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 20;
        Self { account: random % ACCOUNTS, millis: number.cast_signed(), amount: (random >> 20) % 1_000 }
    }

    const fn is_small(&self) -> bool {
        self.amount < 50
    }

    const fn is_large(&self) -> bool {
        self.amount >= 950
    }
}

fn payments(env: &Environment, records: u64) -> KeyedStream<u64, Payment> {
    let time = WatermarkStrategy::monotonous()
        .timestamp_assigner(|payment: &Payment| Timestamp::from_millis(payment.millis));
    let payments = env.from_generator(Some(records), Payment::new).parallelism(1);
    payments.assign_timestamps_and_watermarks(time).parallelism(1).key_by(|payment| payment.account)
}

/// Returns how many were found.
fn by_pattern(records: u64) -> u64 {
    let env = Environment::new().parallelism(2);
    let pattern = Pattern::begin("small")
        .where_is(Payment::is_small)
        .followed_by("large")
        .where_is(Payment::is_large)
        .within(Duration::from_millis(WITHIN.cast_unsigned()));
    let found = payments(&env, records).pattern(&pattern).select(|found| Some(found.len())).collect();
    env.execute("pattern").unwrap();
    found.take().len() as u64
}

/// The small payments of an account that wait for a large one.
#[derive(Clone)]
struct StateMachine;

impl KeyedProcessFunction<u64, Payment, usize> for StateMachine {
    type State = ValueState<Vec<Payment>>;

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, u64>) -> FunctionResult<Self::State> {
        cx.value_state("small payments")
    }

    fn process(
        &mut self,
        payment: Payment,
        waiting: &Self::State,
        cx: &mut KeyedContext<'_, u64>,
        out: &mut Emitter<'_, usize>,
    ) -> FunctionResult {
        if payment.is_small() {
            waiting.update_or_default(cx, |waiting| waiting.push(payment));
        } else if payment.is_large() {
            for small in waiting.take(cx).unwrap_or_default() {
                if payment.millis - small.millis < WITHIN {
                    out.emit(2)?;
                }
            }
        }
        Ok(())
    }
}

fn by_function(records: u64) -> u64 {
    let env = Environment::new().parallelism(2);
    let found = payments(&env, records).process(StateMachine).collect();
    env.execute("function").unwrap();
    found.take().len() as u64
}

fn by_loop(records: u64) -> u64 {
    let mut waiting = HashMap::<u64, Vec<Payment>>::new();
    let mut found = 0;
    for payment in (0..records).map(Payment::new) {
        if payment.is_small() {
            waiting.entry(payment.account).or_default().push(payment);
        } else if payment.is_large()
            && let Some(waiting) = waiting.get_mut(&payment.account)
        {
            let in_time = waiting.drain(..).filter(|small| payment.millis - small.millis < WITHIN);
            found += in_time.count() as u64;
        }
    }
    found
}

/// Finds what is looked for in so many payments.
type Search = fn(u64) -> u64;

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse::<f64>().ok());
    let records = (arguments.next().unwrap_or(10.0) * 1e6) as u64;
    let repeats = (arguments.next().unwrap_or(3.0) as usize).max(1);
    println!("{records} payments, {repeats} runs: million events a second");
    println!("                             clock  processor  to the pattern");
    let searches: [(&str, Search); 3] =
        [("pattern", by_pattern), ("keyed function by hand", by_function), ("loop by hand", by_loop)];
    let expected = by_loop(records);
    let mut first = None;
    for (name, search) in searches {
        let (mut clock, mut processor) = (Vec::new(), Vec::new());
        for _ in 0..repeats {
            let (before, started) = (processor_time(), Instant::now());
            assert_eq!(search(records), expected, "{name}");
            clock.push(started.elapsed().as_secs_f64());
            let took = processor_time().zip(before).map(|(after, before)| after - before);
            processor.push(took.unwrap_or(f64::NAN));
        }
        let [clock, processor] = [clock, processor].map(|times| records as f64 / median(times) / 1e6);
        let pattern = *first.get_or_insert(processor);
        println!("{name:<24} {clock:>9.2} {processor:>10.2} {:>15.2}", processor / pattern);
    }
    println!("{expected} matches");
}
