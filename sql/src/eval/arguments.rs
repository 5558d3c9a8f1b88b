//! The values of a call, for kernels that go row by row.

use arrow_array::cast::AsArray;
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array, ArrayRef, BinaryViewArray, BooleanArray, PrimitiveArray, StringViewArray};
use millstream_runtime::{Error, ErrorKind, Result};

use super::Value;

/// The values of a call.
pub struct Arguments<'a> {
    values: &'a [Value],
    rows: usize,
}

impl<'a> Arguments<'a> {
    /// Values for this many rows.
    pub const fn new(values: &'a [Value], rows: usize) -> Self {
        Self { values, rows }
    }

    /// For how many rows the call is evaluated.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// How many arguments there are.
    pub const fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no argument.
    pub const fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// An argument.
    ///
    /// # Errors
    /// If there is none, which the function's signature does not allow.
    pub fn value(&self, index: usize) -> Result<&'a Value> {
        self.values.get(index).ok_or_else(|| {
            Error::new(ErrorKind::Internal, format!("argument {index} of a call with {}", self.values.len()))
        })
    }

    /// An argument as an array of one value a row.
    ///
    /// # Errors
    /// If there is none.
    pub fn array(&self, index: usize) -> Result<ArrayRef> {
        self.value(index)?.clone().into_array(self.rows)
    }

    /// An argument of a number, date or time.
    ///
    /// # Errors
    /// If it is of another type.
    pub fn numbers<T: ArrowPrimitiveType>(&self, index: usize) -> Result<Numbers<'a, T>> {
        let value = self.value(index)?;
        let array = value.array().as_primitive_opt().ok_or_else(|| wrong_type(value, T::DATA_TYPE))?;
        Ok(Numbers { array, step: usize::from(!value.is_scalar()) })
    }

    /// An argument of text.
    ///
    /// # Errors
    /// If it is of another type.
    pub fn texts(&self, index: usize) -> Result<Texts<'a>> {
        let value = self.value(index)?;
        let array = value.array().as_string_view_opt().ok_or_else(|| wrong_type(value, "text"))?;
        Ok(Texts { array, step: usize::from(!value.is_scalar()) })
    }

    /// An argument of bytes, with one value a row.
    ///
    /// # Errors
    /// If it is of another type.
    pub fn binaries(&self, index: usize) -> Result<BinaryViewArray> {
        let array = self.array(index)?;
        let bytes = array.as_binary_view_opt().cloned();
        bytes.ok_or_else(|| wrong_type(&Value::Array(array), "bytes"))
    }

    /// An argument of TRUE and FALSE, with one value a row.
    ///
    /// # Errors
    /// If it is of another type.
    pub fn booleans(&self, index: usize) -> Result<BooleanArray> {
        let array = self.array(index)?;
        let booleans = array.as_boolean_opt().cloned();
        booleans.ok_or_else(|| wrong_type(&Value::Array(array), "boolean"))
    }
}

fn wrong_type(value: &Value, wanted: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::Internal,
        format!("a column of {} where {wanted} is wanted", value.array().data_type()),
    )
}

/// A column of numbers, dates or times, or one for all rows.
#[derive(Clone, Copy)]
pub struct Numbers<'a, T: ArrowPrimitiveType> {
    array: &'a PrimitiveArray<T>,
    step: usize,
}

impl<T: ArrowPrimitiveType> Numbers<'_, T> {
    /// The value of a row; `None` for NULL.
    #[inline]
    pub fn get(&self, row: usize) -> Option<T::Native> {
        let row = row * self.step;
        (self.array.is_valid(row)).then(|| self.array.value(row))
    }
}

/// A column of text, or one for all rows.
#[derive(Clone, Copy)]
pub struct Texts<'a> {
    array: &'a StringViewArray,
    step: usize,
}

impl<'a> Texts<'a> {
    /// The text of a row; `None` for NULL.
    #[inline]
    pub fn get(&self, row: usize) -> Option<&'a str> {
        let row = row * self.step;
        (self.array.is_valid(row)).then(|| self.array.value(row))
    }

    /// The column itself.
    pub const fn array(&self) -> &'a StringViewArray {
        self.array
    }
}
