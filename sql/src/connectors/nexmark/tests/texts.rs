//! What the texts of Nexmark's events look like.

use std::collections::HashMap;

use super::{assert_near, auctions, bids, generator, persons, share};
use crate::connectors::nexmark::Generator;

fn is_letter(character: char) -> bool {
    character.is_ascii_lowercase()
}

#[test]
fn names_of_items_and_descriptions_are_letters_with_blanks_inside() {
    let auctions = auctions();
    for auction in &auctions {
        assert!((3..=19).contains(&auction.item_name.len()), "{auction:?}");
        assert!((3..=99).contains(&auction.description.len()), "{auction:?}");
        for text in [&auction.item_name, &auction.description] {
            assert!(text.chars().all(|character| is_letter(character) || character == ' '), "{auction:?}");
            assert_eq!(text.trim(), text);
        }
    }
    let characters: Vec<char> = auctions.iter().flat_map(|auction| auction.description.chars()).collect();
    // Somewhat fewer than a thirteenth, as none is at an end.
    assert_near(share(&characters, |character| *character == ' '), 1.0 / 13.0, 0.01);
    for letter in 'a'..='z' {
        assert_near(share(&characters, |character| *character == letter), 12.0 / 13.0 / 26.0, 0.01);
    }
}

#[test]
fn addresses_and_cards_of_persons_have_their_forms() {
    let persons = persons();
    for person in &persons {
        let (user, host) = person.email_address.split_once('@').unwrap();
        let host = host.strip_suffix(".com").unwrap();
        assert!((3..=6).contains(&user.len()) && (3..=4).contains(&host.len()), "{person:?}");
        assert!(user.chars().chain(host.chars()).all(|character| is_letter(character) || character == ' '));
        let groups: Vec<&str> = person.credit_card.split(' ').collect();
        assert_eq!(groups.len(), 4, "{person:?}");
        assert!(
            groups.iter().all(|group| group.len() == 4 && group.bytes().all(|byte| byte.is_ascii_digit()))
        );
    }
    for group in 0..4 {
        let low = |person: &_| digit(person, group * 5) < 5;
        assert_near(share(&persons, low), 0.5, 0.05);
    }
    // The host is not the beginning of the user's name.
    let same = share(&persons, |person| {
        person.email_address.as_bytes().first()
            == person.email_address.split('@').nth(1).unwrap().as_bytes().first()
    });
    assert_near(same, 1.0 / 26.0, 0.02);
}

fn digit(person: &crate::connectors::nexmark::Person, place: usize) -> u32 {
    person.credit_card.chars().nth(place).unwrap().to_digit(10).unwrap()
}

#[test]
fn half_of_the_bids_come_through_four_channels_and_the_others_through_ten_thousand() {
    let bids = bids();
    for hot in ["Google", "Facebook", "Baidu", "Apple"] {
        assert_near(share(&bids, |bid| bid.channel == hot), 1.0 / 8.0, 0.01);
    }
    let number = |channel: &String| channel.strip_prefix("channel-")?.parse::<u32>().ok();
    let mut others: Vec<u32> = bids.iter().filter_map(|bid| number(&bid.channel)).collect();
    assert_near(others.len() as f64 / bids.len() as f64, 0.5, 0.01);
    others.sort_unstable();
    others.dedup();
    assert!(others.iter().all(|channel| *channel < 10_000));
    // 46,000 bids miss each of ten thousand with a probability of 1 %.
    assert_near(others.len() as f64, 9900.0, 50.0);
}

#[test]
fn a_channel_has_one_address_and_most_have_their_id_in_it() {
    let mut addresses = HashMap::new();
    for bid in bids() {
        let address = addresses.entry(bid.channel).or_insert_with(|| bid.url.clone());
        assert_eq!(*address, bid.url);
    }
    let mut with_id = 0;
    for (channel, address) in &addresses {
        let path = address.strip_prefix("https://www.nexmark.com/").unwrap();
        let (names, page) = path.rsplit_once('/').unwrap();
        assert_eq!(names.split('/').count(), 3, "{address}");
        for name in names.split('/') {
            assert!((3..=4).contains(&name.len()), "{address}");
            assert!(name.chars().all(|character| is_letter(character) || character == '_'), "{address}");
        }
        let id = page.strip_prefix("item.htm?query=1").unwrap();
        if let Some(id) = id.strip_prefix("&channel_id=") {
            with_id += 1;
            // Java's `Math.abs(Integer.reverse(number))`.
            let number: u32 = channel.strip_prefix("channel-").unwrap().parse().unwrap();
            let reversed: String = format!("{number:032b}").chars().rev().collect();
            let reversed = u32::from_str_radix(&reversed, 2).unwrap() as i32;
            assert_eq!(id, reversed.wrapping_abs().to_string(), "{channel}");
        } else {
            assert_eq!(id, "");
        }
    }
    assert_near(f64::from(with_id) / addresses.len() as f64, 0.9, 0.02);
    let mut different: Vec<&String> = addresses.values().collect();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), addresses.len());
}

#[test]
fn text_is_written_behind_what_is_there() {
    let generator = generator(&[]);
    let fields: [fn(&Generator, u64, &mut String); 10] = [
        Generator::person_name,
        Generator::person_email_address,
        Generator::person_credit_card,
        Generator::person_extra,
        Generator::auction_item_name,
        Generator::auction_description,
        Generator::auction_extra,
        Generator::bid_channel,
        Generator::bid_url,
        Generator::bid_extra,
    ];
    for field in fields {
        let (mut text, mut alone) = (String::from("å|"), String::new());
        field(&generator, 7, &mut text);
        field(&generator, 7, &mut alone);
        assert!(!alone.is_empty());
        assert_eq!(text.strip_prefix("å|"), Some(alone.as_str()));
    }
}
