//! What the queries on Timely share.

use std::hash::Hash;

use ::timely::dataflow::StreamVec;
use nexmark::event::Event;

use super::Events;
use crate::engine::{Outcome, WATERMARK_INTERVAL, share, timely};

/// A stream of events, or of what a query makes of them.
pub type Stream<'scope, R> = StreamVec<'scope, u64, R>;

/// Runs a query.
pub fn run<R: Hash + 'static>(
    events: &Events,
    query: impl for<'scope> Fn(Stream<'scope, Event>) -> Stream<'scope, R> + Send + Sync + 'static,
) -> Outcome {
    let events = events.clone();
    timely::run(move |scope| {
        let events = share(&events, scope.index());
        timely::digest(query(timely::records(scope, events, WATERMARK_INTERVAL, Event::timestamp)))
    })
}
