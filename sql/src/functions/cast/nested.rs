//! ARRAY, MAP, MULTISET and ROW, element by element.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, ListArray, MapArray, StructArray, UInt32Array};
use arrow_schema::DataType;
use arrow_select::nullif::nullif;
use arrow_select::take::take;
use millstream_runtime::{Error, ErrorKind, Result};

use super::{Conversion, OnFailure, conversion as convert};
use crate::chunk::arrow_error;
use crate::error::{SqlError, SqlResult};
use crate::types::SqlType;
use crate::types::zone::Zone;

/// Between two types that are built alike. A value that fails makes the whole fail.
pub(super) fn conversion(from: &SqlType, to: &SqlType, zone: &Zone) -> SqlResult<Conversion> {
    let element = |from: &SqlType, to: &SqlType| convert(from, to, zone, OnFailure::Fail);
    let target = to.arrow();
    match (from, to) {
        (SqlType::Array(from), SqlType::Array(to)) => {
            let values = element(&from.data_type, &to.data_type)?;
            Ok(Box::new(move |column| array(column, &values, &target)))
        }
        (SqlType::Map(key, value), SqlType::Map(to_key, to_value)) => {
            let keys = element(&key.data_type, &to_key.data_type)?;
            let values = element(&value.data_type, &to_value.data_type)?;
            Ok(Box::new(move |column| map(column, &[&keys, &values], &target)))
        }
        (SqlType::Multiset(from), SqlType::Multiset(to)) => {
            let keys = element(&from.data_type, &to.data_type)?;
            let counts = element(&SqlType::Int, &SqlType::Int)?;
            Ok(Box::new(move |column| map(column, &[&keys, &counts], &target)))
        }
        (SqlType::Row(from), SqlType::Row(to)) if from.len() == to.len() => {
            let fields = from.iter().zip(to.iter());
            let fields = fields.map(|(from, to)| element(&from.field.data_type, &to.field.data_type));
            let fields = fields.collect::<SqlResult<Vec<_>>>()?;
            Ok(Box::new(move |column| row(column, &fields, &target)))
        }
        _ => Err(SqlError::unsupported(format!("CAST from {from} to {to} is not supported"))),
    }
}

fn array(column: &ArrayRef, convert: &Conversion, target: &DataType) -> Result<ArrayRef> {
    let column = without_hidden_values(column)?;
    let (list, DataType::List(field)) = (column.as_list_opt::<i32>().ok_or_else(|| wrong(&column))?, target)
    else {
        return Err(wrong(&column));
    };
    let converted = convert(list.values())?;
    let list = ListArray::try_new(field.clone(), list.offsets().clone(), converted, list.nulls().cloned());
    Ok(Arc::new(list.map_err(arrow_error)?))
}

fn map(column: &ArrayRef, convert: &[&Conversion; 2], target: &DataType) -> Result<ArrayRef> {
    let column = without_hidden_values(column)?;
    let (map, DataType::Map(field, sorted)) = (column.as_map_opt().ok_or_else(|| wrong(&column))?, target)
    else {
        return Err(wrong(&column));
    };
    let DataType::Struct(fields) = field.data_type() else { return Err(wrong(&column)) };
    let [keys, values] = convert;
    let entries = vec![keys(map.keys())?, values(map.values())?];
    let entries = StructArray::try_new(fields.clone(), entries, None).map_err(arrow_error)?;
    let map = MapArray::try_new(field.clone(), map.offsets().clone(), entries, map.nulls().cloned(), *sorted);
    Ok(Arc::new(map.map_err(arrow_error)?))
}

fn row(column: &ArrayRef, convert: &[Conversion], target: &DataType) -> Result<ArrayRef> {
    let (rows, DataType::Struct(fields)) = (column.as_struct_opt().ok_or_else(|| wrong(column))?, target)
    else {
        return Err(wrong(column));
    };
    // What stands in the fields of a NULL means nothing, and must not fail.
    let absent = rows.nulls().map(|nulls| BooleanArray::new(!nulls.inner(), None));
    let columns = rows.columns().iter().zip(convert).map(|(values, convert)| match &absent {
        Some(absent) => convert(&nullif(values, absent).map_err(arrow_error)?),
        None => convert(values),
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let rows = StructArray::try_new_with_length(fields.clone(), columns, rows.nulls().cloned(), rows.len());
    Ok(Arc::new(rows.map_err(arrow_error)?))
}

/// An array of lists or maps whose values are those of its rows alone: slices and NULLs may have others beside them,
/// which must not fail.
fn without_hidden_values(column: &ArrayRef) -> Result<ArrayRef> {
    let used = |offsets: &[i32], values: usize| {
        let length = |row: usize| match offsets.get(row..=row + 1) {
            Some([start, end]) => end - start,
            _ => 0,
        };
        let visible: i32 = (0..column.len()).filter(|row| column.is_valid(*row)).map(length).sum();
        usize::try_from(visible) == Ok(values)
    };
    let compact = match (column.as_list_opt::<i32>(), column.as_map_opt()) {
        (Some(list), _) => used(list.offsets(), list.values().len()),
        (_, Some(map)) => used(map.offsets(), map.entries().len()),
        _ => return Err(wrong(column)),
    };
    if compact {
        return Ok(column.clone());
    }
    let rows = u32::try_from(column.len()).unwrap_or(u32::MAX);
    let rows: UInt32Array = (0..rows).map(|row| column.is_valid(row as usize).then_some(row)).collect();
    take(column, &rows, None).map_err(arrow_error)
}

fn wrong(column: &ArrayRef) -> Error {
    Error::new(ErrorKind::Internal, format!("a column of {} cast element by element", column.data_type()))
}
