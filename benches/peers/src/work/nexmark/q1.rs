//! Query 1, currency conversion: every bid with its price in euros, at 0.908 for a dollar, rounded down to cents.

use ::timely::dataflow::operators::vec::Map;
use nexmark::event::{Bid, Event};

use super::{Events, bid, on_millstream, on_renoir, on_timely};
use crate::engine::{Digest, Outcome};

/// Auction, bidder, price, time, extra.
type Row = (usize, usize, usize, u64, String);

fn row(bid: Bid) -> Row {
    (bid.auction, bid.bidder, bid.price * 908 / 1000, bid.date_time, bid.extra)
}

pub fn reference(events: &[Event]) -> Digest {
    events.iter().cloned().filter_map(bid).map(row).collect()
}

pub fn millstream(events: &Events) -> Outcome {
    on_millstream::run(events, |source| source.events().filter_map(bid).map(row))
}

/// All steps in one loop with the reading of the events.
pub fn millstream_pipeline(events: &Events) -> Outcome {
    on_millstream::run(events, |source| {
        let events = events.clone();
        source
            .numbers()
            .pipeline(move |numbers| numbers.map(on_millstream::read(&events)).filter_map(bid).map(row))
    })
}

pub fn renoir(events: &Events) -> Outcome {
    on_renoir::run(events, |source| source.events().filter_map(bid).map(row))
}

pub fn timely(events: &Events) -> Outcome {
    on_timely::run(events, |events| events.flat_map(|event| bid(event).map(row)))
}
