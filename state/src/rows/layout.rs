//! What the rows of a store consist of, and where that is in a row.

use std::ops::Range;

use super::key_column::{KeyKind, RowKey};
use super::row;
use super::row_ref::RowRef;

/// How many bytes of a key of bytes are fetched ahead with its row.
const LIKELY_KEY: usize = 15;

/// How many rows a key of a [`RowStore`](super::RowStore) may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowsPerKey {
    /// One, as in an aggregation: it is found or made with [`upsert`](super::RowStore::upsert).
    One,
    /// Many, as on a side of a join: they are added with [`append`](super::RowStore::append), and keep
    /// their order.
    Many,
}

/// What the rows of a [`RowStore`](super::RowStore) consist of.
#[derive(Clone, Debug)]
pub struct RowLayout {
    key: KeyKind,
    rows_per_key: RowsPerKey,
    initial: Box<[u8]>,
    /// `initial`, filled up to a multiple of 8 bytes.
    fixed_room: usize,
    fixed_at: usize,
    key_at: usize,
}

impl RowLayout {
    /// Rows with keys of this kind, and with a fixed part of as many bytes as `initial`, which is what it
    /// holds in a new row.
    pub fn new(key: KeyKind, initial: &[u8], rows_per_key: RowsPerKey) -> Self {
        let fixed_room = initial.len().next_multiple_of(8);
        let links = if rows_per_key == RowsPerKey::Many { row::LINKS } else { 0 };
        let start = row::HEADER + links;
        let (fixed_at, key_at) = match key {
            KeyKind::U64 => (start + 8, start),
            KeyKind::U128 => (start + 16, start),
            KeyKind::Bytes => (start, start + fixed_room),
        };
        Self { key, rows_per_key, initial: initial.into(), fixed_room, fixed_at, key_at }
    }

    /// What the keys are.
    pub fn key_kind(&self) -> KeyKind {
        self.key
    }

    /// How many rows a key may have.
    pub fn rows_per_key(&self) -> RowsPerKey {
        self.rows_per_key
    }

    /// What the fixed part of a new row holds.
    pub fn initial(&self) -> &[u8] {
        &self.initial
    }

    /// Where the key is in a row.
    #[inline]
    pub(super) fn key_at(&self) -> usize {
        self.key_at
    }

    /// The key of a row.
    #[inline]
    pub(super) fn key<'r>(&self, row: &'r [u8]) -> &'r [u8] {
        row.get(self.key_at..).and_then(|rest| rest.get(..row::key_length(row))).unwrap_or_default()
    }

    /// Where the fixed part is in a row.
    #[inline]
    pub(super) fn fixed(&self) -> Range<usize> {
        self.fixed_at..self.fixed_at + self.initial.len()
    }

    /// Where a row ends, about, up to which it is looked at for each key: the last of what is worth fetching.
    #[inline]
    pub(super) fn reach(&self) -> usize {
        match self.key {
            KeyKind::U64 | KeyKind::U128 => self.fixed().end.saturating_sub(1),
            KeyKind::Bytes => self.key_at + LIKELY_KEY,
        }
    }

    /// Where the variable part begins in a row with a key of this length.
    #[inline]
    fn variable_at(&self, key_length: usize) -> usize {
        match self.key {
            KeyKind::U64 | KeyKind::U128 => self.fixed_at + self.fixed_room,
            KeyKind::Bytes => self.key_at.saturating_add(key_length),
        }
    }

    /// Where the variable part is in a row.
    #[inline]
    pub(super) fn variable(&self, row: &[u8]) -> Range<usize> {
        let start = self.variable_at(row::key_length(row));
        start..start.saturating_add(row::variable_length(row))
    }

    /// How many bytes a row takes.
    pub(super) fn length(&self, key_length: usize, variable_length: usize) -> usize {
        self.variable_at(key_length).saturating_add(variable_length)
    }

    /// Writes a new row, alone with its key, to a slot.
    pub(super) fn write<K: RowKey>(&self, to: &mut [u8], at: RowRef, hash: u64, stamp: u32, key: K) {
        row::write_header(to, hash, stamp, key.length() as u32);
        if self.rows_per_key == RowsPerKey::Many {
            row::set_next(to, at);
            row::set_previous(to, at);
            row::set_count(to, 1);
        }
        self.write_initial(to);
        if let Some(to) = to.get_mut(self.key_at..).and_then(|to| to.get_mut(..key.length())) {
            key.write(to);
        }
    }

    /// Sets the fixed part to what it holds in a new row.
    pub(super) fn write_initial(&self, row: &mut [u8]) {
        if let Some(fixed) = row.get_mut(self.fixed()) {
            fixed.copy_from_slice(&self.initial);
        }
    }
}
