//! Numbers of a least width, which dates and times are made of.

use std::fmt::Write as _;

/// The numbers of two digits. Nearly all fields are made of them: copying two bytes is a fifth of what the formatting
/// machinery costs.
const PAIRS: &str = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

/// Writes the number in decimal, with zeros in front up to the width.
pub(super) fn write_padded(number: u64, width: usize, out: &mut String) {
    match (width, number) {
        (2, ..100) => write_pair(number, out),
        (4, ..10_000) => {
            write_pair(number / 100, out);
            write_pair(number % 100, out);
        }
        // Writing to a string cannot fail.
        _ => drop(write!(out, "{number:0width$}")),
    }
}

/// Writes a number below 100.
fn write_pair(number: u64, out: &mut String) {
    let start = number as usize * 2;
    out.push_str(PAIRS.get(start..start + 2).unwrap_or_default());
}

/// Writes the first `digits` digits of a second's fraction, given in nanoseconds.
pub(super) fn write_fraction(nanos: u32, digits: u8, out: &mut String) {
    let mut divisor = 100_000_000;
    for _ in 0..digits.min(9) {
        out.push(char::from(b'0' + (nanos / divisor % 10) as u8));
        divisor /= 10;
    }
}

/// Writes a year as `java.time` does: four digits at least, a sign in front of negative years and of five digits.
pub(super) fn write_year(year: i32, out: &mut String) {
    match year {
        ..0 => out.push('-'),
        10_000.. => out.push('+'),
        _ => {}
    }
    write_padded(u64::from(year.unsigned_abs()), 4, out);
}
