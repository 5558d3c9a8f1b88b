//! Nexmark's rules over the first events, and events that never change.

mod pinned;
mod properties;
mod rules;
mod texts;

use super::{Auction, Bid, Event, Generator, Options, Person};

fn generator(options: &[(&str, &str)]) -> Generator {
    Generator::new(&Options::parse(options.iter().copied()).unwrap())
}

/// The first hundred thousand events with the default options: two thousand epochs.
fn first_events() -> impl Iterator<Item = Event> {
    let generator = generator(&[]);
    (0..100_000).map(move |number| generator.event(number))
}

fn persons() -> Vec<Person> {
    let person = |event| if let Event::Person(person) = event { Some(person) } else { None };
    first_events().filter_map(person).collect()
}

fn auctions() -> Vec<Auction> {
    let auction = |event| if let Event::Auction(auction) = event { Some(auction) } else { None };
    first_events().filter_map(auction).collect()
}

fn bids() -> Vec<Bid> {
    let bid = |event| if let Event::Bid(bid) = event { Some(bid) } else { None };
    first_events().filter_map(bid).collect()
}

/// The share of the items for which this holds.
fn share<T>(items: &[T], holds: impl Fn(&T) -> bool) -> f64 {
    items.iter().filter(|item| holds(item)).count() as f64 / items.len() as f64
}

fn mean<T>(items: &[T], value: impl Fn(&T) -> f64) -> f64 {
    items.iter().map(value).sum::<f64>() / items.len() as f64
}

#[track_caller]
fn assert_near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found} is not near {expected}");
}
