//! Texts in texts: POSITION, LOCATE, INSTR, STARTSWITH, ENDSWITH, REPLACE.

use arrow_array::Array;
use arrow_array::types::Int32Type;
use millstream_runtime::{Error, ErrorKind, Result};

use super::super::Parameter::{Binary, Int, Text};
use super::super::lift::{booleans_of, int, kernel, numbers, numbers_of, texts_of};
use super::super::{Argument, Build, Call, Returns, ScalarFunction, Signature};
use super::{byte_of, length};
use crate::error::SqlResult;
use crate::eval::Kernel;
use crate::types::{Field, SqlType};

const POSITION: Signature = Signature::optional(&[Text, Text, Int], 2, Returns::Type(SqlType::Int));

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("POSITION", POSITION, |_, _, _| position()),
    ScalarFunction::new("LOCATE", POSITION, |_, _, _| position()),
    // It fails for an occurrence that is not positive.
    ScalarFunction::new(
        "INSTR",
        Signature::optional(&[Text, Text, Int, Int], 2, Returns::Type(SqlType::Int)),
        |_, _, _| {
            kernel(|call| {
                let (values, needles) = (call.texts(0)?, call.texts(1)?);
                let starts = if call.len() > 2 { Some(call.numbers::<Int32Type>(2)?) } else { None };
                let occurrences = if call.len() > 3 { Some(call.numbers::<Int32Type>(3)?) } else { None };
                numbers::<Int32Type>(call.rows(), |row| {
                    let arguments = (|| {
                        let start = starts.as_ref().map_or(Some(1), |starts| starts.get(row))?;
                        let nth = occurrences.as_ref().map_or(Some(1), |nth| nth.get(row))?;
                        Some((values.get(row)?, needles.get(row)?, start, nth))
                    })();
                    arguments
                        .map(|(text, needle, start, nth)| nth_position(text, needle, start, nth))
                        .transpose()
                })
            })
        },
    )
    .on_demand(),
    affix("STARTSWITH", |arguments, _, _| {
        test_affix(
            arguments,
            |text, prefix| text.starts_with(prefix),
            |bytes, prefix| bytes.starts_with(prefix),
        )
    }),
    affix("ENDSWITH", |arguments, _, _| {
        test_affix(arguments, |text, suffix| text.ends_with(suffix), |bytes, suffix| bytes.ends_with(suffix))
    }),
    ScalarFunction::new(
        "REPLACE",
        Signature::of(&[Text, Text, Text], Returns::Type(SqlType::STRING)),
        |_, _, _| {
            kernel(|call| {
                let (values, from, to) = (call.texts(0)?, call.texts(1)?, call.texts(2)?);
                texts_of(call.rows(), |row, out| {
                    let (text, from, to) = (values.get(row)?, from.get(row)?, to.get(row)?);
                    let mut rest = 0;
                    for (start, found) in text.match_indices(from) {
                        out.push_str(text.get(rest..start)?);
                        out.push_str(to);
                        rest = start + found.len();
                    }
                    out.push_str(text.get(rest..)?);
                    Some(())
                })
            })
        },
    ),
];

/// The place of a text in another, from 1 on; 0 if it is not there.
fn position() -> SqlResult<Box<dyn Kernel>> {
    kernel(|call| {
        let (needles, values) = (call.texts(0)?, call.texts(1)?);
        let starts = if call.len() > 2 { Some(call.numbers::<Int32Type>(2)?) } else { None };
        numbers_of::<Int32Type>(call.rows(), |row| {
            let start = match &starts {
                Some(starts) => starts.get(row)?,
                None => 1,
            };
            Some(find(values.get(row)?, needles.get(row)?, start))
        })
    })
}

/// As Flink's `BinaryStringData.indexOf`: an empty needle is found at once, wherever the search begins.
fn find(text: &str, needle: &str, start: i32) -> i32 {
    if needle.is_empty() {
        return 1;
    }
    let first = usize::try_from(start.saturating_sub(1)).unwrap_or(0);
    let begin = byte_of(text, first);
    let rest = text.get(begin..).unwrap_or_default();
    rest.find(needle).map_or(0, |byte| {
        let before = text.get(..begin + byte).unwrap_or_default();
        int(length(before)).saturating_add(1)
    })
}

fn nth_position(text: &str, needle: &str, start: i32, nth: i32) -> Result<i32> {
    if nth <= 0 {
        return Err(Error::new(
            ErrorKind::Function,
            "java.lang.IllegalArgumentException: nthAppearance must be positive!",
        ));
    }
    if start == 0 {
        return Ok(0);
    }
    if start < 0 {
        // From the end, backwards.
        let reverse = |text: &str| text.chars().rev().collect::<String>();
        let found = nth_position(&reverse(text), &reverse(needle), start.saturating_neg(), nth)?;
        return Ok(if found == 0 { 0 } else { int(length(text)) + 2 - found - int(length(needle)) });
    }
    let mut from = start;
    let mut found = 0;
    for _ in 0..nth {
        found = find(text, needle, from);
        if found == 0 {
            break;
        }
        from = found + 1;
    }
    Ok(found)
}

const fn affix(name: &'static str, build: Build) -> ScalarFunction {
    ScalarFunction::new(name, Signature::Custom(texts_or_bytes), build)
}

fn texts_or_bytes(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(2, 2)?;
    let parameter = if call.data_type(0).is_binary() { Binary } else { Text };
    call.expect(0, parameter)?;
    call.expect(1, parameter)?;
    Ok(Field::new(SqlType::Boolean, call.any_nullable()))
}

fn test_affix(
    arguments: &[Argument],
    of_text: fn(&str, &str) -> bool,
    of_bytes: fn(&[u8], &[u8]) -> bool,
) -> SqlResult<Box<dyn Kernel>> {
    if arguments.first().is_some_and(|argument| argument.field.data_type.is_binary()) {
        return kernel(move |call| {
            let (values, affixes) = (call.binaries(0)?, call.binaries(1)?);
            booleans_of(call.rows(), |row| {
                (values.is_valid(row) && affixes.is_valid(row))
                    .then(|| of_bytes(values.value(row), affixes.value(row)))
            })
        });
    }
    kernel(move |call| {
        let (values, affixes) = (call.texts(0)?, call.texts(1)?);
        booleans_of(call.rows(), |row| Some(of_text(values.get(row)?, affixes.get(row)?)))
    })
}
