//! `Address`: places to live at, in the style of the United States.

use crate::connectors::faker::catalog::{Method, Provider};
use crate::connectors::faker::generator::{append, decimal};
use crate::connectors::faker::random::Random;

use super::country;
use super::name::{first_name, join, last_name};
use super::number::push_digits;

pub(super) const PROVIDER: Provider = Provider {
    class: "Address",
    methods: &[
        Method::text(&["city", "cityName"], city),
        Method::words(&["cityPrefix"], CITY_PREFIXES),
        Method::words(&["citySuffix"], CITY_SUFFIXES),
        Method::text(&["state"], |random, out| out.push_str(state(random).1)),
        Method::text(&["stateAbbr"], |random, out| out.push_str(state(random).0)),
        Method::text(&["country"], |random, out| out.push_str(country::country(random).name)),
        Method::text(&["countryCode"], |random, out| out.push_str(country::country(random).code2)),
        Method::text(&["zipCode", "postcode"], zip_code),
        Method::text(&["streetName"], street_name),
        Method::words(&["streetSuffix"], STREET_SUFFIXES),
        Method::text(&["streetAddress"], street_address),
        Method::text(&["streetAddressNumber", "buildingNumber"], building_number),
        Method::text(&["secondaryAddress"], secondary_address),
        Method::text(&["fullAddress"], full_address),
        Method::text(&["latitude"], latitude),
        Method::text(&["longitude"], longitude),
        Method::text(&["latLon"], |random, out| {
            latitude(random, out);
            out.push(',');
            longitude(random, out);
        }),
        Method::text(&["lonLat"], |random, out| {
            longitude(random, out);
            out.push(',');
            latitude(random, out);
        }),
        Method::words(&["timeZone"], TIME_ZONES),
        Method::text(&["mailBox"], |random, out| {
            out.push_str("P.O. Box ");
            push_digits(random, [4, 0], out);
        }),
    ],
};

/// A city of a name with a prefix, a suffix or both.
pub(super) fn city(random: &mut Random, out: &mut String) {
    let kind = random.below(3);
    if kind != 0 {
        join(out, &[random.word(CITY_PREFIXES), " "]);
    }
    let name = if random.below(2) == 0 { first_name(random) } else { last_name(random) };
    out.push_str(name);
    if kind != 1 {
        out.push_str(random.word(CITY_SUFFIXES));
    }
}

fn state(random: &mut Random) -> (&'static str, &'static str) {
    random.one_of(STATES).copied().unwrap_or_default()
}

fn zip_code(random: &mut Random, out: &mut String) {
    push_digits(random, [5, 0], out);
}

/// A street of a name.
pub(super) fn street_name(random: &mut Random, out: &mut String) {
    let name = if random.below(2) == 0 { first_name(random) } else { last_name(random) };
    join(out, &[name, " ", random.word(STREET_SUFFIXES)]);
}

fn building_number(random: &mut Random, out: &mut String) {
    append(out, random.between(1, 99_999));
}

/// A number and a street.
pub(super) fn street_address(random: &mut Random, out: &mut String) {
    building_number(random, out);
    out.push(' ');
    street_name(random, out);
}

fn secondary_address(random: &mut Random, out: &mut String) {
    out.push_str(if random.below(2) == 0 { "Apt. " } else { "Suite " });
    append(out, random.between(1, 999));
}

fn full_address(random: &mut Random, out: &mut String) {
    if random.below(2) == 0 {
        secondary_address(random, out);
        out.push(' ');
    }
    street_address(random, out);
    out.push_str(", ");
    city(random, out);
    join(out, &[", ", state(random).0, " "]);
    zip_code(random, out);
}

fn latitude(random: &mut Random, out: &mut String) {
    decimal(random, 8, -90.0, 90.0, out);
}

fn longitude(random: &mut Random, out: &mut String) {
    decimal(random, 8, -180.0, 180.0, out);
}

const CITY_PREFIXES: &[&str] = &["East", "Lake", "New", "North", "Port", "South", "Upper", "West"];
#[rustfmt::skip]
const CITY_SUFFIXES: &[&str] =
    &["berg", "borough", "bury", "dale", "field", "fort", "ford", "ham", "haven", "mouth", "port", "shire", "side", "ton", "view", "ville"];
#[rustfmt::skip]
const STREET_SUFFIXES: &[&str] = &[
    "Alley", "Avenue", "Boulevard", "Bridge", "Circle", "Court", "Crossing", "Drive", "Gardens", "Grove", "Highway",
    "Lane", "Mews", "Parkway", "Path", "Place", "Road", "Square", "Street", "Terrace", "Trail", "Walk", "Way",
];
#[rustfmt::skip]
const STATES: &[(&str, &str)] = &[
    ("AL", "Alabama"), ("AK", "Alaska"), ("AZ", "Arizona"), ("AR", "Arkansas"), ("CA", "California"), ("CO", "Colorado"),
    ("CT", "Connecticut"), ("DE", "Delaware"), ("FL", "Florida"), ("GA", "Georgia"), ("HI", "Hawaii"), ("ID", "Idaho"),
    ("IL", "Illinois"), ("IN", "Indiana"), ("IA", "Iowa"), ("KS", "Kansas"), ("KY", "Kentucky"), ("LA", "Louisiana"),
    ("ME", "Maine"), ("MD", "Maryland"), ("MA", "Massachusetts"), ("MI", "Michigan"), ("MN", "Minnesota"),
    ("MS", "Mississippi"), ("MO", "Missouri"), ("MT", "Montana"), ("NE", "Nebraska"), ("NV", "Nevada"),
    ("NH", "New Hampshire"), ("NJ", "New Jersey"), ("NM", "New Mexico"), ("NY", "New York"), ("NC", "North Carolina"),
    ("ND", "North Dakota"), ("OH", "Ohio"), ("OK", "Oklahoma"), ("OR", "Oregon"), ("PA", "Pennsylvania"),
    ("RI", "Rhode Island"), ("SC", "South Carolina"), ("SD", "South Dakota"), ("TN", "Tennessee"), ("TX", "Texas"),
    ("UT", "Utah"), ("VT", "Vermont"), ("VA", "Virginia"), ("WA", "Washington"), ("WV", "West Virginia"),
    ("WI", "Wisconsin"), ("WY", "Wyoming"),
];
#[rustfmt::skip]
const TIME_ZONES: &[&str] = &[
    "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "America/Bogota", "America/Chicago",
    "America/Denver", "America/Halifax", "America/Lima", "America/Los_Angeles", "America/Mexico_City", "America/New_York",
    "America/Sao_Paulo", "Asia/Bangkok", "Asia/Dubai", "Asia/Hong_Kong", "Asia/Jakarta", "Asia/Karachi", "Asia/Kolkata",
    "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Tokyo", "Australia/Perth", "Australia/Sydney", "Europe/Athens",
    "Europe/Berlin", "Europe/Istanbul", "Europe/Lisbon", "Europe/London", "Europe/Madrid", "Europe/Paris", "Europe/Rome",
    "Europe/Warsaw", "Pacific/Auckland", "Pacific/Honolulu",
];
