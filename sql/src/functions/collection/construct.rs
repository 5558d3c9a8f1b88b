//! ARRAY[…], MAP[…], ROW(…).

use std::sync::Arc;

use arrow_array::{ArrayRef, StructArray};
use arrow_schema::DataType;
use millstream_runtime::{Error, ErrorKind, Result};

use super::super::lift::kernel;
use super::super::{Call, ScalarFunction, Signature};
use super::lists::{ListsBuilder, comparator, complete, is_complete};
use crate::chunk::arrow_error;
use crate::error::{SqlError, SqlResult};
use crate::eval::Arguments;
use crate::types::{Field, NamedField, SqlType, common_type};

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new(
        "ARRAY",
        Signature::Custom(|call| {
            call.expect_count(1, usize::MAX)?;
            let common = call.expect_common(0)?.materialized();
            call.cast_all(&common);
            Ok(Field::required(SqlType::Array(Arc::new(Field::new(common, call.any_nullable())))))
        }),
        |_, result, _| {
            let data_type = result.data_type.arrow();
            let takes_null = matches!(&result.data_type, SqlType::Array(element) if element.nullable);
            kernel(move |call| {
                let columns = columns(call, 0, 1)?;
                let complete = complete(columns.iter().filter(|_| !takes_null));
                let mut lists = ListsBuilder::new(call.rows());
                for row in 0..call.rows() {
                    let present = is_complete(&complete, row);
                    if present {
                        (0..columns.len()).for_each(|column| lists.push(column, row));
                    }
                    lists.end_row(present.then_some(()))?;
                }
                lists.finish(&data_type, &columns.iter().collect::<Vec<_>>())
            })
        },
    ),
    ScalarFunction::new("MAP", Signature::Custom(pairs), |_, result, _| {
        let data_type = result.data_type.arrow();
        let (key_takes_null, value_takes_null) = match &result.data_type {
            SqlType::Map(key, value) => (key.nullable, value.nullable),
            _ => (true, true),
        };
        kernel(move |call| map(call, &data_type, key_takes_null, value_takes_null))
    })
    .on_demand(),
    ScalarFunction::new("ROW", Signature::Custom(row), |_, result, _| {
        let data_type = result.data_type.arrow();
        kernel(move |call| {
            let DataType::Struct(fields) = &data_type else {
                return Err(Error::new(ErrorKind::Internal, format!("a row of type {data_type}")));
            };
            let columns = columns(call, 0, 1)?;
            let required = columns.iter().zip(fields).filter(|(_, field)| !field.is_nullable());
            let complete = complete(required.map(|(column, _)| column));
            let rows = StructArray::try_new(fields.clone(), columns, complete);
            Ok(Arc::new(rows.map_err(arrow_error)?) as ArrayRef)
        })
    }),
];

/// Each `step`th argument from `first` on, with one value a row.
fn columns(call: &Arguments<'_>, first: usize, step: usize) -> Result<Vec<ArrayRef>> {
    (first..call.len()).step_by(step).map(|index| call.array(index)).collect()
}

/// Keys and values in turn: each kind has a type of its own.
fn pairs(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(2, usize::MAX)?;
    if call.arguments.len() % 2 == 1 {
        return Err(SqlError::validation("Map requires an even number of arguments"));
    }
    let mut fields = Vec::new();
    for kind in 0..2 {
        let indexes = || (kind..call.arguments.len()).step_by(2);
        let types = indexes().map(|index| Some(call.data_type(index)));
        let common = types.reduce(|left, right| common_type(&left?, &right?)).flatten();
        let common = common.ok_or_else(|| call.mismatch())?.materialized();
        let nullable = indexes().any(|index| call.is_nullable(index));
        let indexes: Vec<_> = indexes().collect();
        indexes.into_iter().for_each(|index| call.cast(index, &common));
        fields.push(Arc::new(Field::new(common, nullable)));
    }
    match <[_; 2]>::try_from(fields) {
        Ok([key, value]) => Ok(Field::required(SqlType::Map(key, value))),
        Err(_) => Err(call.mismatch()),
    }
}

/// Of equal keys, the last counts.
fn map(
    call: &Arguments<'_>,
    data_type: &DataType,
    key_takes_null: bool,
    value_takes_null: bool,
) -> Result<ArrayRef> {
    let (keys, values) = (columns(call, 0, 2)?, columns(call, 1, 2)?);
    let mut comparators = Vec::new();
    for (index, key) in keys.iter().enumerate() {
        let later = keys.iter().skip(index + 1).map(|later| comparator(key, later));
        comparators.push(later.collect::<Result<Vec<_>>>()?);
    }
    let required = keys.iter().filter(|_| !key_takes_null).chain(values.iter().filter(|_| !value_takes_null));
    let complete = complete(required);
    let mut maps = ListsBuilder::new(call.rows());
    for row in 0..call.rows() {
        if !is_complete(&complete, row) {
            maps.end_row(None)?;
            continue;
        }
        for (index, later) in comparators.iter().enumerate() {
            if later.iter().all(|compare| compare(row, row).is_ne()) {
                maps.push(index, row);
            }
        }
        maps.end_row(Some(()))?;
    }
    maps.finish_map(data_type, &keys.iter().collect::<Vec<_>>(), &values.iter().collect::<Vec<_>>())
}

/// The fields have no names: Flink gives them `EXPR$0` and so on.
fn row(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(1, usize::MAX)?;
    let fields = call
        .arguments
        .iter()
        .enumerate()
        .map(|(index, argument)| NamedField::new(format!("EXPR${index}"), argument.field.clone()));
    Ok(Field::required(SqlType::Row(fields.collect())))
}
