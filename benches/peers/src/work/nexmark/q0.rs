//! Query 0, pass through: every event, as kind, id and `date_time`. The id of a bid is its auction's and bidder's.
//!
//! It shows what the source alone costs.

use nexmark::event::Event;

use super::{Events, on_millstream, on_renoir, on_timely};
use crate::engine::{Digest, Outcome};

type Row = (u8, usize, usize, u64);

fn row(event: &Event) -> Row {
    match event {
        Event::Person(person) => (0, person.id, 0, person.date_time),
        Event::Auction(auction) => (1, auction.id, auction.seller, auction.date_time),
        Event::Bid(bid) => (2, bid.auction, bid.bidder, bid.date_time),
    }
}

pub fn reference(events: &[Event]) -> Digest {
    events.iter().map(row).collect()
}

pub fn millstream(events: &Events) -> Outcome {
    on_millstream::run(events, |source| source.events().map(|event| row(&event)))
}

/// All steps in one loop with the reading of the events.
pub fn millstream_pipeline(events: &Events) -> Outcome {
    on_millstream::run(events, |source| {
        let events = events.clone();
        source
            .numbers()
            .pipeline(move |numbers| numbers.map(on_millstream::read(&events)).map(|event| row(&event)))
    })
}

pub fn renoir(events: &Events) -> Outcome {
    on_renoir::run(events, |source| source.events().map(|event| row(&event)))
}

pub fn timely(events: &Events) -> Outcome {
    use ::timely::dataflow::operators::vec::Map;
    on_timely::run(events, |events| events.map(|event| row(&event)))
}
