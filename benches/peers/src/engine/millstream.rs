//! Millstream: running a job, and what its jobs share.

mod timed;

use std::hash::Hash;
use std::time::Instant;

use ::millstream::engine::batch::Batch;
use ::millstream::engine::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};
use ::millstream::prelude::*;
use ::millstream::state::snapshot::Redistribution;

use super::{Digest, HashMap, Outcome, PARALLELISM};

pub use timed::{timed, timestamp};

/// Runs the job that `build` adds to an environment; see [`digest`] for its output.
pub fn run(build: impl FnOnce(&Environment) -> Collected<Digest>) -> Outcome {
    let start = Instant::now();
    let env = Environment::new().parallelism(PARALLELISM as u32);
    let output = build(&env);
    env.execute("benchmark").expect("the job runs to its end");
    let mut answer = Digest::default();
    output.take().into_iter().for_each(|part| answer.merge(part));
    Outcome { answer, elapsed: start.elapsed() }
}

/// Ends a job: each subtask digests its results, and collects nothing but its digest.
pub fn digest<R: Record + Hash>(results: &Stream<R>) -> Collected<Digest> {
    results.transform("Digest", |_| Digests::default()).collect()
}

/// The digest of the results that one subtask has seen, given at the end.
#[derive(Default)]
struct Digests(Digest);

impl OperatorHooks<Digest> for Digests {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        cx.take_list("digest")?.into_iter().flatten().for_each(|part| self.0.merge(part));
        Ok(())
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        cx.list("digest", Redistribution::Split, [&self.0])
    }

    fn end_of_data(&mut self, output: &mut Output<'_, Digest>) -> Result<()> {
        output.emit(std::mem::take(&mut self.0), Timestamp::MIN)
    }
}

impl<R: Hash + 'static> Operator<R, Digest> for Digests {
    fn process(&mut self, batch: &mut Batch<R>, _: &mut Output<'_, Digest>) -> Result<()> {
        batch.drain().for_each(|result| self.0.add(&result));
        Ok(())
    }
}

/// Counts the records of each key on its own subtask, wherever else the key may come up, and gives the counts at the
/// end of the input.
#[derive(Clone)]
pub struct CountHere<K>(HashMap<K, u64>);

impl<K> Default for CountHere<K> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<K: Key, V> ProcessFunction<(K, V), (K, u64)> for CountHere<K> {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
        let stored = cx.take_list::<(K, u64)>("counts")?;
        stored.into_iter().flatten().for_each(|(key, count)| *self.0.entry(key).or_default() += count);
        Ok(())
    }

    fn process(
        &mut self,
        (key, _): (K, V),
        _: &mut ProcessContext<'_>,
        _: &mut Emitter<'_, (K, u64)>,
    ) -> FunctionResult {
        *self.0.entry(key).or_default() += 1;
        Ok(())
    }

    fn watermark(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, (K, u64)>) -> FunctionResult {
        // Not at the end of the data, which comes after the end of time: windows would have been closed by then.
        if cx.watermark() == Timestamp::MAX {
            std::mem::take(&mut self.0)
                .into_iter()
                .try_for_each(|count| out.emit_at(count, Timestamp::MIN))?;
        }
        Ok(())
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> FunctionResult {
        let counts: Vec<_> = self.0.iter().map(|(key, count)| (key.clone(), *count)).collect();
        Ok(cx.list("counts", Redistribution::Split, &counts)?)
    }
}

/// Counts the records of each key, in one place for each key, and gives the counts at the end of the input.
pub fn count_each<K: Key, V: Record>(pairs: &Stream<(K, V)>) -> Stream<(K, u64)> {
    pairs.keyed().window(GlobalWindows::at_end()).count().map(|counted| (counted.key, counted.value))
}

/// As [`count_each`], but each subtask first counts what it has, and sends only its counts.
pub fn count_combined<K: Key, V: Record>(pairs: &Stream<(K, V)>) -> Stream<(K, u64)> {
    let parts = pairs.process(CountHere::default());
    let counts = parts.keyed().window(GlobalWindows::at_end()).reduce(|all, part| all + part);
    counts.map(|counted| (counted.key, counted.value))
}
