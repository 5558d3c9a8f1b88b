//! Text to numbers, as a cast in Flink takes it.

/// Why a text is no number of the type that it is cast to.
///
/// It does not hold the text: TRY_CAST throws it away for every bad value, and the place that reports it has the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberFormatError {
    /// There is nothing, or nothing but blanks.
    #[error("the text is empty: give a number")]
    Empty,
    /// There is a sign, and no digit behind it.
    #[error("the text has a sign but no digits: give a number")]
    OnlySign,
    /// Something stands there that numbers of this type do not have.
    #[error("the text has a character that numbers of this type do not have")]
    InvalidCharacter,
    /// The number is none of the type's: too large or too small.
    #[error("the number is out of the range of its type: use a wider type")]
    Overflow,
}

/// Reads a whole number, as casts to TINYINT, SMALLINT, INT and BIGINT do; a narrower type than BIGINT checks its range
/// with `try_from`. Blanks around it are left out, and digits behind a point, if they are digits, are cut off. There are no
/// exponents. Follows Flink's `BinaryStringDataUtil.toLong`.
///
/// # Errors
///
/// The text is no such number, or not in the range of 64 bits.
///
/// ```
/// use millstream_sql::types::text::number::{NumberFormatError, parse_integer};
///
/// assert_eq!(parse_integer(" -12.99 "), Ok(-12));
/// assert_eq!(parse_integer("1e3"), Err(NumberFormatError::InvalidCharacter));
/// ```
pub fn parse_integer(text: &str) -> Result<i64, NumberFormatError> {
    let text = text.trim_matches(' ').as_bytes();
    let (negative, digits) = match text {
        [] => return Err(NumberFormatError::Empty),
        [b'+' | b'-'] => return Err(NumberFormatError::OnlySign),
        [sign @ (b'+' | b'-'), digits @ ..] => (*sign == b'-', digits),
        digits => (false, digits),
    };
    let mut digits = digits.iter();
    let mut value = 0_i64;
    for byte in digits.by_ref() {
        if *byte == b'.' {
            break;
        }
        // Downwards, since the smallest number has no positive counterpart.
        let digit = i64::from(digit(*byte).ok_or(NumberFormatError::InvalidCharacter)?);
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_sub(digit))
            .ok_or(NumberFormatError::Overflow)?;
    }
    if !digits.all(u8::is_ascii_digit) {
        return Err(NumberFormatError::InvalidCharacter);
    }
    if negative { Ok(value) } else { value.checked_neg().ok_or(NumberFormatError::Overflow) }
}

fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

/// Reads a DOUBLE as Java's `Double.parseDouble` does, without hexadecimal numbers: blanks and control characters around
/// it are left out, `NaN` and `Infinity` are numbers, and a letter `d` or `f` may stand at the end. Numbers beyond the
/// range are infinite.
///
/// # Errors
///
/// The text is no such number.
///
/// ```
/// use millstream_sql::types::text::number::parse_double;
///
/// assert_eq!(parse_double(" 1.5e3 "), Ok(1500.0));
/// assert!(parse_double("inf").is_err());
/// ```
pub fn parse_double(text: &str) -> Result<f64, NumberFormatError> {
    match floating_text(text)? {
        Floating::Number(number) => number.parse().map_err(|_| NumberFormatError::InvalidCharacter),
        Floating::Infinity { negative: false } => Ok(f64::INFINITY),
        Floating::Infinity { negative: true } => Ok(f64::NEG_INFINITY),
        Floating::NotANumber => Ok(f64::NAN),
    }
}

/// Reads a FLOAT as [`parse_double`] reads a DOUBLE, rounded once.
///
/// # Errors
///
/// The text is no such number.
pub fn parse_float(text: &str) -> Result<f32, NumberFormatError> {
    match floating_text(text)? {
        Floating::Number(number) => number.parse().map_err(|_| NumberFormatError::InvalidCharacter),
        Floating::Infinity { negative: false } => Ok(f32::INFINITY),
        Floating::Infinity { negative: true } => Ok(f32::NEG_INFINITY),
        Floating::NotANumber => Ok(f32::NAN),
    }
}

enum Floating<'a> {
    /// What Rust reads as Java does.
    Number(&'a str),
    Infinity {
        negative: bool,
    },
    NotANumber,
}

fn floating_text(text: &str) -> Result<Floating<'_>, NumberFormatError> {
    let text = text.trim_matches(|character| character <= ' ');
    let negative = text.starts_with('-');
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    match unsigned {
        "" if text.is_empty() => return Err(NumberFormatError::Empty),
        "" => return Err(NumberFormatError::OnlySign),
        "NaN" => return Ok(Floating::NotANumber),
        "Infinity" => return Ok(Floating::Infinity { negative }),
        _ => {}
    }
    let number = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    // Rust also reads words like `inf`: what is left must be made of a number's characters.
    let is_number = number.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    if is_number { Ok(Floating::Number(number)) } else { Err(NumberFormatError::InvalidCharacter) }
}
