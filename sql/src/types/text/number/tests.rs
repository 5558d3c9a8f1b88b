use proptest::prelude::*;

use super::*;

fn double(value: f64) -> String {
    let mut text = String::new();
    write_double(value, &mut text);
    text
}

fn float(value: f32) -> String {
    let mut text = String::new();
    write_float(value, &mut text);
    text
}

#[test]
fn two_digits_are_the_fewest_and_the_closest() {
    // From the documentation of Double.toString, which says "closest" for these.
    assert_eq!(double(f64::from_bits(1)), "4.9E-324");
    assert_eq!(double(f64::from_bits(2)), "9.9E-324");
    assert_eq!(float(f32::from_bits(1)), "1.4E-45");
    assert_eq!(double(2e23), "2.0E23");
}

#[test]
fn writing_appends() {
    let mut text = String::from("x=");
    write_double(0.5, &mut text);
    write_integer(i64::MIN, &mut text);
    assert_eq!(text, "x=0.5-9223372036854775808");
}

#[test]
fn words_that_rust_reads_and_java_does_not_are_refused() {
    for text in
        ["inf", "nan", "INFINITY", "infinity", "Nan", "1_000", "0x1p3", "e5", ".", "1e", "--1", "1 2", "1dd"]
    {
        assert!(parse_double(text).is_err(), "{text}");
        assert!(parse_float(text).is_err(), "{text}");
    }
    assert_eq!(parse_double(" \t"), Err(NumberFormatError::Empty));
    assert_eq!(parse_double("-"), Err(NumberFormatError::OnlySign));
}

proptest! {
    #[test]
    fn doubles_read_back(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        let read = parse_double(&double(value)).unwrap();
        prop_assert!(read.to_bits() == bits || (value.is_nan() && read.is_nan()));
    }

    #[test]
    fn floats_read_back(bits in any::<u32>()) {
        let value = f32::from_bits(bits);
        let read = parse_float(&float(value)).unwrap();
        prop_assert!(read.to_bits() == bits || (value.is_nan() && read.is_nan()));
    }

    #[test]
    fn integers_read_back(value in any::<i64>(), fraction in "(\\.[0-9]{0,5})?", blanks in " {0,3}") {
        let mut text = blanks.clone();
        write_integer(value, &mut text);
        text.push_str(&fraction);
        text.push_str(&blanks);
        prop_assert_eq!(parse_integer(&text), Ok(value));
    }

    #[test]
    fn any_text_is_a_number_or_an_error(text in "[-+0-9.eEdxN ]{0,12}") {
        let _ = parse_integer(&text);
        if let Ok(value) = parse_double(&text) {
            prop_assert!(text.bytes().any(|byte| byte.is_ascii_digit()) || value.is_nan());
        }
    }
}
