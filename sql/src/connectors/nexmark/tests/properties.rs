//! What holds for all seeds, numbers and options.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{assert_near, bids, first_events, generator, mean, share};
use crate::connectors::nexmark::{Event, EventKind, Generator, Options};

#[test]
fn another_seed_gives_other_events_of_the_same_kinds_at_the_same_times() {
    let other = generator(&[("seed", "1")]);
    for (one, other) in first_events().zip((0..).map(|number| other.event(number))) {
        let (same, different) = match (&one, &other) {
            (Event::Person(one), Event::Person(other)) => {
                ((one.id, one.date_time) == (other.id, other.date_time), one.extra != other.extra)
            }
            (Event::Auction(one), Event::Auction(other)) => {
                ((one.id, one.date_time) == (other.id, other.date_time), one.extra != other.extra)
            }
            (Event::Bid(one), Event::Bid(other)) => {
                (one.date_time == other.date_time, one.extra != other.extra)
            }
            _ => (false, true),
        };
        assert!(same && different, "{one:?} {other:?}");
    }
}

#[test]
fn fields_of_an_event_do_not_follow_from_one_another() {
    // Bids with low prices are on hot auctions, by hot bidders and through hot channels as often as others.
    let cheap: Vec<_> = bids().into_iter().filter(|bid| bid.price < 10_000).collect();
    assert_near(share(&cheap, |bid| !bid.channel.starts_with("channel-")), 0.5, 0.02);
    assert_near(share(&cheap, |bid| (bid.auction - 1000) % 100 == 0), 0.505, 0.02);
    assert_near(share(&cheap, |bid| (bid.bidder - 1000) % 100 == 1), 0.7525, 0.02);
    assert_near(mean(&cheap, |bid| bid.extra.len() as f64), 67.5, 0.5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_field_does_not_depend_on_what_was_made_before(seed: u64, number in 0_u64..1 << 50, others: Vec<u32>) {
        let options = Options::parse([("seed", seed.to_string())]).unwrap();
        let (fresh, used) = (Generator::new(&options), Generator::new(&options));
        for other in others {
            used.event(u64::from(other));
        }
        prop_assert_eq!(fresh.event(number), used.event(number));
    }

    #[test]
    fn each_method_gives_the_field_of_the_event(number in 0_u64..1 << 50) {
        let generator = generator(&[]);
        let text = |field: fn(&Generator, u64, &mut String)| {
            let mut text = String::new();
            field(&generator, number, &mut text);
            text
        };
        match generator.event(number) {
            Event::Person(person) => {
                prop_assert_eq!(person.id, generator.person_id(number));
                prop_assert_eq!(person.name, text(Generator::person_name));
                prop_assert_eq!(person.email_address, text(Generator::person_email_address));
                prop_assert_eq!(person.credit_card, text(Generator::person_credit_card));
                prop_assert_eq!(person.city, generator.person_city(number));
                prop_assert_eq!(person.state, generator.person_state(number));
                prop_assert_eq!(person.date_time, generator.timestamp_millis(number));
                prop_assert_eq!(person.extra, text(Generator::person_extra));
            }
            Event::Auction(auction) => {
                prop_assert_eq!(auction.id, generator.auction_id(number));
                prop_assert_eq!(auction.item_name, text(Generator::auction_item_name));
                prop_assert_eq!(auction.description, text(Generator::auction_description));
                prop_assert_eq!(auction.initial_bid, generator.auction_initial_bid(number));
                prop_assert_eq!(auction.reserve, generator.auction_reserve(number));
                prop_assert_eq!(auction.date_time, generator.timestamp_millis(number));
                prop_assert_eq!(auction.expires, generator.auction_expires_millis(number));
                prop_assert_eq!(auction.seller, generator.auction_seller(number));
                prop_assert_eq!(auction.category, generator.auction_category(number));
                prop_assert_eq!(auction.extra, text(Generator::auction_extra));
            }
            Event::Bid(bid) => {
                prop_assert_eq!(bid.auction, generator.bid_auction(number));
                prop_assert_eq!(bid.bidder, generator.bid_bidder(number));
                prop_assert_eq!(bid.price, generator.bid_price(number));
                prop_assert_eq!(bid.channel, text(Generator::bid_channel));
                prop_assert_eq!(bid.url, text(Generator::bid_url));
                prop_assert_eq!(bid.date_time, generator.timestamp_millis(number));
                prop_assert_eq!(bid.extra, text(Generator::bid_extra));
            }
        }
    }

    /// Also without persons or without auctions.
    #[test]
    fn kinds_and_ids_follow_the_proportions(persons in 0_u64..8, auctions in 0_u64..8, bids in 0_u64..20) {
        let total = persons + auctions + bids;
        prop_assume!(total > 0);
        let generator = generator(&[
            ("person.proportion", persons.to_string().as_str()),
            ("auction.proportion", auctions.to_string().as_str()),
            ("bid.proportion", bids.to_string().as_str()),
        ]);
        let (mut next_person, mut next_auction) = (1000, 1000);
        for number in 0..5 * total {
            let place = number % total;
            let kind = generator.kind(number);
            prop_assert_eq!(kind == EventKind::Person, place < persons);
            prop_assert_eq!(kind == EventKind::Bid, place >= persons + auctions);
            match generator.event(number) {
                Event::Person(person) => {
                    prop_assert_eq!(person.id, next_person);
                    next_person += 1;
                }
                Event::Auction(auction) => {
                    prop_assert_eq!(auction.id, next_auction);
                    prop_assert!((1000..next_person + 10).contains(&auction.seller));
                    prop_assert!(auction.expires > auction.date_time);
                    next_auction += 1;
                }
                Event::Bid(bid) => {
                    prop_assert!((1000..next_auction + 10).contains(&bid.auction));
                    prop_assert!((1000..next_person + 10).contains(&bid.bidder));
                }
            }
        }
    }

    #[test]
    fn no_number_is_too_large(number: u64, large in prop::array::uniform4(1_u32..1 << 31), base: i64) {
        let large = large.map(|option| option.to_string());
        let generator = generator(&[
            ("first-event.rate", &large[0]),
            ("next-event.rate", &large[1]),
            ("person.proportion", &large[2]),
            ("auction.proportion", &large[3]),
            ("base-time", &base.to_string()),
            ("out-of-order.group-size", "2147483647"),
        ]);
        for number in [number, u64::MAX] {
            generator.event(number);
            generator.auction_seller(number);
            generator.bid_auction(number);
            generator.bid_bidder(number);
        }
        generator.number_at(number);
        prop_assert!(generator.timestamp_millis(number) >= base);
        prop_assert!(generator.auction_expires_millis(number) >= generator.timestamp_millis(number));
    }

    #[test]
    fn groups_out_of_order_have_their_own_numbers(size in 1_u64..953, group in 0_u64..1 << 40) {
        let generator = generator(&[("out-of-order.group-size", size.to_string().as_str())]);
        let positions = group * size..(group + 1) * size;
        let numbers: BTreeSet<u64> = positions.clone().map(|position| generator.number_at(position)).collect();
        prop_assert!(numbers.into_iter().eq(positions));
    }
}

#[test]
fn events_are_out_of_order_as_in_nexmark() {
    let numbers = |size| {
        let generator = generator(&[("out-of-order.group-size", size)]);
        (0..12).map(|position| generator.number_at(position)).collect::<Vec<u64>>()
    };
    assert_eq!(numbers("1"), (0..12).collect::<Vec<u64>>());
    // 953 times the position modulo 10, behind the beginning of the group.
    assert_eq!(numbers("10"), [0, 3, 6, 9, 2, 5, 8, 1, 4, 7, 10, 13]);
}
