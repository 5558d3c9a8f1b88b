use proptest::prelude::*;

use super::*;

const ZONES: [&str; 8] = [
    "UTC",
    "+05:45",
    "GMT-3",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
];

#[test]
fn an_unknown_zone_is_named_with_what_to_write_instead() {
    assert_eq!(
        Zone::of("Mars/Olympus").unwrap_err().to_string(),
        "no time zone is called `Mars/Olympus`: give a region like 'America/Los_Angeles', an offset like 'GMT+03:00', or 'UTC'"
    );
}

#[test]
fn a_zone_goes_on_beyond_the_years_of_its_database() {
    let zone = Zone::of("America/New_York").unwrap();
    assert_eq!(zone.to_local(i64::MAX, 3), Some(i64::MAX - 5 * 3_600_000));
    assert_eq!(zone.to_local(i64::MIN, 3), None);
    assert_eq!(zone.to_instant(i64::MAX, 3), None);
}

proptest! {
    #[test]
    fn an_instant_is_found_by_its_clock_unless_an_hour_came_twice(
        id in proptest::sample::select(&ZONES[..]),
        seconds in -2_000_000_000_i64..6_000_000_000,
    ) {
        let zone = Zone::of(id).unwrap();
        let instant = seconds * 1_000;
        let local = zone.to_local(instant, 3).unwrap();
        let again = zone.to_instant(local, 3).unwrap();
        prop_assert!(again <= instant);
        prop_assert_eq!(zone.to_local(again, 3), Some(local));
        prop_assert_eq!(zone.to_instant(local * 1_000_000, 9), Some(again * 1_000_000));
    }

    #[test]
    fn any_name_is_a_zone_or_an_error(id in "(GMT|UTC|UT|PST|)[-+0-9:Za-z/]{0,9}") {
        if let Ok(zone) = Zone::of(&id) {
            prop_assert!(zone.offset_at(0).abs() <= 18 * 3_600);
        }
        prop_assert!(Zone::or_greenwich(&id).offset_at(0).abs() < 24 * 3_600);
    }
}
