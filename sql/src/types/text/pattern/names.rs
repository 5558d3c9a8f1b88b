//! English names.

use super::field::{Field, NameStyle};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const QUARTERS: [&str; 4] = ["1st quarter", "2nd quarter", "3rd quarter", "4th quarter"];
const SHORT_QUARTERS: [&str; 4] = ["Q1", "Q2", "Q3", "Q4"];
const NARROW_QUARTERS: [&str; 4] = ["1", "2", "3", "4"];
const HALVES: [&str; 2] = ["AM", "PM"];

/// The name of a field's value; nothing for fields and values without one.
pub(super) fn name(field: Field, style: NameStyle, value: i64) -> &'static str {
    let (names, least) = names(field, style);
    let index = usize::try_from(value - least).unwrap_or(usize::MAX);
    names.get(index).map_or("", |name| shortened(name, field, style))
}

/// The value with the longest name that the text begins with, and the name's length; the last of values that
/// share it, as `J` is July. Upper and lower case are not the same.
pub(super) fn find(field: Field, style: NameStyle, text: &str) -> Option<(i64, usize)> {
    let (names, least) = names(field, style);
    let mut found: Option<(i64, usize)> = None;
    for (name, value) in names.iter().zip(least..) {
        let name = shortened(name, field, style);
        if text.starts_with(name) && found.is_none_or(|(_, length)| name.len() >= length) {
            found = Some((value, name.len()));
        }
    }
    found
}

/// The value with the longest name, full or short, that the text begins with in upper or lower case; and the name's length.
pub(super) fn find_any(field: Field, text: &str) -> Option<(i64, usize)> {
    let mut found: Option<(i64, usize)> = None;
    for style in [NameStyle::Full, NameStyle::Short] {
        let (names, least) = names(field, style);
        for (name, value) in names.iter().zip(least..) {
            let name = shortened(name, field, style);
            let stands_there = text.get(..name.len()).is_some_and(|text| text.eq_ignore_ascii_case(name));
            if stands_there && found.is_none_or(|(_, length)| name.len() > length) {
                found = Some((value, name.len()));
            }
        }
    }
    found
}

/// The field's names in full, or those that are not beginnings of them; and the value of the first.
fn names(field: Field, style: NameStyle) -> (&'static [&'static str], i64) {
    match (field, style) {
        (Field::Month, _) => (&MONTHS, 1),
        (Field::DayOfWeek, _) => (&DAYS, 1),
        (Field::Quarter, NameStyle::Full) => (&QUARTERS, 1),
        (Field::Quarter, NameStyle::Short) => (&SHORT_QUARTERS, 1),
        (Field::Quarter, NameStyle::Narrow) => (&NARROW_QUARTERS, 1),
        (Field::HalfOfDay, _) => (&HALVES, 0),
        _ => (&[], 0),
    }
}

fn shortened(name: &'static str, field: Field, style: NameStyle) -> &'static str {
    let length = match (field, style) {
        (Field::Month | Field::DayOfWeek, NameStyle::Short) => 3,
        (Field::Month | Field::DayOfWeek, NameStyle::Narrow) => 1,
        _ => name.len(),
    };
    name.get(..length).unwrap_or(name)
}
