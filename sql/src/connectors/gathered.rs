//! Chunks that a connector hands on.

use millstream_connectors::Gathered;

use crate::chunk::Chunk;

impl From<Chunk> for Gathered<Chunk> {
    fn from(record: Chunk) -> Self {
        let (rows, bytes) = (record.rows() as u64, record.bytes() as u64);
        Self { record, rows, bytes }
    }
}

/// The first part of `all`, and the rest, if these are more rows than a chunk should have.
pub(super) fn first_chunk(all: Chunk) -> (Chunk, Option<Chunk>) {
    if all.rows() <= 2 * Chunk::ROWS {
        return (all, None);
    }
    (all.slice(0, Chunk::ROWS), Some(all.slice(Chunk::ROWS, all.rows() - Chunk::ROWS)))
}
