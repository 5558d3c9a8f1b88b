//! What the queries on Renoir share.

use std::collections::VecDeque;
use std::hash::Hash;

use ::renoir::operator::window::{WindowAccumulator, WindowDescription, WindowManager, WindowResult};
use ::renoir::operator::{Data, DataKey, Operator, StreamElement, Timestamp};
use ::renoir::{KeyedStream, Stream, StreamContext};
use nexmark::event::Event;

use super::{BATCH, Events};
use crate::engine::{Outcome, renoir, share};

/// Runs a query over events without timestamps.
pub fn run<O>(events: &Events, query: impl FnOnce(Source<'_>) -> Stream<O>) -> Outcome
where
    O: Operator<Out: Hash> + 'static,
{
    renoir::run(|context| renoir::digest(query(Source { context, events })))
}

/// The events, for a query to choose how to read them.
pub struct Source<'a> {
    context: &'a StreamContext,
    events: &'a Events,
}

impl Source<'_> {
    pub fn events(&self) -> Stream<impl Operator<Out = Event> + use<>> {
        let events = self.events.clone();
        self.context
            .stream_par_iter(move |subtask, _| share(&events, subtask as usize))
            .batch_mode(renoir::batches(BATCH))
    }

    pub fn timed_events(&self) -> Stream<impl Operator<Out = Event> + use<>> {
        renoir::timed(self.events(), 0, Event::timestamp)
    }
}

/// Puts the timestamp of each window's result beside it: the last millisecond of the window.
pub fn with_timestamp<K: DataKey, V: Data>(
    results: KeyedStream<impl Operator<Out = (K, V)> + 'static>,
) -> Stream<impl Operator<Out = (u64, K, V)>> {
    results.0.rich_map_custom(|mut results| match results.next() {
        StreamElement::Timestamped((key, value), time) => {
            StreamElement::Timestamped((time as u64, key, value), time)
        }
        StreamElement::Item(_) => unreachable!("results of windows have timestamps"),
        StreamElement::Watermark(time) => StreamElement::Watermark(time),
        StreamElement::FlushBatch => StreamElement::FlushBatch,
        StreamElement::FlushAndRestart => StreamElement::FlushAndRestart,
        StreamElement::Terminate => StreamElement::Terminate,
    })
}

/// Event-time windows aligned to the epoch. Renoir's own are aligned to the first record of each key, so that no
/// two keys share a window.
#[derive(Clone)]
pub struct AlignedWindow {
    size: Timestamp,
    slide: Timestamp,
}

impl AlignedWindow {
    pub fn sliding(size: u64, slide: u64) -> Self {
        Self { size: size as Timestamp, slide: slide as Timestamp }
    }

    pub fn tumbling(size: u64) -> Self {
        Self::sliding(size, size)
    }
}

impl<T: Data> WindowDescription<T> for AlignedWindow {
    type Manager<A: WindowAccumulator<In = T>> = AlignedWindowManager<A>;

    fn build<A: WindowAccumulator<In = T>>(&self, accumulator: A) -> Self::Manager<A> {
        AlignedWindowManager { kind: self.clone(), init: accumulator, open: VecDeque::new() }
    }
}

/// The open windows of one key, by start.
#[derive(Clone)]
pub struct AlignedWindowManager<A> {
    kind: AlignedWindow,
    init: A,
    open: VecDeque<(Timestamp, A)>,
}

impl<A: WindowAccumulator> AlignedWindowManager<A> {
    fn add(&mut self, record: &A::In, time: Timestamp) {
        let mut start = time - time.rem_euclid(self.kind.slide);
        let mut place = self.open.len();
        while start > time - self.kind.size {
            while place > 0 && self.open[place - 1].0 > start {
                place -= 1;
            }
            if place == 0 || self.open[place - 1].0 != start {
                self.open.insert(place, (start, self.init.clone()));
                place += 1;
            }
            place -= 1;
            self.open[place].1.process(record);
            start -= self.kind.slide;
        }
    }

    fn close(&mut self, watermark: Timestamp) -> Vec<WindowResult<A::Out>> {
        let over = self.open.partition_point(|(start, _)| start.saturating_add(self.kind.size) <= watermark);
        let last = self.kind.size - 1;
        self.open
            .drain(..over)
            .map(|(start, state)| WindowResult::Timestamped(state.output(), start + last))
            .collect()
    }
}

impl<A: WindowAccumulator> WindowManager for AlignedWindowManager<A> {
    type In = A::In;
    type Out = A::Out;
    type Output = Vec<WindowResult<A::Out>>;

    fn process(&mut self, element: StreamElement<A::In>) -> Self::Output {
        match element {
            StreamElement::Timestamped(record, time) => {
                self.add(&record, time);
                Vec::new()
            }
            StreamElement::Watermark(time) => self.close(time),
            StreamElement::FlushAndRestart | StreamElement::Terminate => self.close(Timestamp::MAX),
            StreamElement::FlushBatch => Vec::new(),
            StreamElement::Item(_) => unreachable!("the events have timestamps"),
        }
    }

    fn recycle(&self) -> bool {
        self.open.is_empty()
    }
}
