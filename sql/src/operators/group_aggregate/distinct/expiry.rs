//! Arguments of DISTINCT live and die with their group.
//!
//! A group that expires cannot name them: they are found by its number and themselves. But a group that begins anew has
//! another number, so that nobody finds those of before; and what nobody has written to for a while is looked at by and
//! by: if its group is still there, it stays for another while, and otherwise it goes.

use millstream_runtime::Result;
use millstream_state::rows::RowRef;

use super::{DistinctArguments, GroupNumbers, not_open, number_of};

impl DistinctArguments {
    /// Says what time it is before a chunk of so many rows, and looks at some of what was written before `oldest`.
    pub(in super::super) fn advance(
        &mut self,
        now: u32,
        rows: usize,
        oldest: u32,
        groups: &GroupNumbers,
    ) -> Result<()> {
        let (kind, store) = (self.keys.kind(), self.store.as_mut().ok_or_else(not_open)?);
        store.set_now(now);
        let swept = store.sweep_with(store.pages_to_sweep(rows), oldest, |store, rows| {
            rows.iter().try_for_each(|row| {
                if groups.is_alive(number_of(store.key(*row), kind)?) {
                    store.set_stamp(*row, now);
                } else {
                    store.remove(*row);
                }
                Result::Ok(())
            })
        });
        swept.map(drop)
    }

    /// Removes what groups have left behind that ended before the snapshot was taken.
    pub(super) fn remove_abandoned(&mut self, groups: &GroupNumbers) -> Result<()> {
        let (kind, store) = (self.keys.kind(), self.store.as_mut().ok_or_else(not_open)?);
        let rows: Vec<RowRef> = store.rows().collect();
        rows.into_iter().try_for_each(|row| {
            if !groups.is_alive(number_of(store.key(row), kind)?) {
                store.remove(row);
            }
            Ok(())
        })
    }
}
