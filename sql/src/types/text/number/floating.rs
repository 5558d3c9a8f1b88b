//! FLOAT and DOUBLE, as `Float.toString` and `Double.toString` of Java 19 and later write them.
//!
//! Java wants the shortest decimal that reads back as the same number, but of two digits at least, and of those the
//! closest. Its layout is plain from 10⁻³ up to 10⁷, else scientific.

use std::fmt::Write as _;

/// Digits of the shortest decimal: at most 17, and room for zeros.
const MAX_DIGITS: usize = 24;

/// Writes a DOUBLE: `1.0`, `1.0E10`, `1.0E-5`, `-0.0`, `NaN`, `-Infinity`. SQL text and row text are the same.
///
/// ```
/// use millstream_sql::types::text::number::write_double;
///
/// let mut text = String::new();
/// write_double(1e10, &mut text);
/// assert_eq!(text, "1.0E10");
/// ```
pub fn write_double(value: f64, out: &mut String) {
    if !value.is_finite() {
        return write_non_finite(value, out);
    }
    let mut buffer = ryu::Buffer::new();
    let mut decimal = Decimal::of(buffer.format_finite(value));
    if decimal.has_one_digit() {
        let mut rounded = Scratch::default();
        let _ = write!(rounded, "{value:.1e}");
        if rounded.text().parse() == Ok(value) {
            decimal = Decimal::of(rounded.text());
        }
    }
    decimal.write(value.is_sign_negative(), out);
}

/// Writes a FLOAT as [`write_double`] writes a DOUBLE, with as many digits as a FLOAT needs.
pub fn write_float(value: f32, out: &mut String) {
    if !value.is_finite() {
        return write_non_finite(f64::from(value), out);
    }
    let mut buffer = ryu::Buffer::new();
    let mut decimal = Decimal::of(buffer.format_finite(value));
    if decimal.has_one_digit() {
        let mut rounded = Scratch::default();
        let _ = write!(rounded, "{value:.1e}");
        if rounded.text().parse() == Ok(value) {
            decimal = Decimal::of(rounded.text());
        }
    }
    decimal.write(value.is_sign_negative(), out);
}

fn write_non_finite(value: f64, out: &mut String) {
    out.push_str(match value {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    });
}

/// A number as its significant digits and where the point stands: 0.d₁d₂… · 10^`point`.
struct Decimal {
    digits: [u8; MAX_DIGITS],
    length: usize,
    point: i32,
}

impl Decimal {
    /// Takes apart what Rust's libraries write: `-12.5`, `1e16`, `4.9e-324`.
    fn of(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let whole = whole.trim_start_matches(['-', '0']);
        let mut decimal = Self { digits: [b'0'; MAX_DIGITS], length: 0, point: 0 };
        decimal.point = whole.len() as i32 + exponent;
        if whole.is_empty() {
            decimal.point -= (fraction.len() - fraction.trim_start_matches('0').len()) as i32;
        }
        let significant = whole.bytes().chain(fraction.bytes()).skip_while(|digit| *digit == b'0');
        for (slot, digit) in decimal.digits.iter_mut().zip(significant) {
            *slot = digit;
            decimal.length += 1;
        }
        while decimal.length > 0 && decimal.digits.get(decimal.length - 1) == Some(&b'0') {
            decimal.length -= 1;
        }
        decimal
    }

    fn has_one_digit(&self) -> bool {
        self.length == 1
    }

    fn write(&self, negative: bool, out: &mut String) {
        if negative {
            out.push('-');
        }
        let digits = self.digits.get(..self.length).unwrap_or(&[]);
        match self.point {
            _ if digits.is_empty() => out.push_str("0.0"),
            1..=7 => write_with_point(digits, self.point as usize, out),
            -2..=0 => {
                out.push_str("0.");
                out.extend((self.point..0).map(|_| '0'));
                push_digits(digits, out);
            }
            _ => {
                write_with_point(digits, 1, out);
                let _ = write!(out, "E{}", self.point - 1);
            }
        }
    }
}

/// Writes so many digits, the point, and the rest, with at least one digit behind the point.
fn write_with_point(digits: &[u8], point: usize, out: &mut String) {
    let (whole, fraction) = digits.split_at_checked(point).unwrap_or((digits, &[]));
    push_digits(whole, out);
    out.extend((whole.len()..point).map(|_| '0'));
    out.push('.');
    push_digits(fraction, out);
    if fraction.is_empty() {
        out.push('0');
    }
}

fn push_digits(digits: &[u8], out: &mut String) {
    out.push_str(std::str::from_utf8(digits).unwrap_or_default());
}

/// Space for a short number, so that it needs no string of its own.
#[derive(Default)]
struct Scratch {
    bytes: [u8; MAX_DIGITS],
    length: usize,
}

impl Scratch {
    fn text(&self) -> &str {
        let written = self.bytes.get(..self.length).unwrap_or(&[]);
        std::str::from_utf8(written).unwrap_or("")
    }
}

impl std::fmt::Write for Scratch {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.length + text.len();
        let room = self.bytes.get_mut(self.length..end).ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
