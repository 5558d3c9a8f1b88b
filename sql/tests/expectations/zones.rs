use millstream_sql::parser::ast::TimeUnit;
use millstream_sql::types::zone::{Zone, ceil_instant, floor_instant};

use super::check;

#[test]
fn zones_are_those_of_java() {
    check(include_str!("zones.tsv"), |operation, arguments| match operation {
        "zone" => Some(Zone::of(arguments).ok()?.offset_at(1_600_000_000).to_string()),
        "legacy" => Some(Zone::or_greenwich(arguments).offset_at(1_600_000_000).to_string()),
        _ => {
            let (zone, millis) = arguments.rsplit_once(' ').unwrap();
            let millis = millis.parse().unwrap();
            match operation {
                "local" => Zone::of(zone).unwrap().to_local(millis, 3),
                "instant" => Zone::of(zone).unwrap().to_instant(millis, 3),
                "floor" => rounded(zone, |unit, zone| floor_instant(unit, millis, zone)),
                "ceil" => rounded(zone, |unit, zone| ceil_instant(unit, millis, zone)),
                other => panic!("no operation {other}"),
            }
            .map(|millis| millis.to_string())
        }
    });
}

fn rounded(arguments: &str, round: impl Fn(TimeUnit, &Zone) -> Option<i64>) -> Option<i64> {
    let (unit, zone) = arguments.split_once(' ').unwrap();
    let unit = match unit {
        "YEAR" => TimeUnit::Year,
        "MONTH" => TimeUnit::Month,
        "WEEK" => TimeUnit::Week,
        "DAY" => TimeUnit::Day,
        _ => TimeUnit::Hour,
    };
    round(unit, &Zone::of(zone).unwrap())
}
