//! Sliding count: for each window of ten minutes that slides by a second, and each of 1,000 keys with records in it, the
//! key, the window's start and the number of records.
//!
//! Ten million records with keys at random, 10,000 a second and in order, so that a record belongs to 600 windows, and
//! there is a result for six to ten records. Windows are aligned to the epoch; their results are given when the watermark
//! passes their end.
//!
//! Renoir's own windows are aligned to the first record of each key and update all 600 windows for each record; Timely has
//! no windows. Both get [an operator by hand](SlidingCounts): counts by slices of a second, and sums that gain a slice and
//! lose one for each window.

use std::collections::{BTreeMap, VecDeque};

use ::millstream::prelude::*;
use serde::{Deserialize, Serialize};

use super::Work;
use super::timed::{self, BATCH, START, random};
use crate::engine::by_hand::TimedOperator;
use crate::engine::{Digest, HashMap, Outcome, Records, millstream, renoir, share, timely};

const RECORDS: f64 = 10e6;
const KEYS: u64 = 1_000;
const RECORDS_PER_SECOND: u64 = 10_000;
/// In milliseconds, as all times.
const SIZE: u64 = 600_000;
const SLIDE: u64 = 1_000;

/// Key, start of the window, records.
type Row = (u32, u64, u64);

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Event {
    key: u32,
    time: u64,
}

pub fn work(scale: f64) -> Work {
    timed::work(events((RECORDS * scale) as u64), reference, [on_millstream, on_renoir, on_timely])
}

fn events(count: u64) -> Vec<Event> {
    let event = |number| Event {
        key: (random(number) % KEYS) as u32,
        time: START + number * 1_000 / RECORDS_PER_SECOND,
    };
    (0..count).map(event).collect()
}

fn reference(events: &[Event]) -> Digest {
    let slices = (SIZE / SLIDE) as usize;
    let slice = |event: &Event| ((event.time - START) / SLIDE) as usize;
    let last = events.iter().map(slice).max().unwrap_or_default();
    // By key, the number of records before each slice.
    let mut before = vec![vec![0u64; last + 2]; KEYS as usize];
    events.iter().for_each(|event| before[event.key as usize][slice(event) + 1] += 1);
    let mut rows = Digest::default();
    for (key, before) in before.iter_mut().enumerate() {
        (1..before.len()).for_each(|index| before[index] += before[index - 1]);
        for end in 1..=last + slices {
            let count = before[end.min(last + 1)] - before[end.saturating_sub(slices)];
            if count > 0 {
                rows.add(&(key as u32, START + end as u64 * SLIDE - SIZE, count));
            }
        }
    }
    rows
}

fn on_millstream(events: &Records<Event>) -> Outcome {
    millstream::run(|env| {
        let events = millstream::timed(env, events, 0, |event| event.time).map(|event| (event.key, ()));
        let [size, slide] = [SIZE, SLIDE].map(Duration::from_millis);
        let counts = events.keyed().window(SlidingEventTimeWindows::of(size, slide)).count();
        let rows = counts
            .map(|counted| -> Row { (counted.key, counted.window.start.as_millis() as u64, counted.value) });
        millstream::digest(&rows)
    })
}

fn on_renoir(events: &Records<Event>) -> Outcome {
    renoir::run(|context| {
        let events = events.clone();
        let events = context
            .stream_par_iter(move |subtask, _| share(&events, subtask as usize))
            .batch_mode(renoir::batches(BATCH));
        let events = renoir::timed(events, 0, |event: &Event| event.time).map(|event| (event.key, ()));
        renoir::digest(renoir::by_hand(renoir::key_by(events), SlidingCounts::default()))
    })
}

fn on_timely(events: &Records<Event>) -> Outcome {
    let events = events.clone();
    timely::run(move |scope| {
        let events = share(&events, scope.index()).map(|event| (event.key, (event.time, ())));
        timely::digest(timely::by_hand(
            timely::timed(scope, events, 0),
            timely::by_key(),
            SlidingCounts::default(),
        ))
    })
}

type Counts = HashMap<u32, u64>;

/// The counts of one subtask.
#[derive(Clone, Default)]
struct SlidingCounts {
    /// Slices that have not ended, by start.
    open: BTreeMap<u64, Counts>,
    /// Those of the window that has ended last, by start.
    ended: VecDeque<(u64, Counts)>,
    /// Their sums.
    sums: Counts,
    /// The end of that window.
    end: u64,
}

impl SlidingCounts {
    /// Gives the window that ends a slide after the last one.
    fn next_window(&mut self, results: &mut impl FnMut(Row)) {
        self.end += SLIDE;
        let start = self.end - SIZE;
        if let Some((_, gone)) = self.ended.pop_front_if(|(slice, _)| *slice < start) {
            for (key, count) in gone {
                if let Some(sum) = self.sums.get_mut(&key) {
                    *sum -= count;
                    if *sum == 0 {
                        self.sums.remove(&key);
                    }
                }
            }
        }
        let slice = self.end - SLIDE;
        if let Some(counts) = self.open.remove(&slice) {
            counts.iter().for_each(|(&key, count)| *self.sums.entry(key).or_default() += count);
            self.ended.push_back((slice, counts));
        }
        self.sums.iter().for_each(|(&key, &sum)| results((key, start, sum)));
    }
}

impl TimedOperator<u32, ()> for SlidingCounts {
    type Result = Row;

    fn add(&mut self, key: u32, time: u64, (): (), _: &mut impl FnMut(Row)) {
        *self.open.entry(time / SLIDE * SLIDE).or_default().entry(key).or_default() += 1;
    }

    fn advance(&mut self, watermark: u64, results: &mut impl FnMut(Row)) {
        loop {
            if self.sums.is_empty() {
                // Windows without records are left out.
                let Some((&first, _)) = self.open.first_key_value() else { return };
                self.end = first;
            }
            if self.end + SLIDE > watermark {
                return;
            }
            self.next_window(results);
        }
    }
}
