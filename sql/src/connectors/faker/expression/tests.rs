use std::collections::{BTreeSet, HashSet};

use proptest::prelude::*;

use super::Expression;
use crate::connectors::faker::random::Random;

/// 2026-11-24 19:51:47.500
pub(in crate::connectors::faker) const NOW: i64 = 1_795_549_907_500;

/// The text of this row at this time.
pub(in crate::connectors::faker) fn at(expression: &str, row: u64, now: i64) -> String {
    let compiled = Expression::parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
    let mut text = String::new();
    compiled.generate(&mut Random::of_value(42, row, 3), now, &mut text);
    text
}

/// The texts of so many rows.
pub(in crate::connectors::faker) fn generated(expression: &str, rows: u64) -> impl Iterator<Item = String> {
    let compiled = Expression::parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
    (0..rows).map(move |row| {
        let mut text = String::new();
        compiled.generate(&mut Random::of_value(42, row, 3), NOW, &mut text);
        text
    })
}

fn numbers(expression: &str, rows: u64) -> BTreeSet<i64> {
    generated(expression, rows).map(|text| text.parse().unwrap()).collect()
}

#[test]
fn a_value_depends_on_seed_row_and_field_alone() {
    let expression = Expression::parse("#{Name.fullName}, #{Address.fullAddress}, #{Internet.uuid}").unwrap();
    let text = |seed, row, field| {
        let mut text = String::new();
        expression.generate(&mut Random::of_value(seed, row, field), NOW, &mut text);
        text
    };
    assert_eq!(text(1, 2, 3), text(1, 2, 3));
    let texts: HashSet<String> = [(1, 2, 3), (2, 2, 3), (1, 3, 3), (1, 2, 4), (2, 1, 3)]
        .into_iter()
        .map(|(seed, row, field)| text(seed, row, field))
        .collect();
    assert_eq!(texts.len(), 5);
}

#[test]
fn text_around_directives_stays() {
    assert_eq!(at("", 0, NOW), "");
    assert_eq!(at("no # directive { } here", 0, NOW), "no # directive { } here");
    assert_eq!(at("a#{regexify 'b'}c#{regexify 'd'}", 0, NOW), "abcd");
    assert_eq!(at("{#{ regexify  'x' , }}", 0, NOW), "{x}");
    assert_eq!(at("#{Options.option 'it''s }, é'}", 0, NOW), "it's }, é");
    let mut text = "before ".to_string();
    Expression::parse("after").unwrap().generate(&mut Random::of_value(0, 0, 0), NOW, &mut text);
    assert_eq!(text, "before after");
}

#[test]
fn numbers_exclude_their_upper_end() {
    assert_eq!(numbers("#{number.numberBetween '0','10'}", 1_000), (0..10).collect());
    assert_eq!(numbers("#{number.numberBetween '-2','2'}", 1_000), (-2..2).collect());
    assert_eq!(numbers("#{number.numberBetween '10','0'}", 1_000), (0..10).collect());
    assert_eq!(numbers("#{number.numberBetween '7','7'}", 10), BTreeSet::from([7]));
    let wide = numbers("#{number.numberBetween '-9223372036854775808','9223372036854775807'}", 1_000);
    assert!(
        wide.len() == 1_000 && wide.first() < Some(&(i64::MIN / 2)) && wide.last() > Some(&(i64::MAX / 2))
    );
}

#[test]
fn numbers_have_the_digits_that_are_wanted() {
    assert_eq!(numbers("#{number.digit}", 500), (0..10).collect());
    assert_eq!(numbers("#{number.randomDigitNotZero}", 500), (1..10).collect());
    assert!(generated("#{number.digits '6'}", 100).all(|text| text.len() == 6));
    let exactly = numbers("#{number.randomNumber '2','true'}", 5_000);
    assert_eq!(exactly, (10..100).collect());
    let at_most = numbers("#{number.randomNumber '2','false'}", 5_000);
    assert_eq!(at_most, (0..100).collect());
    assert!(numbers("#{number.negative}", 100).iter().all(|number| *number < 0));
}

#[test]
fn doubles_are_rounded_and_printed_as_java_prints_them() {
    let doubles: Vec<String> = generated("#{Number.randomDouble '1','0','2'}", 1_000).collect();
    let different: BTreeSet<&str> = doubles.iter().map(String::as_str).collect();
    let expected: BTreeSet<String> =
        (0..=20).map(|tenths| format!("{}.{}", tenths / 10, tenths % 10)).collect();
    assert_eq!(different, expected.iter().map(String::as_str).collect());
    let whole: BTreeSet<String> = generated("#{Number.randomDouble '0','100','102'}", 200).collect();
    assert_eq!(whole.into_iter().collect::<Vec<_>>(), ["100.0", "101.0", "102.0"]);
}

#[test]
fn all_options_occur_and_equally_often() {
    let mut counts = std::collections::HashMap::<String, u32>::new();
    for text in generated("#{Options.option 'a','b','c','d'}", 4_000) {
        *counts.entry(text).or_default() += 1;
    }
    // Five standard deviations of 27.
    assert!(counts.len() == 4 && counts.values().all(|count| (863..=1_137).contains(count)), "{counts:?}");
    assert_eq!(generated("#{bool.bool}", 100).collect::<HashSet<_>>().len(), 2);
}

#[test]
fn addresses_of_machines_are_in_their_blocks() {
    for text in generated("#{Internet.publicIpV4Address}", 2_000) {
        let address: std::net::Ipv4Addr = text.parse().unwrap();
        assert!(!address.is_private() && !address.is_loopback() && !address.is_link_local(), "{address}");
        assert!(!address.is_multicast() && address.octets()[0] != 0, "{address}");
        // These blocks are private in part, and datafaker leaves out all of them.
        assert!(![169, 172, 192].contains(&address.octets()[0]), "{address}");
    }
    assert!(
        generated("#{Internet.privateIpV4Address}", 1_000)
            .all(|text| { text.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_private()) })
    );
    assert!(generated("#{Internet.ipV6Address}", 100).all(|text| text.parse::<std::net::Ipv6Addr>().is_ok()));
}

#[test]
fn check_digits_are_right() {
    for text in generated("#{Finance.creditCard}", 300) {
        let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(10)).collect();
        let doubled = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
        let sum: u32 = digits
            .iter()
            .rev()
            .enumerate()
            .map(|(index, digit)| if index % 2 == 1 { doubled(*digit) } else { *digit })
            .sum();
        assert!(digits.len() == 16 && sum.is_multiple_of(10), "{text}");
    }
    for text in generated("#{Finance.iban}", 300) {
        let (front, back) = text.split_at(4);
        // Letter by letter, as ISO 13616 describes the check.
        let remainder = format!("{back}{front}").chars().fold(0, |remainder, letter| {
            let value = letter.to_digit(36).unwrap();
            (remainder * if value > 9 { 100 } else { 10 } + value) % 97
        });
        assert!(text.len() == 22 && remainder == 1, "{text}");
    }
    for (expression, length) in [("#{Code.ean13}", 13), ("#{Code.isbn13}", 13), ("#{Code.ean8}", 8)] {
        for text in generated(expression, 300) {
            let weighted = text
                .chars()
                .rev()
                .enumerate()
                .map(|(index, digit)| digit.to_digit(10).unwrap() * if index % 2 == 1 { 3 } else { 1 });
            assert!(weighted.sum::<u32>().is_multiple_of(10) && text.len() == length, "{text}");
        }
    }
}

#[test]
fn texts_are_as_long_as_they_are_to_be() {
    assert!(generated("#{Lorem.fixedString '37'}", 50).all(|text| text.len() == 37));
    assert!(generated("#{Lorem.characters '20'}", 50).all(|text| text.len() == 20));
    assert!(generated("#{Lorem.characters '3','5','true'}", 50).all(|text| (3..=5).contains(&text.len())));
    assert!(
        generated("#{Lorem.words '4'}", 50)
            .all(|text| text.starts_with('[') && text.matches(", ").count() == 3)
    );
    assert!(generated("#{Lorem.sentence '5','0'}", 50).all(|text| text.matches(' ').count() == 4));
    assert!(generated("#{Internet.password '6','8'}", 50).all(|text| (6..=8).contains(&text.len())));
    assert!(
        generated("#{Commerce.price '5','6'}", 50)
            .all(|text| text.len() == 4 && text.starts_with(['5', '6']))
    );
}

#[test]
fn mistakes_have_a_place_and_a_remedy() {
    let cases = [
        ("abc #{Name.firstName", 5, "`#{` is not closed"),
        ("#{}", 3, "name of a method is missing"),
        ("#{'a'}", 3, "name of a method is missing"),
        ("#{numerify '##}", 12, "an argument is not closed"),
        ("#{number.numberBetween 1,100}", 24, "every argument in single quotes"),
        ("#{Name.firstName()}", 17, "`(` is not expected"),
        ("é #{Nme.firstName}", 5, "did you mean `Name.firstName`?"),
        ("#{Name.firstName 'x'}", 3, "takes no arguments, not 1 argument"),
        ("#{number.numberBetween '1'}", 3, "takes 'min','max', not 1 argument"),
        ("#{number.numberBetween '1','x'}", 29, "`x` is not a whole number"),
        ("#{number.numberBetween '1','1e3'}", 29, "`1e3` is not a whole number"),
        ("#{number.randomDouble '99','1','2'}", 24, "`99` is not a whole number from 0 to 17"),
        ("#{number.randomDouble '2','NaN','2'}", 28, "`NaN` is not a number"),
        ("#{number.randomNumber '2','maybe'}", 28, "`maybe` is not true or false"),
        ("#{number.digits '100000'}", 18, "from 0 to 65536"),
        ("#{date.past '15','SECOND'}", 19, "`SECOND` is not a unit of time: NANOSECONDS"),
        ("#{date.past 'x','SECONDS'}", 14, "`x` is not a whole number"),
        ("#{date.past '-1','SECONDS'}", 14, "a distance is negative or too long"),
        ("#{date.past '9223372036854775807','DAYS'}", 14, "a distance is negative or too long"),
        ("#{date.past '5','10','SECONDS'}", 3, "must be above the least"),
        ("#{date.past '0','SECONDS'}", 3, "must be above the least"),
        ("#{date.past '5','SECONDS','yyyy-QQ'}", 33, "the letter `Q`"),
        ("#{date.birthday '50','20'}", 3, "is above the most"),
        ("#{date.between '2024-01-01','2024-02-30'}", 30, "is not a time such as"),
        ("#{date.between '2024-02-01','2024-01-01'}", 3, "the first time is after the second"),
        ("#{time.past '2','DAYS'}", 3, "longer than a day"),
        ("#{regexify '(a|b'}", 13, "in the regular expression: unclosed group"),
        ("#{regexify 'a''b['}", 17, "in the regular expression: unclosed"),
        ("#{templatify 'a','xy','b'}", 19, "`xy` is not one character"),
        ("#{Options.option}", 3, "takes 'option'"),
    ];
    for (expression, column, message) in cases {
        let Err(error) = Expression::parse(expression) else { panic!("{expression} compiles") };
        assert!(error.message().contains(message), "{expression}: {error}");
        assert_eq!(error.column(), column, "{expression}: {error}");
    }
}

proptest! {
    #[test]
    fn no_text_and_no_clock_makes_it_panic(
        text in r"([#{}'.,() ]|#\{|'[0-9]{0,3}'|DAYS|date|past|number|numberBetween|regexify|é){0,20}",
        row: u64,
        now: i64,
    ) {
        if let Ok(expression) = Expression::parse(&text) {
            expression.generate(&mut Random::of_value(0, row, 0), now, &mut String::new());
        }
    }

    #[test]
    fn no_arguments_make_a_method_panic(
        index in 0usize..400,
        arguments in proptest::collection::vec("[0-9]{1,3}|-?[0-9]{19}|DAYS|true|[a-z?#]{0,4}|yyyy", 0..4),
        now in prop_oneof![Just(NOW), any::<i64>()],
    ) {
        let names: Vec<String> = crate::connectors::faker::method_names().collect();
        let name = names[index % names.len()].split(' ').next().unwrap().to_string();
        let quoted: Vec<String> = arguments.iter().map(|argument| format!("'{argument}'")).collect();
        if let Ok(expression) = Expression::parse(&format!("#{{{name} {}}}", quoted.join(","))) {
            expression.generate(&mut Random::of_value(0, 0, 0), now, &mut String::new());
        }
    }
}
