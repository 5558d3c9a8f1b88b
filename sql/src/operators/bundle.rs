//! Mini-batch: rows that an operator collects before it works on them, as Flink's `MapBundleOperator`.
//!
//! A bundle is worked on when it has so many rows, when a marker or a watermark comes, before a barrier and at the end:
//! so it is never part of a snapshot.

pub mod order;

use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_select::concat::concat;
use arrow_select::take::take;
use millstream_runtime::Result;

use self::order::BundleOrder;
use crate::chunk::{Chunk, Grouping, KeyLayout, arrow_error};

/// Counts the rows of a bundle, as Flink's `CountBundleTrigger`.
#[derive(Clone, Copy, Debug)]
pub struct BundleSize {
    /// How many rows make it full.
    size: usize,
    rows: usize,
}

impl BundleSize {
    /// A bundle of so many rows at most.
    pub fn new(size: u64) -> Self {
        Self { size: usize::try_from(size).unwrap_or(usize::MAX).max(1), rows: 0 }
    }

    /// How many of the next `rows` rows fit.
    pub fn fitting(&self, rows: usize) -> usize {
        rows.min(self.size.saturating_sub(self.rows))
    }

    /// Counts rows; whether the bundle is full.
    pub fn add(&mut self, rows: usize) -> bool {
        self.rows += rows;
        self.rows >= self.size
    }

    /// There is no row any more.
    pub fn reset(&mut self) {
        self.rows = 0;
    }
}

/// Which rows of a key are left of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// All.
    All,
    /// The first.
    First,
    /// The last.
    Last,
}

/// Rows that are collected until the bundle is worked on, by key.
#[derive(Debug)]
pub struct RowBundle {
    keys: KeyLayout,
    kept: Kept,
    size: BundleSize,
    order: BundleOrder,
    chunks: Vec<Chunk>,
}

impl RowBundle {
    /// A bundle of so many rows at most.
    pub fn new(keys: KeyLayout, kept: Kept, size: u64) -> Self {
        let order = BundleOrder::new(keys.fields());
        Self { keys, kept, size: BundleSize::new(size), order, chunks: Vec::new() }
    }

    /// Adds the rows of a chunk; each time the bundle is full, its rows go to `work`.
    ///
    /// # Errors
    /// What `work` fails with.
    pub fn push(&mut self, chunk: &Chunk, work: &mut dyn FnMut(&Chunk) -> Result<()>) -> Result<()> {
        let mut start = 0;
        while start < chunk.rows() {
            let rows = self.size.fitting(chunk.rows() - start);
            self.chunks.push(chunk.slice(start, rows));
            start += rows;
            if self.size.add(rows)
                && let Some(chunk) = self.take()?
            {
                work(&chunk)?;
            }
        }
        Ok(())
    }

    /// The rows that are left, one key after the other; none if there is none.
    ///
    /// # Errors
    /// If a key is not what the plan says.
    pub fn take(&mut self) -> Result<Option<Chunk>> {
        self.size.reset();
        let chunk = Chunk::concat(&self.chunks)?;
        self.chunks.clear();
        let Some(chunk) = chunk else { return Ok(None) };
        let groups = RowGroups::of(&self.keys, &chunk)?;
        let order = groups.order(&mut self.order, &self.keys, &chunk)?;
        let mut positions: Vec<u32> = Vec::with_capacity(chunk.rows());
        for group in order {
            let rows = groups.rows(group as usize);
            match self.kept {
                Kept::All => positions.extend(rows),
                Kept::First => positions.extend(rows.first()),
                Kept::Last => positions.extend(rows.last()),
            }
        }
        Ok(Some(chunk.take(&UInt32Array::from(positions))?))
    }
}

/// The rows of a chunk by their keys, in the order in which keys come.
#[derive(Debug)]
pub struct RowGroups {
    rows: Vec<Vec<u32>>,
}

impl RowGroups {
    /// Of all rows.
    ///
    /// # Errors
    /// If a key is not what the plan says.
    pub fn of(layout: &KeyLayout, chunk: &Chunk) -> Result<Self> {
        let mut grouping = Grouping::default();
        grouping.group(&layout.keys(chunk.columns(), chunk.rows())?);
        let mut rows = vec![Vec::new(); grouping.firsts().len()];
        for (row, group) in (0..).zip(grouping.groups()) {
            if let Some(rows) = rows.get_mut(*group as usize) {
                rows.push(row);
            }
        }
        Ok(Self { rows })
    }

    /// How many keys there are.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// The rows of a key.
    pub fn rows(&self, group: usize) -> &[u32] {
        self.rows.get(group).map(Vec::as_slice).unwrap_or_default()
    }

    /// The keys in the order in which they are worked on.
    ///
    /// # Errors
    /// If a key is not what the plan says.
    pub fn order(&self, order: &mut BundleOrder, layout: &KeyLayout, chunk: &Chunk) -> Result<Vec<u32>> {
        let first: UInt32Array = self.rows.iter().map(|rows| rows.first().copied()).collect();
        order.positions(&key_columns(layout, chunk, &first)?, self.rows.len())
    }
}

/// The key columns of some rows.
///
/// # Errors
/// If there is no such column.
pub fn key_columns(layout: &KeyLayout, chunk: &Chunk, rows: &UInt32Array) -> Result<Vec<ArrayRef>> {
    let columns = layout.columns().iter();
    columns.map(|column| take(chunk.column(*column)?, rows, None).map_err(arrow_error)).collect()
}

/// Columns that come in parts.
#[derive(Debug)]
pub struct ColumnParts(Vec<Vec<ArrayRef>>);

impl ColumnParts {
    /// So many columns without values.
    pub fn new(columns: usize) -> Self {
        Self(vec![Vec::new(); columns])
    }

    /// Adds a part to each column.
    pub fn push(&mut self, columns: impl IntoIterator<Item = ArrayRef>) {
        self.0.iter_mut().zip(columns).for_each(|(parts, column)| parts.push(column));
    }

    /// The columns, which are without values then.
    ///
    /// # Errors
    /// If parts of one column have other types, or there is none.
    pub fn take(&mut self) -> Result<Vec<ArrayRef>> {
        let whole = |parts: &mut Vec<ArrayRef>| {
            let parts = std::mem::take(parts);
            let all: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
            concat(&all).map_err(arrow_error)
        };
        self.0.iter_mut().map(whole).collect()
    }
}

#[cfg(test)]
mod tests;
