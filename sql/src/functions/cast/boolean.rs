//! BOOLEAN to and from numbers: 1 and 0, and everything but 0.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array};
use millstream_runtime::{Error, ErrorKind, Result};

use super::numeric;
use crate::types::SqlType;

/// TRUE is 1, FALSE is 0.
pub(super) fn to_number(values: &ArrayRef, to: &SqlType) -> Result<ArrayRef> {
    let booleans = values.as_boolean_opt().ok_or_else(|| wrong(values))?;
    let numbers: Int64Array = booleans.iter().map(|value| value.map(i64::from)).collect();
    let numbers: ArrayRef = Arc::new(numbers);
    numeric::numeric(&numbers, &SqlType::BigInt, to)
}

/// Whether a number is not 0. NaN is not.
pub(super) fn from_number(values: &ArrayRef) -> Result<ArrayRef> {
    macro_rules! not_zero {
        ($($kind:ty),+) => {
            $(if let Some(values) = values.as_primitive_opt::<$kind>() {
                let zero = <$kind as ArrowPrimitiveType>::Native::default();
                return Ok(Arc::new(BooleanArray::from_unary(values, |value| value != zero)));
            })+
        };
    }
    not_zero!(Int8Type, Int16Type, Int32Type, Int64Type, Float32Type, Float64Type, Decimal128Type);
    Err(wrong(values))
}

fn wrong(values: &ArrayRef) -> Error {
    Error::new(
        ErrorKind::Internal,
        format!("a column of {} cast as a BOOLEAN or a number", values.data_type()),
    )
}
