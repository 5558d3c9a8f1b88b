//! Nexmark: queries over an auction site's stream of persons, auctions and bids.
//!
//! Five million events of the `nexmark` generator with its default settings (1 person, 3 auctions and 46 bids in 50
//! events; 10,000 events a second of event time, in order) are generated into memory before the clock starts. Each
//! subtask's source emits a copy of every second event, so that subtasks run out of step but the event times of one
//! source rise. Event time is an event's own `date_time`, and a source's watermark rises every
//! [`WATERMARK_INTERVAL`](crate::engine::WATERMARK_INTERVAL) events. Windows are aligned to the epoch.
//!
//! A query's doc comment says what its results are. Results of windows are given when the watermark passes the
//! window's end. All engines' results are digested; see [`Digest`](crate::engine::Digest).

mod on_millstream;
mod on_renoir;
mod on_timely;
mod q0;
mod q1;
mod q2;
mod q3;
mod q4;
mod q5;
mod q7;
mod q8;

use std::hint::black_box;
use std::sync::{Arc, OnceLock};

use ::nexmark::EventGenerator;
use ::nexmark::config::NexmarkConfig;
use ::nexmark::event::{Bid, Event};

use super::{Prepare, Work};
use crate::engine::{Digest, ENGINES, Outcome, Records, Run};

const EVENTS: f64 = 5e6;

/// Records in a batch on Renoir: 1,024 took as much CPU time over queries 0, 5 and 7, and 16,384 more. Timely's
/// source works in steps of the watermark interval, Millstream in batches of its own size.
const BATCH: usize = 4096;

/// A full ten-second window, and so a multiple of each query's slide.
const START: u64 = 1_700_000_000_000;

pub const ALL: [(&str, Prepare); 11] = [
    ("nexmark-q0", |scale| work(scale, q0::reference, [q0::millstream, q0::renoir, q0::timely])),
    ("nexmark-q1", |scale| work(scale, q1::reference, [q1::millstream, q1::renoir, q1::timely])),
    ("nexmark-q2", |scale| work(scale, q2::reference, [q2::millstream, q2::renoir, q2::timely])),
    ("nexmark-q0-pipeline", |scale| {
        work(scale, q0::reference, [q0::millstream_pipeline, q0::renoir, q0::timely])
    }),
    ("nexmark-q1-pipeline", |scale| {
        work(scale, q1::reference, [q1::millstream_pipeline, q1::renoir, q1::timely])
    }),
    ("nexmark-q2-pipeline", |scale| {
        work(scale, q2::reference, [q2::millstream_pipeline, q2::renoir, q2::timely])
    }),
    ("nexmark-q3", |scale| work(scale, q3::reference, [q3::millstream, q3::renoir, q3::timely])),
    ("nexmark-q4", |scale| work(scale, q4::reference, [q4::millstream, q4::renoir, q4::timely])),
    ("nexmark-q5", |scale| work(scale, q5::reference, [q5::millstream, q5::renoir, q5::timely])),
    ("nexmark-q7", |scale| work(scale, q7::reference, [q7::millstream, q7::renoir, q7::timely])),
    ("nexmark-q8", |scale| work(scale, q8::reference, [q8::millstream, q8::renoir, q8::timely])),
];

type Events = Records<Event>;

/// A query on each engine.
type Engines = [fn(&Events) -> Outcome; ENGINES.len()];

fn work(scale: f64, reference: fn(&[Event]) -> Digest, engines: Engines) -> Work {
    // The same events for all queries.
    static GENERATED: OnceLock<Events> = OnceLock::new();
    let events = GENERATED.get_or_init(|| Arc::new(generate((EVENTS * scale) as usize)));
    Work {
        records: events.len() as u64,
        input: Box::new(move || events.iter().for_each(|event| drop(black_box(event.clone())))),
        reference: Box::new(move || reference(events)),
        engines: engines.map(|run| Some(Box::new(move || run(events)) as Run)),
    }
}

fn generate(events: usize) -> Vec<Event> {
    let config = NexmarkConfig { base_time: START, ..NexmarkConfig::default() };
    EventGenerator::new(config).take(events).collect()
}

fn bid(event: Event) -> Option<Bid> {
    match event {
        Event::Bid(bid) => Some(bid),
        Event::Person(_) | Event::Auction(_) => None,
    }
}
