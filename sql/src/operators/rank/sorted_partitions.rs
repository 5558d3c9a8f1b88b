//! All rows of partitions, each partition in order; equal ones in the order in which they came.

use millstream_runtime::Result;
use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_state::Timestamp;
use millstream_state::rows::{KeyColumn, OrderedRows, Ttl};
use millstream_state::snapshot::part::StateMeta;

use super::{not_open, time_to_live};
use crate::chunk::Keys;

/// Rows by partition, sort key and arrival.
#[derive(Default)]
pub(crate) struct SortedPartitions {
    rows: Option<OrderedRows>,
    key: Vec<u8>,
}

/// Names a partition: the hash and the bytes of its key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Partition<'k> {
    pub(crate) hash: u64,
    pub(crate) key: &'k [u8],
}

/// The bytes of the key of a row, of which none begins with another one.
pub(crate) fn partition_key(keys: &Keys, row: usize, into: &mut Vec<u8>) {
    into.clear();
    match keys.column() {
        KeyColumn::U64(keys) => into.extend(keys.get(row).copied().unwrap_or_default().to_be_bytes()),
        KeyColumn::U128(keys) => into.extend(keys.get(row).copied().unwrap_or_default().to_be_bytes()),
        KeyColumn::Bytes(keys) => into.extend(keys.get(row).unwrap_or_default()),
    }
}

/// The bytes of a number of arrival.
const ARRIVAL: usize = 8;

impl SortedPartitions {
    /// Rows are kept for `ttl` after they came.
    pub(crate) fn open(&mut self, cx: &mut OpenContext<'_>, meta: StateMeta, ttl: Option<Ttl>) -> Result<()> {
        let name = meta.name.clone();
        let mut rows = OrderedRows::new(meta, cx.info().groups, cx.info().range()).with_ttl(ttl);
        rows.set_now(time_to_live::seconds(cx.task().now()));
        if let Some(stored) = cx.take_keyed(&name) {
            rows.restore_all(stored)?;
        }
        self.rows = Some(rows);
        Ok(())
    }

    pub(crate) fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        if let Some(rows) = &mut self.rows {
            let rows = rows.snapshot(cx.checkpoint());
            cx.keyed(rows);
        }
    }

    /// Looks at the clock before a chunk of so many rows, and removes some of the rows that have expired.
    pub(crate) fn advance(&mut self, now: impl FnOnce() -> Timestamp, rows: usize) -> Result<()> {
        time_to_live::advance_ordered(self.rows.as_mut().ok_or_else(not_open)?, now, rows);
        Ok(())
    }

    fn prefix(&mut self, partition: Partition<'_>, sort_key: &[u8]) {
        self.key.clear();
        self.key.extend(partition.key);
        self.key.extend(sort_key);
    }

    /// Adds a row behind those with an equal sort key.
    pub(crate) fn insert(&mut self, partition: Partition<'_>, sort_key: &[u8], row: &[u8]) -> Result<()> {
        self.prefix(partition, sort_key);
        let rows = self.rows.as_mut().ok_or_else(not_open)?;
        let last = rows.scan_prefix(partition.hash, &self.key, None).next_back();
        let last = last.and_then(|(key, _)| key.last_chunk::<ARRIVAL>());
        let arrival = last.map_or(0, |bytes| u64::from_be_bytes(*bytes) + 1);
        self.key.extend(arrival.to_be_bytes());
        rows.entry(partition.hash, &self.key)?.variable = row.into();
        Ok(())
    }

    /// Removes the first of the rows that are equal to this one; whether there was one.
    pub(crate) fn remove(&mut self, partition: Partition<'_>, sort_key: &[u8], row: &[u8]) -> Result<bool> {
        self.prefix(partition, sort_key);
        let rows = self.rows.as_mut().ok_or_else(not_open)?;
        let equal = rows.scan_prefix(partition.hash, &self.key, None);
        let found = equal.filter(|(_, value)| *value.variable == *row).map(|(key, _)| key.to_vec()).next();
        let Some(key) = found else { return Ok(false) };
        rows.remove(partition.hash, &key)?;
        Ok(true)
    }

    /// The sort keys and rows of a partition, in order; from the first that is not before `from`, if that is given.
    pub(crate) fn rows(
        &self,
        partition: Partition<'_>,
        from: Option<&[u8]>,
    ) -> Result<impl DoubleEndedIterator<Item = (&[u8], &[u8])>> {
        let rows = self.rows.as_ref().ok_or_else(not_open)?;
        let start = partition.key.len();
        let from = from.map(|from| [partition.key, from].concat());
        let all = rows.scan_prefix(partition.hash, partition.key, from.as_deref());
        Ok(all.map(move |(key, value)| {
            let sort_key = key.get(start..key.len().saturating_sub(ARRIVAL)).unwrap_or_default();
            (sort_key, &*value.variable)
        }))
    }
}
