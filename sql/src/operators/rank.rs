//! The first rows of each partition: top-N queries, ORDER BY … LIMIT, LIMIT.
//!
//! As Flink's `AppendOnlyTopNFunction`, `FastTop1Function`, `UpdatableTopNFunction` and `RetractableTopNFunction`, change
//! by change in their order. Where rows are never taken back, those that are in the result are kept, and no others:
//! [`BoundedRank`]. Otherwise all are: [`RetractableRank`].

mod bounded;
pub(super) mod entries;
mod retractable;
mod sorted_partitions;

use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Shape;
use millstream_state::rows::{KeyEncoder, KeyOrder, Ttl};
use millstream_state::snapshot::part::{StateKind, StateMeta};

pub use bounded::BoundedRank;
pub use retractable::RetractableRank;
pub(crate) use sorted_partitions::{Partition, SortedPartitions, partition_key};

use super::changes::{ChangedRow, Changes};
use super::sort_keys::SortKeys;
use super::time_to_live;
use crate::chunk::keys::encode_value;
use crate::chunk::row_codec::describe_rows;
use crate::chunk::{Chunk, EncodedRows, KeyLayout, RowCodec, RowKind};
use crate::plan::SortKey;
use crate::types::Schema;

/// What a rank computes; each subtask makes its operator from it.
#[derive(Clone, Debug)]
pub struct RankSpecification {
    partition: KeyLayout,
    order: SortKeys,
    schema: Schema,
    codec: RowCodec,
    start: u64,
    end: u64,
    number: bool,
    update_before: bool,
    /// The columns by which rows are known, if they are replaced.
    row_key: Option<KeyLayout>,
    /// How long rows are kept.
    ttl: Option<Ttl>,
}

impl RankSpecification {
    /// The rows of `schema` with the numbers from `start` to `end`, from 1, in this order among those of equal values in
    /// the columns of `partition`; with the numbers, if `number` says so.
    pub fn new(
        partition: &[usize],
        order: &[SortKey],
        schema: &Schema,
        (start, end): (u64, u64),
        number: bool,
        update_before: bool,
    ) -> Self {
        Self {
            partition: key_layout(partition, schema),
            order: SortKeys::new(order, schema),
            schema: schema.clone(),
            codec: RowCodec::new(schema),
            start,
            end,
            number,
            update_before,
            row_key: None,
            ttl: None,
        }
    }

    /// Partitions are kept for so long after a row came into their result, or, where all rows are kept, rows after they
    /// came.
    #[must_use]
    pub fn with_ttl(self, ttl: Option<Ttl>) -> Self {
        Self { ttl, ..self }
    }

    /// Rows with equal values in these columns replace each other, by such that come earlier in the order.
    #[must_use]
    pub fn replacing(self, row_key: &[usize]) -> Self {
        let row_key = Some(key_layout(row_key, &self.schema));
        Self { row_key, ..self }
    }

    fn meta(&self, name: &str, how: &str) -> StateMeta {
        let columns = self.partition.columns().iter();
        let columns =
            columns.map(|column| self.schema.get(*column).map_or_else(String::new, ToString::to_string));
        let key = format!("partition({})", columns.collect::<Vec<_>>().join(", "));
        let value =
            format!("{how} by ({}): {}", self.order.describe(&self.schema), describe_rows(&self.schema));
        StateMeta {
            name: name.to_owned(),
            kind: StateKind::Rows,
            key: Shape::from_text(&key),
            value: Shape::from_text(&value),
        }
    }

    fn changes(&self) -> Changes {
        Changes::new(self.codec.clone(), self.number, self.update_before)
    }

    /// Whether rows between those that enter and leave change, too: their numbers.
    const fn shifts(&self) -> bool {
        self.number || self.start > 1
    }

    /// Adds a change of a row with this number, if that is in the result.
    fn change(&self, changes: &mut Changes, kind: RowKind, row: ChangedRow<'_>, number: u64) {
        if (self.start..=self.end).contains(&number) {
            changes.push_numbered(kind, row, number);
        }
    }

    /// A row comes in at a number, before those that follow it.
    fn inserted<'r>(
        &self,
        changes: &mut Changes,
        row: ChangedRow<'r>,
        number: u64,
        following: impl Iterator<Item = &'r [u8]>,
    ) {
        if number > self.end {
            return;
        }
        if !self.shifts() {
            let beyond = usize::try_from(self.end - number).ok().and_then(|rows| {
                let mut following = following;
                following.nth(rows)
            });
            if let Some(beyond) = beyond {
                changes.push_numbered(RowKind::Delete, ChangedRow::State(beyond), 0);
            }
            changes.push_numbered(RowKind::Insert, row, 0);
            return;
        }
        let (mut current, mut at) = (row, number);
        for next in following {
            if at > self.end {
                return;
            }
            self.change(changes, RowKind::UpdateBefore, ChangedRow::State(next), at);
            self.change(changes, RowKind::UpdateAfter, current, at);
            (current, at) = (ChangedRow::State(next), at + 1);
        }
        if at <= self.end {
            self.change(changes, RowKind::Insert, current, at);
        }
    }

    /// A row goes from a number, before those that follow it.
    fn removed<'r>(
        &self,
        changes: &mut Changes,
        row: &'r [u8],
        number: u64,
        mut following: impl Iterator<Item = &'r [u8]>,
    ) {
        if number > self.end {
            return;
        }
        if !self.shifts() {
            changes.push_numbered(RowKind::Delete, ChangedRow::State(row), 0);
            let enters = usize::try_from(self.end - number).ok().and_then(|rows| following.nth(rows));
            if let Some(enters) = enters {
                changes.push_numbered(RowKind::Insert, ChangedRow::State(enters), 0);
            }
            return;
        }
        let (mut current, mut at) = (row, number);
        for next in following {
            if at > self.end {
                return;
            }
            self.change(changes, RowKind::UpdateBefore, ChangedRow::State(current), at);
            self.change(changes, RowKind::UpdateAfter, ChangedRow::State(next), at);
            (current, at) = (next, at + 1);
        }
        if at <= self.end {
            self.change(changes, RowKind::Delete, ChangedRow::State(current), at);
        }
    }
}

pub(super) fn key_layout(columns: &[usize], schema: &Schema) -> KeyLayout {
    KeyLayout::new(columns.to_vec(), columns.iter().map(|column| schema.field(*column)).collect())
}

/// The keys of rows, as bytes.
pub(super) fn row_keys(layout: &KeyLayout, chunk: &Chunk) -> Result<EncodedRows> {
    let mut keys = EncodedRows::default();
    let mut bytes = Vec::new();
    for row in 0..chunk.rows() {
        bytes.clear();
        let mut encoder = KeyEncoder::new(&mut bytes);
        for (column, field) in layout.columns().iter().zip(layout.fields()) {
            encode_value(&mut encoder, chunk.column(*column)?, row, &field.data_type, KeyOrder::Ascending)?;
        }
        keys.push(&bytes)?;
    }
    Ok(keys)
}

pub(super) fn not_open() -> Error {
    Error::new(ErrorKind::Internal, "an operator that is not open")
}

#[cfg(test)]
mod tests;
