use proptest::prelude::*;

use super::{PIECE, letter, letter_or, padding, push_decimal, push_four_digits, push_letters};
use crate::connectors::nexmark::random::{Field, Seed};

fn written(write: impl Fn(&mut String)) -> String {
    let mut text = String::from("|");
    write(&mut text);
    text
}

#[test]
fn all_letters_are_about_as_likely_and_a_thirteenth_is_special() {
    let count = |wanted: u8, letter: fn(u8) -> u8| (0..=255).filter(|byte| letter(*byte) == wanted).count();
    for wanted in b'a'..=b'z' {
        assert!((9..=10).contains(&count(wanted, letter)), "{wanted}");
        assert!((7..=10).contains(&count(wanted, |byte| letter_or(b' ', byte))), "{wanted}");
    }
    assert_eq!(count(b'_', |byte| letter_or(b'_', byte)), 256 / 13 + 1);
}

#[test]
fn paddings_are_a_fifth_more_or_less() {
    // Sizes of events and averages, and the least and greatest padding.
    let cases =
        [(32, 100, 54, 81), (32, 32, 0, 0), (40, 32, 0, 0), (0, 2, 2, 2), (0, 3, 2, 3), (0, 1000, 800, 1199)];
    for (size, average, least, greatest) in cases {
        let lengths: Vec<usize> = (0..20_000)
            .map(|number| padding(Seed::new(0).draw(number, Field::BidExtra), size, average).0)
            .collect();
        assert_eq!(lengths.iter().min(), Some(&least), "{size} of {average}");
        assert_eq!(lengths.iter().max(), Some(&greatest), "{size} of {average}");
    }
}

proptest! {
    #[test]
    fn numbers_are_written_as_rust_writes_them(number: u32, digits in 0_u32..10) {
        let number = number / 10_u32.pow(digits);
        prop_assert_eq!(written(|text| push_decimal(number, text)), format!("|{number}"));
        prop_assert_eq!(written(|text| push_four_digits(number % 10_000, text)), format!("|{:04}", number % 10_000));
    }

    #[test]
    fn letters_do_not_depend_on_how_many_follow(number: u64, length in 0_usize..3 * PIECE, more in 0_usize..PIECE) {
        let words = Seed::new(0).draw(number, Field::BidExtra).words();
        let text = written(|text| push_letters(words, length, text));
        prop_assert_eq!(text.len(), 1 + length);
        prop_assert!(text.bytes().skip(1).all(|byte| byte.is_ascii_lowercase()));
        prop_assert!(written(|text| push_letters(words, length + more, text)).starts_with(&text));
    }
}
