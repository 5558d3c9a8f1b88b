//! Keyed count: the numbers from 0 to 100 million → scramble → drop every tenth → key → count per key.
//!
//! Two forms. In `each`, every record goes to the owner of its key, as in a stream whose counts can be read at any
//! time. In `combined`, a subtask first counts what it has, and sends only its counts, at the end of the input.

use std::hint::black_box;

use ::millstream::{Environment, Stream as MillstreamStream};
use ::renoir::operator::Operator;
use ::renoir::{Stream, StreamContext};
use ::timely::dataflow::channels::pact::Pipeline;
use ::timely::dataflow::operators::core::Map;
use ::timely::dataflow::{Scope, StreamVec};

use crate::engine::{Digest, ENGINES, HashMap, Outcome, PARALLELISM, Run, millstream, renoir, timely};
use crate::work::Work;

const RECORDS: f64 = 100e6;

/// Records in a batch of a peer. With a million keys both peers took a fifth to a quarter less CPU time than with 4,096; with
/// a thousand, Renoir took as much and Timely a sixth more.
const BATCH: usize = 16_384;

pub fn each(scale: f64, keys: u64) -> Work {
    work(scale, keys, [millstream_each, renoir_each, timely_each])
}

pub fn combined(scale: f64, keys: u64) -> Work {
    work(scale, keys, [millstream_combined, renoir_combined, timely_combined])
}

/// As [`each`], with the steps before the count as one pipeline on Millstream.
pub fn each_pipeline(scale: f64, keys: u64) -> Work {
    work(scale, keys, [millstream_each_pipeline, renoir_each, timely_each])
}

/// As [`combined`], with the steps before the count as one pipeline on Millstream.
pub fn combined_pipeline(scale: f64, keys: u64) -> Work {
    work(scale, keys, [millstream_combined_pipeline, renoir_combined, timely_combined])
}

/// On each engine, with the number of records and of keys.
type Engines = [fn(u64, u64) -> Outcome; ENGINES.len()];

fn work(scale: f64, keys: u64, engines: Engines) -> Work {
    let records = (RECORDS * scale) as u64;
    Work {
        records,
        input: Box::new(move || {
            (0..records).for_each(|number| {
                black_box(number);
            })
        }),
        reference: Box::new(move || reference(records, keys)),
        engines: engines.map(|run| Some(Box::new(move || run(records, keys)) as Run)),
    }
}

fn scramble(x: u64) -> (u64, u64) {
    (x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 20, x)
}

fn is_kept(record: &(u64, u64)) -> bool {
    !record.0.is_multiple_of(10)
}

fn reference(records: u64, keys: u64) -> Digest {
    let mut counts: HashMap<u64, u64> = HashMap::default();
    for (y, _) in (0..records).map(scramble).filter(is_kept) {
        *counts.entry(y % keys).or_default() += 1;
    }
    counts.into_iter().collect()
}

fn millstream_keyed(env: &Environment, records: u64, keys: u64) -> MillstreamStream<(u64, u64)> {
    env.from_generator(Some(records), |number| number)
        .map(scramble)
        .filter(is_kept)
        .map(move |(y, x)| (y % keys, x))
}

fn millstream_each(records: u64, keys: u64) -> Outcome {
    millstream::run(|env| millstream::digest(&millstream::count_each(&millstream_keyed(env, records, keys))))
}

fn millstream_combined(records: u64, keys: u64) -> Outcome {
    millstream::run(|env| {
        millstream::digest(&millstream::count_combined(&millstream_keyed(env, records, keys)))
    })
}

fn millstream_pipeline(env: &Environment, records: u64, keys: u64) -> MillstreamStream<(u64, u64)> {
    env.from_generator(Some(records), |number| number)
        .pipeline(move |numbers| numbers.map(scramble).filter(is_kept).map(move |(y, x)| (y % keys, x)))
}

fn millstream_each_pipeline(records: u64, keys: u64) -> Outcome {
    millstream::run(|env| {
        millstream::digest(&millstream::count_each(&millstream_pipeline(env, records, keys)))
    })
}

fn millstream_combined_pipeline(records: u64, keys: u64) -> Outcome {
    millstream::run(|env| {
        millstream::digest(&millstream::count_combined(&millstream_pipeline(env, records, keys)))
    })
}

fn renoir_keyed(
    context: &StreamContext,
    records: u64,
    keys: u64,
) -> Stream<impl Operator<Out = (u64, u64)> + use<>> {
    context
        .stream_par_iter(0..records)
        .batch_mode(renoir::batches(BATCH))
        .map(scramble)
        .filter(is_kept)
        .map(move |(y, x)| (y % keys, x))
}

fn renoir_each(records: u64, keys: u64) -> Outcome {
    renoir::run(|context| {
        let keyed = renoir::key_by(renoir_keyed(context, records, keys));
        renoir::digest(keyed.fold(0u64, |count, _| *count += 1).unkey())
    })
}

fn renoir_combined(records: u64, keys: u64) -> Outcome {
    renoir::run(|context| {
        let keyed = renoir_keyed(context, records, keys);
        let counts =
            keyed.group_by_fold(|pair| pair.0, 0u64, |count, _| *count += 1, |all, part| *all += part);
        renoir::digest(counts.unkey())
    })
}

/// The three steps are one operator, as Timely's builder for such chains makes it.
fn timely_keyed(scope: Scope<'_, u64>, records: u64, keys: u64) -> StreamVec<'_, u64, (u64, u64)> {
    let numbers = (scope.index() as u64..records).step_by(PARALLELISM);
    timely::records(scope, numbers, BATCH, |_| 0)
        .flat_map_builder(scramble)
        .map(|record| Some(record).filter(is_kept))
        .map(move |kept| kept.map(|(y, x)| (y % keys, x)))
        .into_stream()
}

fn timely_each(records: u64, keys: u64) -> Outcome {
    timely::run(move |scope| {
        let keyed = timely_keyed(scope, records, keys);
        timely::digest(timely::fold_by_key(keyed, timely::by_key(), |count: &mut u64, _| *count += 1))
    })
}

fn timely_combined(records: u64, keys: u64) -> Outcome {
    timely::run(move |scope| {
        let keyed = timely_keyed(scope, records, keys);
        let parts = timely::fold_by_key(keyed, Pipeline, |count: &mut u64, _| *count += 1);
        timely::digest(timely::fold_by_key(parts, timely::by_key(), |all: &mut u64, part| *all += part))
    })
}
