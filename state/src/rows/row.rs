//! What a row is in a page: a header, and behind it the parts whose places a
//! [layout](super::layout::RowLayout) knows.
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

use super::row_ref::RowRef;
use super::size_class::UNIT;

/// The bytes of the header.
pub(super) const HEADER: usize = 24;
/// The bytes of what follows it where a key has many rows.
pub(super) const LINKS: usize = 8;

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
    hash_in(row, 0)
}

/// The hash of the key of a row that begins at `offset` of a page: as others here that are called for each
/// row, without a slice of the row's own to check.
#[inline]
pub(super) fn hash_in(page: &[u8], offset: usize) -> u64 {
    page.get(offset + HASH..).and_then(|row| row.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// When the row was written last, in seconds.
#[inline]
pub(super) fn stamp(row: &[u8]) -> u32 {
    stamp_in(row, 0)
}

#[inline]
pub(super) fn stamp_in(page: &[u8], offset: usize) -> u32 {
    word(page, offset + STAMP)
}

#[inline]
pub(super) fn set_stamp(row: &mut [u8], seconds: u32) {
    set_stamp_in(row, 0, seconds);
}

#[inline]
pub(super) fn set_stamp_in(page: &mut [u8], offset: usize, seconds: u32) {
    set_word(page, offset + STAMP, seconds);
}

#[inline]
pub(super) fn key_length(row: &[u8]) -> usize {
    key_length_in(row, 0)
}

#[inline]
pub(super) fn key_length_in(page: &[u8], offset: usize) -> usize {
    word(page, offset + KEY_LENGTH) as usize
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
    next_in(row, 0)
}

#[inline]
pub(super) fn next_in(page: &[u8], offset: usize) -> Option<RowRef> {
    RowRef::from_number(word(page, offset + NEXT))
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
    starts.find(|unit| word(page, usize::from(*unit) * UNIT + KEY_LENGTH) != FREE)
}

/// Writes the header of a new row, whose variable part has no bytes.
pub(super) fn write_header(to: &mut [u8], hash: u64, stamp: u32, key_length: u32) {
    if let Some(to) = to.first_chunk_mut() {
        *to = hash.to_le_bytes();
    }
    set_stamp(to, stamp);
    set_word(to, KEY_LENGTH, key_length);
    set_variable_length(to, 0);
}
