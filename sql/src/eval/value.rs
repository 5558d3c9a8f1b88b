//! What an expression evaluates to.

use arrow_array::UInt32Array;
use arrow_array::{Array, ArrayRef, Datum};
use arrow_select::take::take;
use millstream_runtime::Result;

use crate::chunk::arrow_error;

/// What an expression evaluates to: a value for each row, or one for all.
#[derive(Clone, Debug)]
pub enum Value {
    /// A value for each row.
    Array(ArrayRef),
    /// The one value of the array, for all rows.
    Scalar(ArrayRef),
}

impl Value {
    /// The array as it is: of one value for a scalar.
    pub const fn array(&self) -> &ArrayRef {
        match self {
            Self::Array(array) | Self::Scalar(array) => array,
        }
    }

    /// Whether there is one value for all rows.
    pub const fn is_scalar(&self) -> bool {
        matches!(self, Self::Scalar(_))
    }

    /// A value for each of `rows` rows.
    ///
    /// # Errors
    /// If arrow refuses to repeat the value.
    pub fn into_array(self, rows: usize) -> Result<ArrayRef> {
        match self {
            Self::Array(array) => Ok(array),
            Self::Scalar(array) if rows == 1 => Ok(array),
            Self::Scalar(array) => take(&array, &UInt32Array::from_value(0, rows), None).map_err(arrow_error),
        }
    }
}

impl Datum for Value {
    fn get(&self) -> (&dyn Array, bool) {
        (self.array().as_ref(), self.is_scalar())
    }
}
