//! Elements: `array[index]`, `map[key]`, ELEMENT, CARDINALITY.

use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef};
use arrow_select::take::take;
use millstream_runtime::{Error, ErrorKind, Result};

use super::super::Parameter::Int;
use super::super::lift::{int, kernel, numbers_of};
use super::super::{Call, ScalarFunction, Signature};
use super::lists::{comparator, lists, maps, range, range_of};
use crate::chunk::arrow_error;
use crate::error::{SqlError, SqlResult};
use crate::eval::Arguments;
use crate::types::{Field, SqlType, can_cast_implicitly};

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("ITEM", Signature::Custom(item), |arguments, _, _| {
        if arguments.first().is_some_and(|value| matches!(value.field.data_type, SqlType::Map(..))) {
            return kernel(map_item);
        }
        kernel(|call| {
            let lists = lists(call, 0)?;
            let positions = call.numbers::<Int32Type>(1)?;
            let places = (0..call.rows()).map(|row| {
                let range = range(&lists, row)?;
                let position = usize::try_from(positions.get(row)?).ok()?.checked_sub(1)?;
                (position < range.len()).then(|| range.start + position)
            });
            at(lists.values(), places)
        })
    }),
    // It fails for more than one element.
    ScalarFunction::new(
        "ELEMENT",
        Signature::Custom(|call| {
            call.expect_count(1, 1)?;
            let element = element_of(call, 0)?;
            Ok(Field::new(element.data_type, element.nullable || call.any_nullable()))
        }),
        |_, _, _| {
            kernel(|call| {
                let lists = lists(call, 0)?;
                let places = (0..call.rows()).map(|row| range(&lists, row)).collect::<Vec<_>>();
                if places.iter().flatten().any(|range| range.len() > 1) {
                    return Err(Error::new(
                        ErrorKind::Function,
                        "org.apache.flink.table.api.TableRuntimeException: Array has more than one element.",
                    ));
                }
                at(lists.values(), places.into_iter().map(|range| range?.next()))
            })
        },
    )
    .on_demand(),
    ScalarFunction::new(
        "CARDINALITY",
        Signature::Custom(|call| {
            call.expect_count(1, 1)?;
            match call.data_type(0) {
                SqlType::Array(_) | SqlType::Map(..) | SqlType::Multiset(_) => {}
                _ => return Err(call.mismatch()),
            }
            Ok(Field::new(SqlType::Int, call.any_nullable()))
        }),
        |arguments, _, _| {
            if arguments.first().is_some_and(|value| matches!(value.field.data_type, SqlType::Array(_))) {
                return kernel(|call| {
                    let lists = lists(call, 0)?;
                    numbers_of::<Int32Type>(call.rows(), |row| Some(int(range(&lists, row)?.len())))
                });
            }
            kernel(|call| {
                let maps = maps(call, 0)?;
                numbers_of::<Int32Type>(call.rows(), |row| {
                    Some(int(range_of(maps.offsets(), &maps, row)?.len()))
                })
            })
        },
    ),
];

/// The type of an array's elements.
pub(super) fn element_of(call: &Call, index: usize) -> SqlResult<Field> {
    match call.data_type(index) {
        SqlType::Array(element) => Ok((*element).clone()),
        _ => Err(call.mismatch()),
    }
}

fn item(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(2, 2)?;
    match call.data_type(0) {
        SqlType::Array(element) => {
            call.expect(1, Int)?;
            if let Some(position) = call.constant_int(1)
                && position < 1
            {
                return Err(SqlError::validation(format!(
                    "Array element access needs an index starting at 1 but was {position}."
                )));
            }
            Ok(Field::nullable(element.data_type.clone()))
        }
        SqlType::Map(key, value) => {
            if !can_cast_implicitly(&call.data_type(1), &key.data_type) {
                return Err(call.mismatch());
            }
            call.cast(1, &key.data_type);
            Ok(Field::nullable(value.data_type.clone()))
        }
        _ => Err(call.mismatch()),
    }
}

/// The values at these places; NULL where there is none.
fn at(values: &ArrayRef, places: impl Iterator<Item = Option<usize>>) -> Result<ArrayRef> {
    let places = places.map(|place| place.and_then(|place| u32::try_from(place).ok()));
    take(values, &places.collect::<arrow_array::UInt32Array>(), None).map_err(arrow_error)
}

fn map_item(call: &Arguments<'_>) -> Result<ArrayRef> {
    let (maps, wanted) = (maps(call, 0)?, call.array(1)?);
    let compare = comparator(maps.keys(), &wanted)?;
    let places = (0..call.rows()).map(|row| {
        if wanted.is_null(row) {
            return None;
        }
        range_of(maps.offsets(), &maps, row)?.find(|place| compare(*place, row).is_eq())
    });
    at(maps.values(), places)
}
