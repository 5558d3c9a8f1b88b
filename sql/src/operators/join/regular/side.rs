//! The rows of one input, found by the join's key.
//!
//! As Flink's `JoinRecordStateViews` and `OuterJoinRecordStateViews`, there are three layouts: one row for each key;
//! rows that are known by columns of theirs; and rows that are not, of which equal ones are one with a count. Where rows
//! are added only, nothing is ever looked for to be changed, and equal rows stay apart.

use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{BytesColumn, RowLayout, RowRef, RowStore, RowsPerKey};
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{STABLE_HASH_START, Shape, Timestamp, fold_word};

use super::specification::{SideSpecification, UniqueKey};
use crate::chunk::row_codec::describe_rows;
use crate::chunk::{Chunk, EncodedRows, KeyLayout, Keys, RowCodec};
use crate::operators::time_to_live;

/// The bytes of a number in the fixed part of a row.
const NUMBER: usize = 8;

/// How rows are told from each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// One for each key.
    One,
    /// By the bytes of a key of theirs, which stand before those of the row.
    ByKey,
    /// By all their bytes; equal rows are one, with a count.
    Counted,
    /// Not at all.
    Appended,
}

/// The rows of one input.
pub(super) struct JoinSide {
    name: &'static str,
    specification: SideSpecification,
    layout: Layout,
    unique_key: Option<KeyLayout>,
    /// Where the degree is in the fixed part, if it is kept.
    degree: Option<usize>,
    codec: RowCodec,
    store: Option<RowStore>,
    found: Vec<Option<RowRef>>,
    appended: Vec<RowRef>,
    buffer: Vec<u8>,
}

/// The rows of a chunk as this side keeps them.
pub(super) struct Prepared {
    pub(super) keys: Keys,
    /// Whether a row has a key that may be equal to another one.
    pub(super) matchable: Vec<bool>,
    rows: EncodedRows,
    unique_keys: Option<Keys>,
}

impl JoinSide {
    pub(super) fn new(name: &'static str, specification: &SideSpecification, tracks_degree: bool) -> Self {
        let layout = match &specification.unique_key {
            UniqueKey::InJoinKey => Layout::One,
            UniqueKey::Columns(_) => Layout::ByKey,
            UniqueKey::None if specification.insert_only => Layout::Appended,
            UniqueKey::None => Layout::Counted,
        };
        let unique_key = match &specification.unique_key {
            UniqueKey::Columns(columns) => {
                let fields = columns.iter().map(|column| specification.schema.field(*column)).collect();
                Some(KeyLayout::of_bytes(columns.clone(), fields))
            }
            _ => None,
        };
        let degree = tracks_degree.then_some(match layout {
            Layout::One | Layout::Appended => 0,
            Layout::ByKey => NUMBER,
            Layout::Counted => 2 * NUMBER,
        });
        Self {
            name,
            layout,
            unique_key,
            degree,
            codec: RowCodec::new(&specification.schema),
            specification: specification.clone(),
            store: None,
            found: Vec::new(),
            appended: Vec::new(),
            buffer: Vec::new(),
        }
    }

    pub(super) fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let numbers = match self.layout {
            Layout::One | Layout::Appended => 0,
            Layout::ByKey => 1,
            Layout::Counted => 2,
        } + usize::from(self.degree.is_some());
        let rows_per_key = if self.layout == Layout::One { RowsPerKey::One } else { RowsPerKey::Many };
        let keys = &self.specification.keys;
        let layout = RowLayout::new(keys.kind(), &vec![0; numbers * NUMBER], rows_per_key);
        let mut store = RowStore::new(self.meta(), cx.info().groups, cx.info().range(), layout)
            .with_ttl(self.specification.ttl);
        store.set_now(time_to_live::seconds(cx.task().now()));
        if let Some(stored) = cx.take_keyed(self.name) {
            store.restore_all(stored)?;
        }
        self.store = Some(store);
        Ok(())
    }

    /// What the state is called, and what its rows look like: a snapshot of another layout is refused.
    fn meta(&self) -> StateMeta {
        let schema = &self.specification.schema;
        let columns = |layout: &KeyLayout| {
            schema.project(layout.columns()).iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        };
        let how = match (self.layout, &self.unique_key) {
            (Layout::One, _) => "one".to_owned(),
            (Layout::ByKey, Some(key)) => format!("by({})", columns(key)),
            (Layout::ByKey | Layout::Counted, _) => "counted".to_owned(),
            (Layout::Appended, _) => "appended".to_owned(),
        };
        let degree = if self.degree.is_some() { " with degree" } else { "" };
        StateMeta {
            name: self.name.to_owned(),
            kind: StateKind::Rows,
            key: Shape::from_text(&format!("join({})", columns(&self.specification.keys))),
            value: Shape::from_text(&format!("{how}{degree} {}", describe_rows(schema))),
        }
    }

    pub(super) fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        if let Some(store) = &mut self.store {
            let rows = store.snapshot(cx.checkpoint());
            cx.keyed(rows);
        }
    }

    /// Says what time it is before a chunk of so many rows, and removes some of the rows that have expired.
    pub(super) fn advance(&mut self, now: Timestamp, rows: usize) -> Result<()> {
        time_to_live::advance(self.store.as_mut().ok_or_else(not_open)?, || now, rows)
    }

    pub(super) fn store(&self) -> Result<&RowStore> {
        self.store.as_ref().ok_or_else(not_open)
    }

    pub(super) const fn tracks_degree(&self) -> bool {
        self.degree.is_some()
    }

    /// Whether a row that comes is never one that is there already, changed.
    pub(super) fn is_always_another(&self) -> bool {
        matches!(self.layout, Layout::Counted | Layout::Appended)
    }

    /// Whether there is one row at most for each key.
    pub(super) fn has_one_for_key(&self) -> bool {
        self.layout == Layout::One
    }

    /// The rows of a chunk as this side keeps them.
    pub(super) fn prepare(&self, chunk: &Chunk) -> Result<Prepared> {
        let keys = self.specification.keys.keys(chunk.columns(), chunk.rows())?;
        let mut matchable = vec![true; chunk.rows()];
        for column in &self.specification.strict {
            let column = chunk.column(*column)?;
            if arrow_array::Array::null_count(column) > 0 {
                for (row, matchable) in matchable.iter_mut().enumerate() {
                    *matchable &= arrow_array::Array::is_valid(column, row);
                }
            }
        }
        let unique_keys = match &self.unique_key {
            Some(layout) => Some(layout.keys(chunk.columns(), chunk.rows())?),
            None => None,
        };
        let rows = self.codec.encode(chunk.columns(), chunk.rows())?;
        Ok(Prepared { keys, matchable, rows, unique_keys })
    }

    /// The columns of rows.
    pub(super) fn decode(&self, rows: impl Iterator<Item = RowRef>) -> Result<Vec<arrow_array::ArrayRef>> {
        let store = self.store()?;
        let rows: Vec<&[u8]> = rows.map(|row| row_bytes(self.layout, store.variable(row))).collect();
        self.codec.decode(&rows)
    }

    /// How often a row is there.
    pub(super) fn copies(&self, row: RowRef) -> Result<usize> {
        if self.layout != Layout::Counted {
            return Ok(1);
        }
        Ok(usize::try_from(number(self.store()?.fixed(row), NUMBER)).unwrap_or_default())
    }

    /// With how many rows of the other input a row is in a pair.
    pub(super) fn degree(&self, row: RowRef) -> Result<i64> {
        Ok(self.degree.map_or(0, |at| self.store.as_ref().map_or(0, |store| number(store.fixed(row), at))))
    }

    pub(super) fn set_degree(&mut self, row: RowRef, degree: i64) -> Result<()> {
        if let Some(at) = self.degree {
            set_number(self.store.as_mut().ok_or_else(not_open)?.fixed_mut(row), at, degree);
        }
        Ok(())
    }

    /// Whether a row with the unique key of this one is there.
    pub(super) fn has(&mut self, prepared: &Prepared, row: usize) -> Result<bool> {
        Ok(self.find(prepared, row)?.is_some())
    }

    /// Whether rows of a chunk are added all at once: none of them is looked for.
    pub(super) fn appends(&self) -> bool {
        self.layout == Layout::Appended
    }

    /// Adds all rows of a chunk whose keys may be equal to another one, with their degrees.
    pub(super) fn append_all(&mut self, prepared: &Prepared, degrees: &[i64]) -> Result<()> {
        if !prepared.matchable.iter().all(|matchable| *matchable) {
            let rows =
                prepared.matchable.iter().zip(degrees).enumerate().filter(|(_, (matchable, _))| **matchable);
            return rows
                .map(|(row, (_, degree))| (row, *degree))
                .try_for_each(|(row, degree)| self.add(prepared, row, degree));
        }
        let store = self.store.as_mut().ok_or_else(not_open)?;
        self.appended.clear();
        store.append(
            prepared.keys.hashes(),
            &prepared.keys.column(),
            prepared.rows.column(),
            &mut self.appended,
        )?;
        if let Some(at) = self.degree {
            for (row, degree) in self.appended.iter().zip(degrees) {
                set_number(store.fixed_mut(*row), at, *degree);
            }
        }
        Ok(())
    }

    /// Adds a row that is in a pair with so many of the other input.
    pub(super) fn add(&mut self, prepared: &Prepared, row: usize, degree: i64) -> Result<()> {
        let known = if self.layout == Layout::Appended { None } else { self.find(prepared, row)? };
        let (hash, key) = prepared.keys.at(row);
        let bytes = prepared.rows.get(row);
        let identity = self.identity(prepared, row);
        let added = match (self.layout, known) {
            (Layout::One, _) => {
                let store = self.store.as_mut().ok_or_else(not_open)?;
                let mut upserted = Vec::with_capacity(1);
                store.upsert(hash, &key, &mut upserted)?;
                let row = upserted.first().ok_or_else(not_open)?.row;
                store.replace(row, bytes)?
            }
            (Layout::Counted, Some(known)) => {
                let fixed = self.store.as_mut().ok_or_else(not_open)?.fixed_mut(known);
                set_number(fixed, NUMBER, number(fixed, NUMBER).saturating_add(1));
                known
            }
            (_, Some(known)) => {
                let variable = self.variable(prepared, row, bytes)?;
                let replaced = self.store.as_mut().ok_or_else(not_open)?.replace(known, &variable)?;
                self.buffer = variable;
                replaced
            }
            (layout, None) => {
                let variable = self.variable(prepared, row, bytes)?;
                let length = u32::try_from(variable.len()).map_err(|_| too_long())?;
                let column = BytesColumn { offsets: &[0, length], data: &variable };
                let store = self.store.as_mut().ok_or_else(not_open)?;
                self.appended.clear();
                store.append(hash, &key, column, &mut self.appended)?;
                let row = *self.appended.first().ok_or_else(not_open)?;
                if layout != Layout::Appended {
                    let fixed = store.fixed_mut(row);
                    set_number(fixed, 0, identity.cast_signed());
                    if layout == Layout::Counted {
                        set_number(fixed, NUMBER, 1);
                    }
                }
                self.buffer = variable;
                row
            }
        };
        self.set_degree(added, degree)
    }

    /// Takes a row away. As in Flink, nothing happens if it is not there.
    pub(super) fn retract(&mut self, prepared: &Prepared, row: usize) -> Result<()> {
        let Some(known) = self.find(prepared, row)? else { return Ok(()) };
        let store = self.store.as_mut().ok_or_else(not_open)?;
        if self.layout == Layout::Counted {
            let copies = number(store.fixed(known), NUMBER);
            if copies > 1 {
                set_number(store.fixed_mut(known), NUMBER, copies - 1);
                return Ok(());
            }
        }
        store.remove(known);
        Ok(())
    }

    /// Where the row is that this one is, if it is there.
    fn find(&mut self, prepared: &Prepared, row: usize) -> Result<Option<RowRef>> {
        let identity = self.identity(prepared, row);
        let store = self.store.as_ref().ok_or_else(not_open)?;
        let (hash, key) = prepared.keys.at(row);
        self.found.clear();
        store.find(hash, &key, &mut self.found)?;
        let Some(first) = self.found.first().copied().flatten() else { return Ok(None) };
        if self.layout == Layout::One {
            return Ok(Some(first));
        }
        let (layout, bytes) = (self.layout, prepared.rows.get(row));
        let unique = prepared.unique_keys.as_ref().map(|keys| keys.bytes(row));
        let is_it = |candidate: &RowRef| {
            let variable = store.variable(*candidate);
            match (layout, &unique) {
                (Layout::ByKey, Some(unique)) => {
                    number(store.fixed(*candidate), 0) == identity.cast_signed()
                        && key_bytes(variable) == *unique
                }
                (Layout::Appended, _) => variable == bytes,
                _ => number(store.fixed(*candidate), 0) == identity.cast_signed() && variable == bytes,
            }
        };
        Ok(store.with_key(first).find(is_it))
    }

    /// A hash of what a row is told from others by.
    fn identity(&self, prepared: &Prepared, row: usize) -> u64 {
        match (self.layout, &prepared.unique_keys) {
            (Layout::One | Layout::Appended, _) => 0,
            (_, Some(keys)) => keys.hashes().get(row).copied().unwrap_or_default(),
            (_, None) => {
                let (words, rest) = prepared.rows.get(row).as_chunks::<8>();
                let hash = words
                    .iter()
                    .fold(STABLE_HASH_START, |hash, word| fold_word(hash, u64::from_le_bytes(*word)));
                rest.iter().fold(hash, |hash, byte| fold_word(hash, u64::from(*byte)))
            }
        }
    }

    /// The variable part of a row.
    fn variable(&mut self, prepared: &Prepared, row: usize, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut variable = std::mem::take(&mut self.buffer);
        variable.clear();
        if let Some(keys) = &prepared.unique_keys {
            let key = keys.bytes(row);
            variable.extend(u32::try_from(key.len()).map_err(|_| too_long())?.to_le_bytes());
            variable.extend(key);
        }
        variable.extend(bytes);
        Ok(variable)
    }
}

/// The bytes of the unique key in a variable part that begins with one.
fn key_bytes(variable: &[u8]) -> &[u8] {
    variable
        .split_first_chunk()
        .map_or(&[], |(length, rest)| rest.get(..u32::from_le_bytes(*length) as usize).unwrap_or_default())
}

/// The bytes of the row in a variable part.
fn row_bytes(layout: Layout, variable: &[u8]) -> &[u8] {
    if layout != Layout::ByKey {
        return variable;
    }
    variable
        .split_first_chunk()
        .map_or(&[], |(length, rest)| rest.get(u32::from_le_bytes(*length) as usize..).unwrap_or_default())
}

fn number(fixed: &[u8], at: usize) -> i64 {
    fixed.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| i64::from_le_bytes(*bytes))
}

fn set_number(fixed: &mut [u8], at: usize, number: i64) {
    if let Some(bytes) = fixed.get_mut(at..).and_then(|bytes| bytes.first_chunk_mut()) {
        *bytes = number.to_le_bytes();
    }
}

fn not_open() -> Error {
    Error::new(ErrorKind::Internal, "a join that is not open")
}

fn too_long() -> Error {
    Error::new(ErrorKind::InvalidInput, "a row of more than 4 GiB")
}
