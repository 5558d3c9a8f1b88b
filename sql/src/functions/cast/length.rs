//! CHAR(n), VARCHAR(n), BINARY(n) and VARBINARY(n): what is too long is cut off, and CHAR and BINARY are filled up.

use std::sync::Arc;

use arrow_array::builder::BinaryViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use millstream_runtime::{Error, ErrorKind, Result};

use super::Conversion;
use crate::functions::lift;
use crate::types::{MAXIMUM_LENGTH, SqlType};

/// How long a value of a type may be, and must be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Length {
    maximum: usize,
    fill: bool,
}

impl Length {
    /// The length of a text or of bytes; anything for other types.
    pub(super) fn of(data_type: &SqlType) -> Self {
        let (maximum, fill) = match data_type {
            SqlType::Char(length) | SqlType::Binary(length) => (*length, true),
            SqlType::VarChar(length) | SqlType::VarBinary(length) => (*length, false),
            _ => (MAXIMUM_LENGTH, false),
        };
        Self { maximum: maximum as usize, fill }
    }

    /// Whether every value is right as it is.
    pub(super) const fn is_any(self) -> bool {
        !self.fill && self.maximum == MAXIMUM_LENGTH as usize
    }

    /// Brings a text to the length, in characters.
    pub(super) fn fit(self, text: &mut String) {
        if !self.fill && text.len() <= self.maximum {
            return;
        }
        match text.char_indices().nth(self.maximum) {
            Some((end, _)) => text.truncate(end),
            None if self.fill => {
                let missing = self.maximum - text.chars().count();
                text.extend(std::iter::repeat_n(' ', missing));
            }
            None => {}
        }
    }
}

/// Texts as a type of another length.
pub(super) fn texts(to: &SqlType) -> Conversion {
    let length = Length::of(to);
    Box::new(move |values| {
        let texts = values.as_string_view_opt().ok_or_else(|| wrong(values))?;
        // A text has no more characters than bytes, and how many those are stands in the views.
        if !length.fill && texts.views().iter().all(|view| (*view as u32) as usize <= length.maximum) {
            return Ok(values.clone());
        }
        lift::texts(values.len(), |row, out| {
            if texts.is_null(row) {
                return Ok(false);
            }
            out.push_str(texts.value(row));
            length.fit(out);
            Ok(true)
        })
    })
}

/// Bytes as a type of another length.
pub(super) fn binaries(to: &SqlType) -> Conversion {
    let length = Length::of(to);
    Box::new(move |values| fit_binaries(values, length))
}

/// Brings bytes to a length.
pub(super) fn fit_binaries(values: &ArrayRef, length: Length) -> Result<ArrayRef> {
    if length.is_any() {
        return Ok(values.clone());
    }
    let binaries = values.as_binary_view_opt().ok_or_else(|| wrong(values))?;
    let mut builder = BinaryViewBuilder::with_capacity(values.len());
    let mut buffer = Vec::new();
    for bytes in binaries {
        let Some(bytes) = bytes else {
            builder.append_null();
            continue;
        };
        buffer.clear();
        buffer.extend_from_slice(bytes.get(..length.maximum).unwrap_or(bytes));
        if length.fill {
            buffer.resize(length.maximum, 0);
        }
        builder.append_value(&buffer);
    }
    Ok(Arc::new(builder.finish()))
}

fn wrong(values: &ArrayRef) -> Error {
    Error::new(ErrorKind::Internal, format!("a column of {} cast to another length", values.data_type()))
}
