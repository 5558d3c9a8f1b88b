//! The options of the connector: what `WITH ('connector' = 'nexmark', ...)` may say.

mod error;
mod value;

pub use error::OptionError;

use value::Text;

use crate::suggestion::nearest;

/// 2015-07-15T00:00:00Z, the base time of Apache Beam's Nexmark.
const BASE_TIME_MILLIS: i64 = 1_436_918_400_000;

/// Events out of order come in steps of so many within a group. It is prime, so that the steps reach all of a group
/// unless the group's size is a multiple of it.
pub(super) const OUT_OF_ORDER_STRIDE: u64 = 953;

/// How the rate of events changes from `first-event.rate` to `next-event.rate` and back within `rate.period`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateShape {
    /// The first half of the period has the first rate, the second half the next.
    Square,
    /// A wave in ten steps, which begins with the first rate and has the next in its middle.
    Sine,
}

/// The options of the Nexmark connector, each in its bounds.
///
/// They are those of Nexmark's Flink connector (`NexmarkSourceOptions`), with its defaults, and three more:
///
/// | option | default | |
/// | --- | --- | --- |
/// | `events.num` | 0 | how many events there are; 0: no end |
/// | `first-event.rate`, `next-event.rate` | 10000 | events a second of event time; the rate changes between both |
/// | `rate.shape` | `SQUARE` | how it changes: `SQUARE` or `SINE` |
/// | `rate.period` | `600 s` | in what time, whole seconds |
/// | `rate.limited` | `false` | accepted without effect, as there |
/// | `max-emit-speed` | `true` | `false`: the source waits with each event until it is due |
/// | `keep-alive` | `false` | the source stays open after its last event |
/// | `stop-at` | -1 | the source ends after so many events, if not negative |
/// | `person.proportion`, `auction.proportion`, `bid.proportion` | 1, 3, 46 | events of each kind in an epoch |
/// | `person.avg-size`, `auction.avg-size`, `bid.avg-size` | `200 b`, `500 b`, `100 b` | average bytes |
/// | `bid.hot-ratio.auctions` | 2 | one bid in so many is not on the hot auction |
/// | `bid.hot-ratio.bidders` | 4 | one bid in so many is not by the hot bidder |
/// | `auction.hot-ratio.sellers` | 4 | one auction in so many is not of the hot seller |
/// | `base-time` | 1436918400000 | when the first event happens, in milliseconds since the epoch |
/// | `out-of-order.group-size` | 1 | events within groups of so many come in another order |
/// | `seed` | 0 | other seeds give other values |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub(super) rate_shape: RateShape,
    pub(super) rate_period_seconds: u64,
    pub(super) first_event_rate: u64,
    pub(super) next_event_rate: u64,
    pub(super) events: u64,
    pub(super) stop_at: Option<u64>,
    pub(super) keep_alive: bool,
    pub(super) max_emit_speed: bool,
    pub(super) person_average_size: u64,
    pub(super) auction_average_size: u64,
    pub(super) bid_average_size: u64,
    pub(super) person_proportion: u64,
    pub(super) auction_proportion: u64,
    pub(super) bid_proportion: u64,
    pub(super) hot_auctions_ratio: u64,
    pub(super) hot_bidders_ratio: u64,
    pub(super) hot_sellers_ratio: u64,
    pub(super) base_time_millis: i64,
    pub(super) out_of_order_group_size: u64,
    pub(super) seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rate_shape: RateShape::Square,
            rate_period_seconds: 600,
            first_event_rate: 10_000,
            next_event_rate: 10_000,
            events: 0,
            stop_at: None,
            keep_alive: false,
            max_emit_speed: true,
            person_average_size: 200,
            auction_average_size: 500,
            bid_average_size: 100,
            person_proportion: 1,
            auction_proportion: 3,
            bid_proportion: 46,
            hot_auctions_ratio: 2,
            hot_bidders_ratio: 4,
            hot_sellers_ratio: 4,
            base_time_millis: BASE_TIME_MILLIS,
            out_of_order_group_size: 1,
            seed: 0,
        }
    }
}

/// Sets an option from its text.
type Set = fn(&mut Options, &Text<'_>) -> Result<(), OptionError>;

/// All options and how each is read.
const OPTIONS: [(&str, Set); 21] = [
    ("auction.avg-size", |options, text| text.size().map(|size| options.auction_average_size = size)),
    ("auction.hot-ratio.sellers", |options, text| {
        text.count().map(|ratio| options.hot_sellers_ratio = ratio)
    }),
    ("auction.proportion", |options, text| text.natural().map(|events| options.auction_proportion = events)),
    ("base-time", |options, text| text.millis().map(|time| options.base_time_millis = time)),
    ("bid.avg-size", |options, text| text.size().map(|size| options.bid_average_size = size)),
    ("bid.hot-ratio.auctions", |options, text| text.count().map(|ratio| options.hot_auctions_ratio = ratio)),
    ("bid.hot-ratio.bidders", |options, text| text.count().map(|ratio| options.hot_bidders_ratio = ratio)),
    ("bid.proportion", |options, text| text.natural().map(|events| options.bid_proportion = events)),
    ("events.num", |options, text| text.integer(0, i64::MAX as u64).map(|events| options.events = events)),
    ("first-event.rate", |options, text| text.count().map(|rate| options.first_event_rate = rate)),
    ("keep-alive", |options, text| text.boolean().map(|keep| options.keep_alive = keep)),
    ("max-emit-speed", |options, text| text.boolean().map(|maximum| options.max_emit_speed = maximum)),
    ("next-event.rate", |options, text| text.count().map(|rate| options.next_event_rate = rate)),
    ("out-of-order.group-size", |options, text| {
        text.group_size().map(|events| options.out_of_order_group_size = events)
    }),
    ("person.avg-size", |options, text| text.size().map(|size| options.person_average_size = size)),
    ("person.proportion", |options, text| text.natural().map(|events| options.person_proportion = events)),
    ("rate.limited", |_, text| text.boolean().map(drop)),
    ("rate.period", |options, text| text.seconds().map(|period| options.rate_period_seconds = period)),
    ("rate.shape", |options, text| text.rate_shape().map(|shape| options.rate_shape = shape)),
    ("seed", |options, text| text.integer(0, u64::MAX).map(|seed| options.seed = seed)),
    ("stop-at", |options, text| text.optional_count().map(|events| options.stop_at = events)),
];

impl Options {
    /// Reads options as Flink does. A later one replaces an earlier one with the same key; `connector` is passed over.
    ///
    /// # Errors
    ///
    /// When a key is not an option, when a value cannot be read or is out of its bounds, or when no event has any
    /// proportion.
    pub fn parse<K: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, OptionError> {
        let mut options = Self::default();
        for (key, value) in pairs {
            options.set(key.as_ref(), value.as_ref())?;
        }
        match options.person_proportion + options.auction_proportion + options.bid_proportion {
            0 => Err(OptionError::NoProportion),
            _ => Ok(options),
        }
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), OptionError> {
        if key == "connector" {
            return Ok(());
        }
        match OPTIONS.iter().find(|(known, _)| *known == key) {
            Some((_, set)) => set(self, &Text { key, value }),
            None => {
                let known = OPTIONS.map(|(known, _)| known);
                // Keys are case-sensitive.
                let in_other_case = known.into_iter().find(|known| known.eq_ignore_ascii_case(key));
                Err(OptionError::unknown(key, in_other_case.or_else(|| nearest(key, &known)), &known))
            }
        }
    }

    /// How many events there are, if there is an end: `events.num` or `stop-at`, whichever comes first.
    pub fn event_count(&self) -> Option<u64> {
        let events = (self.events > 0).then_some(self.events);
        events.into_iter().chain(self.stop_at).min()
    }

    /// Whether the source stays open after its last event.
    pub fn keep_alive(&self) -> bool {
        self.keep_alive
    }

    /// Whether events are emitted without regard to the times they carry. If not, an event is due as long after the
    /// first as its timestamp is after the first's.
    pub fn max_emit_speed(&self) -> bool {
        self.max_emit_speed
    }

    /// When the first event happens, in milliseconds since the epoch.
    pub fn base_time_millis(&self) -> i64 {
        self.base_time_millis
    }
}

#[cfg(test)]
mod tests;
