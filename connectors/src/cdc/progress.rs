//! The split: how far tables and the stream of changes have been read.

use millstream_runtime::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::key::{Key, KeyOrder};
use super::record::{CapturedTable, ColumnValue};

/// The one split of a source that captures changes: how far it has been read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CdcSplit<T, P> {
    /// From where the stream of changes is to be read. None before the job has begun.
    pub(crate) position: Option<Position<P>>,
    pub(crate) tables: Vec<TableProgress<T, P>>,
}

/// A position in the stream of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position<P> {
    /// Transactions whose place in the log is here or later are still to be read.
    pub(crate) log: P,
    /// So many changes of the transaction whose place is exactly there have been read.
    pub(crate) changes: u64,
}

/// How far a table has been read, and what it looked like.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TableProgress<T, P> {
    /// As the change that was read last had it.
    pub(crate) table: CapturedTable<T>,
    /// The primary key, in its own order.
    pub(crate) key: Vec<KeyColumn>,
    /// All keys there can be, cut into ranges in their order. Empty where the stream alone counts.
    pub(crate) parts: Vec<Part<P>>,
}

/// A column of a primary key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyColumn {
    pub(crate) name: String,
    pub(crate) order: KeyOrder,
    /// What the server orders by.
    pub(crate) expression: String,
    /// The type of what it is compared with, where the database asks for one.
    pub(crate) literal_type: String,
}

/// The keys after those of the part before, up to and with `to`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part<P> {
    /// None for all that are left.
    pub(crate) to: Option<Key>,
    /// The rows were read as they were at this point. None while they are not, or not all.
    pub(crate) read_at: Option<P>,
    /// The last key that was read, if some were, and the point as of which.
    pub(crate) last: Option<(Key, P)>,
}

impl<T: Clone, P: Ord + Clone + Default> CdcSplit<T, P> {
    pub(crate) const fn new() -> Self {
        Self { position: None, tables: Vec::new() }
    }

    /// Whether rows are still to be read besides changes.
    pub(crate) fn has_unread_parts(&self) -> bool {
        self.tables.iter().flat_map(|table| &table.parts).any(|part| part.read_at.is_none())
    }

    /// The split as it is to be restored: parts that are being read are cut at the last key.
    pub(crate) fn settled(&self) -> Self {
        let tables = self
            .tables
            .iter()
            .map(|table| TableProgress { parts: cut_and_join(&table.parts), ..table.clone() });
        Self { position: self.position.clone(), tables: tables.collect() }
    }

    /// The stream has come to a position.
    pub(crate) fn reach(&mut self, position: Position<P>) {
        self.position = Some(position);
    }

    /// Forgets when rows were read, once all of the stream is after that.
    pub(crate) fn forget_parts(&mut self) {
        let Some(position) = &self.position else { return };
        for table in &mut self.tables {
            if table
                .parts
                .iter()
                .all(|part| part.read_at.as_ref().is_some_and(|read_at| *read_at <= position.log))
            {
                table.parts = Vec::new();
            }
        }
    }
}

impl<T, P: Ord + Clone + Default> TableProgress<T, P> {
    /// The order of its keys.
    pub(crate) fn orders(&self) -> Vec<KeyOrder> {
        self.key.iter().map(|column| column.order).collect()
    }

    /// The primary key of a row of these columns; `None` if the table has none, or the row has no value for it.
    pub(crate) fn key_of(&self, columns: &CapturedTable<T>, values: &[ColumnValue]) -> Option<Key> {
        let value = |column: &KeyColumn| {
            let value = values.get(columns.position(&column.name)?)?;
            column.order.text(value.bytes()?)
        };
        if self.key.is_empty() {
            return None;
        }
        self.key.iter().map(value).collect::<Option<_>>().map(Key)
    }

    /// Notes that a part has been read up to a key, or to its end, as it was at a point.
    pub(crate) fn advance(
        &mut self,
        part: usize,
        last: Option<Key>,
        read_at: &P,
        is_end: bool,
    ) -> Result<()> {
        let lost = || Error::new(ErrorKind::Internal, "rows have come of a part of a table that is not read");
        let part = self.parts.get_mut(part).ok_or_else(lost)?;
        if let Some(last) = last {
            part.last = Some((last, read_at.clone()));
        }
        if is_end {
            (part.read_at, part.last) = (Some(read_at.clone()), None);
        }
        Ok(())
    }

    /// When the row of a key was read: what was committed before is in it. `None` if it takes a key to tell, and there is none.
    pub(crate) fn read_at(&self, key: Option<&Key>, orders: &[KeyOrder]) -> Option<P> {
        match (self.parts.as_slice(), key) {
            ([], _) => Some(P::default()),
            ([only], _) => Some(only.read_at.clone().unwrap_or_default()),
            (parts, Some(key)) => {
                let is_before =
                    |part: &Part<P>| part.to.as_ref().is_some_and(|to| to.compare(key, orders).is_lt());
                let index = parts.partition_point(is_before);
                Some(parts.get(index).and_then(|part| part.read_at.clone()).unwrap_or_default())
            }
            (_, None) => None,
        }
    }
}

/// Parts that were read in part become two; those beside each other that were read at the same point become one.
fn cut_and_join<P: PartialEq + Clone>(parts: &[Part<P>]) -> Vec<Part<P>> {
    let mut joined: Vec<Part<P>> = Vec::new();
    let mut push = |to: Option<Key>, read_at: Option<P>| match joined.last_mut() {
        Some(last) if last.read_at.is_some() && last.read_at == read_at => last.to = to,
        _ => joined.push(Part { to, read_at, last: None }),
    };
    for part in parts {
        if let Some((last, read_at)) = &part.last {
            push(Some(last.clone()), Some(read_at.clone()));
        }
        push(part.to.clone(), part.read_at.clone());
    }
    joined
}

#[cfg(test)]
mod tests;
