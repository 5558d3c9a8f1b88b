//! Values of all types to text, and text to bytes.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use millstream_runtime::{Error, ErrorKind, Result};

use super::length::{Length, fit_binaries};
use super::{Conversion, write_cast_text};
use crate::functions::lift;
use crate::types::SqlType;
use crate::types::zone::Zone;

/// From any type to CHAR or VARCHAR.
pub(super) fn conversion(from: &SqlType, to: &SqlType, zone: &Zone) -> Conversion {
    let (from, zone, length) = (from.clone(), zone.clone(), Length::of(to));
    Box::new(move |values| {
        let whole = if from.is_binary() && length.is_any() { binary_as_text(values) } else { None };
        if let Some(texts) = whole {
            return Ok(texts);
        }
        lift::texts(values.len(), |row, out| {
            if values.is_null(row) {
                return Ok(false);
            }
            write_cast_text(values, row, &from, &zone, out);
            length.fit(out);
            Ok(true)
        })
    })
}

/// Bytes that are UTF-8, without a copy.
fn binary_as_text(values: &ArrayRef) -> Option<ArrayRef> {
    Some(Arc::new(values.as_binary_view_opt()?.clone().to_string_view().ok()?))
}

/// Text as its bytes in UTF-8.
pub(super) fn text_to_binary(to: &SqlType) -> Conversion {
    let length = Length::of(to);
    Box::new(move |values| -> Result<ArrayRef> {
        let texts = values.as_string_view_opt().ok_or_else(|| {
            Error::new(
                ErrorKind::Internal,
                format!("a column of {} where text is wanted", values.data_type()),
            )
        })?;
        fit_binaries(&(Arc::new(texts.clone().to_binary_view()) as ArrayRef), length)
    })
}
