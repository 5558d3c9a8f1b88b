use proptest::prelude::*;

use super::*;

fn plain(unscaled: i128, scale: u8) -> String {
    let mut text = String::new();
    write_decimal(unscaled, scale, &mut text);
    text
}

fn row(unscaled: i128, scale: u8) -> String {
    let mut text = String::new();
    write_decimal_row(unscaled, scale, &mut text);
    text
}

#[test]
fn texts_that_flink_reads_by_special_code_are_read_as_all_others() {
    assert_eq!(parse_decimal("12x", 5, 2), Err(NumberFormatError::InvalidCharacter));
    assert_eq!(parse_decimal("00012", 2, 0), Ok(12));
    assert_eq!(parse_decimal("9.99", 2, 1), Err(NumberFormatError::Overflow));
}

#[test]
fn rounding_looks_at_one_digit_and_goes_away_from_zero() {
    assert_eq!(parse_decimal("0.05", 3, 1), Ok(1));
    assert_eq!(parse_decimal("-0.05", 3, 1), Ok(-1));
    assert_eq!(parse_decimal("0.049999", 3, 1), Ok(0));
    assert_eq!(parse_decimal("5e-2", 3, 1), Ok(1));
    assert_eq!(parse_decimal("5e-3", 3, 1), Ok(0));
    assert_eq!(parse_decimal("9e-2147483647", 3, 1), Ok(0));
    assert_eq!(parse_decimal("0e2147483647", 3, 1), Ok(0));
}

proptest! {
    #[test]
    fn decimals_read_back(unscaled in -(10_i128.pow(38) - 1)..10_i128.pow(38), scale in 0_u8..=38) {
        prop_assert_eq!(parse_decimal(&plain(unscaled, scale), 38, scale), Ok(unscaled));
        prop_assert_eq!(parse_decimal(&row(unscaled, scale), 38, scale), Ok(unscaled));
    }

    #[test]
    fn small_decimals_read_back(unscaled in -1_000_i128..1_000, scale in 0_u8..=38) {
        prop_assert_eq!(parse_decimal(&plain(unscaled, scale), 38, scale), Ok(unscaled));
        prop_assert_eq!(parse_decimal(&row(unscaled, scale), 38, scale), Ok(unscaled));
    }

    #[test]
    fn rounding_is_that_of_integers(unscaled in -10_000_000_i128..10_000_000, from in 0_u8..8, to in 0_u8..8) {
        prop_assume!(to < from);
        let factor = 10_i128.pow(u32::from(from - to));
        let expected = unscaled.signum() * ((unscaled.abs() + factor / 2) / factor);
        prop_assert_eq!(parse_decimal(&plain(unscaled, from), 38, to), Ok(expected));
    }

    #[test]
    fn any_text_is_a_decimal_or_an_error(text in "[-+0-9.eE ]{0,14}", precision in 1_u8..=38, scale in 0_u8..=38) {
        if let Ok(value) = parse_decimal(&text, precision, scale) {
            prop_assert!(value.abs() < 10_i128.pow(u32::from(precision)));
        }
    }
}
