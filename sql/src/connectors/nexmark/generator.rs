//! The generator: which event a number is, when it happens, and whose ids there are by then.

mod auction;
mod bid;
mod person;

use super::event::{Event, EventKind};
use super::options::{OUT_OF_ORDER_STRIDE, Options};
use super::random::Seed;
use super::rate::Schedule;

/// The first id of persons and of auctions.
const FIRST_ID: i64 = 1000;

/// Of so many persons or auctions, in order of their ids, one at a time is hot.
const HOT_EVERY: i64 = 100;

/// An auction or bid may refer to ids so far ahead of the last one made, as if events had changed places on their way.
const LEAD: i64 = 10;

/// Ids, kinds and references do not change from this number on: at a billion events a second, a hundred years.
const LAST_NUMBER: u64 = 1 << 62;

/// Makes Nexmark's events by their number, counted from 0.
///
/// A method that makes a field is meant for numbers of its [kind](Generator::kind); for others it gives some value, too.
/// Text is written behind what the caller's `String` holds already. Nothing is cached: a call costs what its field costs.
#[derive(Clone, Debug)]
pub struct Generator {
    seed: Seed,
    schedule: Schedule,
    proportions: Proportions,
    person_average_size: u64,
    auction_average_size: u64,
    bid_average_size: u64,
    hot_auctions_ratio: u64,
    hot_bidders_ratio: u64,
    hot_sellers_ratio: u64,
    out_of_order_group_size: u64,
}

impl Generator {
    /// A generator with these options.
    pub fn new(options: &Options) -> Self {
        Self {
            seed: Seed::new(options.seed),
            schedule: Schedule::new(options),
            proportions: Proportions::new(options),
            person_average_size: options.person_average_size,
            auction_average_size: options.auction_average_size,
            bid_average_size: options.bid_average_size,
            hot_auctions_ratio: options.hot_auctions_ratio,
            hot_bidders_ratio: options.hot_bidders_ratio,
            hot_sellers_ratio: options.hot_sellers_ratio,
            out_of_order_group_size: options.out_of_order_group_size,
        }
    }

    /// The number of the event that comes at this position of the stream, both counted from 0.
    ///
    /// They differ if `out-of-order.group-size` is above 1: each group of so many positions has the numbers of the same
    /// group, in another order. So what comes at or after a position happens no earlier than the first number of its
    /// group, whose [timestamp](Generator::timestamp_millis) is a watermark.
    #[inline]
    pub fn number_at(&self, position: u64) -> u64 {
        let group = self.out_of_order_group_size;
        if group == 1 {
            return position;
        }
        let place = u128::from(position) * u128::from(OUT_OF_ORDER_STRIDE) % u128::from(group);
        position / group * group + place as u64
    }

    /// What happens in this event.
    #[inline]
    pub fn kind(&self, number: u64) -> EventKind {
        let (_, offset) = self.proportions.epoch_and_offset(number);
        if offset < self.proportions.persons {
            EventKind::Person
        } else if offset < self.proportions.persons + self.proportions.auctions {
            EventKind::Auction
        } else {
            EventKind::Bid
        }
    }

    /// When the event happens, in milliseconds since the epoch: the field `dateTime` of every kind of event. It never
    /// falls from one number to the next.
    #[inline]
    pub fn timestamp_millis(&self, number: u64) -> i64 {
        self.schedule.timestamp_millis(number)
    }

    /// The event with all its fields.
    pub fn event(&self, number: u64) -> Event {
        match self.kind(number) {
            EventKind::Person => Event::Person(self.person(number)),
            EventKind::Auction => Event::Auction(self.auction(number)),
            EventKind::Bid => Event::Bid(self.bid(number)),
        }
    }
}

/// How many events of each kind there are in an epoch of events, where persons come first, auctions next, and bids last.
#[derive(Clone, Copy, Debug)]
struct Proportions {
    persons: i64,
    auctions: i64,
    total: u64,
}

impl Proportions {
    fn new(options: &Options) -> Self {
        let (persons, auctions) = (options.person_proportion, options.auction_proportion);
        Self {
            persons: persons as i64,
            auctions: auctions as i64,
            total: persons + auctions + options.bid_proportion,
        }
    }

    #[inline]
    fn epoch_and_offset(&self, number: u64) -> (i64, i64) {
        // Ids of the last numbers would not fit.
        let number = number.min(LAST_NUMBER);
        ((number / self.total) as i64, (number % self.total) as i64)
    }

    /// How many persons there are once this event has happened. A person's own event is the last of them.
    #[inline]
    fn persons_by(&self, number: u64) -> i64 {
        let (epoch, offset) = self.epoch_and_offset(number);
        epoch * self.persons + (offset + 1).min(self.persons)
    }

    /// How many auctions there are once this event has happened. An auction's own event is the last of them.
    #[inline]
    fn auctions_by(&self, number: u64) -> i64 {
        let (epoch, offset) = self.epoch_and_offset(number);
        epoch * self.auctions + (offset + 1 - self.persons).clamp(0, self.auctions)
    }
}
