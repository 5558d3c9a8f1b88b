//! The split: how far tables and the stream of changes have been read.

use millstream_runtime::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::key::{Key, KeyOrder};
use super::lsn::Lsn;
use super::record::CapturedTable;

/// The one split of a [`PostgresCdcSource`](super::PostgresCdcSource): how far it has been read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PostgresSplit {
    /// From where the stream of changes is to be read. None before the job has begun.
    pub(super) position: Option<Position>,
    pub(super) tables: Vec<TableProgress>,
}

/// A position in the stream of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Position {
    /// Transactions whose commit records begin here or later are still to be read.
    pub(super) lsn: Lsn,
    /// So many changes of the transaction whose commit record begins exactly there have been read.
    pub(super) changes: u64,
}

/// How far a table has been read, and what it looked like.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct TableProgress {
    /// As the change that was read last had it.
    pub(super) table: CapturedTable,
    /// The primary key, in its own order.
    pub(super) key: Vec<KeyColumn>,
    /// All keys there can be, cut into ranges in their order. Empty where the stream alone counts.
    pub(super) parts: Vec<Part>,
}

/// A column of a primary key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeyColumn {
    pub(super) name: String,
    pub(super) order: KeyOrder,
    /// What the server orders by.
    pub(super) expression: String,
    /// The type of what it is compared with.
    pub(super) literal_type: String,
}

/// The keys after those of the part before, up to and with `to`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    /// None for all that are left.
    pub(super) to: Option<Key>,
    /// The rows were read as they were at this point. None while they are not, or not all.
    pub(super) read_at: Option<Lsn>,
    /// The last key that was read, if some were.
    pub(super) last: Option<Key>,
}

impl PostgresSplit {
    pub(super) const fn new() -> Self {
        Self { position: None, tables: Vec::new() }
    }

    /// Whether rows are still to be read besides changes.
    pub(super) fn has_unread_parts(&self) -> bool {
        self.tables.iter().flat_map(|table| &table.parts).any(|part| part.read_at.is_none())
    }

    /// The split as it is to be restored, if what is being read is read as it was at `exported`.
    pub(super) fn at(&self, exported: Option<Lsn>) -> Self {
        let tables = self.tables.iter().map(|table| TableProgress {
            parts: exported.map_or_else(|| table.parts.clone(), |lsn| cut_and_join(&table.parts, lsn)),
            ..table.clone()
        });
        Self { position: self.position, tables: tables.collect() }
    }

    /// The stream has come to a position.
    pub(super) fn reach(&mut self, position: Position) {
        self.position = Some(position);
    }

    /// Forgets when rows were read, once all of the stream is after that.
    pub(super) fn forget_parts(&mut self) {
        let Some(position) = self.position else { return };
        for table in &mut self.tables {
            if table.parts.iter().all(|part| part.read_at.is_some_and(|read_at| read_at <= position.lsn)) {
                table.parts = Vec::new();
            }
        }
    }
}

impl TableProgress {
    /// The order of its keys.
    pub(super) fn orders(&self) -> Vec<KeyOrder> {
        self.key.iter().map(|column| column.order).collect()
    }

    /// Notes that a part has been read up to a key, or to its end.
    pub(super) fn advance(&mut self, part: usize, last: Option<Key>, end: Option<Lsn>) -> Result<()> {
        let lost = || Error::new(ErrorKind::Internal, "rows have come of a part of a table that is not read");
        let part = self.parts.get_mut(part).ok_or_else(lost)?;
        part.last = last.or_else(|| part.last.take());
        if let Some(lsn) = end {
            (part.read_at, part.last) = (Some(lsn), None);
        }
        Ok(())
    }

    /// When the row of a key was read: what was committed before is in it. `None` if it takes a key to tell, and there is none.
    pub(super) fn read_at(&self, key: Option<&Key>, orders: &[KeyOrder]) -> Option<Lsn> {
        match (self.parts.as_slice(), key) {
            ([], _) => Some(Lsn(0)),
            ([only], _) => Some(only.read_at.unwrap_or_default()),
            (parts, Some(key)) => {
                let is_before =
                    |part: &Part| part.to.as_ref().is_some_and(|to| to.compare(key, orders).is_lt());
                let index = parts.partition_point(is_before);
                Some(parts.get(index).and_then(|part| part.read_at).unwrap_or_default())
            }
            (_, None) => None,
        }
    }
}

/// Parts that were read in part become two; those beside each other that were read at the same point become one.
fn cut_and_join(parts: &[Part], exported: Lsn) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::new();
    let mut push = |to: Option<Key>, read_at: Option<Lsn>| match joined.last_mut() {
        Some(last) if last.read_at.is_some() && last.read_at == read_at => last.to = to,
        _ => joined.push(Part { to, read_at, last: None }),
    };
    for part in parts {
        if let Some(last) = &part.last {
            push(Some(last.clone()), Some(exported));
        }
        push(part.to.clone(), part.read_at);
    }
    joined
}

#[cfg(test)]
mod tests;
