//! What the slices of the last window that hops have come to: most of them are in the next one, too.
//!
//! It can be worked out from the slices at any time, so it is not in snapshots: after a restore, the next window is added up
//! from all its slices.

use millstream_runtime::Result;
use millstream_state::rows::{RowLayout, RowRef, RowStore, RowsPerKey, Upserted};

use super::accumulators::WindowAccumulators;
use super::slices::Slices;

/// The groups of a window: in the fixed part of a row, the accumulators, and behind them how many slices have the group.
pub(super) struct Running {
    pub(super) store: RowStore,
    /// The slices that are in it: those that end after the first of these times, up to the last.
    after: i64,
    last: i64,
    upserted: Vec<Upserted>,
}

/// The bytes of the number of slices.
const COUNT: usize = 8;

impl Running {
    /// No slices.
    pub(super) fn new(slices: &Slices, accumulators: &WindowAccumulators) -> Self {
        let mut initial = accumulators.initial().to_vec();
        initial.extend([0; COUNT]);
        let layout = RowLayout::new(slices.group_kind(), &initial, RowsPerKey::One);
        let store = RowStore::new(slices.store.meta().clone(), slices.groups, slices.range, layout);
        Self { store, after: i64::MIN, last: i64::MIN, upserted: Vec::new() }
    }

    /// Whether a slice is in it, so that what comes to the slice later is missing here.
    pub(super) fn may_have(&self, slice: i64) -> bool {
        slice <= self.last
    }

    /// Makes it the slices of another window, those that end after `after` up to `last`. Those that are no longer needed
    /// are taken out; they must be there still.
    pub(super) fn advance(
        &mut self,
        slices: &Slices,
        after: i64,
        last: i64,
        accumulators: &mut WindowAccumulators,
    ) -> Result<()> {
        for (_, gone) in slices.between(self.after, after.min(self.last)) {
            let rows = self.groups(slices, gone)?;
            accumulators.subtract(&mut self.store, &rows, &slices.store, gone)?;
            for row in rows {
                if self.change_count(row, -1) == 0 {
                    self.store.remove(row);
                }
            }
        }
        for (_, new) in slices.between(after.max(self.last), last) {
            let rows = self.groups(slices, new)?;
            accumulators.merge(&mut self.store, &rows, &slices.store, new)?;
            for row in &rows {
                self.change_count(*row, 1);
            }
        }
        (self.after, self.last) = (after, last);
        Ok(())
    }

    /// The groups of a slice's rows.
    fn groups(&mut self, slices: &Slices, rows: &[RowRef]) -> Result<Vec<RowRef>> {
        self.upserted.clear();
        slices.upsert_groups(&mut self.store, rows, &mut self.upserted)?;
        Ok(self.upserted.iter().map(|group| group.row).collect())
    }

    /// Adds to the number of slices that have a group, and returns it.
    fn change_count(&mut self, row: RowRef, by: i64) -> i64 {
        let slot = self.store.fixed_mut(row).last_chunk_mut::<COUNT>();
        slot.map_or(0, |slot| {
            let count = i64::from_le_bytes(*slot) + by;
            *slot = count.to_le_bytes();
            count
        })
    }
}
