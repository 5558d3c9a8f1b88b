use super::{PatternError, java_regex};

#[test]
fn a_translated_pattern_matches_what_javas_does() {
    // (pattern, text, the first match in Java)
    let cases = [
        (r"\d+", "x٣4", Some("4")),
        (r"[\d-]+", "a1-2", Some("1-2")),
        (r"[\w.]+", "é a.b", Some("a.b")),
        (r"a.b", "a\nb", None),
        (r"a.b", "a\u{2028}b", None),
        (r"(?s)a.b", "a\nb", Some("a\nb")),
        (r"(?s:a.)b.", "a\nb\n", None),
        (r"(?s:a.)b.", "a\nbx", Some("a\nbx")),
        (r"\Qa.b\E+", "xa.bb", Some("a.bb")),
        (r"\u0041\x42\0103\x{44}", "ABCD", Some("ABCD")),
        (r"[[:a]]+", "b:a", Some(":a")),
        (r"[a-c&&[^b]]+", "bac", Some("ac")),
        (r"\<b\>", "<b>", Some("<b>")),
        (r"\p{Alpha}+\p{IsDigit}", "é1ab2", Some("ab2")),
        (r"a\R", "a\r\n", Some("a\r\n")),
        (r"[+--]+", "a-+", Some("-+")),
        (r"x{2,}?", "xxx", Some("xx")),
        (r"\x{44}+", "CDD", Some("DD")),
        (r"(?i-s)AB", "ab", Some("ab")),
        (r"a\-\ é\é", "a- éé", Some("a- éé")),
    ];
    for (pattern, text, expected) in cases {
        let compiled = java_regex(pattern).unwrap_or_else(|error| panic!("{pattern}: {error:?}"));
        assert_eq!(compiled.regex.find(text).map(|found| found.as_str()), expected, "{pattern} on {text:?}");
        assert!(expected.is_none() || compiled.may_match(text), "the literal of {pattern} hides a match");
    }
}

#[test]
fn what_has_no_counterpart_is_named() {
    let cases = [
        ("a(?=b)", "a look-ahead"),
        ("a(?!b)", "a look-ahead"),
        ("(?<=a)b", "a look-behind"),
        ("(?>a)b", "an atomic group"),
        (r"(a)\1", "a back-reference"),
        ("a++", "a possessive quantifier"),
        ("a{2}+", "a possessive quantifier"),
    ];
    for (pattern, what) in cases {
        let error = java_regex(pattern).map(drop).unwrap_err();
        assert_eq!(error, PatternError::Unsupported(what.to_owned()), "{pattern}");
    }
}

#[test]
fn what_java_refuses_is_invalid() {
    for pattern in ["(", "[a", r"\", r"a\y", "*", "a{2", r"\xZZ", "(?q)"] {
        let error = java_regex(pattern).map(drop).unwrap_err();
        assert!(matches!(error, PatternError::Invalid(_)), "{pattern}: {error:?}");
    }
}

#[test]
fn the_longest_required_literal_is_looked_for_first() {
    let pattern = java_regex("(&|^)channel_id=([^&]*)").unwrap();
    assert!(!pattern.may_match("https://www.nexmark.com/a/item.htm?query=1"));
    assert!(pattern.may_match("&channel_id=7"));
}
