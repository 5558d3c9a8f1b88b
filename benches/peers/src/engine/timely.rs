//! Timely: running a dataflow, and what its jobs share. Timestamps are event times in milliseconds, and stay 0 in
//! jobs without event time.

use std::cell::Cell;
use std::hash::Hash;
use std::rc::Rc;
use std::time::Instant;

use ::timely::Config;
use ::timely::dataflow::channels::pact::{Exchange, ParallelizationContract, Pipeline};
use ::timely::dataflow::operators::Operator;
use ::timely::dataflow::operators::generic::source;
use ::timely::dataflow::{Scope, StreamVec};

use super::by_hand::TimedOperator;
use super::{Digest, HashMap, Outcome, PARALLELISM, WATERMARK_INTERVAL, hash};

/// The digest of the results that one worker has seen; it grows while the worker runs.
pub type Output = Rc<Cell<Digest>>;

/// Runs the dataflow that `build` adds to each worker's scope; see [`digest`] for its output.
pub fn run(build: impl Fn(Scope<'_, u64>) -> Output + Send + Sync + 'static) -> Outcome {
    let start = Instant::now();
    let workers = ::timely::execute(Config::process(PARALLELISM), move |worker| {
        let output = worker.dataflow(&build);
        while worker.has_dataflows() {
            worker.step_or_park(None);
        }
        output.get()
    })
    .expect("the workers start");
    let mut answer = Digest::default();
    workers.join().into_iter().for_each(|part| answer.merge(part.expect("no worker panics")));
    Outcome { answer, elapsed: start.elapsed() }
}

/// Ends a job: digests the results of this worker.
pub fn digest<R: Hash + 'static>(results: StreamVec<'_, u64, R>) -> Output {
    let output = Output::default();
    let seen = output.clone();
    results.sink(Pipeline, "Digest", move |(input, _)| {
        let mut digest = seen.get();
        input.for_each(|_, batch| batch.drain(..).for_each(|result| digest.add(&result)));
        seen.set(digest);
    });
    output
}

/// A source: `chunk` records each time it is scheduled, at the time of the first of them.
pub fn records<'scope, I: Iterator + 'static>(
    scope: Scope<'scope, u64>,
    records: I,
    chunk: usize,
    time: impl Fn(&I::Item) -> u64 + 'static,
) -> StreamVec<'scope, u64, I::Item> {
    source(scope, "Records", |capability, info| {
        let activator = scope.activator_for(info.address);
        let mut records = records.peekable();
        let mut capability = Some(capability);
        move |output| {
            if let (Some(now), Some(first)) = (&mut capability, records.peek()) {
                now.downgrade(&time(first));
                let mut session = output.session(now);
                records.by_ref().take(chunk).for_each(|record| session.give(record));
                activator.activate();
            } else {
                capability = None;
            }
        }
    })
}

/// A record with its key and its event time.
pub type Timed<K, V> = (K, (u64, V));

/// A source of records that come up to `bound` milliseconds out of order: [`WATERMARK_INTERVAL`] of them each time it is
/// scheduled, at the earliest time that they can have.
pub fn timed<'scope, K: 'static, V: 'static>(
    scope: Scope<'scope, u64>,
    records: impl Iterator<Item = Timed<K, V>> + 'static,
    bound: u64,
) -> StreamVec<'scope, u64, Timed<K, V>> {
    source(scope, "Timed records", |capability, info| {
        let activator = scope.activator_for(info.address);
        let mut records = records.peekable();
        let mut capability = Some(capability);
        let mut latest = 0;
        move |output| {
            if let (Some(now), Some(_)) = (&mut capability, records.peek()) {
                let mut session = output.session(now);
                for record in records.by_ref().take(WATERMARK_INTERVAL) {
                    latest = latest.max(record.1.0);
                    session.give(record);
                }
                drop(session);
                now.downgrade(&latest.saturating_sub(bound));
                activator.activate();
            } else {
                capability = None;
            }
        }
    })
}

/// Runs an operator that is written by hand, one for all keys of a worker.
pub fn by_hand<'scope, K, V, T>(
    records: StreamVec<'scope, u64, Timed<K, V>>,
    pact: impl ParallelizationContract<u64, Vec<Timed<K, V>>>,
    mut operator: T,
) -> StreamVec<'scope, u64, T::Result>
where
    K: Clone + 'static,
    V: Clone + 'static,
    T: TimedOperator<K, V, Result: Clone + 'static>,
{
    records.unary_frontier(pact, "ByHand", |capability, _| {
        let mut capability = Some(capability);
        move |(input, frontier), output| {
            let Some(held) = &mut capability else { return };
            let mut session = output.session(&*held);
            let results = &mut |result| session.give(result);
            input.for_each(|_, batch| {
                for (key, (time, value)) in batch.drain(..) {
                    operator.add(key, time, value, results);
                }
            });
            let watermark = frontier.frontier().first().copied();
            // Scheduled without progress, there is nothing to give.
            if watermark != Some(*held.time()) {
                operator.advance(watermark.unwrap_or(u64::MAX), results);
            }
            drop(session);
            match watermark {
                Some(watermark) => held.downgrade(&watermark),
                None => capability = None,
            }
        }
    })
}

/// Sends pairs to the owner of their key.
pub fn by_key<K: Hash + 'static, V: 'static>() -> Exchange<(K, V), impl FnMut(&(K, V)) -> u64> {
    // The upper half: the lower one chooses the place in the owner's hash map.
    Exchange::new(|(key, _): &(K, V)| hash(key) >> 32)
}

/// Folds the values of each key, and gives keys and states at the end of the input.
pub fn fold_by_key<'scope, K, V, S>(
    pairs: StreamVec<'scope, u64, (K, V)>,
    pact: impl ParallelizationContract<u64, Vec<(K, V)>>,
    fold: impl Fn(&mut S, V) + 'static,
) -> StreamVec<'scope, u64, (K, S)>
where
    K: Hash + Eq + Clone + 'static,
    V: Clone + 'static,
    S: Default + Clone + 'static,
{
    pairs.unary_frontier(pact, "FoldByKey", |capability, _| {
        let mut capability = Some(capability);
        let mut states: HashMap<K, S> = HashMap::default();
        move |(input, frontier), output| {
            input.for_each(|_, batch| {
                batch.drain(..).for_each(|(key, value)| fold(states.entry(key).or_default(), value));
            });
            if frontier.is_empty()
                && let Some(end) = capability.take()
            {
                let mut session = output.session(&end);
                states.drain().for_each(|pair| session.give(pair));
            }
        }
    })
}

/// Folds records into tumbling windows of `size`, and gives each window's start and state once no more records
/// can come for it.
pub fn tumbling<'scope, R, S>(
    records: StreamVec<'scope, u64, R>,
    pact: impl ParallelizationContract<u64, Vec<R>>,
    size: u64,
    time: impl Fn(&R) -> u64 + 'static,
    fold: impl Fn(&mut S, R) + 'static,
) -> StreamVec<'scope, u64, (u64, S)>
where
    R: Clone + 'static,
    S: Default + Clone + 'static,
{
    records.unary_frontier(pact, "Tumbling", |capability, _| {
        let mut capability = Some(capability);
        // Only a few windows are open at a time, and most records are for the latest.
        let mut windows: Vec<(u64, S)> = Vec::new();
        move |(input, frontier), output| {
            input.for_each(|_, batch| {
                for record in batch.drain(..) {
                    let start = time(&record) / size * size;
                    let open = windows.iter().rposition(|window| window.0 == start).unwrap_or_else(|| {
                        windows.push((start, S::default()));
                        windows.len() - 1
                    });
                    fold(&mut windows[open].1, record);
                }
            });
            let passed = frontier.frontier().first().copied();
            if let Some(held) = &mut capability {
                let is_over = |window: &mut (u64, S)| passed.is_none_or(|passed| window.0 + size <= passed);
                for window in windows.extract_if(.., is_over) {
                    let end = held.delayed(&(window.0 + size - 1));
                    output.session(&end).give(window);
                }
                match passed {
                    Some(passed) => held.downgrade(&passed),
                    None => capability = None,
                }
            }
        }
    })
}
