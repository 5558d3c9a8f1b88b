//! Rows that are looked up together.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::{Array, UInt32Array};
use millstream_runtime::{Error, ErrorKind, Result};

use super::answer::{Answer, Span};
use super::partial::{CachedRows, RowCache};
use super::specification::LookupJoinSpecification;
use crate::chunk::{Chunk, Grouping, Keys};
use crate::connectors::lookup::FoundRows;

/// Rows with their keys, each of which is looked up once.
pub(super) struct Request {
    pub(super) rows: Chunk,
    /// The columns of the keys.
    key_columns: Chunk,
    pub(super) keys: Keys,
    pub(super) grouping: Grouping,
    /// What is known of each key.
    known: Vec<Known>,
    /// The keys that were asked for, in the order in which they were.
    missing: Vec<u32>,
}

/// What is known of a key.
enum Known {
    /// It has a NULL, which is equal to nothing.
    Never,
    /// The rows were there already.
    Cached(CachedRows),
    /// The rows are fetched.
    Missing,
}

impl Request {
    /// Of these rows.
    pub(super) fn new(specification: &LookupJoinSpecification, rows: Chunk) -> Result<Self> {
        let columns = specification.key_columns(&rows)?;
        let keys = specification.layout.keys(&columns, rows.rows())?;
        let mut grouping = Grouping::default();
        grouping.group(&keys);
        let is_null = |row: u32| columns.iter().any(|column| column.is_null(row as usize));
        let known = grouping.firsts().iter();
        let known = known.map(|first| if is_null(*first) { Known::Never } else { Known::Missing }).collect();
        let key_columns = Chunk::new(columns, rows.rows());
        Ok(Self { rows, key_columns, keys, grouping, known, missing: Vec::new() })
    }

    pub(super) const fn rows(&self) -> usize {
        self.rows.rows()
    }

    /// Whether a key has no NULL.
    pub(super) fn can_match(&self, group: usize) -> bool {
        !matches!(self.known.get(group), Some(Known::Never))
    }

    /// The bytes of a key.
    pub(super) fn key(&self, group: u32) -> &[u8] {
        let first = self.grouping.firsts().get(group as usize).copied().unwrap_or_default();
        self.keys.bytes(first as usize)
    }

    /// The keys of which nothing is known; `None` if there is none.
    pub(super) fn all_missing(&mut self) -> Option<Vec<u32>> {
        let missing = (0_u32..).zip(&self.known).filter(|(_, known)| matches!(known, Known::Missing));
        self.missing = missing.map(|(group, _)| group).collect();
        (!self.missing.is_empty()).then(|| self.missing.clone())
    }

    /// Takes what a cache has; the keys that it does not have, `None` if there is none.
    pub(super) fn find(&mut self, cache: &mut RowCache, now: Duration) -> Option<Vec<u32>> {
        for group in std::mem::take(&mut self.missing) {
            if let Some(rows) = cache.get(self.key(group), now)
                && let Some(known) = self.known.get_mut(group as usize)
            {
                *known = Known::Cached(rows);
            }
        }
        self.all_missing()
    }

    /// The columns of some keys.
    pub(super) fn keys(&self, groups: &[u32]) -> Result<Chunk> {
        let firsts = groups.iter().filter_map(|group| self.grouping.firsts().get(*group as usize).copied());
        self.key_columns.take(&UInt32Array::from_iter_values(firsts))
    }

    /// Keeps what was found.
    pub(super) fn keep(
        &self,
        specification: &LookupJoinSpecification,
        found: &FoundRows,
        cache: &mut RowCache,
        now: Duration,
    ) -> Result<()> {
        let encoded = specification.codec.encode(found.rows.columns(), found.rows.rows())?;
        for (group, span) in self.missing.iter().zip(spans(found, self.missing.len())?) {
            let rows = span.rows().map(|row| Arc::from(encoded.get(row))).collect();
            cache.insert(self.key(*group), rows, now);
        }
        Ok(())
    }

    /// The rows of the table that belong to these: those that were found, and those that were known.
    pub(super) fn answer(
        &mut self,
        specification: &LookupJoinSpecification,
        found: Option<FoundRows>,
    ) -> Result<Answer> {
        let mut of_group = vec![Span::default(); self.known.len()];
        let mut place = |group: u32, span: Span| {
            if let Some(slot) = of_group.get_mut(group as usize) {
                *slot = span;
            }
        };
        let found = match found {
            Some(found) => {
                for (group, span) in self.missing.iter().zip(spans(&found, self.missing.len())?) {
                    place(*group, span);
                }
                found.rows
            }
            None => Chunk::empty(&specification.fetched),
        };
        let mut cached: Vec<&[u8]> = Vec::new();
        for (group, known) in (0_u32..).zip(&self.known) {
            if let Known::Cached(rows) = known {
                place(group, Span::new(found.rows() + cached.len(), rows.len()));
                cached.extend(rows.iter().map(|row| &**row));
            }
        }
        let rows = if cached.is_empty() {
            found
        } else {
            let decoded = Chunk::new(specification.codec.decode(&cached)?, cached.len());
            Chunk::concat(&[found, decoded])?.unwrap_or_else(|| Chunk::empty(&specification.fetched))
        };
        Ok(Answer { rows, of_group })
    }
}

/// Where the rows of each of so many keys are.
fn spans(found: &FoundRows, keys: usize) -> Result<Vec<Span>> {
    let mut spans = vec![Span::default(); keys];
    if found.key_of.len() != found.rows.rows() || !found.key_of.is_sorted() {
        return Err(Error::new(ErrorKind::Internal, "a lookup has found rows in no order of their keys"));
    }
    for (row, key) in found.key_of.iter().enumerate() {
        let span = spans.get_mut(*key as usize).ok_or_else(|| {
            Error::new(ErrorKind::Internal, "a lookup has found rows of a key that nobody asked for")
        })?;
        if span.is_empty() {
            *span = Span::new(row, 0);
        }
        span.grow();
    }
    Ok(spans)
}
