//! Decimal numbers as Java's `BigDecimal.toString` writes them.

/// A number as it is written in JSON or by Java's `Double.toString`; `None` if its exponent is out of range.
pub(super) fn big_decimal(text: &str) -> Option<String> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().ok()?;
    let (negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let scale = i64::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    i32::try_from(scale).ok()?;
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    Some(layout(negative && digits != "0", digits, scale))
}

/// Plainly if the exponent is small, and else with one digit before the point.
fn layout(negative: bool, digits: &str, scale: i64) -> String {
    let mut out = String::from(if negative { "-" } else { "" });
    let count = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    let adjusted = count - 1 - scale;
    if scale == 0 {
        out.push_str(digits);
    } else if scale > 0 && adjusted >= -6 {
        let point = count - scale;
        match usize::try_from(point).ok().filter(|point| *point > 0) {
            Some(point) => {
                let (whole, fraction) = digits.split_at_checked(point).unwrap_or((digits, ""));
                out.extend([whole, ".", fraction]);
            }
            None => {
                out.push_str("0.");
                (point..0).for_each(|_| out.push('0'));
                out.push_str(digits);
            }
        }
    } else {
        let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
        out.push_str(first);
        if !rest.is_empty() {
            out.extend([".", rest]);
        }
        if adjusted != 0 {
            out.push_str(&format!("E{adjusted:+}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::big_decimal;

    #[test]
    fn numbers_are_laid_out_as_java_does() {
        // From Java's `new BigDecimal(text).toString()`.
        let cases = [
            ("1.50", "1.50"),
            ("1e3", "1E+3"),
            ("1.0E20", "1.0E+20"),
            ("1.0E-5", "0.000010"),
            ("1.0E-7", "1.0E-7"),
            ("-0.0", "0.0"),
            ("-12.30e1", "-123.0"),
            ("0.00", "0.00"),
            ("0e5", "0E+5"),
            ("1E400", "1E+400"),
            ("123.456e3", "123456"),
            ("0.001", "0.001"),
        ];
        for (text, expected) in cases {
            assert_eq!(big_decimal(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(big_decimal("1e9999999999"), None);
    }
}
