//! HASH_CODE: a number for each value, by which plans put values into buckets. Queries cannot name it.

use arrow_array::Array;
use arrow_array::types::Int32Type;

use super::lift::{kernel, numbers_of};
use super::{ScalarFunction, Signature};
use crate::chunk::KeyLayout;
use crate::chunk::keys::can_be_key;
use crate::types::{Field, SqlType};

/// As Flink's function of this name, but for its values: state is found by them, so that they must never change.
static HASH_CODE: ScalarFunction = ScalarFunction::new(
    "HASH_CODE",
    Signature::Custom(|call| {
        call.expect_count(1, 1)?;
        if !can_be_key(&call.data_type(0)) {
            return Err(call.mismatch());
        }
        Ok(Field::new(SqlType::Int, call.is_nullable(0)))
    }),
    |arguments, _, _| {
        let fields = arguments.iter().map(|argument| argument.field.clone()).collect();
        let layout = KeyLayout::new(vec![0], fields);
        kernel(move |call| {
            let values = call.array(0)?;
            let keys = layout.keys(std::slice::from_ref(&values), call.rows())?;
            numbers_of::<Int32Type>(call.rows(), |row| {
                let hash = keys.hashes().get(row).filter(|_| values.is_valid(row))?;
                // The upper half is as good as the lower one, and not what key groups are made of.
                i32::try_from(hash >> 33).ok()
            })
        })
    },
);

/// HASH_CODE of a value that can be a key: from 0 on, NULL of NULL.
pub(crate) fn hash_code_function() -> &'static ScalarFunction {
    &HASH_CODE
}

#[cfg(test)]
mod tests;
