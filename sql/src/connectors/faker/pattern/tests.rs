use std::collections::HashMap;

use proptest::prelude::*;
use regex::Regex;

use super::{alphanumeric, examplify, parse, templatify};
use crate::connectors::faker::random::Random;

fn texts(pattern: &super::Pattern, count: u64) -> impl Iterator<Item = String> {
    (0..count).map(|row| {
        let mut text = String::new();
        pattern.generate(&mut Random::of_value(7, row, 0), &mut text);
        text
    })
}

fn compiled(regex: &str) -> super::Pattern {
    parse(regex).unwrap_or_else(|error| panic!("{regex}: {} at {}", error.message, error.index))
}

fn counts(regex: &str, count: u64) -> HashMap<String, u32> {
    let mut counts = HashMap::new();
    for text in texts(&compiled(regex), count) {
        *counts.entry(text).or_default() += 1;
    }
    counts
}

#[test]
fn texts_match_their_regular_expression() {
    let regexes = [
        "abc",
        "",
        "a|",
        "(a|bc|def){2,4}",
        "[a-c]+x*y?z{3,}",
        r"\d{4}-\d\d",
        r"\w+@[\w.]{3}\.com",
        r"\W\D\S",
        r"[^a-z]{20}",
        r"[^,]",
        ".{30}",
        "[а-яё]{5}",
        "[^а]{5}",
        "[а[0-9]]{5}",
        "[a-z&&[^aeiou]]{10}",
        r"[а\d]{5}",
        r"[\w&&[^\d]]{9}",
        "[[:punct:]]{5}",
        "[[:^alpha:]a-f]{5}",
        "[a-z--[d-w]]{5}",
        "[a-m~~h-z]{5}",
        r"(?:x|y)z",
        "^anchored$",
        r"a\.b\*c\\",
        r"\/\&\ \-\#\'",
        "((a|b)(c|d)){3}",
        "日本{2}",
        r"[\x{d7f0}-\x{e00f}]{20}",
        "a{0}",
        r"\t\x41",
    ];
    for regex in regexes {
        let whole = Regex::new(&format!("^(?:{regex})$")).unwrap();
        for text in texts(&compiled(regex), 200) {
            assert!(whole.is_match(&text), "{regex} does not match {text:?}");
        }
    }
}

proptest! {
    #[test]
    fn whatever_compiles_generates_what_matches(regex in r"([a-d]|\[a-c\]|\[\^xy\]|\[\d&&\[\^3\]\]|\.|\(|\)|\||\*|\+|\?|\{1,3\}|\\d|\\w|\\\.){0,12}") {
        let (Ok(whole), Ok(pattern)) = (Regex::new(&format!("^(?:{regex})$")), parse(&regex)) else {
            return Ok(());
        };
        for text in texts(&pattern, 5) {
            prop_assert!(whole.is_match(&text), "{} does not match {:?}", regex, text);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(regex in r"[\\()\[\]{}|*+?.^$a-z0-9,&:<>'é-]{0,30}") {
        if let Ok(pattern) = parse(&regex) {
            prop_assert!(texts(&pattern, 3).all(|text| text.chars().count() <= 65_536));
        }
    }
}

#[test]
fn escapes_of_java_are_plain_characters() {
    assert_eq!(counts(r"Lawn\ \&\ Order", 10), HashMap::from([("Lawn & Order".to_string(), 10)]));
    assert_eq!(counts(r"\<a\>\/\_\!\@\;", 10), HashMap::from([("<a>/_!@;".to_string(), 10)]));
}

#[test]
fn branches_are_equally_likely_and_repeated_ones_more() {
    let words = counts("(OK|OK|OK|KO)", 4_000);
    assert_eq!(words.len(), 2);
    // Five standard deviations of 27.
    assert!((2_863..=3_137).contains(&words["OK"]), "{words:?}");
    let singles = counts("(1|2|3|4|5|5){1}", 6_000);
    assert!(singles.len() == 5 && singles["5"] > 1_800 && singles["1"] < 1_200, "{singles:?}");
}

#[test]
fn every_character_of_a_class_occurs() {
    assert_eq!(counts("[a-eXY]", 1_000).len(), 7);
    assert_eq!(counts(".", 10_000).len(), 95);
    assert_eq!(counts("a{1,4}", 200).len(), 4);
    assert_eq!(counts("a*", 1_000).len(), 11);
    assert_eq!(counts("a?", 200).len(), 2);
}

#[test]
fn what_cannot_be_generated_is_refused_with_its_place() {
    let cases = [
        ("(a|b", 0, "unclosed"),
        ("ab[c", 2, "unclosed"),
        ("a{2", 1, "unclosed"),
        ("a(?=b)", 1, "look-around"),
        (r"(a)\1", 3, "backreferences"),
        ("a(?i)b", 1, "flags"),
        ("a(?i:b)", 1, "flags"),
        (r"ab\b", 2, "boundary"),
        ("x[a&&b]", 1, "no character"),
        ("x[^ -~]", 1, "no character"),
        ("a{5,2}", 1, "invalid repetition"),
        ("a{100000}", 0, "65536"),
        ("((a{1000}){1000}){1000}", 0, "65536"),
        ("(){1000000000}", 0, "65536"),
        (r"x\p{Greek}", 1, "Unicode"),
        (r"x[é\pL]", 4, "Unicode"),
    ];
    for (regex, index, message) in cases {
        let error = parse(regex).err().unwrap_or_else(|| panic!("{regex} compiles"));
        assert!(error.message.contains(message), "{regex}: {}", error.message);
        assert_eq!(error.index, index, "{regex}: {}", error.message);
    }
    // Deep nesting is refused rather than an overflow of the stack.
    assert!(parse(&"(".repeat(100_000)).is_err());
    assert!(parse(&format!("{}a{}", "(".repeat(10_000), ")".repeat(10_000))).is_err());
}

#[test]
fn an_example_keeps_its_shape() {
    let shape = Regex::new(r"^[A-Z][a-z]{2}-\d\d é$").unwrap();
    assert!(texts(&examplify("Abc-42 é"), 100).all(|text| shape.is_match(&text)));
}

#[test]
fn placeholders_are_replaced_with_options() {
    let shape = Regex::new("^(yes|no)-(yes|no)$").unwrap();
    let pattern = templatify("*-*", '*', &["yes", "no"]);
    assert!(texts(&pattern, 100).all(|text| shape.is_match(&text)));
    assert!(texts(&pattern, 100).any(|text| text == "yes-no"));
}

#[test]
fn passwords_have_the_characters_that_are_wanted() {
    let all: String = texts(&alphanumeric(5, 9, true, true, true), 300).collect();
    let kinds: [fn(&char) -> bool; 4] =
        [char::is_ascii_lowercase, char::is_ascii_uppercase, char::is_ascii_digit, |character| {
            "!#$%&@".contains(*character)
        }];
    assert!(kinds.iter().all(|kind| all.chars().any(|character| kind(&character))));
    assert!(all.chars().all(|character| kinds.iter().any(|kind| kind(&character))));
    let lengths: std::collections::BTreeSet<usize> =
        texts(&alphanumeric(5, 9, false, false, false), 300).map(|text| text.len()).collect();
    assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [5, 6, 7, 8, 9]);
}
