//! Events that never change: `first-events.tsv` was made by a program of its own from the rules, not by the generator.

use super::generator;
use crate::connectors::nexmark::{Auction, Bid, Event, Person};

/// The event as a line of the file.
fn line(number: u64, event: Event) -> String {
    match event {
        Event::Person(Person { id, name, email_address, credit_card, city, state, date_time, extra }) => {
            format!(
                "{number}\tperson\t{id}\t{name}\t{email_address}\t{credit_card}\t{city}\t{state}\t{date_time}\t{extra}"
            )
        }
        Event::Auction(auction) => {
            let Auction { id, item_name, description, initial_bid, reserve, .. } = &auction;
            let Auction { date_time, expires, seller, category, extra, .. } = &auction;
            let first = format!("{id}\t{item_name}\t{description}\t{initial_bid}\t{reserve}");
            format!("{number}\tauction\t{first}\t{date_time}\t{expires}\t{seller}\t{category}\t{extra}")
        }
        Event::Bid(Bid { auction, bidder, price, channel, url, date_time, extra }) => {
            format!("{number}\tbid\t{auction}\t{bidder}\t{price}\t{channel}\t{url}\t{date_time}\t{extra}")
        }
    }
}

#[test]
fn events_are_those_of_another_program_by_the_same_rules() {
    let generator = generator(&[]);
    for expected in include_str!("first-events.tsv").lines() {
        let number = expected.split('\t').next().unwrap().parse().unwrap();
        assert_eq!(line(number, generator.event(number)), expected);
    }
}
