//! `Internet`: addresses of people and machines.

use crate::connectors::faker::arguments::{Arguments, MAXIMUM_COUNT};
use crate::connectors::faker::catalog::{Method, Provider};
use crate::connectors::faker::error::ExpressionError;
use crate::connectors::faker::generator::{Generator, append};
use crate::connectors::faker::pattern;
use crate::connectors::faker::random::Random;

use super::lorem;
use super::name::{first_name, join, last_name, push_lower, user_name};
use super::user_agent;

pub(super) const PROVIDER: Provider = Provider {
    class: "Internet",
    methods: &[
        Method::text(&["emailAddress"], |random, out| email_address(random, FREE_EMAIL, out)),
        Method::text(&["safeEmailAddress"], |random, out| email_address(random, SAFE_EMAIL, out)),
        Method::words(&["emailSubject"], EMAIL_SUBJECTS),
        Method::text(&["username"], user_name),
        Method::compiled(
            &["password"],
            "nothing or 'least','most'[,'upper case'[,'special'[,'digits']]]",
            password,
        ),
        Method::text(&["domainName"], domain_name),
        Method::text(&["domainWord"], |random, out| push_lower(out, last_name(random))),
        Method::words(&["domainSuffix"], SUFFIXES),
        Method::text(&["webdomain"], web_domain),
        Method::text(&["url"], url),
        Method::text(&["slug"], |random, out| {
            join(out, &[random.word(lorem::WORDS), "_", random.word(lorem::WORDS)]);
        }),
        Method::text(&["image"], image),
        Method::words(&["httpMethod"], &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]),
        Method::text(&["port"], |random, out| append(out, random.below(65_536))),
        Method::text(&["macAddress"], mac_address),
        Method::text(&["ipV4Address"], ip_v4_address),
        Method::text(&["publicIpV4Address"], public_ip_v4_address),
        Method::text(&["privateIpV4Address"], private_ip_v4_address),
        Method::text(&["ipV4Cidr"], |random, out| {
            ip_v4_address(random, out);
            append(out, format_args!("/{}", random.between(1, 31)));
        }),
        Method::text(&["ipV6Address"], ip_v6_address),
        Method::text(&["ipV6Cidr"], |random, out| {
            ip_v6_address(random, out);
            append(out, format_args!("/{}", random.between(1, 127)));
        }),
        Method::text(&["uuid"], uuid),
        Method::text(&["userAgentAny", "userAgent"], user_agent::any),
        Method::words(&["botUserAgentAny", "botUserAgent"], user_agent::BOTS),
    ],
};

fn email_address(random: &mut Random, domains: &'static [&'static str], out: &mut String) {
    user_name(random, out);
    join(out, &["@", random.word(domains)]);
}

fn password(arguments: &Arguments<'_>) -> Result<Generator, ExpressionError> {
    let (least, most, kinds) = match arguments.list {
        [] => (8, 16, [].as_slice()),
        [least, most, kinds @ ..] if kinds.len() <= 3 => {
            (least.count(MAXIMUM_COUNT)?, most.count(MAXIMUM_COUNT)?, kinds)
        }
        _ => return Err(arguments.wrong_number()),
    };
    if least > most {
        return Err(arguments.contradiction("the least length, which comes first, is above the most"));
    }
    let kind = |index: usize, otherwise| kinds.get(index).map_or(Ok(otherwise), |kind| kind.boolean());
    Ok(Generator::Pattern(pattern::alphanumeric(
        least,
        most,
        kind(0, false)?,
        kind(1, false)?,
        kind(2, true)?,
    )))
}

fn domain_name(random: &mut Random, out: &mut String) {
    push_lower(out, last_name(random));
    join(out, &[".", random.word(SUFFIXES)]);
}

fn web_domain(random: &mut Random, out: &mut String) {
    out.push_str("www.");
    push_lower(out, first_name(random));
    out.push('-');
    domain_name(random, out);
}

/// The end of a domain's name.
pub(super) fn domain_suffix(random: &mut Random) -> &'static str {
    random.word(SUFFIXES)
}

fn url(random: &mut Random, out: &mut String) {
    out.push_str(if random.below(4) == 0 { "http://" } else { "https://" });
    web_domain(random, out);
    if random.below(2) == 0 {
        append(out, format_args!(":{}", random.below(65_536)));
    }
    join(out, &["/", random.word(lorem::WORDS), "/", random.word(lorem::WORDS)]);
    if random.below(2) == 0 {
        join(out, &["?", random.word(lorem::WORDS), "=", random.word(lorem::WORDS)]);
        join(out, &["&", random.word(lorem::WORDS), "=", random.word(lorem::WORDS)]);
    }
    if random.below(2) == 0 {
        join(out, &["#", random.word(lorem::WORDS)]);
    }
}

fn image(random: &mut Random, out: &mut String) {
    let (width, height) = random.one_of(IMAGE_SIZES).copied().unwrap_or((640, 480));
    append(out, format_args!("https://picsum.photos/{width}/{height}"));
}

fn mac_address(random: &mut Random, out: &mut String) {
    let [a, b, c, d, e, f, ..] = random.bits().to_be_bytes();
    append(out, format_args!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}"));
}

fn octets(first: u64, second: u64, random: &mut Random, out: &mut String) {
    append(out, format_args!("{first}.{second}.{}.{}", random.below(256), random.below(256)));
}

fn ip_v4_address(random: &mut Random, out: &mut String) {
    let (first, second) = (2 + random.below(254), 2 + random.below(254));
    octets(first, second, random, out);
}

/// An address that is in none of the blocks for private and local networks, and no multicast.
fn public_ip_v4_address(random: &mut Random, out: &mut String) {
    let first = 1 + random.below(223);
    // The blocks of datafaker, which takes all of 169, 172 and 192 for private.
    let first = if [10, 127, 169, 172, 192].contains(&first) { first + 1 } else { first };
    let second = random.below(256);
    octets(first, second, random, out);
}

fn private_ip_v4_address(random: &mut Random, out: &mut String) {
    let (first, second) = match random.below(3) {
        0 => (10, random.below(256)),
        1 => (172, 16 + random.below(16)),
        _ => (192, 168),
    };
    octets(first, second, random, out);
}

fn ip_v6_address(random: &mut Random, out: &mut String) {
    for group in 0..8 {
        if group > 0 {
            out.push(':');
        }
        append(out, format_args!("{:04x}", random.below(65_536)));
    }
}

/// A version 4 UUID, random but for the bits of version and variant, as RFC 9562 has it.
fn uuid(random: &mut Random, out: &mut String) {
    let (upper, lower) = (random.bits(), random.bits());
    let (upper, lower) = (upper & !0xf000 | 0x4000, lower & !(0b11 << 62) | (0b10 << 62));
    append(out, format_args!("{:08x}-{:04x}-{:04x}-", upper >> 32, (upper >> 16) & 0xffff, upper & 0xffff));
    append(out, format_args!("{:04x}-{:012x}", lower >> 48, lower & 0xffff_ffff_ffff));
}

const FREE_EMAIL: &[&str] = &["gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com"];
const SAFE_EMAIL: &[&str] = &["example.com", "example.net", "example.org"];
const SUFFIXES: &[&str] = &["biz", "com", "de", "dev", "info", "io", "name", "net", "org"];
const IMAGE_SIZES: &[(u16, u16)] =
    &[(320, 200), (640, 480), (800, 600), (1024, 768), (1280, 720), (1920, 1080)];
#[rustfmt::skip]
const EMAIL_SUBJECTS: &[&str] = &[
    "Agenda for Monday", "Change of plans", "Following up", "Invoice attached", "Lunch tomorrow?", "Minutes of the meeting",
    "Please confirm your address", "Question about your order", "Reminder: deadline on Friday", "Thank you for your visit",
    "Weekly report", "Welcome aboard", "Your password was changed", "Your receipt",
];
