//! The store: what its rows are reached through once they are found.

use super::group_changes::GroupChanges;
use super::index::RowIndex;
use super::key_column::RowKey;
use super::layout::{RowLayout, RowsPerKey};
use super::pages::Pages;
use super::row::{self, FREE};
use super::row_ref::RowRef;
use super::ttl::Expiry;
use crate::snapshot::part::StateMeta;
use crate::{KeyGroupRange, KeyGroups, Result, StateError};

/// A slot this much larger than its row is left for a smaller one.
const SHRINK: usize = 4;

/// Rows of one keyed state of one subtask: pages of bytes, and an index that finds rows by their keys.
///
/// A row has a key, a fixed part, which is changed in place, and a variable part of any length. A key has
/// one row, or many in the order in which they were added. Rows are looked for a batch at a time, with the
/// [stable hashes](crate::stable_hash) of their keys (or other hashes that never change: they decide the
/// key group, and are kept in snapshots), and are then reached by [`RowRef`].
///
/// ```
/// use millstream_state::rows::{KeyColumn, KeyKind, RowLayout, RowStore, RowsPerKey};
/// use millstream_state::snapshot::part::{StateKind, StateMeta};
/// use millstream_state::{KeyGroups, Shape, stable_hash};
///
/// let (key, value) = (Shape::from_text("user BIGINT"), Shape::from_text("count: i64"));
/// let meta = StateMeta { name: "groups".to_owned(), kind: StateKind::Rows, key, value };
/// let groups = KeyGroups::new(128);
/// let layout = RowLayout::new(KeyKind::U64, &0_i64.to_le_bytes(), RowsPerKey::One);
/// let mut store = RowStore::new(meta, groups, groups.range_of(0, 1), layout);
///
/// let users = [7_u64, 8, 7];
/// let hashes = users.map(|user| stable_hash(&user));
/// let mut found = Vec::new();
/// store.upsert(&hashes, &KeyColumn::U64(&users), &mut found)?;
/// for entry in &found {
///     let count = store.fixed_mut(entry.row);
///     let next = i64::from_le_bytes(count.try_into().unwrap_or_default()) + 1;
///     count.copy_from_slice(&next.to_le_bytes());
/// }
/// assert_eq!(found.iter().map(|entry| entry.is_new).collect::<Vec<_>>(), [true, true, false]);
/// assert_eq!(store.fixed(found[0].row), 2_i64.to_le_bytes());
/// # Ok::<(), millstream_state::StateError>(())
/// ```
///
/// A [`RowRef`] is good until its row is removed or replaced, or the store is swept. What is asked of
/// a row that is not there is answered as of an empty one, or of one that has taken its place.
#[derive(Debug)]
pub struct RowStore {
    pub(super) meta: StateMeta,
    pub(super) layout: RowLayout,
    pub(super) pages: Pages,
    pub(super) index: RowIndex,
    pub(super) groups: GroupChanges,
    pub(super) expiry: Expiry,
    /// Where rows have dependents: those that had expired when they were asked for as new ones.
    pub(super) restarted: Option<Vec<RowRef>>,
    rows: usize,
    /// The page at which the next sweep begins.
    pub(super) swept: usize,
}

impl RowStore {
    /// An empty store of rows that do not expire, over the key groups `range` of `groups`.
    pub fn new(meta: StateMeta, groups: KeyGroups, range: KeyGroupRange, layout: RowLayout) -> Self {
        Self {
            meta,
            layout,
            pages: Pages::default(),
            index: RowIndex::default(),
            groups: GroupChanges::new(groups, range),
            expiry: Expiry::default(),
            restarted: None,
            rows: 0,
            swept: 0,
        }
    }

    /// Name, kind and shapes.
    pub fn meta(&self) -> &StateMeta {
        &self.meta
    }

    /// What rows consist of.
    pub fn layout(&self) -> &RowLayout {
        &self.layout
    }

    /// The key groups, of which the hash of a key decides one.
    pub fn key_groups(&self) -> KeyGroups {
        self.groups.groups()
    }

    /// How many rows there are, those included that have expired and are not swept yet.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// How many bytes of memory pages and index take.
    pub fn bytes(&self) -> usize {
        self.pages.bytes() + self.index.bytes()
    }

    /// All rows that have not expired, in no particular order.
    pub fn rows(&self) -> impl Iterator<Item = RowRef> {
        self.pages.rows().filter(|row| self.is_live(*row))
    }

    /// As [`rows`](Self::rows), with those that have expired and are not swept yet.
    pub fn rows_with_expired(&self) -> impl Iterator<Item = RowRef> {
        self.pages.rows()
    }

    /// The fixed part of a row.
    #[inline]
    pub fn fixed(&self, row: RowRef) -> &[u8] {
        let (start, fixed) = (row.offset(), self.layout.fixed());
        self.pages
            .page(row)
            .and_then(|page| page.get(start + fixed.start..start + fixed.end))
            .unwrap_or_default()
    }

    /// The fixed part of a row, for writing.
    #[inline(always)]
    pub fn fixed_mut(&mut self, row: RowRef) -> &mut [u8] {
        let Some(page) = written(&mut self.pages, &mut self.groups, self.expiry, row) else {
            return Default::default();
        };
        let fixed = self.layout.fixed();
        page.get_mut(row.offset() + fixed.start..row.offset() + fixed.end).unwrap_or_default()
    }

    /// The variable part of a row; empty in a new one.
    #[inline]
    pub fn variable(&self, row: RowRef) -> &[u8] {
        let row = self.pages.row(row);
        row.get(self.layout.variable(row)).unwrap_or_default()
    }

    /// The variable part of a row, for writing where its length stays.
    pub fn variable_mut(&mut self, row: RowRef) -> &mut [u8] {
        written(&mut self.pages, &mut self.groups, self.expiry, row);
        let row = self.pages.row_mut(row);
        row.get_mut(self.layout.variable(row)).unwrap_or_default()
    }

    /// The key of a row: a number in little-endian order, or bytes.
    #[inline]
    pub fn key(&self, row: RowRef) -> &[u8] {
        self.layout.key(self.pages.row(row))
    }

    /// The hash of a row's key.
    #[inline]
    pub fn hash(&self, row: RowRef) -> u64 {
        row::hash(self.pages.row(row))
    }

    /// Sets the variable part of a row. Returns where the row is then: it moves where its slot is too
    /// small, or far too large. Key and fixed part stay as they are.
    ///
    /// # Errors
    /// [`StateError::Usage`] if the part has more bytes than 32 bits count, the store is full, or there is
    /// no such row.
    pub fn replace(&mut self, row: RowRef, variable: &[u8]) -> Result<RowRef> {
        let length = u32::try_from(variable.len()).map_err(|_| self.too_long("a variable part"))?;
        if !self.pages.is_row(row) {
            return Err(self.not_there());
        }
        let needed = self.layout.length(row::key_length(self.pages.row(row)), variable.len());
        let room = self.pages.room(row);
        let row = if needed > room || needed.saturating_mul(SHRINK) < room {
            self.relocate(row, needed)?
        } else {
            row
        };
        written(&mut self.pages, &mut self.groups, self.expiry, row);
        let bytes = self.pages.row_mut(row);
        row::set_variable_length(bytes, length);
        if let Some(to) = bytes.get_mut(self.layout.variable(bytes)) {
            to.copy_from_slice(variable);
        }
        Ok(row)
    }

    /// Removes a row. Nothing happens if it is not there.
    pub fn remove(&mut self, row: RowRef) {
        if !self.pages.is_row(row) {
            return;
        }
        let hash = self.hash(row);
        match self.layout.rows_per_key() {
            RowsPerKey::One => self.index.remove(hash, row),
            RowsPerKey::Many => self.unlink(hash, row),
        }
        self.groups.subtract(hash);
        self.rows = self.rows.saturating_sub(1);
        self.pages.free(row);
    }

    /// Moves a row to a slot of at least `length` bytes, without what does not fit there.
    pub(super) fn relocate(&mut self, row: RowRef, length: usize) -> Result<RowRef> {
        let to = self.pages.allocate(length)?;
        let fitting = self.pages.room(to).min(self.pages.room(row));
        self.pages.copy(row, to, fitting);
        let hash = self.hash(to);
        match self.layout.rows_per_key() {
            RowsPerKey::One => self.index.replace(hash, row, to),
            RowsPerKey::Many => self.relink(hash, row, to),
        }
        self.pages.free(row);
        Ok(to)
    }

    /// Makes a row that neither the index nor another row knows yet.
    pub(super) fn new_row<K: RowKey>(&mut self, hash: u64, key: K, variable: &[u8]) -> Result<RowRef> {
        if !self.groups.owns(hash) {
            return Err(self.foreign(hash));
        }
        let variable_length = u32::try_from(variable.len()).map_err(|_| self.too_long("a variable part"))?;
        if key.length() >= FREE as usize {
            return Err(self.too_long("a key"));
        }
        let row = self.pages.allocate(self.layout.length(key.length(), variable.len()))?;
        let bytes = self.pages.row_mut(row);
        self.layout.write(bytes, row, hash, self.expiry.now(), key);
        if variable_length > 0 {
            row::set_variable_length(bytes, variable_length);
            if let Some(to) = bytes.get_mut(self.layout.variable(bytes)) {
                to.copy_from_slice(variable);
            }
        }
        self.groups.add(hash);
        self.rows += 1;
        Ok(row)
    }

    /// Whether a row has not expired.
    #[inline]
    pub(super) fn is_live(&self, row: RowRef) -> bool {
        self.expiry.is_live(row::stamp(self.pages.row(row)))
    }

    #[cold]
    fn foreign(&self, hash: u64) -> StateError {
        let (name, group, range) = (&self.meta.name, self.groups.groups().of_hash(hash), self.groups.range());
        StateError::Usage(format!(
            "state `{name}`: a key of key group {group} came to the subtask that owns {range}; \
             the key's hash must have the same value each time"
        ))
    }

    #[cold]
    fn not_there(&self) -> StateError {
        let name = &self.meta.name;
        StateError::Usage(format!("state `{name}`: a row was used after it had been removed or replaced"))
    }

    #[cold]
    fn too_long(&self, what: &str) -> StateError {
        StateError::Usage(format!("state `{}`: {what} has 4 GiB or more: make it shorter", self.meta.name))
    }
}

/// Marks a row as being written to; returns its page.
#[inline(always)]
fn written<'p>(
    pages: &'p mut Pages,
    groups: &mut GroupChanges,
    expiry: Expiry,
    row: RowRef,
) -> Option<&'p mut [u8]> {
    let page = pages.page_mut(row)?;
    groups.mark(row::hash_in(page, row.offset()));
    row::set_stamp_in(page, row.offset(), expiry.now());
    Some(page)
}

#[cfg(test)]
mod tests;
