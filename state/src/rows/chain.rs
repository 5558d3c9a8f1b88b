//! Rows with the same key: a ring in the order in which they were added, of which the index knows the first.

use super::layout::RowsPerKey;
use super::row;
use super::row_ref::RowRef;
use super::store::RowStore;

impl RowStore {
    /// How many rows have the key of a row that [`find`](Self::find) has returned, those included that
    /// have expired and are not swept yet.
    #[inline]
    pub fn rows_with_key(&self, first: RowRef) -> usize {
        match self.layout.rows_per_key() {
            RowsPerKey::One => 1,
            RowsPerKey::Many => row::count(self.pages.row(first)) as usize,
        }
    }

    /// All rows with the key of a row that [`find`](Self::find) has returned, in the order in which they
    /// were added, without those that have expired.
    ///
    /// Where rows change meanwhile: [`next_with_key`](Self::next_with_key).
    pub fn with_key(&self, first: RowRef) -> impl Iterator<Item = RowRef> {
        let start = if self.is_live(first) { Some(first) } else { self.next_with_key(first) };
        std::iter::successors(start, |row| self.next_with_key(*row))
    }

    /// The row that was added next with the same key and has not expired, if there is one.
    #[inline]
    pub fn next_with_key(&self, row: RowRef) -> Option<RowRef> {
        let mut at = row;
        loop {
            at = self.following(at)?;
            if self.is_live(at) {
                return Some(at);
            }
        }
    }

    /// The next row of the ring, unless that is the first again.
    #[inline]
    fn following(&self, row: RowRef) -> Option<RowRef> {
        if self.layout.rows_per_key() == RowsPerKey::One {
            return None;
        }
        let next = row::next(self.pages.row(row))?;
        (row::count(self.pages.row(next)) == 0).then_some(next)
    }

    /// Makes a new row the last one with its key, of which `first` is the first.
    pub(super) fn link_last(&mut self, first: RowRef, new: RowRef) {
        let bytes = self.pages.row(first);
        let (last, count) = (row::previous(bytes).unwrap_or(first), row::count(bytes));
        row::set_next(self.pages.row_mut(last), new);
        let bytes = self.pages.row_mut(first);
        row::set_previous(bytes, new);
        row::set_count(bytes, count.saturating_add(1));
        let bytes = self.pages.row_mut(new);
        row::set_next(bytes, first);
        row::set_previous(bytes, last);
        row::set_count(bytes, 0);
    }

    /// Takes a row out of the ring, and out of the index.
    pub(super) fn unlink(&mut self, hash: u64, row: RowRef) {
        let bytes = self.pages.row(row);
        let (count, next, previous) = (row::count(bytes), row::next(bytes), row::previous(bytes));
        let (Some(next), Some(previous)) = (next, previous) else { return };
        if next == row {
            self.index.remove(hash, row);
            return;
        }
        // The first of those that remain.
        let first = if count > 0 { Some(next) } else { self.first_with_key_of(hash, row) };
        row::set_next(self.pages.row_mut(previous), next);
        row::set_previous(self.pages.row_mut(next), previous);
        if count > 0 {
            self.index.replace(hash, row, next);
        }
        if let Some(first) = first {
            let bytes = self.pages.row_mut(first);
            let all = if count > 0 { count } else { row::count(bytes) };
            row::set_count(bytes, all.saturating_sub(1));
        }
    }

    /// The first row that has the key of this one.
    fn first_with_key_of(&self, hash: u64, row: RowRef) -> Option<RowRef> {
        let key = self.key(row);
        self.index.find(hash, |first| self.key(first) == key)
    }

    /// Lets the ring, and the index, know a row by its new place, to which its bytes have been copied.
    pub(super) fn relink(&mut self, hash: u64, row: RowRef, to: RowRef) {
        let bytes = self.pages.row(to);
        let (count, next, previous) = (row::count(bytes), row::next(bytes), row::previous(bytes));
        let (Some(next), Some(previous)) = (next, previous) else { return };
        // Where it was alone, it is its own neighbour.
        let [next, previous] = [next, previous].map(|other| if other == row { to } else { other });
        row::set_next(self.pages.row_mut(previous), to);
        row::set_previous(self.pages.row_mut(next), to);
        if count > 0 {
            self.index.replace(hash, row, to);
        }
    }
}

#[cfg(test)]
mod tests;
