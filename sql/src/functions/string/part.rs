//! Parts of texts: SUBSTRING, LEFT, RIGHT, OVERLAY.

use arrow_array::types::Int32Type;

use super::super::Parameter::{Int, Text};
use super::super::lift::{int, kernel, texts_of};
use super::super::{Call, Returns, ScalarFunction, Signature};
use super::{byte_of, length};
use crate::types::{Field, MAXIMUM_LENGTH, SqlType};

const COUNTED: Signature = Signature::of(&[Text, Int], Returns::Computed(part));

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new(
        "SUBSTRING",
        Signature::optional(&[Text, Int, Int], 2, Returns::Computed(part)),
        |_, _, _| {
            kernel(|call| {
                let (values, starts) = (call.texts(0)?, call.numbers::<Int32Type>(1)?);
                let lengths = if call.len() > 2 { Some(call.numbers::<Int32Type>(2)?) } else { None };
                texts_of(call.rows(), |row, out| {
                    let (text, start) = (values.get(row)?, starts.get(row)?);
                    let wanted = match &lengths {
                        Some(lengths) => lengths.get(row)?,
                        None => i32::MAX,
                    };
                    out.push_str(substring(text, start, usize::try_from(wanted).ok()?));
                    Some(())
                })
            })
        },
    ),
    ScalarFunction::new("LEFT", COUNTED, |_, _, _| {
        kernel(|call| {
            let (values, counts) = (call.texts(0)?, call.numbers::<Int32Type>(1)?);
            texts_of(call.rows(), |row, out| {
                let (text, count) = (values.get(row)?, usize::try_from(counts.get(row)?).unwrap_or(0));
                out.push_str(text.get(..byte_of(text, count))?);
                Some(())
            })
        })
    }),
    ScalarFunction::new("RIGHT", COUNTED, |_, _, _| {
        kernel(|call| {
            let (values, counts) = (call.texts(0)?, call.numbers::<Int32Type>(1)?);
            texts_of(call.rows(), |row, out| {
                let (text, count) = (values.get(row)?, usize::try_from(counts.get(row)?).unwrap_or(0));
                out.push_str(text.get(byte_of(text, length(text).saturating_sub(count))..)?);
                Some(())
            })
        })
    }),
    ScalarFunction::new(
        "OVERLAY",
        Signature::optional(
            &[Text, Text, Int, Int],
            3,
            Returns::Computed(|call| {
                let length = call.text_length(0).saturating_add(call.text_length(1)).min(MAXIMUM_LENGTH);
                Field::new(SqlType::VarChar(length), call.any_nullable())
            }),
        ),
        |_, _, _| {
            kernel(|call| {
                let (values, replacements) = (call.texts(0)?, call.texts(1)?);
                let starts = call.numbers::<Int32Type>(2)?;
                let lengths = if call.len() > 3 { Some(call.numbers::<Int32Type>(3)?) } else { None };
                texts_of(call.rows(), |row, out| {
                    let (text, replacement) = (values.get(row)?, replacements.get(row)?);
                    let start = starts.get(row)?;
                    let over = match &lengths {
                        Some(lengths) => lengths.get(row)?,
                        None => int(length(replacement)),
                    };
                    overlay(text, replacement, start, over, out)
                })
            })
        },
    ),
];

/// As long as the text at most. It may be NULL, for a negative length.
fn part(call: &Call) -> Field {
    Field::nullable(SqlType::VarChar(call.text_length(0)))
}

/// From a position that counts from 1, or from the end if it is negative; 0 is 1. Empty if that is outside the text.
fn substring(text: &str, start: i32, wanted: usize) -> &str {
    let distance = start.unsigned_abs() as usize;
    let first = match start {
        0 => 0,
        1.. => distance - 1,
        _ => match length(text).checked_sub(distance) {
            Some(first) => first,
            None => return "",
        },
    };
    let rest = text.get(byte_of(text, first)..).unwrap_or_default();
    rest.get(..byte_of(rest, wanted)).unwrap_or_default()
}

/// What `over` covers goes; nothing behind the replacement stays if it covers the end, or nothing at all.
fn overlay(text: &str, replacement: &str, start: i32, over: i32, out: &mut String) -> Option<()> {
    let characters = i64::from(int(length(text)));
    let (start, over) = (i64::from(start), i64::from(over));
    if start <= 0 || start > characters {
        out.push_str(text);
        return Some(());
    }
    let byte = |character: i64| byte_of(text, usize::try_from(character).unwrap_or(usize::MAX));
    out.push_str(text.get(..byte(start - 1))?);
    out.push_str(replacement);
    if over > 0 && start + over <= characters {
        out.push_str(text.get(byte(start - 1 + over)..)?);
    }
    Some(())
}
