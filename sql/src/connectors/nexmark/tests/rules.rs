//! What Nexmark's events have in common, over the first hundred thousand.

use std::collections::HashMap;

use super::{assert_near, auctions, bids, first_events, generator, mean, persons, share};
use crate::connectors::nexmark::{Auction, Event, EventKind};

/// Ids may be so far ahead.
const LEAD: i64 = 10;

#[test]
fn every_epoch_of_50_has_1_person_then_3_auctions_then_46_bids() {
    let kind = |event: &Event| match event {
        Event::Person(_) => EventKind::Person,
        Event::Auction(_) => EventKind::Auction,
        Event::Bid(_) => EventKind::Bid,
    };
    let events: Vec<Event> = first_events().collect();
    for epoch in events.chunks(50) {
        let kinds: Vec<i32> = epoch.iter().map(|event| kind(event) as i32).collect();
        assert_eq!(kinds, [&[0], &[1; 3][..], &[2; 46]].concat());
    }
    let generator = generator(&[]);
    for (number, event) in (0..).zip(&events) {
        assert_eq!(generator.kind(number), kind(event));
    }
}

/// A story of the site: who and what is there is counted as the events come.
#[test]
fn ids_count_up_from_1000_and_references_are_to_what_is_there_or_comes_soon() {
    let (mut next_person, mut next_auction) = (1000, 1000);
    for event in first_events() {
        let active = (next_person - 1000).min(1000);
        let persons = next_person - active..next_person + LEAD;
        match event {
            Event::Person(person) => {
                assert_eq!(person.id, next_person);
                next_person += 1;
            }
            Event::Auction(auction) => {
                assert_eq!(auction.id, next_auction);
                assert!(persons.contains(&auction.seller), "{auction:?} when {persons:?}");
                next_auction += 1;
            }
            Event::Bid(bid) => {
                let auctions = (next_auction - 101).max(1000)..next_auction + LEAD;
                assert!(auctions.contains(&bid.auction), "{bid:?} when {auctions:?}");
                assert!(persons.contains(&bid.bidder), "{bid:?} when {persons:?}");
            }
        }
    }
    assert_eq!((next_person, next_auction), (1000 + 2000, 1000 + 6000));
}

#[test]
fn as_many_are_hot_as_the_ratios_say() {
    let (mut persons, mut auctions, mut bids) = (0, 0, 0);
    let (mut on_hot, mut by_hot, mut of_hot, mut ahead) = (0, 0, 0, 0);
    let first_of_hundred = |count: i64| 1000 + (count - 1) / 100 * 100;
    for event in first_events() {
        match event {
            Event::Person(_) => persons += 1,
            Event::Auction(auction) => {
                auctions += 1;
                of_hot += i32::from(auction.seller == first_of_hundred(persons));
            }
            Event::Bid(bid) => {
                bids += 1;
                on_hot += i32::from(bid.auction == first_of_hundred(auctions));
                by_hot += i32::from(bid.bidder == first_of_hundred(persons) + 1);
                ahead += i32::from(bid.auction >= 1000 + auctions);
            }
        }
    }
    // Of the bids that are not for the hot auction, one in 111 hits it by chance.
    let of_bids = |count| f64::from(count) / f64::from(bids);
    assert_near(of_bids(on_hot), 1.0 / 2.0 + 1.0 / 2.0 / 111.0, 0.01);
    assert_near(of_bids(by_hot), 3.0 / 4.0, 0.01);
    assert_near(f64::from(of_hot) / auctions as f64, 3.0 / 4.0, 0.03);
    assert_near(of_bids(ahead), 1.0 / 2.0 * 10.0 / 111.0, 0.005);
}

#[test]
fn hot_ratios_are_options() {
    let generator = generator(&[
        ("bid.hot-ratio.auctions", "10"),
        ("bid.hot-ratio.bidders", "1"),
        ("auction.hot-ratio.sellers", "100"),
    ]);
    // From here on there are a thousand persons.
    let numbers: Vec<u64> = (50_000..150_000).collect();
    let in_hundred = |id: i64| (id - 1000) % 100;
    assert_near(share(&numbers, |number| in_hundred(generator.bid_auction(*number)) == 0), 0.901, 0.01);
    assert_near(share(&numbers, |number| in_hundred(generator.auction_seller(*number)) == 0), 0.99, 0.005);
    // With a ratio of 1 nobody is hot: all are drawn from a thousand.
    assert_near(share(&numbers, |number| in_hundred(generator.bid_bidder(*number)) == 1), 0.01, 0.005);
}

#[test]
fn ten_events_happen_in_a_millisecond() {
    let generator = generator(&[("base-time", "1700000000000")]);
    for number in 0..100_000 {
        assert_eq!(generator.timestamp_millis(number), 1_700_000_000_000 + number as i64 / 10);
    }
}

#[test]
fn events_are_as_large_as_wanted_on_average() {
    let person = mean(&persons(), |person| {
        let texts = [&person.name, &person.email_address, &person.credit_card, person.city, person.state];
        (8 + texts.iter().map(|text| text.len()).sum::<usize>() + person.extra.len()) as f64
    });
    assert_near(person, 200.0, 2.0);
    let auction = mean(&auctions(), |auction| {
        (6 * 8 + auction.item_name.len() + auction.description.len() + auction.extra.len()) as f64
    });
    assert_near(auction, 500.0, 5.0);
    assert_near(mean(&bids(), |bid| (4 * 8 + bid.extra.len()) as f64), 100.0, 1.0);
}

#[test]
fn auctions_end_after_they_begin_about_when_a_hundred_more_have_begun() {
    let length = |auction: &Auction| auction.expires - auction.date_time;
    // A hundred auctions come in 1,666 events, which come in 166 or 167 milliseconds.
    assert!(auctions().iter().all(|auction| (1..=2 * 167).contains(&length(auction))));
    assert_near(mean(&auctions(), |auction| length(auction) as f64), 167.0, 5.0);
}

#[test]
fn as_many_prices_are_in_each_decade() {
    let prices: Vec<i64> = bids().iter().map(|bid| bid.price).collect();
    assert!(prices.iter().all(|price| (100..=100_000_000).contains(price)));
    for decade in [100, 1000, 10_000, 100_000, 1_000_000, 10_000_000] {
        assert_near(share(&prices, |price| (decade..decade * 10).contains(price)), 1.0 / 6.0, 0.01);
    }
    let auctions = auctions();
    let more: Vec<i64> = auctions.iter().map(|auction| auction.reserve - auction.initial_bid).collect();
    for prices in [more, auctions.iter().map(|auction| auction.initial_bid).collect()] {
        assert!(prices.iter().all(|price| (100..=100_000_000).contains(price)));
        assert_near(share(&prices, |price| *price < 100_000), 0.5, 0.03);
    }
}

#[test]
fn values_of_fixed_lists_are_equally_likely() {
    let (persons, auctions) = (persons(), auctions());
    let part_of_name =
        |part| persons.iter().map(|person| person.name.split(' ').nth(part).unwrap()).collect();
    let categories: Vec<String> = auctions.iter().map(|auction| auction.category.to_string()).collect();
    let lists: [(usize, Vec<&str>); 5] = [
        (10, persons.iter().map(|person| person.city).collect()),
        (6, persons.iter().map(|person| person.state).collect()),
        (11, part_of_name(0)),
        (9, part_of_name(1)),
        (5, categories.iter().map(String::as_str).collect()),
    ];
    for (length, values) in lists {
        let expected = values.len() as f64 / length as f64;
        let mut counts = HashMap::<&str, i32>::new();
        values.into_iter().for_each(|value| *counts.entry(value).or_default() += 1);
        assert_eq!(counts.len(), length, "{counts:?}");
        assert!(counts.values().all(|count| (f64::from(*count) / expected - 1.0).abs() < 0.3), "{counts:?}");
    }
    assert!(auctions.iter().all(|auction| (10..15).contains(&auction.category)));
}
