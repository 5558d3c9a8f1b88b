//! Arguments of DISTINCT live and die with their group.
//!
//! They are found by group and arguments, so that a group that expires cannot name them. Instead, a group knows when it
//! began, and what was written before that was of another group with the same key. What nobody has written to for a while
//! is looked at by and by: if its group is still there, it counts as written to when the group was, and otherwise it goes.

use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{RowRef, RowStore};

use super::DistinctArguments;
use crate::chunk::{Chunk, KeyLayout};
use crate::operators::group_aggregate::Began;

impl DistinctArguments {
    /// Says what time it is before a chunk of so many rows, and removes some of what is of groups that are gone.
    pub(in super::super) fn advance(
        &mut self,
        now: u32,
        rows: usize,
        groups: &RowStore,
        began: Began,
    ) -> Result<()> {
        let Some(mut store) = self.store.take() else { return Err(not_open()) };
        store.set_now(now);
        let (pages, oldest) = (store.pages_to_sweep(rows), groups.oldest());
        let swept = store.sweep_with(pages, oldest, |store, rows| self.renew(store, rows, groups, began));
        self.store = Some(store);
        swept.map(drop)
    }

    /// Removes all that is of groups that are gone.
    pub(in super::super) fn remove_abandoned(&mut self, groups: &RowStore, began: Began) -> Result<()> {
        let Some(mut store) = self.store.take() else { return Err(not_open()) };
        let rows: Vec<RowRef> = store.rows().collect();
        let removed =
            rows.chunks(Chunk::ROWS).try_for_each(|rows| self.renew(&mut store, rows, groups, began));
        self.store = Some(store);
        removed
    }

    /// Removes what is of groups that are gone; the rest counts as written to when its group was.
    fn renew(&self, store: &mut RowStore, rows: &[RowRef], groups: &RowStore, began: Began) -> Result<()> {
        let keys: Vec<&[u8]> = rows.iter().map(|row| store.key(*row)).collect();
        let mut columns = self.keys.decode(&keys)?;
        columns.truncate(self.group.columns().len());
        let group = KeyLayout::new((0..columns.len()).collect(), self.group.fields().to_vec());
        let keys = group.keys(&columns, rows.len())?;
        let mut found = Vec::with_capacity(rows.len());
        groups.find(keys.hashes(), &keys.column(), &mut found)?;
        for (row, group) in rows.iter().zip(found) {
            match group {
                Some(group) if began.of(groups.fixed(group)) <= store.stamp(*row) => {
                    if store.expires() {
                        store.set_stamp(*row, groups.stamp(group));
                    }
                }
                _ => store.remove(*row),
            }
        }
        Ok(())
    }

    /// Forgets how often the arguments of rows were there in groups that are gone; `began` says when the group of each row
    /// began. The arguments have been looked up.
    pub(super) fn restart(&mut self, began: &[u32]) -> Result<()> {
        let store = self.store.as_mut().ok_or_else(not_open)?;
        for (upserted, began) in self.upserted.iter().zip(began) {
            if store.stamp(upserted.row) < *began {
                store.restart(upserted.row);
            }
        }
        Ok(())
    }
}

fn not_open() -> Error {
    Error::new(ErrorKind::Internal, "a DISTINCT that is not open")
}
