//! Ranks of rows that may be taken back.

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};

use super::sorted_partitions::{Partition, SortedPartitions, partition_key};
use super::{ChangedRow, Changes, RankSpecification};
use crate::chunk::Chunk;

/// The name of the state.
const ROWS: &str = "sorted";

/// Keeps all rows of each partition, sorted. As Flink's `RetractableTopNFunction`.
pub struct RetractableRank {
    specification: RankSpecification,
    rows: SortedPartitions,
    changes: Changes,
    key: Vec<u8>,
}

impl RetractableRank {
    /// The operator of a subtask.
    pub fn new(specification: &RankSpecification) -> Self {
        Self {
            specification: specification.clone(),
            rows: SortedPartitions::default(),
            changes: specification.changes(),
            key: Vec::new(),
        }
    }

    fn chunk(&mut self, chunk: &Chunk, output: &mut Output<'_, Chunk>) -> Result<()> {
        let keys = self.specification.partition.keys(chunk.columns(), chunk.rows())?;
        let sort_keys = self.specification.order.encode(chunk)?;
        let rows = self.specification.codec.encode(chunk.columns(), chunk.rows())?;
        self.rows.advance(|| output.context().now(), chunk.rows())?;
        for (row, (hash, kind)) in keys.hashes().iter().zip(chunk.kinds().iter(chunk.rows())).enumerate() {
            partition_key(&keys, row, &mut self.key);
            let partition = Partition { hash: *hash, key: &self.key };
            let (sort_key, bytes) = (sort_keys.get(row), rows.get(row));
            // Rows before this one; none if there are so many that it does not matter.
            let before = |is_before: &dyn Fn(&[u8], &[u8]) -> bool| -> Result<Option<u64>> {
                let mut count = 0;
                for (key, row) in self.rows.rows(partition, None)? {
                    if !is_before(key, row) {
                        return Ok(Some(count));
                    }
                    count += 1;
                    if count >= self.specification.end {
                        return Ok(None);
                    }
                }
                Ok(Some(count))
            };
            if kind.is_accumulation() {
                if let Some(before) = before(&|key, _| key <= sort_key)? {
                    let following = self.rows.rows(partition, None)?.map(|(_, row)| row);
                    let following = following.skip(usize::try_from(before).unwrap_or(usize::MAX));
                    let changed = ChangedRow::Input(row);
                    self.specification.inserted(&mut self.changes, changed, before + 1, following);
                }
                self.rows.insert(partition, sort_key, bytes)?;
            } else {
                let is_before = |key: &[u8], row: &[u8]| key < sort_key || (key == sort_key && row != bytes);
                if let Some(before) = before(&is_before)? {
                    let mut following = self.rows.rows(partition, None)?;
                    let found = following.nth(usize::try_from(before).unwrap_or(usize::MAX));
                    // As in Flink, a row that is not there is not taken back.
                    if found == Some((sort_key, bytes)) {
                        let following = following.map(|(_, row)| row);
                        self.specification.removed(&mut self.changes, bytes, before + 1, following);
                    }
                }
                self.rows.remove(partition, sort_key, bytes)?;
            }
            if self.changes.is_full() {
                self.changes.emit(chunk, output)?;
            }
        }
        self.changes.emit(chunk, output)
    }
}

impl OperatorHooks<Chunk> for RetractableRank {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.rows.open(cx, self.specification.meta(ROWS, "all"), self.specification.ttl)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        self.rows.snapshot(cx);
        Ok(())
    }
}

impl Operator<Chunk, Chunk> for RetractableRank {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        let chunks: Vec<Chunk> = batch.drain().collect();
        chunks.iter().try_for_each(|chunk| self.chunk(chunk, output))
    }
}
