//! How late a record arrives: from its source through one exchange by key, a count for its key and to
//! the sink, at 100,000 records a second, with and without a checkpoint every second.
//!
//! Two latencies: from when the source made the record, and from when the record was due at that rate.
//! The second also shows a source that was held up. The source is asked for its records once in a
//! millisecond at most, so up to a millisecond of the second is its waiting, and it goes by a clock of
//! whole milliseconds, so that a record may come a little before it is due (that counts as 0). Asked:
//! 99 of 100 records in less than 10 ms. The baseline is the same by hand: two threads and a channel.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use millstream::prelude::*;
use parking_lot::Mutex;

use crate::SUBTASKS;
use crate::measure::{cancel, environment, median, scramble};

const KEYS: u64 = 1_000_000;
const RATE: u64 = 100_000;
const WARM_UP: Duration = Duration::from_secs(3);
const MEASURED: Duration = Duration::from_secs(15);
const ASKED: f64 = 10.0;

/// Milliseconds that 50, 99 and 99.9 of 100 records took at most, and all; from made and from due.
type Quantiles = [[f64; 4]; 2];

/// A record: its number, and when it was made, in nanoseconds since the program's start.
type Sent = (u64, u64);

/// Nanoseconds since this was first called.
fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// What arrived, and how late.
struct Arrivals {
    /// When each subtask of the source made its first record: from then on its others are due.
    first: [AtomicU64; SUBTASKS as usize],
    /// Nanoseconds from made to arrived and from due to arrived.
    latencies: Mutex<Vec<(u64, u64)>>,
}

impl Arrivals {
    fn new() -> Arc<Self> {
        // Room for all, so that no arrival waits while the list grows.
        let room = (RATE * (WARM_UP + MEASURED).as_secs() * 2) as usize;
        Arc::new(Self { first: Default::default(), latencies: Mutex::new(Vec::with_capacity(room)) })
    }

    fn make(&self, number: u64) -> Sent {
        let made = now();
        if let Some(first) = self.first.get(number as usize) {
            first.store(made, Ordering::Relaxed);
        }
        (number, made)
    }

    fn arrived(&self, (number, made): Sent) {
        let arrived = now();
        let subtask = number % u64::from(SUBTASKS);
        let first = self.first[subtask as usize].load(Ordering::Relaxed);
        let due = first + (number - subtask) * 1_000_000_000 / RATE;
        if number >= RATE * WARM_UP.as_secs() {
            self.latencies.lock().push((arrived - made, arrived.saturating_sub(due)));
        }
    }

    fn quantiles(&self) -> Quantiles {
        let latencies = self.latencies.lock();
        let expected = RATE * MEASURED.as_secs();
        assert!(latencies.len() as u64 > expected * 9 / 10, "{} of {expected} arrived", latencies.len());
        let of = |one: fn(&(u64, u64)) -> u64| {
            let mut sorted: Vec<u64> = latencies.iter().map(one).collect();
            sorted.sort_unstable();
            [0.5, 0.99, 0.999, 1.0]
                .map(|part| sorted[((sorted.len() - 1) as f64 * part) as usize] as f64 / 1e6)
        };
        [of(|(made, _)| *made), of(|(_, due)| *due)]
    }
}

/// Counts the records of each key and lets them pass.
#[derive(Clone)]
struct CountKeys;

impl KeyedProcessFunction<u64, Sent, Sent> for CountKeys {
    type State = ValueState<u64>;

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, u64>) -> FunctionResult<Self::State> {
        cx.value_state("count")
    }

    fn process(
        &mut self,
        sent: Sent,
        count: &Self::State,
        cx: &mut KeyedContext<'_, u64>,
        out: &mut Emitter<'_, Sent>,
    ) -> FunctionResult {
        count.update_or_default(cx, |count| *count += 1);
        out.emit(sent)
    }
}

fn millstream(checkpoints: Option<Duration>) -> Quantiles {
    let folder = tempfile::tempdir().unwrap();
    let env = environment(checkpoints, folder.path());
    let arrivals = Arrivals::new();
    let (made, arrived) = (arrivals.clone(), arrivals.clone());
    env.from_source(GeneratorSource::new(None, move |number| made.make(number)).rate(RATE as f64))
        .key_by(|(number, _)| scramble(*number) % KEYS)
        .process(CountKeys)
        .for_each(move |sent| arrived.arrived(sent));
    let job = env.spawn("latency").unwrap();
    std::thread::sleep(WARM_UP + MEASURED);
    let metrics = job.metrics();
    cancel(&job);
    assert_eq!(metrics.restarts, 0);
    if checkpoints.is_some() {
        assert!(metrics.checkpoints.completed() >= MEASURED.as_secs(), "{:?}", metrics.checkpoints);
    }
    arrivals.quantiles()
}

fn by_hand() -> Quantiles {
    let arrivals = Arrivals::new();
    let (sender, receiver) = crossbeam_channel::bounded::<Vec<Sent>>(32);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut counts = std::collections::HashMap::<u64, u64>::with_capacity(KEYS as usize);
            for sent in receiver.iter().flatten() {
                *counts.entry(scramble(sent.0) % KEYS).or_default() += 1;
                arrivals.arrived(sent);
            }
        });
        let (start, mut sent) = (Instant::now(), 0);
        while start.elapsed() < WARM_UP + MEASURED {
            let due = (start.elapsed().as_secs_f64() * RATE as f64) as u64 + 1;
            sender.send((sent..due).map(|number| arrivals.make(number)).collect()).unwrap();
            sent = due;
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(sender);
    });
    arrivals.quantiles()
}

pub fn run(repeats: usize) {
    println!(
        "{:>24} {:>10} {:>8} {:>8} {:>8} {:>8}   (ms, {RATE} records/s for {} s, medians of {repeats}; asked: p99 \
         below {ASKED} ms)",
        "",
        "from",
        "p50",
        "p99",
        "p99.9",
        "max",
        MEASURED.as_secs()
    );
    let works: [(_, fn() -> Quantiles); 3] = [
        ("millstream", || millstream(None)),
        ("with checkpoints", || millstream(Some(Duration::from_secs(1)))),
        ("by hand", by_hand),
    ];
    let mut runs: [Vec<_>; 3] = Default::default();
    for _ in 0..repeats {
        runs.iter_mut().zip(&works).for_each(|(runs, (_, work))| runs.push(work()));
    }
    for ((name, _), runs) in works.iter().zip(&runs) {
        for (index, from) in ["made", "due"].into_iter().enumerate() {
            let [p50, p99, p999, max] =
                [0, 1, 2, 3].map(|part| median(runs.iter().map(|run| run[index][part]).collect()));
            println!("{name:>24} {from:>10} {p50:>8.2} {p99:>8.2} {p999:>8.2} {max:>8.2}");
        }
    }
}
