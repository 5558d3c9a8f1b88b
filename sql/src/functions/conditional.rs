//! GREATEST, LEAST, IS_ALPHA, IS_DECIMAL, IS_DIGIT, TYPEOF. COALESCE, IF, IFNULL and NULLIF are CASEs.

use std::cmp::Ordering;
use std::sync::LazyLock;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_ord::ord::make_comparator;
use arrow_select::interleave::interleave;
use millstream_runtime::Result;
use regex::Regex;

use super::lift::{booleans_of, kernel, texts_of};
use super::{Argument, Build, Call, ScalarFunction, Signature};
use crate::chunk::arrow_error;
use crate::error::{SqlError, SqlResult};
use crate::eval::{Arguments, Kernel};
use crate::types::text::number::parse_double;
use crate::types::{Field, SqlType};

pub(super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("GREATEST", Signature::Custom(alike), |_, _, _| {
        kernel(|call| extreme(call, Ordering::Greater))
    }),
    ScalarFunction::new("LEAST", Signature::Custom(alike), |_, _, _| {
        kernel(|call| extreme(call, Ordering::Less))
    }),
    test("IS_ALPHA", |arguments, _, _| tested(arguments, |_| false, |text| matches(&LETTERS, text))),
    test("IS_DECIMAL", |arguments, _, _| {
        tested(arguments, SqlType::is_numeric, |text| parse_double(text).is_ok())
    }),
    test("IS_DIGIT", |arguments, _, _| tested(arguments, SqlType::is_integer, |text| matches(&DIGITS, text))),
    ScalarFunction::new("TYPEOF", Signature::Custom(of_any), |arguments, _, _| {
        let text = arguments.first().map_or_else(String::new, |argument| argument.field.to_string());
        // TRUE: with nothing left out.
        let full = arguments.get(1).map(is_true).transpose()?.unwrap_or_default();
        let text = if full { with_lengths(&text) } else { text };
        kernel(move |call| {
            texts_of(call.rows(), |_, out| {
                out.push_str(&text);
                Some(())
            })
        })
    }),
];

fn alike(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(1, usize::MAX)?;
    let common = call.expect_common(0)?.materialized();
    call.cast_all(&common);
    Ok(Field::new(common, call.any_nullable()))
}

/// The greatest or least of the values of each row; NULL if one of them is.
fn extreme(call: &Arguments<'_>, wanted: Ordering) -> Result<ArrayRef> {
    let columns: Vec<_> = (0..call.len()).map(|index| call.array(index)).collect::<Result<_>>()?;
    let mut best = vec![0; call.rows()];
    let Some((first, others)) = columns.split_first() else { return call.array(0) };
    // The best so far is any of the columns before: each has its own comparison.
    for (index, column) in others.iter().enumerate() {
        let before = std::iter::once(first).chain(others.iter().take(index));
        let comparators = before
            .map(|earlier| make_comparator(column, earlier, Default::default()).map_err(arrow_error))
            .collect::<Result<Vec<_>>>()?;
        for (row, best) in best.iter_mut().enumerate() {
            let is_null = |column: usize| columns.get(column).is_none_or(|column| column.is_null(row));
            let better = comparators.get(*best).is_some_and(|compare| compare(row, row) == wanted);
            if !is_null(*best) && (is_null(index + 1) || better) {
                *best = index + 1;
            }
        }
    }
    let arrays: Vec<&dyn Array> = columns.iter().map(|column| &**column).collect();
    let chosen: Vec<_> = best.into_iter().enumerate().map(|(row, column)| (column, row)).collect();
    interleave(&arrays, &chosen).map_err(arrow_error)
}

const fn test(name: &'static str, build: Build) -> ScalarFunction {
    ScalarFunction::new(name, Signature::Custom(text_or_number), build)
}

fn text_or_number(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(1, 1)?;
    let data_type = call.data_type(0);
    if !data_type.is_text() && !data_type.is_numeric() {
        call.expect(0, super::Parameter::Text)?;
    }
    Ok(Field::required(SqlType::Boolean))
}

static LETTERS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{L}+$").ok());
static DIGITS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{Nd}+$").ok());

fn matches(pattern: &Option<Regex>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

/// FALSE for NULL; for a number, what its type says.
fn tested(
    arguments: &[Argument],
    number: fn(&SqlType) -> bool,
    text: fn(&str) -> bool,
) -> SqlResult<Box<dyn Kernel>> {
    let data_type = arguments.first().map_or(SqlType::Null, |argument| argument.field.data_type.clone());
    if data_type.is_text() {
        return kernel(move |call| {
            let values = call.texts(0)?;
            booleans_of(call.rows(), |row| Some(values.get(row).is_some_and(text)))
        });
    }
    let holds = number(&data_type);
    kernel(move |call| {
        let values = call.array(0)?;
        booleans_of(call.rows(), |row| Some(holds && values.is_valid(row)))
    })
}

fn of_any(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(1, 2)?;
    if call.arguments.len() > 1
        && (call.data_type(1) != SqlType::Boolean
            || call.arguments.get(1).and_then(|full| full.as_constant()).is_none())
    {
        return Err(call.mismatch());
    }
    Ok(Field::nullable(SqlType::STRING))
}

fn is_true(argument: &Argument) -> SqlResult<bool> {
    let constant = argument.constant.as_ref().and_then(|constant| constant.as_boolean_opt());
    let constant =
        constant.ok_or_else(|| SqlError::validation("the second argument of TYPEOF must be a literal"))?;
    Ok(constant.is_valid(0) && constant.value(0))
}

/// STRING and BYTES by their long names; names of fields stay.
fn with_lengths(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(index, part)| {
        if index % 2 == 1 {
            return part.to_owned();
        }
        part.replace("STRING", "VARCHAR(2147483647)").replace("BYTES", "VARBINARY(2147483647)")
    });
    parts.collect::<Vec<_>>().join("`")
}
