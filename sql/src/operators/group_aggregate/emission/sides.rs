//! One column of the results before and after rows.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray, downcast_primitive_array};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_select::interleave::interleave;
use millstream_runtime::Result;

use crate::chunk::arrow_error;

/// Whether a result is that before a row or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

/// Which result a change consists of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pick {
    pub(super) row: u32,
    pub(super) side: Side,
}

/// The results that are picked.
pub(super) fn picked(before: &ArrayRef, after: &ArrayRef, picks: &[Pick]) -> Result<ArrayRef> {
    // Most results are numbers, and there are two of each row: for them, arrow's kernel for any number of arrays takes
    // three times as long.
    downcast_primitive_array! {
        (before, after) => Ok(picked_numbers(before, after, picks)),
        _ => {
            let picks: Vec<_> =
                picks.iter().map(|pick| (usize::from(pick.side == Side::After), pick.row as usize)).collect();
            interleave(&[before, after], &picks).map_err(arrow_error)
        }
    }
}

fn picked_numbers<T: ArrowPrimitiveType>(
    before: &PrimitiveArray<T>,
    after: &PrimitiveArray<T>,
    picks: &[Pick],
) -> ArrayRef {
    let of = |pick: &Pick| match pick.side {
        Side::Before => before,
        Side::After => after,
    };
    let values =
        picks.iter().map(|pick| of(pick).values().get(pick.row as usize).copied().unwrap_or_default());
    let values = values.collect::<Vec<_>>();
    let nulls = (before.null_count() + after.null_count() > 0).then(|| {
        let is_valid = |at: usize| picks.get(at).is_some_and(|pick| of(pick).is_valid(pick.row as usize));
        NullBuffer::new(BooleanBuffer::collect_bool(picks.len(), is_valid))
    });
    Arc::new(PrimitiveArray::<T>::new(values.into(), nulls).with_data_type(after.data_type().clone()))
}
