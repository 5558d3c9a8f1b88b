//! Renoir: running a job, and what its jobs share.

use std::hash::Hash;
use std::time::Instant;

use ::renoir::operator::sink::StreamOutput;
use ::renoir::operator::{ExchangeData, ExchangeDataKey, Operator};
use ::renoir::{BatchMode, KeyedStream, Replication, RuntimeConfig, Stream, StreamContext};

use super::{Digest, Outcome, PARALLELISM, hash};

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
