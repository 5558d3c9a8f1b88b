//! Interval join: the pairs of a left and a right record with the same key, where the right one is from five seconds
//! earlier to ten seconds later, as the numbers of the two.
//!
//! Two streams of five million records each, 5,000 a second, of 100,000 keys at random, so that a left record has three
//! partners in four. Records arrive up to a second late. What can have no partner any more is forgotten when the watermark
//! passes it.
//!
//! Renoir joins so itself. For Timely there is [an operator by hand](IntervalJoin): the records of each key in order of
//! time, and when to look at it again.

use std::collections::{BTreeMap, VecDeque};
use std::hint::black_box;
use std::sync::Arc;

use ::millstream::join::TimeOffset;
use ::millstream::prelude::{Duration, Environment, KeyedStream as MillstreamKeyed};
use ::renoir::operator::Operator;
use ::renoir::{KeyedStream as RenoirKeyed, StreamContext};
use ::timely::dataflow::operators::Concat;
use serde::{Deserialize, Serialize};

use super::Work;
use super::timed::{BATCH, START, delay, random};
use crate::engine::by_hand::TimedOperator;
use crate::engine::{Digest, HashMap, Outcome, Records, millstream, renoir, share, timely};

/// Of both streams.
const RECORDS: f64 = 10e6;
const KEYS: u64 = 100_000;
/// Of each stream.
const RECORDS_PER_SECOND: u64 = 5_000;
/// How much earlier and later than the left record a right one may be: in milliseconds, as all times.
const BEFORE: u64 = 5_000;
const AFTER: u64 = 10_000;
const LATE: u64 = 1_000;

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Event {
    key: u32,
    number: u32,
    time: u64,
}

/// The left and the right number.
type Pair = (u32, u32);

/// The records of both streams.
#[derive(Clone)]
struct Streams {
    left: Records<Event>,
    right: Records<Event>,
}

pub fn work(scale: f64) -> Work {
    let each = (RECORDS * scale / 2.0) as u64;
    let streams = Streams { left: events(each, 0), right: events(each, 1 << 40) };
    let (input, expected) = (streams.clone(), streams.clone());
    let run = |run: fn(&Streams) -> Outcome| {
        let streams = streams.clone();
        Some(Box::new(move || run(&streams)) as crate::engine::Run)
    };
    Work {
        records: 2 * each,
        input: Box::new(move || {
            input.left.iter().chain(input.right.iter()).for_each(|event| {
                black_box(*event);
            })
        }),
        reference: Box::new(move || reference(&expected)),
        engines: [on_millstream, on_renoir, on_timely].map(run),
    }
}

fn events(count: u64, seed: u64) -> Records<Event> {
    let event = |number| Event {
        key: (random(seed + number) % KEYS) as u32,
        number: number as u32,
        time: START + number * 1_000 / RECORDS_PER_SECOND,
    };
    let mut events: Vec<Event> = (0..count).map(event).collect();
    delay(&mut events, LATE, |event| event.time);
    Arc::new(events)
}

fn reference(streams: &Streams) -> Digest {
    let mut right: Vec<(u32, u64, u32)> =
        streams.right.iter().map(|event| (event.key, event.time, event.number)).collect();
    right.sort_unstable();
    let partners = |left: &Event| {
        let from = right.partition_point(|(key, time, _)| (*key, *time) < (left.key, left.time - BEFORE));
        let to = right.partition_point(|(key, time, _)| (*key, *time) <= (left.key, left.time + AFTER));
        right[from..to].iter().map(|(.., number)| *number)
    };
    streams.left.iter().flat_map(|left| partners(left).map(|right| (left.number, right))).collect()
}

fn on_millstream(streams: &Streams) -> Outcome {
    let (before, after) = (Duration::from_millis(BEFORE), Duration::from_millis(AFTER));
    millstream::run(|env| {
        let pairs = millstream_keyed(env, &streams.left)
            .interval_join(&millstream_keyed(env, &streams.right))
            .between(TimeOffset::before(before), TimeOffset::after(after))
            .apply(|left, right| -> Pair { (*left, *right) });
        millstream::digest(&pairs)
    })
}

fn millstream_keyed(env: &Environment, events: &Records<Event>) -> MillstreamKeyed<u32, u32> {
    millstream::timed(env, events, LATE, |event| event.time).map(|event| (event.key, event.number)).keyed()
}

fn on_renoir(streams: &Streams) -> Outcome {
    renoir::run(|context| {
        let (left, right) = (renoir_keyed(context, &streams.left), renoir_keyed(context, &streams.right));
        renoir::digest(left.interval_join(right, BEFORE as i64, AFTER as i64).drop_key())
    })
}

fn renoir_keyed(
    context: &StreamContext,
    events: &Records<Event>,
) -> RenoirKeyed<impl Operator<Out = (u32, u32)> + use<>> {
    let events = events.clone();
    let events = context
        .stream_par_iter(move |subtask, _| share(&events, subtask as usize))
        .batch_mode(renoir::batches(BATCH));
    let events = renoir::timed(events, LATE, |event: &Event| event.time);
    renoir::key_by(events.map(|event| (event.key, event.number)))
}

fn on_timely(streams: &Streams) -> Outcome {
    let Streams { left, right } = streams.clone();
    timely::run(move |scope| {
        let of = |events, side: fn(u32) -> Side| {
            let sided = move |event: Event| (event.key, (event.time, side(event.number)));
            timely::timed(scope, share(events, scope.index()).map(sided), LATE)
        };
        let both = of(&left, Side::Left).concat(of(&right, Side::Right));
        timely::digest(timely::by_hand(both, timely::by_key(), IntervalJoin::default()))
    })
}

/// The number of a record of one of the streams.
#[derive(Clone, Serialize, Deserialize)]
enum Side {
    Left(u32),
    Right(u32),
}

/// Times and numbers of the records of one key and stream, in order of time.
type Waiting = VecDeque<(u64, u32)>;

fn insert(waiting: &mut Waiting, time: u64, number: u32) {
    let place = waiting.partition_point(|(other, _)| *other <= time);
    waiting.insert(place, (time, number));
}

/// The numbers of the records from one time to another, both included.
fn between(waiting: &Waiting, first: u64, last: u64) -> impl Iterator<Item = u32> {
    let from = waiting.partition_point(|(time, _)| *time < first);
    waiting.range(from..).take_while(move |(time, _)| *time <= last).map(|(_, number)| *number)
}

/// The records of a key that may still have partners.
#[derive(Clone, Default)]
struct OfKey {
    left: Waiting,
    right: Waiting,
    /// When it is looked at: not after one of its records is over.
    timer: Option<u64>,
}

impl OfKey {
    /// The last point in time at which a partner may come for one of its records.
    fn next_over(&self) -> Option<u64> {
        let left = self.left.front().map(|(time, _)| time + AFTER);
        let right = self.right.front().map(|(time, _)| time + BEFORE);
        left.into_iter().chain(right).min()
    }
}

/// The join on one subtask.
#[derive(Clone, Default)]
struct IntervalJoin {
    keys: HashMap<u32, OfKey>,
    timers: BTreeMap<u64, Vec<u32>>,
}

impl TimedOperator<u32, Side> for IntervalJoin {
    type Result = Pair;

    fn add(&mut self, key: u32, time: u64, side: Side, results: &mut impl FnMut(Pair)) {
        let of_key = self.keys.entry(key).or_default();
        let over = match side {
            Side::Left(left) => {
                between(&of_key.right, time - BEFORE, time + AFTER).for_each(|right| results((left, right)));
                insert(&mut of_key.left, time, left);
                time + AFTER
            }
            Side::Right(right) => {
                between(&of_key.left, time - AFTER, time + BEFORE).for_each(|left| results((left, right)));
                insert(&mut of_key.right, time, right);
                time + BEFORE
            }
        };
        if of_key.timer.is_none_or(|timer| over < timer) {
            of_key.timer = Some(over);
            self.timers.entry(over).or_default().push(key);
        }
    }

    fn advance(&mut self, watermark: u64, _: &mut impl FnMut(Pair)) {
        while let Some(first) = self.timers.first_entry()
            && *first.key() < watermark
        {
            let (timer, keys) = first.remove_entry();
            for key in keys {
                let Some(of_key) = self.keys.get_mut(&key).filter(|of_key| of_key.timer == Some(timer))
                else {
                    continue;
                };
                while of_key.left.pop_front_if(|(time, _)| *time + AFTER < watermark).is_some() {}
                while of_key.right.pop_front_if(|(time, _)| *time + BEFORE < watermark).is_some() {}
                of_key.timer = of_key.next_over();
                match of_key.timer {
                    Some(over) => self.timers.entry(over).or_default().push(key),
                    None => drop(self.keys.remove(&key)),
                }
            }
        }
    }
}
