//! Renoir: running a job, and what its jobs share.

use std::collections::VecDeque;
use std::hash::Hash;
use std::time::Instant;

use ::renoir::operator::sink::StreamOutput;
use ::renoir::operator::{
    Data, ElementGenerator, ExchangeData, ExchangeDataKey, Operator, StreamElement, Timestamp,
};
use ::renoir::{BatchMode, KeyedStream, Replication, RuntimeConfig, Stream, StreamContext};

use super::by_hand::TimedOperator;
use super::{Digest, Outcome, PARALLELISM, WATERMARK_INTERVAL, hash};

/// Batches of a fixed number of records: the default mode, adaptive, reads the clock for every record.
pub fn batches(records: usize) -> BatchMode {
    BatchMode::fixed(records)
}

/// Runs the job that `build` adds to a context; see [`digest`] for its output.
pub fn run(build: impl FnOnce(&StreamContext) -> StreamOutput<Vec<Digest>>) -> Outcome {
    let start = Instant::now();
    let context =
        StreamContext::new(RuntimeConfig::local(PARALLELISM as u64).expect("a valid configuration"));
    let output = build(&context);
    context.execute_blocking();
    let mut answer = Digest::default();
    output.get().expect("the job has ended").into_iter().for_each(|part| answer.merge(part));
    Outcome { answer, elapsed: start.elapsed() }
}

/// Ends a job: each replica digests its results, one place merges them.
pub fn digest<O>(results: Stream<O>) -> StreamOutput<Vec<Digest>>
where
    O: Operator<Out: Hash> + 'static,
{
    let add = |all: &mut Digest, result| all.add(&result);
    results.fold_assoc(Digest::default(), add, |all, part| all.merge(part)).collect_vec()
}

/// Sends pairs to the owner of their key. Unlike `group_by`, it does not ship the key twice.
pub fn key_by<K, V, O>(pairs: Stream<O>) -> KeyedStream<impl Operator<Out = (K, V)>>
where
    O: Operator<Out = (K, V)> + 'static,
    K: ExchangeDataKey,
    V: ExchangeData,
{
    KeyedStream(pairs.repartition_by(Replication::Unlimited, |(key, _)| hash(key)))
}

/// Gives records their event times, and emits a watermark every [`WATERMARK_INTERVAL`] of them, `bound` milliseconds
/// behind the latest.
pub fn timed<O>(
    records: Stream<O>,
    bound: u64,
    time: impl Fn(&O::Out) -> u64 + Clone + Send + 'static,
) -> Stream<impl Operator<Out = O::Out>>
where
    O: Operator + 'static,
{
    let (mut latest, mut since_watermark) = (0, 0);
    records.add_timestamps(
        move |record| time(record) as Timestamp,
        move |_, &time| {
            latest = latest.max(time);
            since_watermark = (since_watermark + 1) % WATERMARK_INTERVAL;
            (since_watermark == 0).then_some(latest - bound as Timestamp)
        },
    )
}

/// Runs an operator that is written by hand, one for all keys of a subtask.
pub fn by_hand<K, V, T>(
    keyed: KeyedStream<impl Operator<Out = (K, V)> + 'static>,
    operator: T,
) -> Stream<impl Operator<Out = T::Result>>
where
    K: ExchangeDataKey,
    V: ExchangeData,
    T: TimedOperator<K, V, Result: Data>,
{
    let mut running = ByHand { operator, ready: VecDeque::new(), has_ended: false };
    keyed.rich_map_custom(move |input| running.next(input))
}

#[derive(Clone)]
struct ByHand<T, R> {
    operator: T,
    /// Results that have not been given yet.
    ready: VecDeque<R>,
    has_ended: bool,
}

impl<T, R> ByHand<T, R> {
    fn next<K, V, O>(&mut self, mut input: ElementGenerator<'_, O>) -> StreamElement<R>
    where
        O: Operator<Out = (K, V)>,
        T: TimedOperator<K, V, Result = R>,
    {
        loop {
            if let Some(result) = self.ready.pop_front() {
                return StreamElement::Item(result);
            }
            if std::mem::take(&mut self.has_ended) {
                return StreamElement::FlushAndRestart;
            }
            let results = &mut |result| self.ready.push_back(result);
            match input.next() {
                StreamElement::Timestamped((key, value), time) => {
                    self.operator.add(key, time as u64, value, results);
                }
                StreamElement::Item(_) => unreachable!("the records have timestamps"),
                // Not passed on: results are digested, which needs no event time.
                StreamElement::Watermark(time) => self.operator.advance(time as u64, results),
                StreamElement::FlushAndRestart => {
                    self.operator.advance(u64::MAX, results);
                    self.has_ended = true;
                }
                StreamElement::FlushBatch => return StreamElement::FlushBatch,
                StreamElement::Terminate => return StreamElement::Terminate,
            }
        }
    }
}
