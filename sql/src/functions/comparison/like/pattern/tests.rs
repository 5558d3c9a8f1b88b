use proptest::prelude::*;
use regex::Regex;

use super::LikePattern;

/// The pattern as a regular expression, which is how the standard explains LIKE.
fn as_regex(pattern: &str) -> Regex {
    let parts = pattern.chars().map(|character| match character {
        '%' => "(?s:.*)".to_owned(),
        '_' => r"[^\n\r\x{85}\x{2028}\x{2029}]".to_owned(),
        other => regex::escape(&other.to_string()),
    });
    Regex::new(&format!("^(?:{})$", parts.collect::<String>())).unwrap()
}

proptest! {
    #[test]
    fn a_pattern_matches_what_its_regular_expression_does(pattern in "[ab_%é]{0,8}", text in "[abé\n]{0,10}") {
        let compiled = LikePattern::parse(&pattern, None).unwrap();
        prop_assert_eq!(compiled.matches(&text), as_regex(&pattern).is_match(&text));
    }
}

#[test]
fn an_escape_takes_the_meaning_of_what_follows() {
    let pattern = LikePattern::parse("a#%#_##%", Some("#")).unwrap();
    assert!(pattern.matches("a%_#and more"));
    assert!(!pattern.matches("axx#and more"));
}
