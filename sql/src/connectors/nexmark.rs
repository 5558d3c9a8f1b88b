//! Nexmark's events by number.
//!
//! Nexmark is a benchmark of queries over an auction site's stream of persons who register, auctions that they open
//! and bids on them. [`Generator`] makes these events by the rules of the generator in Nexmark's Flink connector
//! (<https://github.com/nexmark/nexmark>), with one difference: every field of every event is a pure function of the
//! seed, the event's number and the field. So fields that nobody asks for cost nothing and their absence changes no
//! other value, subtasks may share the numbers out as they like, and after a restore the same events come again.
//!
//! ```
//! use millstream_sql::connectors::nexmark::{EventKind, Generator, Options};
//!
//! let options = Options::parse([("first-event.rate", "1000"), ("base-time", "60000"), ("seed", "7")])?;
//! let generator = Generator::new(&options);
//! let kinds: Vec<EventKind> = (0..5).map(|number| generator.kind(number)).collect();
//! use EventKind::{Auction, Bid, Person};
//! assert_eq!(kinds, [Person, Auction, Auction, Auction, Bid]);
//! assert_eq!((generator.person_id(0), generator.auction_id(3)), (1000, 1002));
//! assert_eq!(generator.timestamp_millis(4), 60_004);
//!
//! let mut url = String::new();
//! generator.bid_url(4, &mut url);
//! assert!(url.starts_with("https://www.nexmark.com/"));
//! # Ok::<(), millstream_sql::connectors::nexmark::OptionError>(())
//! ```
//!
//! # Differences from Nexmark's Flink connector
//!
//! - There the values come from an unseeded generator of random numbers; here they follow from `seed`.
//! - There the first event has number 2, so that the first person and the first auction are never made; here it has
//!   number 0. There each subtask has a timeline of its own, here all share one.
//! - There `base-time` is the time when the query is planned, here it is an option with a fixed default.
//! - There `next-event.rate`, `rate.shape` and `rate.period` have no effect; here they mean what they mean in Apache
//!   Beam's Nexmark, where the connector has them from.
//! - There 1000 is added to a bidder's id twice, so that bidders are not the persons they should be; here once.
//! - There about half of the characters of `extra` are upper-case letters or punctuation, from remainders of negative
//!   numbers; here all are lower-case letters.
//! - Random text has no blanks at its ends, as there; there they are trimmed, here letters are drawn instead.

mod event;
mod generator;
mod options;
mod random;
mod rate;
mod table;
mod text;

pub use event::{Auction, Bid, Event, EventKind, Person};
pub use generator::Generator;
pub use options::{OptionError, Options, RateShape};
pub(super) use table::CONNECTOR;

#[cfg(test)]
mod tests;
