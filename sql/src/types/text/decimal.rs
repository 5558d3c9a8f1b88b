//! DECIMAL(p, s) as text. Values are the unscaled integer of `java.math.BigDecimal`: 1.50 of scale 2 is 150.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use super::NumberFormatError;

/// The most digits that a DECIMAL has.
const MAX_PRECISION: u8 = 38;

/// SQL text: all digits, never an exponent, as `BigDecimal.toPlainString`.
///
/// ```
/// use millstream_sql::types::text::decimal::write_decimal;
///
/// let mut text = String::new();
/// write_decimal(-5, 3, &mut text);
/// assert_eq!(text, "-0.005");
/// ```
pub fn write_decimal(unscaled: i128, scale: u8, out: &mut String) {
    if unscaled < 0 {
        out.push('-');
    }
    let start = out.len();
    let (scale, width) = (usize::from(scale), usize::from(scale) + 1);
    // Writing to a string cannot fail.
    let _ = write!(out, "{:0width$}", unscaled.unsigned_abs());
    if scale > 0 {
        debug_assert!(out.len() - start > scale, "the width leaves a digit in front of the point");
        out.insert(out.len() - scale, '.');
    }
}

/// Row text, as `BigDecimal.toString`: scientific if more than five zeros would stand behind the point.
///
/// ```
/// use millstream_sql::types::text::decimal::write_decimal_row;
///
/// let mut text = String::new();
/// write_decimal_row(0, 18, &mut text);
/// assert_eq!(text, "0E-18");
/// ```
pub fn write_decimal_row(unscaled: i128, scale: u8, out: &mut String) {
    let digits = unscaled.unsigned_abs().checked_ilog10().unwrap_or(0) as i32 + 1;
    let exponent = digits - 1 - i32::from(scale);
    if exponent >= -6 {
        return write_decimal(unscaled, scale, out);
    }
    // Writing to a string cannot fail.
    let _ = write!(out, "{unscaled}");
    if digits > 1 {
        out.insert(out.len() - (digits as usize - 1), '.');
    }
    let _ = write!(out, "E{exponent}");
}

/// Reads a DECIMAL(`precision`, `scale`) as `new BigDecimal(text)` and a rounding half up do; blanks, tabs and newlines
/// around it are left out. The result is unscaled.
///
/// Flink reads texts of up to 18 characters into up to 18 digits with code of its own, which lets one foreign
/// character behind the digits pass, counts zeros in front as digits, and does not look whether rounding up adds a
/// digit. Those texts are read here as all others are.
///
/// # Errors
///
/// The text is no number, or has more digits in front of the point than the type.
///
/// ```
/// use millstream_sql::types::text::{NumberFormatError, decimal::parse_decimal};
///
/// assert_eq!(parse_decimal("1.255", 5, 2), Ok(126));
/// assert_eq!(parse_decimal("1e3", 5, 2), Err(NumberFormatError::Overflow));
/// ```
pub fn parse_decimal(text: &str, precision: u8, scale: u8) -> Result<i128, NumberFormatError> {
    let text = text.trim_matches([' ', '\t', '\n']);
    let negative = text.starts_with('-');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.is_empty() {
        return Err(if text.is_empty() { NumberFormatError::Empty } else { NumberFormatError::OnlySign });
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = whole.bytes().chain(fraction.bytes());
    if (whole.is_empty() && fraction.is_empty()) || !digits.clone().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberFormatError::InvalidCharacter);
    }
    // The digits that stay: those in front of the point after it was moved by the scale.
    let kept = whole.len() as i64 + exponent + i64::from(scale);
    let magnitude = round(digits, kept)?;
    if magnitude >= 10_i128.pow(u32::from(precision.min(MAX_PRECISION))) {
        return Err(NumberFormatError::Overflow);
    }
    Ok(if negative { -magnitude } else { magnitude })
}

/// The first `kept` digits as a number, rounded half up by the one after them; zeros follow if there are not so many.
fn round(digits: impl Iterator<Item = u8>, kept: i64) -> Result<i128, NumberFormatError> {
    let mut value = 0_i128;
    let mut length = 0_i64;
    for byte in digits {
        let digit = i128::from(byte - b'0');
        if length >= kept {
            return Ok(if length == kept && digit >= 5 { value + 1 } else { value });
        }
        length += 1;
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(digit))
            .ok_or(NumberFormatError::Overflow)?;
    }
    if value == 0 {
        return Ok(0);
    }
    let zeros = u32::try_from(kept - length).map_err(|_| NumberFormatError::Overflow)?;
    let factor = 10_i128.checked_pow(zeros).ok_or(NumberFormatError::Overflow)?;
    value.checked_mul(factor).ok_or(NumberFormatError::Overflow)
}

/// An exponent of Java's BigDecimal: a sign and at most ten digits. Large ones are all alike here.
fn parse_exponent(text: &str) -> Result<i64, NumberFormatError> {
    let negative = text.starts_with('-');
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberFormatError::InvalidCharacter);
    }
    let value: i64 = digits.parse().map_err(|_| NumberFormatError::Overflow)?;
    if value > i64::from(i32::MAX) {
        return Err(NumberFormatError::Overflow);
    }
    Ok(if negative { -value } else { value })
}
