//! Kernels from closures over single values. A NULL among the arguments gives NULL.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{BinaryViewBuilder, BooleanBuilder, PrimitiveBuilder, StringViewBuilder};
use arrow_array::types::ArrowPrimitiveType;
use millstream_runtime::Result;

use crate::error::SqlResult;
use crate::eval::{Arguments, EvalContext, Kernel};

/// A kernel that is a function of the arguments alone.
pub(super) fn kernel(
    function: impl Fn(&Arguments<'_>) -> Result<ArrayRef> + Send + Sync + 'static,
) -> SqlResult<Box<dyn Kernel>> {
    Ok(Box::new(move |arguments: &Arguments<'_>, _: &EvalContext| function(arguments)))
}

/// Texts, written one after the other into a buffer that is reused. `write` gives `false` for NULL.
pub(super) fn texts(
    rows: usize,
    mut write: impl FnMut(usize, &mut String) -> Result<bool>,
) -> Result<ArrayRef> {
    let mut builder = StringViewBuilder::with_capacity(rows);
    let mut buffer = String::new();
    for row in 0..rows {
        buffer.clear();
        if write(row, &mut buffer)? { builder.append_value(&buffer) } else { builder.append_null() }
    }
    Ok(Arc::new(builder.finish()))
}

/// Numbers, dates or times.
pub(super) fn numbers<T: ArrowPrimitiveType>(
    rows: usize,
    mut value: impl FnMut(usize) -> Result<Option<T::Native>>,
) -> Result<ArrayRef> {
    let mut builder = PrimitiveBuilder::<T>::with_capacity(rows);
    for row in 0..rows {
        builder.append_option(value(row)?);
    }
    Ok(Arc::new(builder.finish()))
}

/// TRUE, FALSE or NULL.
pub(super) fn booleans(
    rows: usize,
    mut value: impl FnMut(usize) -> Result<Option<bool>>,
) -> Result<ArrayRef> {
    let mut builder = BooleanBuilder::with_capacity(rows);
    for row in 0..rows {
        builder.append_option(value(row)?);
    }
    Ok(Arc::new(builder.finish()))
}

/// As [`texts`], for functions that never fail: `None` is NULL, whatever has been written.
pub(super) fn texts_of(
    rows: usize,
    mut write: impl FnMut(usize, &mut String) -> Option<()>,
) -> Result<ArrayRef> {
    texts(rows, |row, out| Ok(write(row, out).is_some()))
}

/// As [`numbers`], for functions that never fail.
pub(super) fn numbers_of<T: ArrowPrimitiveType>(
    rows: usize,
    mut value: impl FnMut(usize) -> Option<T::Native>,
) -> Result<ArrayRef> {
    numbers::<T>(rows, |row| Ok(value(row)))
}

/// As [`booleans`], for functions that never fail.
pub(super) fn booleans_of(rows: usize, mut value: impl FnMut(usize) -> Option<bool>) -> Result<ArrayRef> {
    booleans(rows, |row| Ok(value(row)))
}

/// Bytes, written one after the other into a buffer that is reused. `write` gives `false` for NULL.
pub(super) fn binaries(
    rows: usize,
    mut write: impl FnMut(usize, &mut Vec<u8>) -> Result<bool>,
) -> Result<ArrayRef> {
    let mut builder = BinaryViewBuilder::with_capacity(rows);
    let mut buffer = Vec::new();
    for row in 0..rows {
        buffer.clear();
        if write(row, &mut buffer)? { builder.append_value(&buffer) } else { builder.append_null() }
    }
    Ok(Arc::new(builder.finish()))
}

/// As [`binaries`], for functions that never fail: `None` is NULL, whatever has been written.
pub(super) fn binaries_of(
    rows: usize,
    mut write: impl FnMut(usize, &mut Vec<u8>) -> Option<()>,
) -> Result<ArrayRef> {
    binaries(rows, |row, out| Ok(write(row, out).is_some()))
}

/// A count as INT.
pub(super) fn int(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Texts that are parts of others, so that they are copied once.
pub(super) fn slices<'a>(
    rows: usize,
    mut value: impl FnMut(usize) -> Result<Option<&'a str>>,
) -> Result<ArrayRef> {
    let mut builder = StringViewBuilder::with_capacity(rows);
    for row in 0..rows {
        builder.append_option(value(row)?);
    }
    Ok(Arc::new(builder.finish()))
}
