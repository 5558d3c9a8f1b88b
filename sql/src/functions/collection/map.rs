//! MAP_KEYS, MAP_VALUES, MAP_ENTRIES, MAP_FROM_ARRAYS, MAP_UNION.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, MapArray, StructArray};
use arrow_schema::DataType;
use millstream_runtime::{Error, ErrorKind, Result};

use super::super::lift::kernel;
use super::super::{Call, ScalarFunction, Signature};
use super::access::element_of;
use super::lists::{ListsBuilder, comparator, lists, maps, range, range_of};
use crate::chunk::arrow_error;
use crate::error::SqlResult;
use crate::eval::Arguments;
use crate::types::{Field, NamedField, SqlType};

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new(
        "MAP_KEYS",
        Signature::Custom(|call| {
            let (key, _) = entries(call)?;
            Ok(Field::new(SqlType::Array(key), call.any_nullable()))
        }),
        |_, result, _| {
            let data_type = result.data_type.arrow();
            kernel(move |call| as_lists(&maps(call, 0)?, &data_type, |maps| maps.keys().clone()))
        },
    ),
    ScalarFunction::new(
        "MAP_VALUES",
        Signature::Custom(|call| {
            let (_, value) = entries(call)?;
            Ok(Field::new(SqlType::Array(value), call.any_nullable()))
        }),
        |_, result, _| {
            let data_type = result.data_type.arrow();
            kernel(move |call| as_lists(&maps(call, 0)?, &data_type, |maps| maps.values().clone()))
        },
    ),
    ScalarFunction::new(
        "MAP_ENTRIES",
        Signature::Custom(|call| {
            let (key, value) = entries(call)?;
            let fields = [NamedField::new("key", (*key).clone()), NamedField::new("value", (*value).clone())];
            let entry = Field::nullable(SqlType::Row(fields.into()));
            Ok(Field::new(SqlType::Array(Arc::new(entry)), call.any_nullable()))
        }),
        |_, result, _| {
            let data_type = result.data_type.arrow();
            kernel(move |call| as_lists(&maps(call, 0)?, &data_type, |maps| Arc::new(maps.entries().clone())))
        },
    ),
    // It fails for arrays of different lengths.
    ScalarFunction::new(
        "MAP_FROM_ARRAYS",
        Signature::Custom(|call| {
            call.expect_count(2, 2)?;
            let (key, value) = (element_of(call, 0)?, element_of(call, 1)?);
            Ok(Field::new(SqlType::Map(Arc::new(key), Arc::new(value)), call.any_nullable()))
        }),
        |_, result, _| {
            let data_type = result.data_type.arrow();
            kernel(move |call| from_arrays(call, &data_type))
        },
    )
    .on_demand(),
    ScalarFunction::new(
        "MAP_UNION",
        Signature::Custom(|call| {
            call.expect_count(1, usize::MAX)?;
            let common = call.expect_common(0)?;
            if !matches!(common, SqlType::Map(..)) {
                return Err(call.mismatch());
            }
            Ok(Field::new(common, call.any_nullable()))
        }),
        |_, result, _| {
            let data_type = result.data_type.arrow();
            kernel(move |call| union(call, &data_type))
        },
    ),
];

fn entries(call: &Call) -> SqlResult<(Arc<Field>, Arc<Field>)> {
    call.expect_count(1, 1)?;
    match call.data_type(0) {
        SqlType::Map(key, value) => Ok((key, value)),
        _ => Err(call.mismatch()),
    }
}

/// Arrays of what each map has of a kind, in the type that is wanted.
fn as_lists(
    maps: &MapArray,
    data_type: &DataType,
    values: impl FnOnce(&MapArray) -> ArrayRef,
) -> Result<ArrayRef> {
    let DataType::List(element) = data_type else {
        return Err(Error::new(ErrorKind::Internal, format!("arrays of type {data_type}")));
    };
    let mut values = values(maps);
    // The entries of a map are named and typed as arrow wants them, and not as the row's fields are.
    if let (DataType::Struct(fields), Some(entries)) = (element.data_type(), values.as_struct_opt()) {
        let rows = StructArray::try_new(fields.clone(), entries.columns().to_vec(), None);
        values = Arc::new(rows.map_err(arrow_error)?);
    }
    let lists = ListArray::try_new(element.clone(), maps.offsets().clone(), values, maps.nulls().cloned());
    Ok(Arc::new(lists.map_err(arrow_error)?))
}

/// All pairs: of equal keys, the first is found.
fn from_arrays(call: &Arguments<'_>, data_type: &DataType) -> Result<ArrayRef> {
    let (keys, values) = (lists(call, 0)?, lists(call, 1)?);
    let (mut from_keys, mut from_values) = (ListsBuilder::new(call.rows()), ListsBuilder::new(call.rows()));
    for row in 0..call.rows() {
        let both = range(&keys, row).zip(range(&values, row));
        if let Some((keys, values)) = both.clone() {
            if keys.len() != values.len() {
                let message = format!(
                    "org.apache.flink.util.FlinkRuntimeException: Invalid function MAP_FROM_ARRAYS call:\nThe length of \
                     the keys array {} is not equal to the length of the values array {}",
                    keys.len(),
                    values.len()
                );
                return Err(Error::new(ErrorKind::Function, message));
            }
            from_keys.extend(0, keys);
            from_values.extend(0, values);
        }
        from_keys.end_row(both.clone().map(drop))?;
        from_values.end_row(both.map(drop))?;
    }
    let values = from_values.gather(&[values.values()])?;
    from_keys.finish_maps(data_type, keys.values(), values)
}

/// Of equal keys, the last map's counts; its entries come first, as in Flink.
fn union(call: &Arguments<'_>, data_type: &DataType) -> Result<ArrayRef> {
    let all: Vec<_> = (0..call.len()).map(|index| maps(call, index)).collect::<Result<_>>()?;
    let mut comparators = Vec::new();
    for left in &all {
        let row = all.iter().map(|right| comparator(left.keys(), right.keys()));
        comparators.push(row.collect::<Result<Vec<_>>>()?);
    }
    let equal = |left: (usize, usize), right: (usize, usize)| {
        let compare = comparators.get(left.0).and_then(|row| row.get(right.0));
        compare.is_some_and(|compare| compare(left.1, right.1).is_eq())
    };
    let mut joined = ListsBuilder::new(call.rows());
    for row in 0..call.rows() {
        let ranges: Option<Vec<_>> = all.iter().map(|maps| range_of(maps.offsets(), maps, row)).collect();
        for (source, range) in ranges.as_deref().unwrap_or_default().iter().enumerate().rev() {
            for place in range.clone() {
                if !joined.current().iter().any(|known| equal((source, place), *known)) {
                    joined.push(source, place);
                }
            }
        }
        joined.end_row(ranges.map(drop))?;
    }
    let keys: Vec<_> = all.iter().map(MapArray::keys).collect();
    let values: Vec<_> = all.iter().map(MapArray::values).collect();
    joined.finish_map(data_type, &keys, &values)
}
