//! What the queries on Millstream share.

use std::collections::BTreeMap;
use std::hash::Hash;

use ::millstream::engine::chain::{OpenContext, SnapshotContext};
use ::millstream::prelude::*;
use ::millstream::state::snapshot::Redistribution;
use nexmark::event::Event;

use super::Events;
use crate::engine::{Outcome, millstream};

/// Runs a query.
pub fn run<R: Record + Hash>(events: &Events, query: impl FnOnce(Source<'_>) -> Stream<R>) -> Outcome {
    millstream::run(|env| millstream::digest(&query(Source { env, events })))
}

/// The events, for a query to choose how to read them.
pub struct Source<'a> {
    env: &'a Environment,
    events: &'a Events,
}

impl Source<'_> {
    pub fn events(&self) -> Stream<Event> {
        let events = self.events.clone();
        self.env.from_generator(Some(events.len() as u64), move |number| events[number as usize].clone())
    }

    /// The numbers of the events, for a pipeline that [reads](read) the events itself.
    pub fn numbers(&self) -> Stream<u64> {
        self.env.from_generator(Some(self.events.len() as u64), |number| number)
    }

    pub fn timed_events(&self) -> Stream<Event> {
        millstream::timed(self.env, self.events, 0, Event::timestamp)
    }
}

/// Copies the event with a number.
pub fn read(events: &Events) -> impl Fn(u64) -> Event + Send + use<> {
    let events = events.clone();
    move |number| events[number as usize].clone()
}

/// A window's start in milliseconds, as the results of queries have it.
pub fn start(window: &TimeWindow) -> u64 {
    window.start.as_millis() as u64
}

/// Tumbling windows of a size in milliseconds.
pub fn tumbling(size: u64) -> TumblingEventTimeWindows {
    TumblingEventTimeWindows::of(Duration::from_millis(size))
}

/// Keeps the greatest record of each tumbling window on its own subtask, and gives it when the window is over.
#[derive(Clone)]
struct MaxHere<T> {
    size: i64,
    greatest: BTreeMap<i64, T>,
}

impl<T: Record + Ord> MaxHere<T> {
    fn keep(&mut self, start: i64, record: T) {
        match self.greatest.get_mut(&start) {
            Some(greatest) if *greatest >= record => {}
            Some(greatest) => *greatest = record,
            None => drop(self.greatest.insert(start, record)),
        }
    }
}

impl<T: Record + Ord> ProcessFunction<T, T> for MaxHere<T> {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
        let stored = cx.take_list::<(i64, T)>("greatest")?;
        stored.into_iter().flatten().for_each(|(start, record)| self.keep(start, record));
        Ok(())
    }

    fn process(&mut self, record: T, cx: &mut ProcessContext<'_>, _: &mut Emitter<'_, T>) -> FunctionResult {
        let time = cx.timestamp().ok_or("an event without a timestamp")?.as_millis();
        self.keep(time - time % self.size, record);
        Ok(())
    }

    fn watermark(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, T>) -> FunctionResult {
        let watermark = cx.watermark().as_millis();
        while let Some(first) = self.greatest.first_entry()
            && first.key() + (self.size - 1) <= watermark
        {
            let last = first.key() + (self.size - 1);
            out.emit_at(first.remove(), Timestamp::from_millis(last))?;
        }
        Ok(())
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> FunctionResult {
        let greatest: Vec<_> = self.greatest.iter().map(|(start, record)| (*start, record.clone())).collect();
        Ok(cx.list("greatest", Redistribution::Split, &greatest)?)
    }
}

/// The greatest record of each tumbling window, with the window's start: first of those of each subtask, so that few
/// have to travel, then of all.
pub fn max_of_windows<T: Record + Ord>(records: &Stream<T>, size: u64) -> Stream<(u64, T)> {
    records
        .process(MaxHere { size: size as i64, greatest: BTreeMap::new() })
        .key_by(|_| ())
        .window(tumbling(size))
        .reduce(Ord::max)
        .map(|greatest| (start(&greatest.window), greatest.value))
}
