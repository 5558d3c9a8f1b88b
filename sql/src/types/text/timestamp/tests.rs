use proptest::prelude::*;

use super::*;
use crate::types::calendar::TimestampUnit;

fn written(write: impl FnOnce(&mut String)) -> String {
    let mut text = String::new();
    write(&mut text);
    text
}

/// Cuts a value to what its precision can hold, away from the casts' own code.
fn cut(value: i64, precision: u8) -> i64 {
    let step = 10_i64.pow(u32::from(match precision {
        0..=3 => 3 - precision,
        4..=6 => 6 - precision,
        _ => 9 - precision,
    }));
    value.div_euclid(step) * step
}

/// Values from 0001-01-01 on, as far as the unit reaches, up to 9999-12-31.
fn values() -> impl Strategy<Value = (i64, u8)> {
    (0_u8..=9).prop_flat_map(|precision| {
        let per_second = 1_000_000_000 / TimestampUnit::of_precision(precision).nanos();
        let least = (-62_135_596_800_i64).saturating_mul(per_second);
        let most = 253_402_300_799_i64.saturating_mul(per_second);
        (least..most, Just(precision)).prop_map(|(value, precision)| (cut(value, precision), precision))
    })
}

proptest! {
    #[test]
    fn timestamps_read_back((value, precision) in values()) {
        let sql = written(|out| write_timestamp(value, precision, out));
        prop_assert_eq!(parse_timestamp(&sql, precision), Some(value), "{}", sql);
        let row = written(|out| write_timestamp_row(value, precision, out));
        prop_assert_eq!(parse_timestamp_iso(&row, precision), Some(value), "{}", row);
        let instant = written(|out| write_instant_row(value, precision, out));
        prop_assert_eq!(parse_instant_iso(&instant, precision), Some(value), "{}", instant);
        prop_assert_eq!(parse_timestamp_jdbc(&sql, precision), Some(value), "{}", sql);
    }

    #[test]
    fn all_years_read_back(value in any::<i64>(), precision in 0_u8..=9) {
        let row = written(|out| write_timestamp_row(value, precision, out));
        prop_assert_eq!(parse_timestamp_iso(&row, precision.next_multiple_of(3).max(3)), Some(value), "{}", row);
    }

    #[test]
    fn dates_read_back(days in -719_528_i32..2_932_897) {
        let text = written(|out| write_date(days, out));
        prop_assert_eq!(parse_date(&text), Some(days), "{}", text);
    }

    #[test]
    fn times_read_back(millis in 0_i32..86_400_000, precision in 0_u8..=3) {
        let millis = cut(i64::from(millis), precision) as i32;
        let text = written(|out| write_time(millis, precision, out));
        prop_assert_eq!(parse_time(&text, precision), Some(millis), "{}", text);
    }

    #[test]
    fn the_short_way_is_the_long_one(
        text in "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,9})?",
        cut in 0_usize..30,
        more in "[0-9.: ]{0,3}",
    ) {
        prop_assert_eq!(parse::scan_usual(&text), parse::scan(&text));
        prop_assert!(parse::scan_usual(&text).is_some());
        let mut broken = text;
        broken.truncate(cut);
        broken.push_str(&more);
        if let Some(written) = parse::scan_usual(&broken) {
            prop_assert_eq!(Some(written), parse::scan(&broken), "{}", broken);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-+0-9:. TZa]{0,30}", precision in 0_u8..=9) {
        let _ = parse_timestamp(&text, precision);
        let _ = parse_timestamp_iso(&text, precision);
        let _ = parse_timestamp_jdbc(&text, precision);
        let _ = parse_date(&text);
        if let Some(millis) = parse_time(&text, precision) {
            prop_assert!((0..86_400_000).contains(&millis));
        }
    }
}

#[test]
fn a_time_taken_out_of_the_day_by_its_offset_comes_back() {
    assert_eq!(parse_time("23:00:00+02:00", 0), Some(3_600_000));
    assert_eq!(parse_time("01:00-2", 0), Some(82_800_000));
    assert_eq!(parse_time("01:00+0200", 0), None);
}

#[test]
fn nanoseconds_end_in_2262() {
    assert_eq!(parse_timestamp("2262-04-11 23:47:16.854775807", 9), Some(i64::MAX));
    assert_eq!(parse_timestamp("2262-04-11 23:47:16.854775808", 9), None);
}
