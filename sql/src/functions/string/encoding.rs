//! Texts and bytes in other writings: TO_BASE64, FROM_BASE64, ENCODE, DECODE, HEX, UNHEX, BIN.

use arrow_array::Array;
use arrow_array::types::Int64Type;
use base64::DecodeError;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};
use millstream_runtime::{Error, ErrorKind, Result};

use super::super::Parameter::{BigInt, Binary, Text};
use super::super::lift::{binaries, binaries_of, kernel, texts, texts_of};
use super::super::{Argument, Call, Returns, ScalarFunction, Signature};
use crate::error::SqlResult;
use crate::types::{Field, SqlType};

/// Padding is written, and may be missing where it is read.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("TO_BASE64", Signature::Custom(texts_or_bytes), |arguments, _, _| {
        if is_binary(arguments) {
            return kernel(|call| {
                let values = call.binaries(0)?;
                texts_of(call.rows(), |row, out| {
                    values.is_valid(row).then(|| BASE64.encode_string(values.value(row), out))
                })
            });
        }
        kernel(|call| {
            let values = call.texts(0)?;
            texts_of(call.rows(), |row, out| {
                BASE64.encode_string(values.get(row)?, out);
                Some(())
            })
        })
    }),
    ScalarFunction::new("FROM_BASE64", Signature::of(&[Text], Returns::Type(SqlType::STRING)), |_, _, _| {
        kernel(|call| {
            let values = call.texts(0)?;
            texts(call.rows(), |row, out| {
                let Some(text) = values.get(row) else { return Ok(false) };
                let bytes = BASE64.decode(text).map_err(|error| {
                    let reason = match error {
                        DecodeError::InvalidByte(_, byte) => format!("Illegal base64 character {byte:x}"),
                        other => other.to_string(),
                    };
                    let message = format!("java.lang.IllegalArgumentException: {reason}, in '{text}'");
                    Error::new(ErrorKind::Function, message)
                })?;
                out.push_str(&String::from_utf8_lossy(&bytes));
                Ok(true)
            })
        })
    })
    .on_demand(),
    ScalarFunction::new("ENCODE", Signature::of(&[Text, Text], Returns::Type(SqlType::BYTES)), |_, _, _| {
        kernel(|call| {
            let (values, charsets) = (call.texts(0)?, call.texts(1)?);
            binaries(call.rows(), |row, out| {
                let Some((text, charset)) = values.get(row).zip(charsets.get(row)) else { return Ok(false) };
                encode(text, Charset::named(charset)?, out);
                Ok(true)
            })
        })
    })
    .on_demand(),
    ScalarFunction::new(
        "DECODE",
        Signature::of(&[Binary, Text], Returns::Type(SqlType::STRING)),
        |_, _, _| {
            kernel(|call| {
                let (values, charsets) = (call.binaries(0)?, call.texts(1)?);
                texts(call.rows(), |row, out| {
                    let Some(charset) = charsets.get(row).filter(|_| values.is_valid(row)) else {
                        return Ok(false);
                    };
                    decode(values.value(row), Charset::named(charset)?, out);
                    Ok(true)
                })
            })
        },
    )
    .on_demand(),
    ScalarFunction::new("HEX", Signature::Custom(text_or_integer), |arguments, _, _| {
        if arguments.first().is_some_and(|argument| argument.field.data_type.is_text()) {
            return kernel(|call| {
                let values = call.texts(0)?;
                texts_of(call.rows(), |row, out| {
                    push_hexadecimal(values.get(row)?.as_bytes(), b"0123456789ABCDEF", out);
                    Some(())
                })
            });
        }
        kernel(|call| {
            let values = call.numbers::<Int64Type>(0)?;
            texts_of(call.rows(), |row, out| {
                out.push_str(&format!("{:X}", values.get(row)?));
                Some(())
            })
        })
    }),
    ScalarFunction::new("BIN", Signature::of(&[BigInt], Returns::Type(SqlType::STRING)), |_, _, _| {
        kernel(|call| {
            let values = call.numbers::<Int64Type>(0)?;
            texts_of(call.rows(), |row, out| {
                out.push_str(&format!("{:b}", values.get(row)?));
                Some(())
            })
        })
    }),
    ScalarFunction::new("UNHEX", Signature::of(&[Text], Returns::Nullable(SqlType::BYTES)), |_, _, _| {
        kernel(|call| {
            let values = call.texts(0)?;
            binaries_of(call.rows(), |row, out| unhexadecimal(values.get(row)?, out))
        })
    }),
];

fn is_binary(arguments: &[Argument]) -> bool {
    arguments.first().is_some_and(|argument| argument.field.data_type.is_binary())
}

fn texts_or_bytes(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(1, 1)?;
    call.expect(0, if call.data_type(0).is_binary() { Binary } else { Text })?;
    Ok(Field::new(SqlType::STRING, call.any_nullable()))
}

fn text_or_integer(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(1, 1)?;
    call.expect(0, if call.data_type(0).is_integer() { BigInt } else { Text })?;
    Ok(Field::new(SqlType::STRING, call.any_nullable()))
}

/// Appends two digits for each byte.
pub(in super::super) fn push_hexadecimal(bytes: &[u8], digits: &[u8; 16], out: &mut String) {
    let digit = |value: u8| digits.get(usize::from(value)).copied().map_or('0', char::from);
    out.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
}

/// Of an odd number of digits, the first is left out, and a zero byte stands in its place: as Flink has it.
fn unhexadecimal(text: &str, out: &mut Vec<u8>) -> Option<()> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut digits = text.bytes();
    if text.len() % 2 == 1 {
        digits.next();
        out.push(0);
    }
    while let Some(high) = digits.next() {
        out.push(digit(high)? << 4 | digit(digits.next()?)?);
    }
    Some(())
}

#[derive(Clone, Copy)]
enum Charset {
    Ascii,
    Latin1,
    Utf8,
    /// Big-endian; with a mark at the front where it is written, and as the mark says where it is read.
    Utf16,
    Utf16Big,
    Utf16Little,
}

impl Charset {
    fn named(name: &str) -> Result<Self> {
        Ok(match name.to_ascii_uppercase().as_str() {
            "US-ASCII" | "ASCII" => Self::Ascii,
            "ISO-8859-1" | "LATIN1" => Self::Latin1,
            "UTF-8" | "UTF8" => Self::Utf8,
            "UTF-16" => Self::Utf16,
            "UTF-16BE" => Self::Utf16Big,
            "UTF-16LE" => Self::Utf16Little,
            _ => {
                return Err(Error::new(
                    ErrorKind::Function,
                    format!("java.io.UnsupportedEncodingException: {name}"),
                ));
            }
        })
    }
}

/// What the charset does not have becomes `?`.
fn encode(text: &str, charset: Charset, out: &mut Vec<u8>) {
    let narrow = |limit: u32| {
        move |character: char| match u8::try_from(u32::from(character)) {
            Ok(byte) if u32::from(byte) < limit => byte,
            _ => b'?',
        }
    };
    match charset {
        Charset::Ascii => out.extend(text.chars().map(narrow(0x80))),
        Charset::Latin1 => out.extend(text.chars().map(narrow(0x100))),
        Charset::Utf8 => out.extend_from_slice(text.as_bytes()),
        Charset::Utf16 => {
            out.extend_from_slice(&[0xFE, 0xFF]);
            out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
        }
        Charset::Utf16Big => out.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
        Charset::Utf16Little => out.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
    }
}

/// What the charset does not have becomes U+FFFD.
fn decode(bytes: &[u8], charset: Charset, out: &mut String) {
    let replacement = char::REPLACEMENT_CHARACTER;
    match charset {
        Charset::Ascii => {
            out.extend(
                bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { replacement }),
            );
        }
        Charset::Latin1 => out.extend(bytes.iter().map(|byte| char::from(*byte))),
        Charset::Utf8 => out.push_str(&String::from_utf8_lossy(bytes)),
        Charset::Utf16 => match bytes {
            [0xFE, 0xFF, rest @ ..] => decode(rest, Charset::Utf16Big, out),
            [0xFF, 0xFE, rest @ ..] => decode(rest, Charset::Utf16Little, out),
            _ => decode(bytes, Charset::Utf16Big, out),
        },
        Charset::Utf16Big | Charset::Utf16Little => {
            let (pairs, odd) = bytes.as_chunks::<2>();
            let units = pairs.iter().map(|pair| match charset {
                Charset::Utf16Little => u16::from_le_bytes(*pair),
                _ => u16::from_be_bytes(*pair),
            });
            out.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(replacement)));
            if !odd.is_empty() {
                out.push(replacement);
            }
        }
    }
}
