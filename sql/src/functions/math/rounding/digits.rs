//! Numbers cut at a digit: `n` digits behind the point, or, where `n` is negative, zeros before it.

use millstream_runtime::{Error, ErrorKind, Result};

use super::super::super::decimal::{fits, power_of_ten};

/// What becomes of the digits that go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rounding {
    /// Half a unit and more is one.
    HalfUp,
    /// Nothing.
    Down,
}

/// `value / unit`, away from zero or towards it.
fn divide(value: i128, unit: i128, rounding: Rounding) -> i128 {
    let (quotient, remainder) = (value / unit, value % unit);
    let up = rounding == Rounding::HalfUp && remainder.unsigned_abs() >= (unit - unit / 2).unsigned_abs();
    quotient + if up { value.signum() } else { 0 }
}

/// An integer; the low 64 bits of what comes out.
#[allow(clippy::cast_possible_truncation, reason = "as Java's BigDecimal.longValue")]
pub(super) fn round_integer(value: i64, digits: i32, rounding: Rounding) -> i64 {
    if digits >= 0 {
        return value;
    }
    // Of more digits than there are, all go.
    let unit = power_of_ten(u8::try_from(digits.unsigned_abs().min(20)).unwrap_or(20));
    (divide(value.into(), unit, rounding) * unit) as i64
}

/// A decimal of scale `from` as one of the precision and scale `to`; `None` if it has more digits than that.
pub(super) fn round_decimal(
    value: i128,
    from: u8,
    digits: i32,
    rounding: Rounding,
    (precision, to): (u8, u8),
) -> Option<i128> {
    let dropped = i32::from(from).saturating_sub(digits).clamp(0, 38);
    let unit = power_of_ten(u8::try_from(dropped).ok()?);
    let rounded = divide(value, unit, rounding).checked_mul(unit)?;
    let scaled = if to >= from {
        rounded.checked_mul(power_of_ten(to - from))?
    } else {
        divide(rounded, power_of_ten(from - to), rounding)
    };
    fits(scaled, precision).then_some(scaled)
}

/// A DOUBLE by its shortest digits, as Java's `BigDecimal.valueOf` has it.
///
/// # Errors
/// If it is no number.
pub(super) fn round_double(value: f64, digits: i32, rounding: Rounding) -> Result<f64> {
    if !value.is_finite() {
        return Err(Error::new(
            ErrorKind::Function,
            format!(
                "java.lang.NumberFormatException: {} cannot be rounded",
                if value.is_nan() { "NaN" } else { "Infinity" }
            ),
        ));
    }
    Ok(cut(value, digits, rounding).unwrap_or(value))
}

/// `None` if the number has no more digits than that.
fn cut(value: f64, digits: i32, rounding: Rounding) -> Option<f64> {
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = text.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let unscaled: i128 = format!("{whole}{fraction}").parse().ok()?;
    let scale = i32::try_from(fraction.len()).ok()? - exponent;
    let dropped = Some(scale.saturating_sub(digits)).filter(|dropped| *dropped > 0)?;
    // It has 17 digits at most: if more go than these and one, nothing stays.
    let unit = power_of_ten(u8::try_from(dropped.min(20)).ok()?);
    let rounded = divide(unscaled, unit, rounding);
    let magnitude: f64 = format!("{rounded}e{}", digits.saturating_neg()).parse().ok()?;
    Some(if value < 0.0 && rounded != 0 { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::{Rounding, round_double};

    #[test]
    fn a_double_is_rounded_by_its_shortest_digits() {
        let cases = [
            (1.005, 2, 1.01),
            (-1.005, 2, -1.01),
            (0.5, 0, 1.0),
            (0.49, 0, 0.0),
            (-0.49, 0, 0.0),
            (1e300, 2, 1e300),
            (1e300, -299, 1e300),
            (6e300, -301, 1e301),
            (4e300, -301, 0.0),
            (1e-300, 2, 0.0),
            (123.456, -5, 0.0),
            (0.1, i32::MAX, 0.1),
            (0.1, i32::MIN + 1, 0.0),
        ];
        for (value, digits, expected) in cases {
            assert_eq!(round_double(value, digits, Rounding::HalfUp).unwrap(), expected, "{value}, {digits}");
        }
        assert_eq!(round_double(-1.999, 2, Rounding::Down).unwrap(), -1.99);
        assert!(round_double(f64::NAN, 2, Rounding::Down).is_err());
    }
}
