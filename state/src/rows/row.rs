//! What a row is in a page: a header, and where the parts behind it are.
//!
//! ```text
//! hash u64 | next u32 | stamp u32 | key length u32 | variable length u32      the header
//! previous u32 | count u32                      only where a key has many rows
//! key, fixed | fixed, key                       numbers stand before the fixed part, bytes behind it
//! variable
//! ```
//!
//! All numbers are little-endian, and the fixed part begins at a multiple of 8 bytes. In pages only: blocks
//! of snapshots have a form of their own.

use std::ops::Range;

use super::key_column::{KeyKind, RowKey};
use super::row_ref::RowRef;

/// The bytes of the header.
const HEADER: usize = 24;
/// The bytes of what follows it where a key has many rows.
const LINKS: usize = 8;

const HASH: usize = 0;
const NEXT: usize = 8;
const STAMP: usize = 12;
const KEY_LENGTH: usize = 16;
const VARIABLE_LENGTH: usize = 20;
const PREVIOUS: usize = 24;
const COUNT: usize = 28;

/// The length of the key where there is no row.
pub(super) const FREE: u32 = u32::MAX;

#[inline]
fn word(row: &[u8], at: usize) -> u32 {
    row.get(at..).and_then(|row| row.first_chunk()).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

#[inline]
fn set_word(row: &mut [u8], at: usize, word: u32) {
    if let Some(to) = row.get_mut(at..).and_then(|row| row.first_chunk_mut()) {
        *to = word.to_le_bytes();
    }
}

/// The hash of the key.
#[inline]
pub(super) fn hash(row: &[u8]) -> u64 {
    row.get(HASH..).and_then(|row| row.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// When the row was written last, in seconds.
#[inline]
pub(super) fn stamp(row: &[u8]) -> u32 {
    word(row, STAMP)
}

#[inline]
pub(super) fn set_stamp(row: &mut [u8], seconds: u32) {
    set_word(row, STAMP, seconds);
}

#[inline]
pub(super) fn key_length(row: &[u8]) -> usize {
    word(row, KEY_LENGTH) as usize
}

#[inline]
pub(super) fn variable_length(row: &[u8]) -> usize {
    word(row, VARIABLE_LENGTH) as usize
}

pub(super) fn set_variable_length(row: &mut [u8], length: u32) {
    set_word(row, VARIABLE_LENGTH, length);
}

/// The row behind this one in the ring of those with the same key.
#[inline]
pub(super) fn next(row: &[u8]) -> Option<RowRef> {
    RowRef::from_number(word(row, NEXT))
}

pub(super) fn set_next(row: &mut [u8], next: RowRef) {
    set_word(row, NEXT, next.number());
}

/// The row before this one in the ring of those with the same key.
#[inline]
pub(super) fn previous(row: &[u8]) -> Option<RowRef> {
    RowRef::from_number(word(row, PREVIOUS))
}

pub(super) fn set_previous(row: &mut [u8], previous: RowRef) {
    set_word(row, PREVIOUS, previous.number());
}

/// How many rows have this key, if this is the first of them; 0 if it is another one.
#[inline]
pub(super) fn count(row: &[u8]) -> u32 {
    word(row, COUNT)
}

pub(super) fn set_count(row: &mut [u8], count: u32) {
    set_word(row, COUNT, count);
}

/// Makes a slot a free one, `next` being where the next free one of the page begins.
pub(super) fn set_free(slot: &mut [u8], next: u16) {
    set_word(slot, KEY_LENGTH, FREE);
    set_word(slot, NEXT, u32::from(next));
}

/// Where the next free slot of the page begins.
pub(super) fn next_free(slot: &[u8]) -> u16 {
    word(slot, NEXT) as u16
}

/// Where the first row begins at `unit` or behind it, in a page with slots of `units`, of which `begun`
/// have been used.
pub(super) fn next_used(page: &[u8], unit: u16, units: u16, begun: u16) -> Option<u16> {
    let slots = unit.div_ceil(units.max(1))..begun;
    let mut starts = slots.map(|slot| slot * units);
    starts.find(|unit| word(page, usize::from(*unit) * super::size_class::UNIT + KEY_LENGTH) != FREE)
}

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
        let links = if rows_per_key == RowsPerKey::Many { LINKS } else { 0 };
        let start = HEADER + links;
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
        row.get(self.key_at..).and_then(|rest| rest.get(..key_length(row))).unwrap_or_default()
    }

    /// Where the fixed part is in a row.
    #[inline]
    pub(super) fn fixed(&self) -> Range<usize> {
        self.fixed_at..self.fixed_at + self.initial.len()
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
        let start = self.variable_at(key_length(row));
        start..start.saturating_add(variable_length(row))
    }

    /// How many bytes a row takes.
    pub(super) fn length(&self, key_length: usize, variable_length: usize) -> usize {
        self.variable_at(key_length).saturating_add(variable_length)
    }

    /// Writes a new row, alone with its key, to a slot.
    pub(super) fn write<K: RowKey>(&self, to: &mut [u8], at: RowRef, hash: u64, stamp: u32, key: K) {
        if let Some(to) = to.first_chunk_mut() {
            *to = hash.to_le_bytes();
        }
        set_next(to, at);
        set_stamp(to, stamp);
        set_word(to, KEY_LENGTH, key.length() as u32);
        set_variable_length(to, 0);
        if self.rows_per_key == RowsPerKey::Many {
            set_previous(to, at);
            set_count(to, 1);
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
