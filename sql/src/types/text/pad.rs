//! Numbers of a least width, which dates and times are made of.

use std::fmt::Write as _;

/// Writes the number in decimal, with zeros in front up to the width.
pub(super) fn write_padded(number: u64, width: usize, out: &mut String) {
    if width == 2 && number < 100 {
        // Nearly all fields are such: two pushes instead of the formatting machinery.
        out.push(char::from(b'0' + (number / 10) as u8));
        out.push(char::from(b'0' + (number % 10) as u8));
        return;
    }
    // Writing to a string cannot fail.
    let _ = write!(out, "{number:0width$}");
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
