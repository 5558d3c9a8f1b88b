//! Floating point numbers with so many digits: the shortest digits of the number, rounded half up, as in Java.

/// The digits of a positive number, and where the point is: `0.digits * 10^point`.
fn digits(value: f64) -> (Vec<u8>, i32) {
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    (digits, exponent.parse::<i32>().unwrap_or(0) + 1)
}

/// Rounds to so many digits; says whether a digit has come in front.
fn round(digits: &mut Vec<u8>, kept: usize) -> bool {
    let up = digits.get(kept).is_some_and(|digit| *digit >= 5);
    digits.resize(kept, 0);
    if !up {
        return false;
    }
    for digit in digits.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return false;
        }
        *digit = 0;
    }
    digits.insert(0, 1);
    true
}

fn text(digits: &[u8]) -> String {
    digits.iter().map(|digit| char::from(b'0' + digit)).collect()
}

/// `123.46`
pub(super) fn fixed(value: f64, precision: usize) -> String {
    let (mut digits, mut point) = digits(value);
    // Zeros in front make each digit of the result one of the number.
    if point < 1 {
        let zeros = usize::try_from(1 - point).unwrap_or_default();
        digits.splice(0..0, std::iter::repeat_n(0, zeros));
        point = 1;
    }
    let whole = usize::try_from(point).unwrap_or(1);
    let carried = round(&mut digits, whole + precision);
    let (whole, fraction) = digits.split_at_checked(whole + usize::from(carried)).unwrap_or((&digits, &[]));
    if precision == 0 { text(whole) } else { format!("{}.{}", text(whole), text(fraction)) }
}

/// `1.234568e+04`
pub(super) fn exponential(value: f64, precision: usize) -> String {
    let (mut digits, mut point) = digits(value);
    if round(&mut digits, 1 + precision) {
        digits.pop();
        point += 1;
    }
    let exponent = if value == 0.0 { 0 } else { point - 1 };
    let sign = if exponent < 0 { '-' } else { '+' };
    let (first, rest) = digits.split_at_checked(1).unwrap_or((&digits, &[]));
    let point = if rest.is_empty() { "" } else { "." };
    format!("{}{point}{}e{sign}{:02}", text(first), text(rest), exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::{exponential, fixed};

    #[test]
    fn digits_are_rounded_half_up() {
        // From Java's `String.format`.
        for (value, precision, expected) in [
            (0.125, 2, "0.13"),
            (2.5, 0, "3"),
            (1.005, 2, "1.01"),
            (999.996, 2, "1000.00"),
            (0.0, 3, "0.000"),
            (0.0004, 3, "0.000"),
            (0.0005, 3, "0.001"),
            (1e20, 1, "100000000000000000000.0"),
        ] {
            assert_eq!(fixed(value, precision), expected, "{value}");
        }
        for (value, precision, expected) in [
            (12345.678, 6, "1.234568e+04"),
            (0.00099996, 3, "1.000e-03"),
            (0.0, 1, "0.0e+00"),
            (5.0, 0, "5e+00"),
        ] {
            assert_eq!(exponential(value, precision), expected, "{value}");
        }
    }
}
