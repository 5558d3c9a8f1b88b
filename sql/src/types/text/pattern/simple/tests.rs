use proptest::prelude::*;

use super::*;
use crate::types::calendar::TimestampUnit;

fn parsed(pattern: &str, text: &str) -> Option<i64> {
    SimplePattern::compile(pattern, 2026).unwrap().parse(text)?.timestamp(TimestampUnit::Millisecond)
}

#[test]
fn two_digits_are_a_year_around_the_current_one() {
    let first_of = |year| CivilDateTime::new(crate::types::calendar::CivilDate::new(year, 1, 1).unwrap(), 0);
    for (text, current_year, year) in
        [("46", 2026, 1946), ("45", 2026, 2045), ("00", 2026, 2000), ("99", 2099, 2099), ("19", 2100, 2119)]
    {
        assert_eq!(SimplePattern::compile("yy", current_year).unwrap().parse(text), first_of(year), "{text}");
    }
    assert_eq!(SimplePattern::compile("yyyy", 2026).unwrap().parse("46"), first_of(46));
}

#[test]
fn years_before_christ_are_counted_backwards() {
    // The Ides of March, a day of today's calendar.
    let ides = crate::types::calendar::CivilDate::new(-43, 3, 15).unwrap();
    assert_eq!(parsed("d MMM y G", "15 Mar 0044 BC"), Some(ides.days() * 86_400_000));
}

#[test]
fn what_is_no_pattern_is_named() {
    for (text, error) in [
        ("yyyy-MM-ddTHH", PatternError::UnknownLetter('T')),
        ("n", PatternError::UnknownLetter('n')),
        ("HH:mm z", PatternError::Unsupported('z')),
        ("'open", PatternError::UnclosedQuote),
        (&"y".repeat(70_000), PatternError::TooMany('y')),
    ] {
        assert_eq!(SimplePattern::compile(text, 2026), Err(error), "{text}");
    }
}

#[test]
fn patterns_that_no_date_can_be_read_by_read_none() {
    assert_eq!(parsed("yyyy-ww", "2020-10"), None);
    assert_eq!(parsed("yyyy-MM W", "2020-10 1"), None);
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        pattern in proptest::sample::select(&[
            "yyyy-MM-dd HH:mm:ss.SSS",
            "yyyyMMddHHmmssSSS",
            "d MMM yyy h:mm:ss a S",
            "EEEE, MMMM d yyyy G K:m:s a SSS",
            "yyyy D kk:mm:ss,SSS",
            "YYYY ww u HH:mm:ss.S",
        ][..]),
        // From 1 January of the year 1 on.
        millis in -62_135_596_800_000_i64..253_402_300_799_999,
    ) {
        let mut text = String::new();
        SimplePattern::compile(pattern, 2026).unwrap().format(millis, &mut text);
        prop_assert_eq!(parsed(pattern, &text), Some(millis), "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused(pattern in "[yMdHhmsSaEDwWuFGkK' :.-]{0,14}", text in "[-+0-9 :.A-Z]{0,40}") {
        if let Ok(pattern) = SimplePattern::compile(&pattern, 2026) {
            let _ = pattern.parse(&text);
            let mut written = String::new();
            pattern.format(0, &mut written);
            let _ = pattern.parse(&written);
        }
    }
}
