//! Pattern: for each of 10,000 keys, an event `a`, later a `b` and later a `c`, less than 200 seconds from the `a` to the
//! `c`, with anything in between, as the times of the three. Where one ends the search goes on behind it: matches that
//! begin before the end of another are left out.
//!
//! Ten million events, one each millisecond, of keys at random, of which a tenth each are `a`, `b` and `c`. They arrive up
//! to a second late, and are looked at in order of time.
//!
//! The peers have no patterns, and get [a state machine by hand](Machine) for each key. Renoir puts events into order
//! itself; for Timely [an operator](InOrder) does so.

use std::collections::VecDeque;

use ::millstream::pattern::{AfterMatchSkip, Pattern};
use ::millstream::prelude::*;
use serde::{Deserialize, Serialize};

use super::Work;
use super::timed::{self, BATCH, START, delay, random};
use crate::engine::by_hand::TimedOperator;
use crate::engine::{Digest, HashMap, Outcome, Records, millstream, renoir, share, timely};

const EVENTS: f64 = 10e6;
const KEYS: u64 = 10_000;
const KINDS: u64 = 10;
/// In milliseconds, as all times.
const WITHIN: u64 = 200_000;
const LATE: u64 = 1_000;

/// The kinds of events that the pattern consists of; there are others.
const A: u8 = 0;
const B: u8 = 1;
const C: u8 = 2;

/// The times of the three events.
type Found = (u64, u64, u64);

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Event {
    key: u32,
    kind: u8,
    time: u64,
}

pub fn work(scale: f64) -> Work {
    timed::work(events((EVENTS * scale) as u64), reference, [on_millstream, on_renoir, on_timely])
}

fn events(count: u64) -> Vec<Event> {
    let event = |number| {
        let random = random(number);
        Event {
            key: (random % KEYS) as u32,
            kind: (random / KEYS % KINDS) as u8,
            // No two at the same time, so that it is clear which comes first.
            time: START + number,
        }
    };
    let mut events: Vec<Event> = (0..count).map(event).collect();
    delay(&mut events, LATE, |event| event.time);
    events
}

fn reference(events: &[Event]) -> Digest {
    let mut events = events.to_vec();
    events.sort_unstable_by_key(|event| (event.key, event.time));
    let mut found = Digest::default();
    for of_key in events.chunk_by(|event, other| event.key == other.key) {
        let next = |kind: u8, from: usize| (from..of_key.len()).find(|index| of_key[*index].kind == kind);
        let mut begin = 0;
        while let Some(a) = next(A, begin) {
            begin = a + 1;
            if let Some(b) = next(B, a + 1)
                && let Some(c) = next(C, b + 1)
                && of_key[c].time - of_key[a].time < WITHIN
            {
                found.add(&(of_key[a].time, of_key[b].time, of_key[c].time));
                begin = c + 1;
            }
        }
    }
    found
}

/// The time of an event, and its kind.
type Moment = (u64, u8);

fn on_millstream(events: &Records<Event>) -> Outcome {
    let pattern = Pattern::begin("a")
        .where_is(|(_, kind): &Moment| *kind == A)
        .followed_by("b")
        .where_is(|(_, kind)| *kind == B)
        .followed_by("c")
        .where_is(|(_, kind)| *kind == C)
        .within(Duration::from_millis(WITHIN))
        .after_match(AfterMatchSkip::past_last_event());
    millstream::run(|env| {
        let events = millstream::timed(env, events, LATE, |event| event.time);
        let moments = events.map(|event| (event.key, (event.time, event.kind))).keyed();
        let found = moments.pattern(&pattern).select(|found| -> Option<Found> {
            Some((found.first("a")?.0, found.first("b")?.0, found.first("c")?.0))
        });
        millstream::digest(&found)
    })
}

fn on_renoir(events: &Records<Event>) -> Outcome {
    renoir::run(|context| {
        let events = events.clone();
        let events = context
            .stream_par_iter(move |subtask, _| share(&events, subtask as usize))
            .batch_mode(renoir::batches(BATCH));
        let events = renoir::timed(events, LATE, |event: &Event| event.time);
        let moments = renoir::key_by(events.map(|event| (event.key, (event.time, event.kind))));
        let mut machine = Machine::default();
        let found = moments.reorder().rich_flat_map(move |(_, (time, kind))| machine.take(time, kind));
        renoir::digest(found.drop_key())
    })
}

fn on_timely(events: &Records<Event>) -> Outcome {
    let events = events.clone();
    timely::run(move |scope| {
        let moments = share(&events, scope.index()).map(|event| (event.key, (event.time, event.kind)));
        timely::digest(timely::by_hand(
            timely::timed(scope, moments, LATE),
            timely::by_key(),
            InOrder::default(),
        ))
    })
}

/// Partial matches of one key, those that began earlier first, which are also those that have come further: the times of
/// their `a` and their `b`.
#[derive(Clone, Default)]
struct Machine(VecDeque<(u64, Option<u64>)>);

impl Machine {
    /// Takes the next event of the key.
    fn take(&mut self, time: u64, kind: u8) -> Option<Found> {
        if kind > C {
            return None;
        }
        while self.0.pop_front_if(|(a, _)| time - *a >= WITHIN).is_some() {}
        match kind {
            A => self.0.push_back((time, None)),
            B => self.0.iter_mut().rev().take_while(|(_, b)| b.is_none()).for_each(|(_, b)| *b = Some(time)),
            _ => {
                let (a, b) = *self.0.front()?;
                let found = (a, b?, time);
                self.0.clear();
                return Some(found);
            }
        }
        None
    }
}

/// The state machines of one subtask, and the events that they have not seen yet.
#[derive(Clone, Default)]
struct InOrder {
    pending: Vec<(u32, Moment)>,
    machines: HashMap<u32, Machine>,
}

impl TimedOperator<u32, u8> for InOrder {
    type Result = Found;

    fn add(&mut self, key: u32, time: u64, kind: u8, _: &mut impl FnMut(Found)) {
        self.pending.push((key, (time, kind)));
    }

    fn advance(&mut self, watermark: u64, results: &mut impl FnMut(Found)) {
        self.pending.sort_by_key(|(_, (time, _))| *time);
        let due = self.pending.partition_point(|(_, (time, _))| *time < watermark);
        for (key, (time, kind)) in self.pending.drain(..due) {
            self.machines.entry(key).or_default().take(time, kind).into_iter().for_each(&mut *results);
        }
    }
}
