//! What accumulators keep beside the rows of groups: values of any length, and many of them.
//!
//! A group's row has a number of its own for each accumulator with such a state, its handle. Together with the hash of the
//! group's key it is the key beside: groups of the same key, such as those of several windows, have rows of their own
//! there, and subtasks whose states come together never mean the same by it.

use std::cell::RefCell;

use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{
    KeyColumn, KeyKind, OrderedRows, RowLayout, RowRef, RowStore, RowsPerKey, Upserted,
};
use millstream_state::snapshot::part::StateMeta;

use super::MakeMeta;

/// How many bytes a handle takes in the row of a group.
pub(super) const HANDLE: usize = 8;

/// Names the rows of a group beside: the hash of its key, and its handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Side {
    pub(super) hash: u64,
    handle: u64,
}

impl Side {
    const fn number(self) -> u128 {
        (self.hash as u128) << 64 | self.handle as u128
    }

    /// What the keys of its rows begin with, in an ordered store.
    fn prefix(self, into: &mut Vec<u8>) {
        into.clear();
        into.extend(self.number().to_be_bytes());
    }
}

/// The handles of groups.
#[derive(Debug, Default)]
pub(super) struct Handles {
    offset: usize,
    /// The last that has been given.
    last: u64,
}

impl Handles {
    pub(super) fn place(&mut self, offset: usize) {
        self.offset = offset;
    }

    /// The rows of a group, if it has any.
    pub(super) fn get(&self, store: &RowStore, group: RowRef) -> Option<Side> {
        let bytes = store.fixed(group).get(self.offset..).and_then(|bytes| bytes.first_chunk());
        let handle = bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
        (handle > 0).then(|| Side { hash: store.hash(group), handle })
    }

    /// The rows of a group; it gets a handle if it has none.
    pub(super) fn get_or_give(&mut self, store: &mut RowStore, group: RowRef) -> Side {
        if let Some(side) = self.get(store, group) {
            return side;
        }
        self.last += 1;
        let slot = store.fixed_mut(group).get_mut(self.offset..).and_then(|bytes| bytes.first_chunk_mut());
        if let Some(slot) = slot {
            *slot = self.last.to_le_bytes();
        }
        Side { hash: store.hash(group), handle: self.last }
    }

    /// Takes the handle of a group away.
    pub(super) fn take(&self, store: &mut RowStore, group: RowRef) -> Option<Side> {
        let side = self.get(store, group)?;
        let slot = store.fixed_mut(group).get_mut(self.offset..).and_then(|bytes| bytes.first_chunk_mut());
        *slot? = [0; HANDLE];
        Some(side)
    }

    /// A handle that is taken already, from a snapshot.
    fn seen(&mut self, number: u128) {
        self.last = self.last.max(number as u64);
    }
}

fn not_open() -> Error {
    Error::new(ErrorKind::Internal, "an accumulator that is not open")
}

/// One value for each group.
#[derive(Debug, Default)]
pub(super) struct SideValues {
    pub(super) handles: Handles,
    store: Option<RowStore>,
    /// Kept for its memory.
    found: RefCell<Vec<Option<RowRef>>>,
    upserted: Vec<Upserted>,
}

impl SideValues {
    pub(super) fn open(&mut self, cx: &mut OpenContext<'_>, meta: StateMeta) -> Result<()> {
        let layout = RowLayout::new(KeyKind::U128, &[], RowsPerKey::One);
        let name = meta.name.clone();
        let mut store = RowStore::new(meta, cx.info().groups, cx.info().range(), layout);
        if let Some(stored) = cx.take_keyed(&name) {
            store.restore_all(stored)?;
        }
        for row in store.rows() {
            let number = store.key(row).first_chunk().map_or(0, |bytes| u128::from_le_bytes(*bytes));
            self.handles.seen(number);
        }
        self.store = Some(store);
        Ok(())
    }

    pub(super) fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        if let Some(store) = &mut self.store {
            let rows = store.snapshot(cx.checkpoint());
            cx.keyed(rows);
        }
    }

    fn find(&self, store: &RowStore, side: Side) -> Result<Option<RowRef>> {
        let mut found = self.found.borrow_mut();
        found.clear();
        store.find(&[side.hash], &KeyColumn::U128(&[side.number()]), &mut found)?;
        Ok(found.first().copied().flatten())
    }

    /// The value of a group.
    pub(super) fn get(&self, side: Option<Side>) -> Result<Option<&[u8]>> {
        let Some(side) = side else { return Ok(None) };
        let store = self.store.as_ref().ok_or_else(not_open)?;
        Ok(self.find(store, side)?.map(|row| store.variable(row)))
    }

    /// Sets the value of a group.
    pub(super) fn set(&mut self, side: Side, value: &[u8]) -> Result<()> {
        let store = self.store.as_mut().ok_or_else(not_open)?;
        self.upserted.clear();
        store.upsert(&[side.hash], &KeyColumn::U128(&[side.number()]), &mut self.upserted)?;
        if let Some(entry) = self.upserted.first() {
            store.replace(entry.row, value)?;
        }
        Ok(())
    }

    /// Forgets the value of a group.
    pub(super) fn remove(&mut self, side: Option<Side>) -> Result<()> {
        let Some(side) = side else { return Ok(()) };
        let Some(mut store) = self.store.take() else { return Err(not_open()) };
        let found = self.find(&store, side);
        if let Ok(Some(row)) = found {
            store.remove(row);
        }
        self.store = Some(store);
        found.map(drop)
    }
}

/// Many keys for each group, in order.
#[derive(Default)]
pub(super) struct SideRows {
    pub(super) handles: Handles,
    rows: Option<OrderedRows>,
    key: Vec<u8>,
}

impl SideRows {
    pub(super) fn open(&mut self, cx: &mut OpenContext<'_>, meta: StateMeta) -> Result<()> {
        let name = meta.name.clone();
        let mut rows = OrderedRows::new(meta, cx.info().groups, cx.info().range());
        if let Some(stored) = cx.take_keyed(&name) {
            rows.restore_all(stored)?;
        }
        for (key, _) in rows.rows() {
            let number = key.first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes));
            self.handles.seen(number);
        }
        self.rows = Some(rows);
        Ok(())
    }

    pub(super) fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        if let Some(rows) = &mut self.rows {
            let rows = rows.snapshot(cx.checkpoint());
            cx.keyed(rows);
        }
    }

    /// Adds to the number of a key, and forgets it at 0; `bytes` are kept with a new one.
    pub(super) fn add(&mut self, side: Side, key: &[u8], count: i64, bytes: &[u8]) -> Result<()> {
        side.prefix(&mut self.key);
        self.key.extend(key);
        let rows = self.rows.as_mut().ok_or_else(not_open)?;
        let value = rows.entry(side.hash, &self.key)?;
        value.number += count;
        if value.number == 0 {
            rows.remove(side.hash, &self.key)?;
        } else if value.variable.is_empty() && !bytes.is_empty() {
            value.variable = bytes.into();
        }
        Ok(())
    }

    /// Forgets a key.
    pub(super) fn remove(&mut self, side: Side, key: &[u8]) -> Result<()> {
        side.prefix(&mut self.key);
        self.key.extend(key);
        self.rows.as_mut().ok_or_else(not_open)?.remove(side.hash, &self.key).map(drop).map_err(Into::into)
    }

    /// The keys of a group that begin with `prefix`, in order, each with its number and the bytes that are kept with it.
    pub(super) fn scan(
        &self,
        side: Option<Side>,
        prefix: &[u8],
    ) -> Result<impl DoubleEndedIterator<Item = (&[u8], i64, &[u8])>> {
        let rows = self.rows.as_ref().ok_or_else(not_open)?;
        let mut key = Vec::with_capacity(size_of::<u128>() + prefix.len());
        let scanned = side.map(|side| {
            side.prefix(&mut key);
            key.extend(prefix);
            rows.scan_prefix(side.hash, &key, None)
        });
        Ok(scanned.into_iter().flatten().map(|(key, value)| {
            (key.get(size_of::<u128>()..).unwrap_or_default(), value.number, &*value.variable)
        }))
    }

    /// Forgets all keys of a group.
    pub(super) fn clear(&mut self, side: Option<Side>) -> Result<()> {
        let keys: Vec<Vec<u8>> = self.scan(side, &[])?.map(|(key, ..)| key.to_vec()).collect();
        let Some(side) = side else { return Ok(()) };
        keys.iter().try_for_each(|key| self.remove(side, key))
    }
}

/// What the state beside is called, and what is in it.
pub(super) fn meta_of(name: &str, value: String, make: MakeMeta<'_>) -> StateMeta {
    make(name, format!("({value}) by group and handle"))
}
