//! Addresses of the Internet: INET_ATON, INET_NTOA.

use arrow_array::types::Int64Type;

use super::super::Parameter::{BigInt, Text};
use super::super::lift::{kernel, numbers_of, texts_of};
use super::super::{Returns, ScalarFunction, Signature};
use crate::types::SqlType;

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new(
        "INET_ATON",
        Signature::of(&[Text], Returns::Nullable(SqlType::BigInt)),
        |_, _, _| {
            kernel(|call| {
                let values = call.texts(0)?;
                numbers_of::<Int64Type>(call.rows(), |row| number(values.get(row)?))
            })
        },
    ),
    ScalarFunction::new(
        "INET_NTOA",
        Signature::of(&[BigInt], Returns::Nullable(SqlType::STRING)),
        |_, _, _| {
            kernel(|call| {
                let values = call.numbers::<Int64Type>(0)?;
                texts_of(call.rows(), |row, out| {
                    let [a, b, c, d] = u32::try_from(values.get(row)?).ok()?.to_be_bytes();
                    out.push_str(&format!("{a}.{b}.{c}.{d}"));
                    Some(())
                })
            })
        },
    ),
];

/// Of fewer than four parts, the last is the lowest byte.
fn number(address: &str) -> Option<i64> {
    let mut parts = Vec::with_capacity(4);
    for part in address.split('.') {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        // Zeros in front do not count.
        let part = part.trim_start_matches('0');
        parts.push(if part.is_empty() { Some(0) } else { part.parse::<u8>().ok() }.filter(|_| digits)?);
    }
    match parts.as_slice() {
        [a] => Some(i64::from(*a)),
        [a, d] => Some(i64::from(u32::from_be_bytes([*a, 0, 0, *d]))),
        [a, b, d] => Some(i64::from(u32::from_be_bytes([*a, *b, 0, *d]))),
        [a, b, c, d] => Some(i64::from(u32::from_be_bytes([*a, *b, *c, *d]))),
        _ => None,
    }
}
