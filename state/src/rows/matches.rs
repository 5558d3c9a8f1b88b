//! All rows of a batch of keys, as the probe side of a join wants them.
//!
//! The rows of one key lie anywhere, and each says where the next one is: one key after the other, every
//! row would be waited for. So many keys are gone through in step, and rows that come next are asked for
//! while others are looked at.

use super::key_column::{KeyColumn, RowKeys};
use super::lookup::AHEAD;
use super::row;
use super::row_ref::RowRef;
use super::store::RowStore;
use crate::Result;
use crate::prefetch::prefetch;

/// A row with the key of a row of the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Which row of the batch.
    pub probe: u32,
    /// The row with the same key.
    pub row: RowRef,
}

/// Where one key of the batch is among its rows.
#[derive(Clone, Copy)]
struct Cursor {
    row: RowRef,
    /// Where the row goes in what is found.
    at: usize,
    /// How many rows come behind it.
    more: u32,
}

impl RowStore {
    /// Appends to `out` all rows that have the keys of the batch and have not expired, those of the first
    /// key first, and those of a key in the order in which they were added. Less is waited for than with
    /// [`find`](Self::find) and [`with_key`](Self::with_key).
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn find_all(&self, hashes: &[u64], keys: &KeyColumn<'_>, out: &mut Vec<Match>) -> Result<()> {
        self.check(hashes, keys)?;
        match *keys {
            KeyColumn::U64(keys) => self.find_all_keys(hashes, keys, out),
            KeyColumn::U128(keys) => self.find_all_keys(hashes, keys, out),
            KeyColumn::Bytes(keys) => self.find_all_keys(hashes, keys, out),
        }
    }

    fn find_all_keys<K: RowKeys>(&self, hashes: &[u64], keys: K, out: &mut Vec<Match>) -> Result<()> {
        let mut candidates = [None; AHEAD];
        let mut cursors = Vec::with_capacity(AHEAD);
        for (hashes, start) in hashes.chunks(AHEAD).zip((0..).step_by(AHEAD)) {
            self.look_ahead(hashes, &mut candidates);
            let begun = out.len();
            for ((hash, candidate), probe) in hashes.iter().zip(candidates).zip(start..) {
                let key = keys.key(probe).ok_or_else(|| self.missing_key())?;
                if let Some(row) = candidate.and_then(|candidate| self.row_of(*hash, key, candidate)) {
                    let rows = self.rows_with_key(row);
                    cursors.push(Cursor { row, at: out.len(), more: rows.saturating_sub(1) as u32 });
                    out.resize(out.len() + rows, Match { probe: probe as u32, row });
                }
            }
            while !cursors.is_empty() {
                cursors.retain_mut(|cursor| self.step(cursor, out));
            }
            if self.expiry.is_on() {
                self.keep_live(out, begun);
            }
        }
        Ok(())
    }

    /// Notes the row that a cursor is at, and moves it to the next one; false if that was the last.
    #[inline]
    fn step(&self, cursor: &mut Cursor, out: &mut [Match]) -> bool {
        if let Some(found) = out.get_mut(cursor.at) {
            found.row = cursor.row;
        }
        if cursor.more == 0 {
            return false;
        }
        let Some(next) = self.pages.page(cursor.row).and_then(|page| row::next_in(page, cursor.row.offset()))
        else {
            return false;
        };
        self.fetch(next);
        *cursor = Cursor { row: next, at: cursor.at + 1, more: cursor.more - 1 };
        true
    }

    /// Asks for the parts of a row that are looked at first.
    #[inline]
    pub(super) fn fetch(&self, row: RowRef) {
        if let Some(page) = self.pages.page(row) {
            // Rows begin anywhere in a line of the cache, and so may end in the next one.
            for at in [0, self.layout.reach()] {
                if let Some(byte) = page.get(row.offset() + at) {
                    prefetch(byte);
                }
            }
        }
    }

    /// Takes out the rows that have expired, of those from `begun` on.
    fn keep_live(&self, out: &mut Vec<Match>, begun: usize) {
        let mut at = 0;
        out.retain(|found| {
            at += 1;
            at <= begun || self.is_live(found.row)
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rows::test_support::{Keys, append, find_one, kind, store, upsert};
    use crate::rows::{RowLayout, RowsPerKey, Ttl};

    fn find_all(store: &RowStore, numbers: &[u64], out: &mut Vec<Match>) {
        let keys = Keys::of(numbers);
        store.find_all(keys.hashes(), &keys.column(store.layout().key_kind()), out).unwrap();
    }

    /// What one key after the other finds.
    fn one_by_one(store: &RowStore, numbers: &[u64]) -> Vec<Match> {
        let of_key = |(probe, number): (u32, &u64)| {
            let rows: Vec<_> =
                find_one(store, *number).map(|first| store.with_key(first).collect()).unwrap_or_default();
            rows.into_iter().map(move |row| Match { probe, row })
        };
        (0..).zip(numbers).flat_map(of_key).collect()
    }

    proptest! {
        #[test]
        fn all_rows_are_found_in_order(
            batches in prop::collection::vec(prop::collection::vec(0..60_u64, 0..150), 0..4),
            probes in prop::collection::vec(0..80_u64, 0..300),
            kind in kind(),
            late in 0..3_u32,
        ) {
            let layout = RowLayout::new(kind, &[], RowsPerKey::Many);
            let mut store = store(layout).with_ttl(Some(Ttl { seconds: 2 }));
            for (now, batch) in (0..).zip(&batches) {
                store.set_now(now);
                append(&mut store, &batch.iter().map(|number| (*number, vec![now as u8])).collect::<Vec<_>>());
            }
            store.set_now(batches.len() as u32 + late);
            let mut found = Vec::new();
            find_all(&store, &probes, &mut found);
            prop_assert_eq!(&found, &one_by_one(&store, &probes));
            let before = found.clone();
            find_all(&store, &probes, &mut found);
            prop_assert_eq!(found, [&before[..], &before].concat(), "what was there stays there");
        }
    }

    #[test]
    fn keys_with_one_row_have_one_match() {
        let mut store = store(RowLayout::new(super::super::KeyKind::U64, &[], RowsPerKey::One));
        let row = upsert(&mut store, &[1, 2])[1].row;
        let mut found = Vec::new();
        find_all(&store, &[3, 2], &mut found);
        assert_eq!(found, [Match { probe: 1, row }]);
    }
}
