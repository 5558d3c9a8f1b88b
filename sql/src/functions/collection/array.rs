//! ARRAY_APPEND, ARRAY_PREPEND, ARRAY_CONTAINS, ARRAY_POSITION, ARRAY_REMOVE, ARRAY_REVERSE, ARRAY_SLICE, ARRAY_CONCAT,
//! ARRAY_JOIN.

use std::sync::Arc;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use millstream_runtime::{Error, ErrorKind, Result};

use super::super::Parameter::{Int, Text};
use super::super::lift::{booleans_of, int, kernel, numbers_of, texts_of};
use super::super::{Call, ScalarFunction, Signature};
use super::access::element_of;
use super::lists::{ListsBuilder, comparator, lists, range};
use crate::error::SqlResult;
use crate::eval::Kernel;
use crate::types::{Field, SqlType, can_cast_implicitly};

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("ARRAY_APPEND", Signature::Custom(longer), |_, result, _| extend(result, false)),
    ScalarFunction::new("ARRAY_PREPEND", Signature::Custom(longer), |_, result, _| extend(result, true)),
    ScalarFunction::new(
        "ARRAY_CONTAINS",
        Signature::Custom(|call| {
            expect_element(call)?;
            Ok(Field::new(SqlType::Boolean, call.is_nullable(0)))
        }),
        |_, _, _| {
            kernel(|call| {
                let (lists, needles) = (lists(call, 0)?, call.array(1)?);
                // NULL is found like any other value.
                let compare = comparator(lists.values(), &needles)?;
                booleans_of(call.rows(), |row| {
                    Some(range(&lists, row)?.any(|place| compare(place, row).is_eq()))
                })
            })
        },
    ),
    ScalarFunction::new(
        "ARRAY_POSITION",
        Signature::Custom(|call| {
            expect_element(call)?;
            Ok(Field::new(SqlType::Int, call.any_nullable()))
        }),
        |_, _, _| {
            kernel(|call| {
                let (lists, needles) = (lists(call, 0)?, call.array(1)?);
                let compare = comparator(lists.values(), &needles)?;
                numbers_of::<Int32Type>(call.rows(), |row| {
                    let mut range = range(&lists, row).filter(|_| needles.is_valid(row))?;
                    Some(
                        range.position(|place| compare(place, row).is_eq()).map_or(0, |place| int(place) + 1),
                    )
                })
            })
        },
    ),
    ScalarFunction::new(
        "ARRAY_REMOVE",
        Signature::Custom(|call| {
            expect_element(call)?;
            Ok(Field::new(call.data_type(0), call.is_nullable(0)))
        }),
        |_, result, _| {
            let data_type = result.data_type.arrow();
            kernel(move |call| {
                let (lists, needles) = (lists(call, 0)?, call.array(1)?);
                let compare = comparator(lists.values(), &needles)?;
                let mut kept = ListsBuilder::new(call.rows());
                for row in 0..call.rows() {
                    let range = range(&lists, row);
                    for place in range.clone().into_iter().flatten() {
                        if compare(place, row).is_ne() {
                            kept.push(0, place);
                        }
                    }
                    kept.end_row(range.map(drop))?;
                }
                kept.finish(&data_type, &[lists.values()])
            })
        },
    ),
    ScalarFunction::new("ARRAY_REVERSE", Signature::Custom(same), |_, result, _| {
        let data_type = result.data_type.arrow();
        kernel(move |call| {
            let lists = lists(call, 0)?;
            let mut reversed = ListsBuilder::new(call.rows());
            for row in 0..call.rows() {
                let range = range(&lists, row);
                range.clone().into_iter().flatten().rev().for_each(|place| reversed.push(0, place));
                reversed.end_row(range.map(drop))?;
            }
            reversed.finish(&data_type, &[lists.values()])
        })
    }),
    ScalarFunction::new("ARRAY_SLICE", Signature::Custom(sliced), |_, result, _| slice(result)),
    ScalarFunction::new("ARRAY_CONCAT", Signature::Custom(common), |_, result, _| {
        let data_type = result.data_type.arrow();
        kernel(move |call| {
            let all: Vec<_> = (0..call.len()).map(|index| lists(call, index)).collect::<Result<_>>()?;
            let mut joined = ListsBuilder::new(call.rows());
            for row in 0..call.rows() {
                let ranges: Option<Vec<_>> = all.iter().map(|lists| range(lists, row)).collect();
                for (source, range) in ranges.iter().flatten().enumerate() {
                    joined.extend(source, range.clone());
                }
                joined.end_row(ranges.map(drop))?;
            }
            let values: Vec<_> = all.iter().map(|lists| lists.values()).collect();
            joined.finish(&data_type, &values)
        })
    }),
    ScalarFunction::new("ARRAY_JOIN", Signature::Custom(joined), |_, _, _| {
        kernel(|call| {
            let (lists, separators) = (lists(call, 0)?, call.texts(1)?);
            let replacements = if call.len() > 2 { Some(call.texts(2)?) } else { None };
            let values = lists
                .values()
                .as_string_view_opt()
                .ok_or_else(|| Error::new(ErrorKind::Internal, "ARRAY_JOIN of what is no text"))?;
            texts_of(call.rows(), |row, out| {
                let (range, separator) = (range(&lists, row)?, separators.get(row)?);
                let replacement = match &replacements {
                    Some(replacements) => Some(replacements.get(row)?),
                    None => None,
                };
                let mut first = true;
                for place in range {
                    let value = if values.is_valid(place) { Some(values.value(place)) } else { replacement };
                    let Some(value) = value else { continue };
                    if !std::mem::take(&mut first) {
                        out.push_str(separator);
                    }
                    out.push_str(value);
                }
                Some(())
            })
        })
    }),
];

/// An array with an element more, which may be NULL where that is.
fn longer(call: &mut Call) -> SqlResult<Field> {
    let element = expect_element(call)?;
    let element = Field::new(element.data_type, element.nullable || call.is_nullable(1));
    Ok(Field::new(SqlType::Array(Arc::new(element)), call.any_nullable()))
}

fn extend(result: &Field, in_front: bool) -> SqlResult<Box<dyn Kernel>> {
    let data_type = result.data_type.arrow();
    let takes_null = matches!(&result.data_type, SqlType::Array(element) if element.nullable);
    kernel(move |call| {
        let (lists, added) = (lists(call, 0)?, call.array(1)?);
        let mut longer = ListsBuilder::new(call.rows());
        for row in 0..call.rows() {
            let range = range(&lists, row).filter(|_| takes_null || added.is_valid(row));
            if let Some(range) = range.clone() {
                if in_front {
                    longer.push(1, row);
                }
                longer.extend(0, range);
                if !in_front {
                    longer.push(1, row);
                }
            }
            longer.end_row(range.map(drop))?;
        }
        longer.finish(&data_type, &[lists.values(), &added])
    })
}

/// One array; the result is of its type.
pub(super) fn same(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(1, 1)?;
    element_of(call, 0)?;
    Ok(Field::new(call.data_type(0), call.any_nullable()))
}

/// Arrays, cast to the type that they have in common.
pub(super) fn common(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(1, usize::MAX)?;
    let common = call.expect_common(0)?;
    if !matches!(common, SqlType::Array(_)) {
        return Err(call.mismatch());
    }
    Ok(Field::new(common, call.any_nullable()))
}

fn sliced(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(2, 3)?;
    element_of(call, 0)?;
    (1..call.arguments.len()).try_for_each(|index| call.expect(index, Int))?;
    Ok(Field::new(call.data_type(0), call.any_nullable()))
}

/// Positions count from 1, or from the end if they are negative; both ends belong to the slice.
fn slice(result: &Field) -> SqlResult<Box<dyn Kernel>> {
    let data_type = result.data_type.arrow();
    kernel(move |call| {
        let (lists, starts) = (lists(call, 0)?, call.numbers::<Int32Type>(1)?);
        let ends = if call.len() > 2 { Some(call.numbers::<Int32Type>(2)?) } else { None };
        let mut slices = ListsBuilder::new(call.rows());
        for row in 0..call.rows() {
            let kept = (|| {
                let range = range(&lists, row)?;
                let length = i64::try_from(range.len()).ok()?;
                let end = match &ends {
                    Some(ends) => i64::from(ends.get(row)?),
                    None => length,
                };
                let from_end = |position: i64| if position < 0 { position + length + 1 } else { position };
                let start = from_end(starts.get(row)?.into()).max(1);
                let end = match from_end(end) {
                    0 => 1,
                    end => end.min(length),
                };
                let place = |position: i64| Some(range.start + usize::try_from(position).ok()?);
                // Of an empty array, all are.
                if length == 0 || end < start { Some(0..0) } else { Some(place(start - 1)?..place(end)?) }
            })();
            slices.extend(0, kept.clone().unwrap_or_default());
            slices.end_row(kept.map(drop))?;
        }
        slices.finish(&data_type, &[lists.values()])
    })
}

fn joined(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(2, 3)?;
    if !element_of(call, 0)?.data_type.is_text() {
        return Err(call.mismatch());
    }
    (1..call.arguments.len()).try_for_each(|index| call.expect(index, Text))?;
    Ok(Field::new(SqlType::STRING, call.any_nullable()))
}

/// An array and what can be an element of it: the latter is cast to the type of the former's.
fn expect_element(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(2, 2)?;
    let element = element_of(call, 0)?;
    if !can_cast_implicitly(&call.data_type(1), &element.data_type) {
        return Err(call.mismatch());
    }
    call.cast(1, &element.data_type);
    Ok(element)
}
