//! Kernels from closures over single values. A NULL among the arguments gives NULL.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{BooleanBuilder, PrimitiveBuilder, StringViewBuilder};
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
