//! Rows to the subtasks that own their keys.

use arrow_array::{ArrayRef, UInt32Array};
use millstream_operators::Stream;
use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::Outlet;
use millstream_runtime::partition::{Partitioner, Partitioning};
use millstream_state::KeyGroups;

use super::{Chunk, KeyLayout};

/// So many rows for a subtask are sent on without waiting for more.
const ENOUGH: usize = 1024;

/// The stream, each row of which goes to the subtask that owns its key; without columns, all rows go to one.
pub fn exchange(rows: &Stream<Chunk>, layout: KeyLayout) -> Stream<Chunk> {
    if layout.columns().is_empty() {
        return rows.global();
    }
    rows.partition_by(Partitioning::KeyGroup, move |groups, parallelism| {
        Box::new(KeyExchange::new(layout.clone(), groups, parallelism))
    })
}

struct KeyExchange {
    layout: KeyLayout,
    groups: KeyGroups,
    /// The owner of each key group.
    owners: Vec<u32>,
    hashes: Vec<u64>,
    /// The rows of each channel that wait for more.
    waiting: Vec<Waiting>,
}

#[derive(Default)]
struct Waiting {
    chunks: Vec<Chunk>,
    rows: usize,
}

impl KeyExchange {
    fn new(layout: KeyLayout, groups: KeyGroups, parallelism: u32) -> Self {
        let owners = groups.range_of(0, 1).iter().map(|group| groups.owner(group, parallelism)).collect();
        let waiting = (0..parallelism).map(|_| Waiting::default()).collect();
        Self { layout, groups, owners, hashes: Vec::new(), waiting }
    }

    fn owner(&self, hash: u64) -> usize {
        self.owners.get(self.groups.of_hash(hash).index()).copied().unwrap_or_default() as usize
    }

    fn chunk(&mut self, chunk: &Chunk, outlet: &mut Outlet<Chunk>) -> Result<()> {
        if self.waiting.len() == 1 {
            outlet.send_batch(0, chunk.clone().into_batch());
            return Ok(());
        }
        let mut hashes = std::mem::take(&mut self.hashes);
        self.layout.hash(chunk.columns(), chunk.rows(), &mut hashes)?;
        let mut positions: Vec<Vec<u32>> = vec![Vec::with_capacity(chunk.rows()); self.waiting.len()];
        for (row, hash) in (0_u32..).zip(&hashes) {
            if let Some(positions) = positions.get_mut(self.owner(*hash)) {
                positions.push(row);
            }
        }
        self.hashes = hashes;
        for (channel, positions) in positions.into_iter().enumerate() {
            if positions.is_empty() {
                continue;
            }
            let all = positions.len() == chunk.rows();
            let rows = if all { chunk.clone() } else { chunk.take(&UInt32Array::from(positions))? };
            let Some(waiting) = self.waiting.get_mut(channel) else { continue };
            waiting.rows += rows.rows();
            waiting.chunks.push(rows);
            if waiting.rows >= ENOUGH {
                waiting.send(channel, outlet)?;
            }
        }
        Ok(())
    }
}

impl Waiting {
    fn send(&mut self, channel: usize, outlet: &mut Outlet<Chunk>) -> Result<()> {
        self.rows = 0;
        if let Some(rows) = Chunk::concat(&std::mem::take(&mut self.chunks))? {
            outlet.send_batch(channel, rows.compacted().into_batch());
        }
        Ok(())
    }
}

impl Partitioner<Chunk> for KeyExchange {
    fn route(&mut self, batch: &mut Batch<Chunk>, outlet: &mut Outlet<Chunk>) -> Result<()> {
        batch.drain().try_for_each(|chunk| self.chunk(&chunk, outlet))
    }

    fn flush(&mut self, outlet: &mut Outlet<Chunk>) -> Result<()> {
        let waiting = self.waiting.iter_mut().enumerate();
        waiting
            .filter(|(_, waiting)| waiting.rows > 0)
            .try_for_each(|(channel, waiting)| waiting.send(channel, outlet))
    }
}

/// Where texts of a column take less than a quarter of the memory that they hold on to.
pub(super) fn compact(column: &ArrayRef) -> ArrayRef {
    use arrow_array::cast::AsArray;
    let Some(texts) = column.as_string_view_opt() else { return column.clone() };
    let held: usize = texts.data_buffers().iter().map(arrow_buffer::Buffer::len).sum();
    if held > 4096 && texts.total_buffer_bytes_used() * 4 < held {
        return std::sync::Arc::new(texts.gc());
    }
    column.clone()
}
