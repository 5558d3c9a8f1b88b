//! `x IN (a, b, …)` where the list is long: its constants are looked up in a set.

use std::sync::Arc;

use arrow_arith::boolean::or_kleene;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Int8Type, Int16Type, Int32Type, Int64Type, Time32MillisecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_ord::cmp::eq;
use arrow_schema::{DataType, TimeUnit};
use hashbrown::HashSet;
use millstream_runtime::{Error, ErrorKind, Result};

use super::super::lift::{booleans_of, kernel};
use super::super::{Argument, ScalarFunction, Signature};
use crate::chunk::arrow_error;
use crate::error::SqlResult;
use crate::eval::{Arguments, Kernel};
use crate::types::{Field, SqlType, common_type};

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[ScalarFunction::new(
    "IN",
    Signature::Custom(|call| {
        call.expect_count(2, usize::MAX)?;
        let common = call.expect_common(0)?.materialized();
        call.cast_all(&common);
        Ok(Field::new(SqlType::Boolean, call.any_nullable()))
    }),
    |arguments, _, _| build(arguments),
)];

/// Whether a set serves values of these types, and finds what `=` does.
pub(crate) fn has_set_of<'a>(mut types: impl Iterator<Item = &'a SqlType>) -> bool {
    let Some(first) = types.next().cloned() else { return false };
    // Text and a number have no type in common; `=` reads the one as the other.
    let common = types.try_fold(first, |common, data_type| common_type(&common, data_type));
    common.is_some_and(|common| {
        common.is_text()
            || common.is_integer()
            || common.is_timestamp()
            || matches!(common, SqlType::Date | SqlType::Time(_))
    })
}

enum Members {
    Numbers(HashSet<i64>),
    Texts(HashSet<Box<str>>),
}

fn build(arguments: &[Argument]) -> SqlResult<Box<dyn Kernel>> {
    let is_text = arguments.first().is_some_and(|value| value.field.data_type.is_text());
    let mut members = if is_text { Members::Texts(HashSet::new()) } else { Members::Numbers(HashSet::new()) };
    // What is no constant is compared.
    let (mut others, mut has_null) = (Vec::new(), false);
    for (index, argument) in arguments.iter().enumerate().skip(1) {
        match &argument.constant {
            Some(constant) if constant.is_null(0) => has_null = true,
            Some(constant) if members.add(constant) => {}
            _ => others.push(index),
        }
    }
    kernel(move |call| {
        let mut result = members.test(call, has_null)?;
        for index in &others {
            let equal = eq(call.value(0)?, call.value(*index)?).map_err(arrow_error)?;
            let equal = spread(equal, call.rows());
            result = or_kleene(&result, &equal).map_err(arrow_error)?;
        }
        Ok(Arc::new(result))
    })
}

/// One answer for all rows as one for each.
fn spread(answers: BooleanArray, rows: usize) -> BooleanArray {
    if answers.len() == rows {
        return answers;
    }
    let answer = (answers.is_valid(0)).then(|| answers.value(0));
    std::iter::repeat_n(answer, rows).collect()
}

impl Members {
    /// Adds a constant; says whether it is of a type that sets take.
    fn add(&mut self, constant: &ArrayRef) -> bool {
        let added = match self {
            Self::Texts(texts) => {
                constant.as_string_view_opt().map(|text| texts.insert(text.value(0).into()))
            }
            Self::Numbers(numbers) => number(constant).map(|value| numbers.insert(value)),
        };
        added.is_some()
    }

    /// NULL for NULL, and where a value is not there but may be the NULL of the list.
    fn test(&self, call: &Arguments<'_>, has_null: bool) -> Result<BooleanArray> {
        let answer = |found: bool| if found || !has_null { Some(found) } else { None };
        macro_rules! numbers {
            ($members:expr, $kind:ty) => {{
                let values = call.numbers::<$kind>(0)?;
                booleans_of(call.rows(), |row| answer($members.contains(&i64::from(values.get(row)?))))
            }};
        }
        let answers = match self {
            Self::Texts(members) => {
                let values = call.texts(0)?;
                booleans_of(call.rows(), |row| answer(members.contains(values.get(row)?)))
            }
            Self::Numbers(members) => match call.value(0)?.array().data_type() {
                DataType::Int8 => numbers!(members, Int8Type),
                DataType::Int16 => numbers!(members, Int16Type),
                DataType::Int32 => numbers!(members, Int32Type),
                DataType::Int64 => numbers!(members, Int64Type),
                DataType::Date32 => numbers!(members, Date32Type),
                DataType::Time32(_) => numbers!(members, Time32MillisecondType),
                DataType::Timestamp(TimeUnit::Millisecond, _) => numbers!(members, TimestampMillisecondType),
                DataType::Timestamp(TimeUnit::Microsecond, _) => numbers!(members, TimestampMicrosecondType),
                DataType::Timestamp(..) => numbers!(members, TimestampNanosecondType),
                other => Err(Error::new(ErrorKind::Internal, format!("IN over a column of {other}"))),
            },
        }?;
        Ok(answers.as_boolean().clone())
    }
}

fn number(constant: &ArrayRef) -> Option<i64> {
    macro_rules! first_of {
        ($($kind:ty),+) => {
            $(if let Some(values) = constant.as_primitive_opt::<$kind>() {
                return Some(i64::from(values.value(0)));
            })+
        };
    }
    first_of!(
        Int8Type,
        Int16Type,
        Int32Type,
        Int64Type,
        Date32Type,
        Time32MillisecondType,
        TimestampMillisecondType,
        TimestampMicrosecondType,
        TimestampNanosecondType
    );
    None
}
