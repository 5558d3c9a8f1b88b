//! Accumulators of calls, each at its place in the rows of groups, and what they hand to those of another aggregate.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::BinaryViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{RowRef, RowStore};

use super::Accumulator;
use super::numbered::NumberedRows;

/// Where the accumulators of calls are in the rows of groups.
#[derive(Clone, Debug, Default)]
pub(in crate::operators) struct Places(Vec<Range<usize>>);

/// The fixed part of a new row: so many bytes, and behind them accumulators that have got their places there.
pub(in crate::operators) fn initial(accumulators: &[Box<dyn Accumulator>], start: usize) -> Vec<u8> {
    let mut initial = vec![0; start];
    for accumulator in accumulators {
        initial.extend(accumulator.initial());
        initial.resize(initial.len().next_multiple_of(8), 0);
    }
    initial
}

impl Places {
    /// Gives accumulators their places, one behind the other.
    pub(in crate::operators) fn give<'a>(
        accumulators: impl Iterator<Item = &'a mut Box<dyn Accumulator>>,
        start: usize,
    ) -> Self {
        let mut next = start;
        let places = accumulators.map(|accumulator| {
            accumulator.place(next);
            let place = next..next + accumulator.initial().len();
            next = place.end.next_multiple_of(8);
            place
        });
        Self(places.collect())
    }

    /// Where they end.
    pub(in crate::operators) fn end(&self, start: usize) -> usize {
        self.0.last().map_or(start, |last| last.end.next_multiple_of(8))
    }

    /// What the groups of one accumulator have: bytes, that [`absorb`](Self::absorb) understands.
    ///
    /// # Errors
    /// If the accumulator is not open.
    pub(in crate::operators) fn export(
        &self,
        index: usize,
        accumulator: &dyn Accumulator,
        store: &RowStore,
        groups: &[RowRef],
    ) -> Result<ArrayRef> {
        let mut values = BinaryViewBuilder::with_capacity(groups.len());
        let place = self.0.get(index).cloned().unwrap_or_default();
        let mut exported = Vec::new();
        for group in groups {
            if accumulator.has_side() {
                exported.clear();
                accumulator.export(store, *group, &mut exported)?;
                values.append_value(&exported);
            } else {
                values.append_value(store.fixed(*group).get(place.clone()).unwrap_or_default());
            }
        }
        Ok(Arc::new(values.finish()))
    }

    /// Adds what accumulators of the same calls have exported to groups. There is a column for each accumulator, or none.
    ///
    /// # Errors
    /// What fails the job, and if a column is not what was exported.
    pub(in crate::operators) fn absorb(
        &self,
        accumulators: &mut [Box<dyn Accumulator>],
        store: &mut RowStore,
        groups: &[RowRef],
        columns: &[Option<&ArrayRef>],
    ) -> Result<()> {
        let (other, rows) = self.rows_of(accumulators, groups.len(), columns)?;
        for (accumulator, column) in accumulators.iter_mut().zip(columns) {
            let Some(column) = column else { continue };
            if !accumulator.has_side() {
                accumulator.merge(store, groups, &other, &rows)?;
                continue;
            }
            let exported = column.as_binary_view_opt().ok_or_else(no_export)?;
            for (group, exported) in groups.iter().zip(exported.iter()) {
                accumulator.absorb(store, *group, exported.unwrap_or_default())?;
            }
        }
        Ok(())
    }

    /// Groups that have what stands in the columns, of accumulators of which that is all.
    fn rows_of(
        &self,
        accumulators: &[Box<dyn Accumulator>],
        count: usize,
        columns: &[Option<&ArrayRef>],
    ) -> Result<(RowStore, Vec<RowRef>)> {
        let mut numbered = NumberedRows::new(&vec![0; self.end(0)]);
        numbered.reach(count)?;
        let NumberedRows { mut store, rows } = numbered;
        for ((accumulator, column), place) in accumulators.iter().zip(columns).zip(&self.0) {
            let (Some(column), false) = (column, accumulator.has_side()) else { continue };
            let exported = column.as_binary_view_opt().ok_or_else(no_export)?;
            if exported.len() != rows.len() {
                return Err(no_export());
            }
            for (row, exported) in rows.iter().zip(exported.iter().flatten()) {
                let slot = store.fixed_mut(*row).get_mut(place.clone());
                let slot = slot.filter(|slot| slot.len() == exported.len()).ok_or_else(no_export)?;
                slot.copy_from_slice(exported);
            }
        }
        Ok((store, rows))
    }
}

fn no_export() -> Error {
    Error::new(ErrorKind::Internal, "a partial result that no accumulator has exported")
}
