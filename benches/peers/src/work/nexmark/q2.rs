//! Query 2, selection: auction and price of each bid on an auction whose id is a multiple of 123.

use ::timely::dataflow::operators::vec::Map;
use nexmark::event::{Bid, Event};

use super::{Events, bid, on_millstream, on_renoir, on_timely};
use crate::engine::{Digest, Outcome};

fn is_chosen(bid: &Bid) -> bool {
    bid.auction.is_multiple_of(123)
}

fn row(bid: Bid) -> (usize, usize) {
    (bid.auction, bid.price)
}

pub fn reference(events: &[Event]) -> Digest {
    events.iter().cloned().filter_map(bid).filter(is_chosen).map(row).collect()
}

pub fn millstream(events: &Events) -> Outcome {
    on_millstream::run(events, |source| source.events().filter_map(bid).filter(is_chosen).map(row))
}

/// All steps in one loop with the reading of the events.
pub fn millstream_pipeline(events: &Events) -> Outcome {
    on_millstream::run(events, |source| {
        let events = events.clone();
        source.numbers().pipeline(move |numbers| {
            numbers.map(on_millstream::read(&events)).filter_map(bid).filter(is_chosen).map(row)
        })
    })
}

pub fn renoir(events: &Events) -> Outcome {
    on_renoir::run(events, |source| source.events().filter_map(bid).filter(is_chosen).map(row))
}

pub fn timely(events: &Events) -> Outcome {
    on_timely::run(events, |events| events.flat_map(|event| bid(event).filter(is_chosen).map(row)))
}
