//! One row for each key, as bytes: what deduplication and normalisation keep.

use std::collections::HashMap;

use millstream_runtime::Result;
use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_state::rows::{RowLayout, RowRef, RowStore, RowsPerKey, Ttl, Upserted};
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{KeyGroups, Shape, Timestamp};

use super::rank::not_open;
use super::time_to_live;
use crate::chunk::row_codec::describe_rows;
use crate::chunk::{Chunk, KeyLayout};
use crate::types::Schema;

/// Whether a key has a row, in the first byte of the fixed part; then a number.
const FIXED: usize = 16;

/// The rows of keys.
pub(super) struct LastRows {
    keys: KeyLayout,
    /// The columns of the key by which rows are routed, if those are not all.
    owner: Option<KeyLayout>,
    groups: KeyGroups,
    ttl: Option<Ttl>,
    store: Option<RowStore>,
    upserted: Vec<Upserted>,
    /// Where rows that have moved are now.
    moved: HashMap<RowRef, RowRef>,
}

impl LastRows {
    /// Rows that are kept for so long after they were set last.
    pub(super) fn new(keys: KeyLayout, ttl: Option<Ttl>) -> Self {
        let groups = KeyGroups::new(1);
        Self { keys, owner: None, groups, ttl, store: None, upserted: Vec::new(), moved: HashMap::new() }
    }

    /// The same for rows that are routed by some of the columns alone.
    pub(super) fn owned_by(self, owner: KeyLayout) -> Self {
        Self { owner: Some(owner), ..self }
    }

    pub(super) fn open(&mut self, cx: &mut OpenContext<'_>, name: &str, schema: &Schema) -> Result<()> {
        self.groups = cx.info().groups;
        let columns = self.keys.columns().iter();
        let columns = columns.map(|column| schema.get(*column).map_or_else(String::new, ToString::to_string));
        let meta = StateMeta {
            name: name.to_owned(),
            kind: StateKind::Rows,
            key: Shape::from_text(&format!("key({})", columns.collect::<Vec<_>>().join(", "))),
            value: Shape::from_text(&format!("{name}: {}", describe_rows(schema))),
        };
        let layout = RowLayout::new(self.keys.kind(), &[0; FIXED], RowsPerKey::One);
        let mut store = RowStore::new(meta, cx.info().groups, cx.info().range(), layout).with_ttl(self.ttl);
        store.set_now(time_to_live::seconds(cx.task().now()));
        if let Some(stored) = cx.take_keyed(name) {
            store.restore_all(stored)?;
        }
        self.store = Some(store);
        Ok(())
    }

    /// Whether rows expire.
    pub(super) const fn expires(&self) -> bool {
        self.ttl.is_some()
    }

    pub(super) fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        if let Some(store) = &mut self.store {
            let rows = store.snapshot(cx.checkpoint());
            cx.keyed(rows);
        }
    }

    /// Finds the keys of a chunk; what is said of a row is said of its key from here on.
    pub(super) fn find(&mut self, chunk: &Chunk, now: impl FnOnce() -> Timestamp) -> Result<()> {
        let store = self.store.as_mut().ok_or_else(not_open)?;
        time_to_live::advance(store, now, chunk.rows())?;
        let keys = self.keys.keys(chunk.columns(), chunk.rows())?;
        self.upserted.clear();
        self.moved.clear();
        let Some(owner) = &self.owner else {
            store.upsert(keys.hashes(), &keys.column(), &mut self.upserted)?;
            return Ok(());
        };
        let mut hashes = Vec::new();
        owner.hash(chunk.columns(), chunk.rows(), &mut hashes)?;
        let groups = self.groups;
        for (hash, of_key) in hashes.iter_mut().zip(keys.hashes()) {
            *hash = groups.hash_in_group_of(*hash, *of_key);
        }
        store.upsert(&hashes, &keys.column(), &mut self.upserted)?;
        Ok(())
    }

    fn at(&self, row: usize) -> Option<RowRef> {
        let known = self.upserted.get(row)?.row;
        Some(if self.moved.is_empty() { known } else { self.moved.get(&known).copied().unwrap_or(known) })
    }

    /// The number and the bytes of the key of a row, if it has any.
    pub(super) fn get(&self, row: usize) -> Option<(i64, &[u8])> {
        let (store, at) = (self.store.as_ref()?, self.at(row)?);
        let fixed = store.fixed(at);
        let number = fixed
            .get(8..)
            .and_then(|bytes| bytes.first_chunk())
            .map_or(0, |bytes| i64::from_le_bytes(*bytes));
        (fixed.first() == Some(&1)).then(|| (number, store.variable(at)))
    }

    /// Sets the number and the bytes of the key of a row.
    pub(super) fn set(&mut self, row: usize, number: i64, bytes: &[u8]) -> Result<()> {
        let Some(at) = self.at(row) else { return Err(not_open()) };
        let store = self.store.as_mut().ok_or_else(not_open)?;
        let fixed = store.fixed_mut(at);
        if let Some(is_there) = fixed.first_mut() {
            *is_there = 1;
        }
        if let Some(slot) = fixed.get_mut(8..).and_then(|bytes| bytes.first_chunk_mut()) {
            *slot = number.to_le_bytes();
        }
        let now = store.replace(at, bytes)?;
        if now != at
            && let Some(known) = self.upserted.get(row)
        {
            self.moved.insert(known.row, now);
        }
        Ok(())
    }

    /// Forgets what the key of a row has.
    pub(super) fn clear(&mut self, row: usize) -> Result<()> {
        let Some(at) = self.at(row) else { return Err(not_open()) };
        let store = self.store.as_mut().ok_or_else(not_open)?;
        if let Some(is_there) = store.fixed_mut(at).first_mut() {
            *is_there = 0;
        }
        Ok(())
    }

    /// Removes the keys of the chunk that have nothing.
    pub(super) fn remove_empty(&mut self) -> Result<()> {
        let mut rows: Vec<RowRef> = (0..self.upserted.len()).filter_map(|row| self.at(row)).collect();
        let store = self.store.as_mut().ok_or_else(not_open)?;
        rows.retain(|row| store.fixed(*row).first() == Some(&0));
        rows.sort_unstable();
        rows.dedup();
        rows.into_iter().for_each(|row| store.remove(row));
        self.upserted.clear();
        Ok(())
    }
}
