use proptest::prelude::*;

use super::*;
use crate::types::calendar::TimestampUnit;

fn formatted(pattern: &str, millis: i64, nanos: u32) -> String {
    let mut text = String::new();
    Pattern::compile(pattern).unwrap().format(millis, nanos, &mut text);
    text
}

#[test]
fn what_is_no_pattern_is_named() {
    for (text, error) in [
        ("yyyy-MM-ddTHH", PatternError::UnknownLetter('T')),
        ("HH:mm Z", PatternError::Unsupported('Z')),
        ("MMMMMM", PatternError::TooMany('M')),
        ("SSSSSSSSSS", PatternError::TooMany('S')),
        ("HHH", PatternError::TooMany('H')),
        ("'open", PatternError::UnclosedQuote),
        ("a]", PatternError::UnopenedOptional),
        ("{", PatternError::Reserved('{')),
    ] {
        assert_eq!(Pattern::compile(text), Err(error), "{text}");
    }
    assert_eq!(PatternError::Unsupported('z').to_string(), "the pattern letter `z` is not supported");
}

#[test]
fn quotes_are_text() {
    assert_eq!(formatted("''yy'' 'o''clock' H", 0, 0), "'70' o'clock 0");
    assert_eq!(formatted("''''", 0, 0), "'");
}

/// Patterns that hold a whole reading.
const COMPLETE: [&str; 9] = [
    "yyyy-MM-dd HH:mm:ss.SSSSSSSSS",
    "yyyyMMddHHmmssSSSSSSSSS",
    "uuuu/D hh.mm.ss a n",
    "d MMM uuuu, kk:mm:ss,SSSSSSSSS",
    "EEEE, MMMM d, y K:m:s a SSSSSSSSS",
    "'Q'Q yyyy-DDD'T'HH:mm:ss.SSSSSSSSS",
    "[yyyy-][MM-]dd[' 'HH]:mm:ss.SSSSSSSSS",
    "YYYY w yyyy-M-d H:m:s n",
    "HHmmss.SSSSSSSSS ddMMyyyy",
];

proptest! {
    #[test]
    fn what_is_written_reads_back(
        pattern in proptest::sample::select(&COMPLETE[..]),
        millis in -62_135_596_800_000_i64..253_402_300_799_999,
        nanos in 0_u32..1_000_000,
    ) {
        let text = formatted(pattern, millis, nanos);
        let read = Pattern::compile(pattern).unwrap().parse(&text);
        prop_assert_eq!(read, Some(CivilDateTime::from_millis(millis, nanos)), "{}", text);
    }

    #[test]
    fn any_text_compiles_or_is_refused(pattern in "[yuMdHhmsSaEDwQnT'\\[\\] :.-]{0,14}", text in "[-+0-9 :.A-Z]{0,20}", millis in any::<i64>()) {
        if let Ok(pattern) = Pattern::compile(&pattern) {
            let mut written = String::new();
            pattern.format(millis, 0, &mut written);
            for text in [&text, &written] {
                if let Some(read) = pattern.parse(text) {
                    prop_assert!(read.nanos_of_day() < 86_400_000_000_000);
                    let _ = read.timestamp(TimestampUnit::Nanosecond);
                }
            }
        }
    }
}
