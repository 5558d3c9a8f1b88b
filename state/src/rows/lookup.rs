//! Finding the rows of a batch of keys.
//!
//! In a store that is larger than the caches nearly every look-up waits for memory, twice. So a batch is
//! gone through three times, some keys at a time: the slots of the index are asked for; they are read, and
//! the rows asked for; the rows are compared.

use super::key_column::{BytesColumn, KeyColumn, RowKey, RowKeys};
use super::layout::RowsPerKey;
use super::row;
use super::row_ref::RowRef;
use super::store::RowStore;
use crate::{Result, StateError};

/// How many keys are looked ahead for at once: what is asked for stays in the nearest cache until it is used.
pub(super) const AHEAD: usize = 128;

/// Where the row of a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upserted {
    /// The row.
    pub row: RowRef,
    /// Whether it was not there before, or had expired.
    pub is_new: bool,
}

/// Up to so many bytes, a store is taken to be in the nearer caches: there is nothing to wait for.
const CACHED: usize = 256 << 10;

pub(super) type Candidates = [Option<RowRef>; AHEAD];

impl RowStore {
    /// Appends to `out` where each key's row is, or its first one if a key may have many; none if there is
    /// no row that has not expired.
    ///
    /// # Errors
    /// [`StateError::Usage`] if keys are of another kind than the store's, or there are not as many as hashes.
    pub fn find(&self, hashes: &[u64], keys: &KeyColumn<'_>, out: &mut Vec<Option<RowRef>>) -> Result<()> {
        self.check(hashes, keys)?;
        match *keys {
            KeyColumn::U64(keys) => self.find_keys(hashes, keys, out),
            KeyColumn::U128(keys) => self.find_keys(hashes, keys, out),
            KeyColumn::Bytes(keys) => self.find_keys(hashes, keys, out),
        }
    }

    /// Appends to `out` where each key's row is; a row that is not there, or has expired, is made with
    /// the [initial](super::RowLayout::initial) fixed part and no variable part.
    ///
    /// # Errors
    /// [`StateError::Usage`] if keys are of another kind than the store's, there are not as many as hashes,
    /// one belongs to another subtask, keys may have many rows, or the store is full. Rows before the one
    /// that failed have been made.
    pub fn upsert(&mut self, hashes: &[u64], keys: &KeyColumn<'_>, out: &mut Vec<Upserted>) -> Result<()> {
        self.check(hashes, keys)?;
        self.check_rows_per_key(RowsPerKey::One)?;
        match *keys {
            KeyColumn::U64(keys) => self.upsert_keys(hashes, keys, out),
            KeyColumn::U128(keys) => self.upsert_keys(hashes, keys, out),
            KeyColumn::Bytes(keys) => self.upsert_keys(hashes, keys, out),
        }
    }

    /// Adds a row for each key, behind those that the key has, with the
    /// [initial](super::RowLayout::initial) fixed part and these variable parts; appends to `out` where
    /// they are.
    ///
    /// # Errors
    /// As [`upsert`](Self::upsert), if keys have one row only, or there are not as many variable parts as keys.
    pub fn append(
        &mut self,
        hashes: &[u64],
        keys: &KeyColumn<'_>,
        variable: BytesColumn<'_>,
        out: &mut Vec<RowRef>,
    ) -> Result<()> {
        self.check(hashes, keys)?;
        self.check_rows_per_key(RowsPerKey::Many)?;
        match *keys {
            KeyColumn::U64(keys) => self.append_keys(hashes, keys, variable, out),
            KeyColumn::U128(keys) => self.append_keys(hashes, keys, variable, out),
            KeyColumn::Bytes(keys) => self.append_keys(hashes, keys, variable, out),
        }
    }

    fn find_keys<K: RowKeys>(&self, hashes: &[u64], keys: K, out: &mut Vec<Option<RowRef>>) -> Result<()> {
        out.reserve(hashes.len());
        let mut candidates: Candidates = [None; AHEAD];
        for (hashes, start) in hashes.chunks(AHEAD).zip((0..).step_by(AHEAD)) {
            self.look_ahead(hashes, &mut candidates);
            for ((hash, candidate), at) in hashes.iter().zip(candidates).zip(start..) {
                let key = keys.key(at).ok_or_else(|| self.missing_key())?;
                let found = candidate.and_then(|candidate| self.row_of(*hash, key, candidate));
                out.push(found.filter(|row| self.is_live(*row) || self.next_with_key(*row).is_some()));
            }
        }
        Ok(())
    }

    fn upsert_keys<K: RowKeys>(&mut self, hashes: &[u64], keys: K, out: &mut Vec<Upserted>) -> Result<()> {
        out.reserve(hashes.len());
        if self.bytes() <= CACHED {
            for (at, hash) in hashes.iter().enumerate() {
                let key = keys.key(at).ok_or_else(|| self.missing_key())?;
                let entry = match self.index.find(*hash, |row| self.is_live_row_of(key, row)) {
                    Some(row) => Upserted { row, is_new: false },
                    None => self.upsert_one(*hash, key)?,
                };
                out.push(entry);
            }
            return Ok(());
        }
        let mut candidates: Candidates = [None; AHEAD];
        for (hashes, start) in hashes.chunks(AHEAD).zip((0..).step_by(AHEAD)) {
            self.look_ahead(hashes, &mut candidates);
            for ((hash, candidate), at) in hashes.iter().zip(candidates).zip(start..) {
                let key = keys.key(at).ok_or_else(|| self.missing_key())?;
                let entry = match candidate {
                    Some(row) if self.is_live_row_of(key, row) => Upserted { row, is_new: false },
                    _ => self.upsert_one(*hash, key)?,
                };
                out.push(entry);
            }
        }
        Ok(())
    }

    /// For keys that are new, have expired, were new some keys ago, or whose hash resembles another one's.
    #[inline(never)]
    fn upsert_one<K: RowKey>(&mut self, hash: u64, key: K) -> Result<Upserted> {
        match self.index.find(hash, |row| self.is_row_of(key, row)) {
            Some(row) => {
                let is_new = !self.is_live(row);
                if is_new && let Some(restarted) = &mut self.restarted {
                    restarted.push(row);
                    self.set_stamp(row, self.expiry.now());
                } else if is_new {
                    self.start_anew(hash, row);
                }
                Ok(Upserted { row, is_new })
            }
            None => {
                let row = self.new_row(hash, key, &[])?;
                self.index.insert(hash, row);
                Ok(Upserted { row, is_new: true })
            }
        }
    }

    pub(super) fn start_anew(&mut self, hash: u64, row: RowRef) {
        self.groups.mark(hash);
        let bytes = self.pages.row_mut(row);
        row::set_stamp(bytes, self.expiry.now());
        row::set_variable_length(bytes, 0);
        self.layout.write_initial(bytes);
    }

    fn append_keys<K: RowKeys>(
        &mut self,
        hashes: &[u64],
        keys: K,
        variable: BytesColumn<'_>,
        out: &mut Vec<RowRef>,
    ) -> Result<()> {
        out.reserve(hashes.len());
        let mut candidates: Candidates = [None; AHEAD];
        for (hashes, start) in hashes.chunks(AHEAD).zip((0..).step_by(AHEAD)) {
            self.look_ahead(hashes, &mut candidates);
            for ((hash, candidate), at) in hashes.iter().zip(candidates).zip(start..) {
                let key = keys.key(at).ok_or_else(|| self.missing_key())?;
                let variable = variable.get(at).ok_or_else(|| self.missing_key())?;
                let candidate = candidate.filter(|row| self.is_row_of(key, *row));
                out.push(self.append_one(*hash, key, candidate, variable)?);
            }
        }
        Ok(())
    }

    /// Adds a row behind those of its key; `first` is the first of them, where that is known.
    pub(super) fn append_one<K: RowKey>(
        &mut self,
        hash: u64,
        key: K,
        first: Option<RowRef>,
        variable: &[u8],
    ) -> Result<RowRef> {
        let first = first.or_else(|| self.index.find(hash, |row| self.is_row_of(key, row)));
        let row = self.new_row(hash, key, variable)?;
        match first {
            Some(first) => self.link_last(first, row),
            None => self.index.insert(hash, row),
        }
        Ok(row)
    }

    /// Finds out where the rows of these keys likely are; their memory is on its way then.
    #[inline]
    pub(super) fn look_ahead(&self, hashes: &[u64], candidates: &mut Candidates) {
        hashes.iter().for_each(|hash| self.index.prefetch(*hash));
        for (hash, candidate) in hashes.iter().zip(candidates) {
            *candidate = self.index.candidate(*hash);
            if let Some(row) = *candidate {
                self.fetch(row);
            }
        }
    }

    /// The row with this key, if the index was found to have `candidate` first for its hash.
    #[inline]
    pub(super) fn row_of<K: RowKey>(&self, hash: u64, key: K, candidate: RowRef) -> Option<RowRef> {
        if self.is_row_of(key, candidate) {
            return Some(candidate);
        }
        self.index.find(hash, |row| self.is_row_of(key, row))
    }

    /// Whether a row has this key.
    #[inline]
    pub(super) fn is_row_of<K: RowKey>(&self, key: K, row: RowRef) -> bool {
        self.pages.page(row).is_some_and(|page| self.is_key_in(page, key, row))
    }

    /// Whether a row has this key, and has not expired.
    #[inline]
    fn is_live_row_of<K: RowKey>(&self, key: K, row: RowRef) -> bool {
        self.pages.page(row).is_some_and(|page| {
            self.is_key_in(page, key, row) && self.expiry.is_live(row::stamp_in(page, row.offset()))
        })
    }

    #[inline]
    fn is_key_in<K: RowKey>(&self, page: &[u8], key: K, row: RowRef) -> bool {
        let start = row.offset();
        key.is_in(page, start + self.layout.key_at(), || row::key_length_in(page, start))
    }

    pub(super) fn check(&self, hashes: &[u64], keys: &KeyColumn<'_>) -> Result<()> {
        if keys.kind() == self.layout.key_kind() && keys.len() == hashes.len() {
            return Ok(());
        }
        Err(StateError::Usage(format!(
            "state `{}`: {} keys of kind {:?} came with {} hashes to a store with keys of kind {:?}",
            self.meta.name,
            keys.len(),
            keys.kind(),
            hashes.len(),
            self.layout.key_kind()
        )))
    }

    fn check_rows_per_key(&self, expected: RowsPerKey) -> Result<()> {
        if self.layout.rows_per_key() == expected {
            return Ok(());
        }
        Err(StateError::Usage(format!(
            "state `{}`: keys with one row are upserted, keys with many are appended to; its layout says {:?}",
            self.meta.name,
            self.layout.rows_per_key()
        )))
    }

    #[cold]
    pub(super) fn missing_key(&self) -> StateError {
        StateError::Usage(format!(
            "state `{}`: a column of bytes has fewer values than there are hashes, or offsets beyond its data",
            self.meta.name
        ))
    }
}
