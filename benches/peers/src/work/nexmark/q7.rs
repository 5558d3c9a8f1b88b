//! Query 7, highest bid: for each window of ten seconds, its highest bid, as window start, price, auction, bidder and
//! time; of several, the greatest by auction, bidder and time, in this order.

use std::collections::BTreeMap;

use ::timely::dataflow::channels::pact::{Exchange, Pipeline};
use ::timely::dataflow::operators::vec::Map;
use nexmark::event::Event;

use super::on_renoir::AlignedWindow;
use super::{Events, on_millstream, on_renoir, on_timely};
use crate::engine::{self, Digest, Outcome};

const SIZE: u64 = 10_000;

/// Price, auction, bidder, time.
type Offer = (usize, usize, usize, u64);

fn offer(event: Event) -> Option<Offer> {
    super::bid(event).map(|bid| (bid.price, bid.auction, bid.bidder, bid.date_time))
}

pub fn reference(events: &[Event]) -> Digest {
    let mut windows: BTreeMap<u64, Offer> = BTreeMap::new();
    for offer in events.iter().cloned().filter_map(offer) {
        let highest = windows.entry(offer.3 / SIZE * SIZE).or_insert(offer);
        *highest = offer.max(*highest);
    }
    windows.into_iter().collect()
}

pub fn millstream(events: &Events) -> Outcome {
    on_millstream::run(events, |source| {
        on_millstream::max_of_windows(&source.timed_events().filter_map(offer), SIZE)
    })
}

pub fn renoir(events: &Events) -> Outcome {
    on_renoir::run(events, |source| {
        let offers = source.timed_events().filter_map(offer);
        let local = offers.key_by(|_| ()).window(AlignedWindow::tumbling(SIZE)).max();
        let global = local.drop_key().window_all(AlignedWindow::tumbling(SIZE)).max();
        on_renoir::with_timestamp(global).map(|(last, (), highest)| (last + 1 - SIZE, highest))
    })
}

pub fn timely(events: &Events) -> Outcome {
    on_timely::run(events, |events| {
        let offers = events.flat_map(offer);
        let keep = |highest: &mut Option<Offer>, offer| *highest = (*highest).max(Some(offer));
        let local = engine::timely::tumbling(offers, Pipeline, SIZE, |offer| offer.3, keep);
        let by_window = Exchange::new(|offer: &Offer| offer.3 / SIZE);
        let local = local.flat_map(|(_, highest)| highest);
        let global = engine::timely::tumbling(local, by_window, SIZE, |offer| offer.3, keep);
        global.flat_map(|(start, highest)| highest.map(|highest| (start, highest)))
    })
}
