//! What rows do to the table.

use std::fmt;
use std::sync::Arc;

use arrow_array::UInt8Array;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt8Type;
use arrow_select::filter::FilterPredicate;
use millstream_runtime::Result;

use super::arrow_error;

/// What a row of a changelog does, as Flink's `RowKind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum RowKind {
    /// `+I`: there is a new row.
    Insert = 0,
    /// `-U`: this is what a row was before an update.
    UpdateBefore = 1,
    /// `+U`: this is what a row is after an update.
    UpdateAfter = 2,
    /// `-D`: a row is gone.
    Delete = 3,
}

impl RowKind {
    /// All kinds, each at the place of its number.
    pub const ALL: [Self; 4] = [Self::Insert, Self::UpdateBefore, Self::UpdateAfter, Self::Delete];

    const fn of(number: u8) -> Self {
        match number {
            0 => Self::Insert,
            1 => Self::UpdateBefore,
            2 => Self::UpdateAfter,
            _ => Self::Delete,
        }
    }

    /// `+I`, `-U`, `+U`, `-D`
    pub const fn short(self) -> &'static str {
        match self {
            Self::Insert => "+I",
            Self::UpdateBefore => "-U",
            Self::UpdateAfter => "+U",
            Self::Delete => "-D",
        }
    }

    /// The kind that [`short`](Self::short) writes so.
    pub fn from_short(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.short() == text)
    }

    /// Whether the row is in the table after the change: `+I`, `+U`.
    pub const fn is_accumulation(self) -> bool {
        matches!(self, Self::Insert | Self::UpdateAfter)
    }
}

impl fmt::Display for RowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.short())
    }
}

/// The kinds of the rows of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kinds {
    /// All rows are [inserted](RowKind::Insert): what most streams have costs nothing.
    Insert,
    /// One kind a row, as its number.
    Each(Arc<[u8]>),
}

impl Kinds {
    /// The kind of a row.
    #[inline]
    pub fn get(&self, row: usize) -> RowKind {
        match self {
            Self::Insert => RowKind::Insert,
            Self::Each(kinds) => RowKind::of(kinds.get(row).copied().unwrap_or_default()),
        }
    }

    /// The kinds of the first `rows` rows.
    pub fn iter(&self, rows: usize) -> impl Iterator<Item = RowKind> {
        (0..rows).map(|row| self.get(row))
    }

    pub(super) fn filter(&self, filter: &FilterPredicate) -> Result<Self> {
        let Self::Each(kinds) = self else { return Ok(Self::Insert) };
        let kinds = UInt8Array::from_iter_values(kinds.iter().copied());
        let kept = filter.filter(&kinds).map_err(arrow_error)?;
        Ok(Self::Each(kept.as_primitive::<UInt8Type>().values().iter().copied().collect()))
    }

    pub(super) fn take(&self, positions: &[u32]) -> Self {
        match self {
            Self::Insert => Self::Insert,
            Self::Each(_) => positions.iter().map(|position| self.get(*position as usize)).collect(),
        }
    }

    pub(super) fn slice(&self, start: usize, rows: usize) -> Self {
        match self {
            Self::Insert => Self::Insert,
            Self::Each(kinds) => Self::Each(kinds.iter().skip(start).take(rows).copied().collect()),
        }
    }

    pub(super) fn concat<'a>(parts: impl Iterator<Item = (&'a Self, usize)> + Clone) -> Self {
        if parts.clone().all(|(kinds, _)| *kinds == Self::Insert) {
            return Self::Insert;
        }
        parts.flat_map(|(kinds, rows)| kinds.iter(rows)).collect()
    }
}

impl FromIterator<RowKind> for Kinds {
    fn from_iter<I: IntoIterator<Item = RowKind>>(kinds: I) -> Self {
        let kinds: Arc<[u8]> = kinds.into_iter().map(|kind| kind as u8).collect();
        if kinds.iter().all(|kind| *kind == RowKind::Insert as u8) { Self::Insert } else { Self::Each(kinds) }
    }
}
