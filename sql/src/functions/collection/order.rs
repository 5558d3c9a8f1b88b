//! Arrays in order: ARRAY_SORT, ARRAY_MAX, ARRAY_MIN.

use std::cmp::Ordering;

use arrow_array::{Array, UInt32Array};
use arrow_select::take::take;

use super::super::Parameter::Boolean;
use super::super::lift::kernel;
use super::super::{Build, Call, ScalarFunction, Signature};
use super::access::element_of;
use super::lists::{ListsBuilder, comparator, lists, range};
use crate::chunk::arrow_error;
use crate::error::SqlResult;
use crate::eval::Kernel;
use crate::types::{Field, SqlType};

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("ARRAY_SORT", Signature::Custom(sorted), |_, result, _| sort(result)),
    extreme("ARRAY_MAX", |_, _, _| most(Ordering::Greater)),
    extreme("ARRAY_MIN", |_, _, _| most(Ordering::Less)),
];

/// An array, whether it ascends, and whether NULLs come first.
fn sorted(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(1, 3)?;
    comparable(call)?;
    (1..call.arguments.len()).try_for_each(|index| call.expect(index, Boolean))?;
    Ok(Field::new(call.data_type(0), call.any_nullable()))
}

fn comparable(call: &Call) -> SqlResult<SqlType> {
    let element = element_of(call, 0)?.data_type;
    match element {
        SqlType::Array(_) | SqlType::Map(..) | SqlType::Multiset(_) | SqlType::Row(_) => Err(call.mismatch()),
        other => Ok(other),
    }
}

fn sort(result: &Field) -> SqlResult<Box<dyn Kernel>> {
    let data_type = result.data_type.arrow();
    kernel(move |call| {
        let lists = lists(call, 0)?;
        let ascending = if call.len() > 1 { Some(call.booleans(1)?) } else { None };
        let nulls_first = if call.len() > 2 { Some(call.booleans(2)?) } else { None };
        let values = lists.values();
        let compare = comparator(values, values)?;
        let mut sorted = ListsBuilder::new(call.rows());
        for row in 0..call.rows() {
            let order = (|| {
                let flag = |flags: &arrow_array::BooleanArray| flags.is_valid(row).then(|| flags.value(row));
                let ascending = ascending.as_ref().map_or(Some(true), flag)?;
                // Without a word, NULLs are the least.
                let nulls_first = nulls_first.as_ref().map_or(Some(ascending), flag)?;
                Some((range(&lists, row)?, ascending, nulls_first))
            })();
            let Some((range, ascending, nulls_first)) = order else {
                sorted.end_row(None)?;
                continue;
            };
            let mut places: Vec<_> = range.collect();
            places.sort_by(|left, right| match (values.is_null(*left), values.is_null(*right)) {
                (false, false) if ascending => compare(*left, *right),
                (false, false) => compare(*right, *left),
                (left, right) if nulls_first => right.cmp(&left),
                (left, right) => left.cmp(&right),
            });
            places.into_iter().for_each(|place| sorted.push(0, place));
            sorted.end_row(Some(()))?;
        }
        sorted.finish(&data_type, &[values])
    })
}

const fn extreme(name: &'static str, build: Build) -> ScalarFunction {
    ScalarFunction::new(
        name,
        Signature::Custom(|call| {
            call.expect_count(1, 1)?;
            Ok(Field::nullable(comparable(call)?))
        }),
        build,
    )
}

/// The greatest or least element that is not NULL.
fn most(wanted: Ordering) -> SqlResult<Box<dyn Kernel>> {
    kernel(move |call| {
        let lists = lists(call, 0)?;
        let values = lists.values();
        let compare = comparator(values, values)?;
        let places = (0..call.rows()).map(|row| {
            let candidates = range(&lists, row)?.filter(|place| values.is_valid(*place));
            let best =
                candidates.reduce(|best, place| if compare(place, best) == wanted { place } else { best });
            best.and_then(|place| u32::try_from(place).ok())
        });
        take(values, &places.collect::<UInt32Array>(), None).map_err(arrow_error)
    })
}
