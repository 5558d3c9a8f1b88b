//! `= <> < <= > >=`, IS DISTINCT FROM, IN, and comparisons with patterns.

mod like;
mod membership;
mod similar;

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::types::{ArrowPrimitiveType, Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, Datum};
use arrow_ord::cmp::{distinct, eq, gt, gt_eq, lt, lt_eq, neq, not_distinct};
use arrow_ord::ord::make_comparator;
use arrow_schema::ArrowError;
use millstream_runtime::Result;

use super::lift::kernel;
use super::{Argument, Call, ScalarFunction, Signature};
use crate::chunk::arrow_error;
use crate::error::SqlResult;
use crate::eval::{Arguments, Kernel};
use crate::types::{Field, SqlType};

pub(crate) use membership::has_set_of;

/// The functions of each file.
pub(super) const FAMILIES: &[&[ScalarFunction]] =
    &[FUNCTIONS, like::FUNCTIONS, membership::FUNCTIONS, similar::FUNCTIONS];

static FUNCTIONS: &[ScalarFunction] = &[
    comparison("=", |arguments, _, _| build(arguments, eq, |order| order == Some(Ordering::Equal))),
    comparison("<>", |arguments, _, _| build(arguments, neq, |order| order != Some(Ordering::Equal))),
    comparison("<", |arguments, _, _| build(arguments, lt, |order| order == Some(Ordering::Less))),
    comparison("<=", |arguments, _, _| build(arguments, lt_eq, |order| order.is_some_and(Ordering::is_le))),
    comparison(">", |arguments, _, _| build(arguments, gt, |order| order == Some(Ordering::Greater))),
    comparison(">=", |arguments, _, _| build(arguments, gt_eq, |order| order.is_some_and(Ordering::is_ge))),
    ScalarFunction::new("IS DISTINCT FROM", Signature::Custom(distinction), |_, _, _| {
        kernel(|call| arrow_comparison(call, distinct))
    }),
    ScalarFunction::new("IS NOT DISTINCT FROM", Signature::Custom(distinction), |_, _, _| {
        kernel(|call| arrow_comparison(call, not_distinct))
    }),
];

const fn comparison(name: &'static str, build: super::Build) -> ScalarFunction {
    ScalarFunction::new(name, Signature::Custom(operands), build)
}

fn operands(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(2, 2)?;
    let nullable = call.any_nullable();
    let (left, right) = (call.data_type(0), call.data_type(1));
    // Text beside anything else is read as that, as `day = '2020-01-31'`.
    let comparable_with_text = |data_type: &SqlType| {
        data_type.is_numeric()
            || data_type.is_timestamp()
            || matches!(data_type, SqlType::Date | SqlType::Time(_) | SqlType::Boolean)
    };
    if left.is_text() && comparable_with_text(&right) {
        call.cast(0, &right);
    } else if right.is_text() && comparable_with_text(&left) {
        call.cast(1, &left);
    } else {
        let common = call.expect_common(0)?;
        // Arrow compares decimals of one scale, and times of one meaning.
        call.cast_all(&common.materialized());
    }
    Ok(Field::new(SqlType::Boolean, nullable))
}

fn distinction(call: &mut Call) -> SqlResult<Field> {
    operands(call)?;
    Ok(Field::required(SqlType::Boolean))
}

type Comparison = fn(&dyn Datum, &dyn Datum) -> std::result::Result<BooleanArray, ArrowError>;

fn build(
    arguments: &[Argument],
    comparison: Comparison,
    holds: fn(Option<Ordering>) -> bool,
) -> SqlResult<Box<dyn Kernel>> {
    match arguments.first().map(|argument| &argument.field.data_type) {
        Some(SqlType::Float) => kernel(move |call| floats::<Float32Type>(call, holds)),
        Some(SqlType::Double) => kernel(move |call| floats::<Float64Type>(call, holds)),
        Some(SqlType::Array(_) | SqlType::Map(..) | SqlType::Multiset(_) | SqlType::Row(_)) => {
            kernel(move |call| nested(call, holds))
        }
        _ => kernel(move |call| arrow_comparison(call, comparison)),
    }
}

fn arrow_comparison(call: &Arguments<'_>, comparison: Comparison) -> Result<ArrayRef> {
    Ok(Arc::new(comparison(call.value(0)?, call.value(1)?).map_err(arrow_error)?))
}

/// Arrays, maps and rows, element by element; NULLs in them are equal.
fn nested(call: &Arguments<'_>, holds: fn(Option<Ordering>) -> bool) -> Result<ArrayRef> {
    let (left, right) = (call.array(0)?, call.array(1)?);
    let compare = make_comparator(&left, &right, Default::default()).map_err(arrow_error)?;
    super::lift::booleans_of(call.rows(), |row| {
        (left.is_valid(row) && right.is_valid(row)).then(|| holds(Some(compare(row, row))))
    })
}

/// As Java's operators: NaN is equal to nothing, and the two zeros are equal. Arrow has a total order.
fn floats<T: ArrowPrimitiveType<Native: PartialOrd>>(
    call: &Arguments<'_>,
    holds: fn(Option<Ordering>) -> bool,
) -> Result<ArrayRef> {
    let (left, right) = (call.numbers::<T>(0)?, call.numbers::<T>(1)?);
    super::lift::booleans(call.rows(), |row| {
        Ok(left.get(row).zip(right.get(row)).map(|(left, right)| holds(left.partial_cmp(&right))))
    })
}
