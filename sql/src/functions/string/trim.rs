//! TRIM, LTRIM, RTRIM, BTRIM: what is given is a set of characters.

use super::super::Parameter::Text;
use super::super::lift::{kernel, texts_of};
use super::super::{Build, Call, Returns, ScalarFunction, Signature};
use crate::error::SqlResult;
use crate::eval::Kernel;
use crate::types::{Field, SqlType};

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    // TRIM(side, characters, text): how `TRIM(side characters FROM text)` is bound.
    ScalarFunction::new(
        "TRIM",
        Signature::of(
            &[Text, Text, Text],
            Returns::Computed(|call| Field::new(SqlType::VarChar(call.text_length(2)), call.any_nullable())),
        ),
        |_, _, _| {
            kernel(|call| {
                let (sides, sets, values) = (call.texts(0)?, call.texts(1)?, call.texts(2)?);
                texts_of(call.rows(), |row, out| {
                    let side = match sides.get(row)? {
                        "LEADING" => Side::Leading,
                        "TRAILING" => Side::Trailing,
                        _ => Side::Both,
                    };
                    out.push_str(trimmed(values.get(row)?, sets.get(row)?, side));
                    Some(())
                })
            })
        },
    ),
    trimming("LTRIM", TRIMMED, |_, _, _| trim(Side::Leading)),
    trimming("RTRIM", TRIMMED, |_, _, _| trim(Side::Trailing)),
    trimming("BTRIM", Returns::Type(SqlType::STRING), |_, _, _| trim(Side::Both)),
];

const TRIMMED: Returns = Returns::Computed(Call::as_long_as_first);

const fn trimming(name: &'static str, returns: Returns, build: Build) -> ScalarFunction {
    ScalarFunction::new(name, Signature::optional(&[Text, Text], 1, returns), build)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Leading,
    Trailing,
    Both,
}

fn trim(side: Side) -> SqlResult<Box<dyn Kernel>> {
    kernel(move |call| {
        let values = call.texts(0)?;
        let sets = if call.len() > 1 { Some(call.texts(1)?) } else { None };
        texts_of(call.rows(), |row, out| {
            let text = values.get(row)?;
            let set = match &sets {
                Some(sets) => sets.get(row)?,
                None => " ",
            };
            out.push_str(trimmed(text, set, side));
            Some(())
        })
    })
}

fn trimmed<'a>(text: &'a str, set: &str, side: Side) -> &'a str {
    let is_in_set = |character: char| set.contains(character);
    let text = if side == Side::Trailing { text } else { text.trim_start_matches(is_in_set) };
    if side == Side::Leading { text } else { text.trim_end_matches(is_in_set) }
}
