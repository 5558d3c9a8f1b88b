//! `PhoneNumber`, in the forms of North America.

use crate::connectors::faker::catalog::{Method, Provider};
use crate::connectors::faker::generator::append;
use crate::connectors::faker::random::Random;

use super::number::push_digits;

pub(super) const PROVIDER: Provider = Provider {
    class: "PhoneNumber",
    methods: &[
        Method::text(&["phoneNumber"], phone_number),
        Method::text(&["cellPhone"], cell_phone),
        Method::text(&["phoneNumberInternational"], |random, out| {
            out.push_str("+1 ");
            number(random, " ", " ", out);
        }),
        Method::text(&["extension"], |random, out| push_digits(random, [4, 0], out)),
        Method::text(&["subscriberNumber"], |random, out| push_digits(random, [4, 0], out)),
    ],
};

/// Area and exchange, which begin with neither 0 nor 1, and the subscriber.
fn number(random: &mut Random, first: &str, second: &str, out: &mut String) {
    let (area, exchange) = (random.between(200, 999), random.between(200, 999));
    append(out, format_args!("{area}{first}{exchange}{second}{:04}", random.below(10_000)));
}

fn cell_phone(random: &mut Random, out: &mut String) {
    match random.below(3) {
        0 => number(random, "-", "-", out),
        1 => number(random, ".", ".", out),
        _ => {
            out.push('(');
            number(random, ") ", "-", out);
        }
    }
}

/// One in four has an extension.
fn phone_number(random: &mut Random, out: &mut String) {
    if random.below(4) == 0 {
        out.push_str("1-");
        number(random, "-", "-", out);
    } else {
        cell_phone(random, out);
    }
    if random.below(4) == 0 {
        append(out, format_args!(" x{}", random.between(100, 99_999)));
    }
}
