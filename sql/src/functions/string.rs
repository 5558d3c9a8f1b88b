//! Functions of text. Characters are code points.

use super::Parameter::{Int, Text};
use super::lift::{kernel, numbers, texts};
use super::{Returns, ScalarFunction, Signature};
use crate::types::SqlType;
use arrow_array::types::Int32Type;

const TEXT: Signature = Signature::of(&[Text], Returns::Type(SqlType::STRING));

pub(super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("UPPER", TEXT, |_, _, _| {
        kernel(|call| {
            let values = call.texts(0)?;
            texts(call.rows(), |row, out| {
                Ok(values
                    .get(row)
                    .map(|text| out.extend(text.chars().flat_map(char::to_uppercase)))
                    .is_some())
            })
        })
    }),
    ScalarFunction::new("LOWER", TEXT, |_, _, _| {
        kernel(|call| {
            let values = call.texts(0)?;
            texts(call.rows(), |row, out| {
                Ok(values.get(row).map(|text| out.push_str(&text.to_lowercase())).is_some())
            })
        })
    }),
    ScalarFunction::new("CHAR_LENGTH", Signature::of(&[Text], Returns::Type(SqlType::Int)), |_, _, _| {
        kernel(|call| {
            let values = call.texts(0)?;
            numbers::<Int32Type>(call.rows(), |row| {
                Ok(values.get(row).map(|text| i32::try_from(text.chars().count()).unwrap_or(i32::MAX)))
            })
        })
    }),
    ScalarFunction::new("||", Signature::of(&[Text, Text], Returns::Type(SqlType::STRING)), |_, _, _| {
        kernel(|call| {
            let (left, right) = (call.texts(0)?, call.texts(1)?);
            texts(call.rows(), |row, out| {
                let Some((left, right)) = left.get(row).zip(right.get(row)) else { return Ok(false) };
                out.push_str(left);
                out.push_str(right);
                Ok(true)
            })
        })
    }),
    ScalarFunction::new(
        "SPLIT_INDEX",
        Signature::of(&[Text, Text, Int], Returns::Nullable(SqlType::STRING)),
        |_, _, _| {
            kernel(|call| {
                let (values, separators, indexes) =
                    (call.texts(0)?, call.texts(1)?, call.numbers::<Int32Type>(2)?);
                texts(call.rows(), |row, out| {
                    let part = (|| {
                        let (text, separator) = (values.get(row)?, separators.get(row)?);
                        let index = usize::try_from(indexes.get(row)?).ok()?;
                        if text.is_empty() {
                            return None;
                        }
                        text.split(separator).nth(index)
                    })();
                    Ok(part.map(|part| out.push_str(part)).is_some())
                })
            })
        },
    ),
];
