//! Arrays as they are decoded to columns of a table.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time32MillisecondType, Time64MicrosecondType, Time64NanosecondType, UInt8Type, UInt16Type, UInt32Type,
};
use arrow_array::{
    Array, ArrayRef, BinaryViewArray, Int64Array, ListArray, MapArray, StructArray, new_null_array,
};
use arrow_schema::{ArrowError, DataType, Fields, TimeUnit};

use super::timestamps::{Instants, is_utc};
use crate::types::zone::Zone;
use crate::types::{Field, SqlType, time_unit};

/// The column of this type that a decoded array is; `zone` is the clock of TIMESTAMPs that are instants in files.
pub(super) fn convert(array: &ArrayRef, wanted: &Field, zone: &Zone) -> Result<ArrayRef, String> {
    let converted = convert_values(array, &wanted.data_type, zone)?;
    if !wanted.nullable && converted.null_count() > 0 {
        return Err(format!("NULL, but it is {wanted}"));
    }
    Ok(converted)
}

fn convert_values(array: &ArrayRef, wanted: &SqlType, zone: &Zone) -> Result<ArrayRef, String> {
    let target = wanted.arrow();
    match (array.data_type(), wanted) {
        (DataType::Null, _) => Ok(new_null_array(&target, array.len())),
        (DataType::Timestamp(_, zone_of_file), SqlType::Timestamp(precision, _)) => {
            timestamps(array, *precision, zone_of_file.is_some(), true, zone)
        }
        (DataType::Timestamp(_, zone_of_file), SqlType::TimestampLtz(precision, _)) => {
            timestamps(array, *precision, zone_of_file.is_some(), false, zone)
        }
        // Whether the decoder has checked a text depends on how the file marks it.
        (DataType::Utf8View, wanted) if wanted.is_text() => {
            let bytes = array.as_string_view().clone().to_binary_view();
            Ok(Arc::new(bytes.to_string_view().map_err(text)?))
        }
        (found, _) if *found == target && !found.is_nested() => Ok(array.clone()),
        (_, wanted) if wanted.is_integer() => integers(array, wanted),
        (DataType::Float32, SqlType::Double) => {
            Ok(Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float64Type>(f64::from)))
        }
        (DataType::Decimal128(precision, _), SqlType::Decimal(most, scale)) => {
            let numbers = array.as_primitive::<Decimal128Type>();
            if precision > most {
                numbers.validate_decimal_precision(*most).map_err(text)?;
            }
            let numbers = numbers.clone().with_precision_and_scale(*most, scale.cast_signed());
            Ok(Arc::new(numbers.map_err(text)?))
        }
        (DataType::BinaryView, wanted) if wanted.is_text() => {
            Ok(Arc::new(array.as_binary_view().clone().to_string_view().map_err(text)?))
        }
        (DataType::Utf8View, wanted) if wanted.is_binary() => {
            Ok(Arc::new(array.as_string_view().clone().to_binary_view()))
        }
        (DataType::FixedSizeBinary(_), wanted) if wanted.is_binary() => {
            Ok(Arc::new(array.as_fixed_size_binary().iter().collect::<BinaryViewArray>()))
        }
        (DataType::Time64(unit), SqlType::Time(_)) => Ok(times(array, *unit)),
        (DataType::List(_), SqlType::Array(element)) => {
            let DataType::List(field) = target else { return Err(other(array)) };
            let list = array.as_list::<i32>();
            let values = convert_values(list.values(), &element.data_type, zone)?;
            let made = ListArray::try_new(field, list.offsets().clone(), values, list.nulls().cloned());
            Ok(Arc::new(made.map_err(text)?))
        }
        (DataType::Map(..), SqlType::Map(key, value)) => map(array, &target, key, value, zone),
        (DataType::Map(..), SqlType::Multiset(element)) => {
            map(array, &target, element, &Field::required(SqlType::Int), zone)
        }
        (DataType::Struct(found), SqlType::Row(fields)) => {
            let DataType::Struct(target) = target else { return Err(other(array)) };
            let rows = array.as_struct();
            let columns = fields.iter().map(|named| match found.find(&named.name) {
                Some((position, _)) => {
                    let column = rows.columns().get(position).ok_or_else(|| other(array))?;
                    convert_values(column, &named.field.data_type, zone)
                        .map_err(|problem| format!("field `{}`: {problem}", named.name))
                }
                None => Ok(new_null_array(&named.field.data_type.arrow(), rows.len())),
            });
            let columns = columns.collect::<Result<Vec<_>, _>>()?;
            made_of(&target, columns, rows)
        }
        _ => Err(other(array)),
    }
}

fn made_of(fields: &Fields, columns: Vec<ArrayRef>, rows: &StructArray) -> Result<ArrayRef, String> {
    let made = StructArray::try_new_with_length(fields.clone(), columns, rows.nulls().cloned(), rows.len());
    Ok(Arc::new(made.map_err(text)?))
}

fn map(
    array: &ArrayRef,
    target: &DataType,
    key: &Field,
    value: &Field,
    zone: &Zone,
) -> Result<ArrayRef, String> {
    let DataType::Map(entries, sorted) = target else { return Err(other(array)) };
    let DataType::Struct(fields) = entries.data_type() else { return Err(other(array)) };
    let map = array.as_map();
    let columns = vec![
        convert_values(map.keys(), &key.data_type, zone)?,
        convert_values(map.values(), &value.data_type, zone)?,
    ];
    let rows = StructArray::try_new(fields.clone(), columns, None).map_err(text)?;
    let made = MapArray::try_new(entries.clone(), map.offsets().clone(), rows, map.nulls().cloned(), *sorted);
    Ok(Arc::new(made.map_err(text)?))
}

fn timestamps(
    array: &ArrayRef,
    precision: u8,
    is_instant: bool,
    is_local: bool,
    zone: &Zone,
) -> Result<ArrayRef, String> {
    let instants = Instants::of(array).ok_or_else(|| other(array))?.to_unit(time_unit(precision))?;
    let shown = match (is_instant, is_local) {
        (true, true) if !is_utc(zone) => instants.to_local(zone)?,
        (false, false) if !is_utc(zone) => instants.to_instants(zone)?,
        _ => instants,
    };
    Ok(shown.into_array())
}

fn integers(array: &ArrayRef, wanted: &SqlType) -> Result<ArrayRef, String> {
    fn wide<T: ArrowPrimitiveType>(array: &ArrayRef) -> Int64Array
    where
        i64: From<T::Native>,
    {
        array.as_primitive::<T>().unary(i64::from)
    }
    fn narrow<T: ArrowPrimitiveType>(numbers: &Int64Array, wanted: &SqlType) -> Result<ArrayRef, String>
    where
        T::Native: TryFrom<i64>,
    {
        let out_of_range = |number| format!("{number} is out of the range of {wanted}");
        let narrowed =
            numbers.try_unary::<_, T, String>(|number| number.try_into().map_err(|_| out_of_range(number)));
        Ok(Arc::new(narrowed?))
    }
    let numbers = match array.data_type() {
        DataType::Int8 => wide::<Int8Type>(array),
        DataType::Int16 => wide::<Int16Type>(array),
        DataType::Int32 => wide::<Int32Type>(array),
        DataType::Int64 => wide::<Int64Type>(array),
        DataType::UInt8 => wide::<UInt8Type>(array),
        DataType::UInt16 => wide::<UInt16Type>(array),
        DataType::UInt32 => wide::<UInt32Type>(array),
        _ => return Err(other(array)),
    };
    match wanted {
        SqlType::TinyInt => narrow::<Int8Type>(&numbers, wanted),
        SqlType::SmallInt => narrow::<Int16Type>(&numbers, wanted),
        SqlType::Int => narrow::<Int32Type>(&numbers, wanted),
        _ => Ok(Arc::new(numbers)),
    }
}

/// Times of the day to milliseconds, rounded down.
#[allow(clippy::cast_possible_truncation, reason = "a day has 86,400,000 milliseconds")]
fn times(array: &ArrayRef, unit: TimeUnit) -> ArrayRef {
    let millis = |per_milli: i64| move |time: i64| time.div_euclid(per_milli) as i32;
    match unit {
        TimeUnit::Nanosecond => {
            let times = array.as_primitive::<Time64NanosecondType>();
            Arc::new(times.unary::<_, Time32MillisecondType>(millis(1_000_000)))
        }
        _ => {
            let times = array.as_primitive::<Time64MicrosecondType>();
            Arc::new(times.unary::<_, Time32MillisecondType>(millis(1_000)))
        }
    }
}

fn other(array: &ArrayRef) -> String {
    format!("the file has {} where it said that it has something else", array.data_type())
}

fn text(error: ArrowError) -> String {
    match error {
        ArrowError::InvalidArgumentError(problem) => problem,
        other => other.to_string(),
    }
}
