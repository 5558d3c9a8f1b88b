//! Collecting a stream's records in memory, exactly once.

mod stream;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Waker;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::TaskContext;
use millstream_state::Record;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::{Committer, Sink, SinkOutput, SinkWriter};
use crate::Stream;

/// What is visible: one chunk for each writer and commit.
#[derive(Debug)]
enum Chunk<T> {
    Ready(Vec<T>),
    /// The user has taken it: committing it once more does not bring it back.
    Taken,
}

type Chunks<T> = BTreeMap<(u32, u64), Chunk<T>>;

/// The records of a stream that has been collected; filled while the job runs.
///
/// With checkpoints on, records appear when the checkpoint that covers them is complete, and each
/// appears once, also when the job fails in between and restarts; without, they appear when the job
/// has ended.
#[derive(Debug)]
pub struct Collected<T>(Arc<Shared<T>>);

/// What a job and those who look at its records share.
#[derive(Debug)]
struct Shared<T> {
    chunks: Mutex<Chunks<T>>,
    /// Those who wait for more records.
    waiting: Mutex<Vec<Waker>>,
}

impl<T> Clone for Collected<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for Collected<T> {
    fn default() -> Self {
        Self(Arc::new(Shared { chunks: Mutex::default(), waiting: Mutex::default() }))
    }
}

impl<T> Collected<T> {
    /// Takes the records out that are there now: subtask after subtask, each in its order.
    pub fn take(&self) -> Vec<T> {
        let mut chunks = self.0.chunks.lock();
        let taken = chunks.values_mut().map(|chunk| std::mem::replace(chunk, Chunk::Taken));
        let taken = taken.filter_map(|chunk| match chunk {
            Chunk::Ready(records) => Some(records),
            Chunk::Taken => None,
        });
        taken.flatten().collect()
    }

    /// As [`take`](Self::take), but commit after commit, as [`by_commit`](Self::by_commit).
    fn take_by_commit(&self) -> Vec<T> {
        let mut chunks = self.0.chunks.lock();
        let mut places: Vec<_> =
            chunks.iter_mut().filter(|(_, chunk)| matches!(chunk, Chunk::Ready(_))).collect();
        places.sort_by_key(|((subtask, sequence), _)| (*sequence, *subtask));
        let taken = places.into_iter().map(|(_, chunk)| std::mem::replace(chunk, Chunk::Taken));
        let taken = taken.filter_map(|chunk| match chunk {
            Chunk::Ready(records) => Some(records),
            Chunk::Taken => None,
        });
        taken.flatten().collect()
    }

    /// Wakes `waker` when records have been committed.
    fn wake_at_commit(&self, waker: &Waker) {
        let mut waiting = self.0.waiting.lock();
        if !waiting.iter().any(|known| known.will_wake(waker)) {
            waiting.push(waker.clone());
        }
    }

    /// How many records there are now.
    pub fn len(&self) -> usize {
        let length = |chunk: &Chunk<T>| match chunk {
            Chunk::Ready(records) => records.len(),
            Chunk::Taken => 0,
        };
        self.0.chunks.lock().values().map(length).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: Clone> Collected<T> {
    /// A copy of the records that are there now: subtask after subtask, each in its order.
    pub fn to_vec(&self) -> Vec<T> {
        let chunks = self.0.chunks.lock();
        let records = chunks.values().flat_map(|chunk| match chunk {
            Chunk::Ready(records) => records.as_slice(),
            Chunk::Taken => &[],
        });
        records.cloned().collect()
    }

    /// A copy of the records that are there now: commit after commit, and within one subtask after subtask, each in
    /// its order. Records of one key stay in order in this way also where a rescale has moved the key.
    pub fn by_commit(&self) -> Vec<T> {
        let chunks = self.0.chunks.lock();
        let mut places: Vec<_> = chunks.iter().collect();
        places.sort_by_key(|((subtask, sequence), _)| (*sequence, *subtask));
        let records = places.into_iter().flat_map(|(_, chunk)| match chunk {
            Chunk::Ready(records) => records.as_slice(),
            Chunk::Taken => &[],
        });
        records.cloned().collect()
    }

    /// A copy of the records that are there now, sorted: the order between subtasks is by chance.
    pub fn sorted(&self) -> Vec<T>
    where
        T: Ord,
    {
        let mut records = self.to_vec();
        records.sort_unstable();
        records
    }
}

/// Brings records into a [`Collected`], by two-phase commit.
pub struct CollectSink<T> {
    collected: Collected<T>,
}

impl<T> CollectSink<T> {
    /// A sink into `collected`, which is emptied when a job that restores nothing begins.
    pub fn new(collected: &Collected<T>) -> Self {
        Self { collected: collected.clone() }
    }
}

impl<T: Record> Sink for CollectSink<T> {
    type Record = T;
    type Writer = CollectWriter<T>;

    fn kind(&self) -> &'static str {
        "Collect"
    }

    async fn check(&self) -> Result<Vec<u8>> {
        self.collected.0.chunks.lock().clear();
        Ok(Vec::new())
    }

    fn writer(&self, subtask: u32) -> CollectWriter<T> {
        CollectWriter { subtask, sequence: 0, records: Vec::new(), collected: self.collected.clone() }
    }
}

/// The records of one writer from one snapshot to the next: committed under their number, so that
/// committing them again changes nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CollectedChunk<T> {
    subtask: u32,
    sequence: u64,
    records: Vec<T>,
}

/// Writes for a [`CollectSink`].
pub struct CollectWriter<T> {
    subtask: u32,
    /// The number of the next chunk.
    sequence: u64,
    records: Vec<T>,
    collected: Collected<T>,
}

impl<T: Record> SinkWriter for CollectWriter<T> {
    type Record = T;
    type State = u64;
    type Committable = CollectedChunk<T>;

    fn restore(&mut self, sequences: Vec<u64>) -> Result<()> {
        // Beyond every writer's: what subtask 3 wrote before a rescale may be committed now by
        // another, while a new subtask 3 writes.
        self.sequence = sequences.into_iter().max().unwrap_or_default();
        Ok(())
    }

    fn write(&mut self, batch: &mut Batch<T>, _: &mut SinkOutput<'_>) -> Result<()> {
        self.records.extend(batch.drain());
        Ok(())
    }

    fn prepare_commit(
        &mut self,
        _: &mut TaskContext,
    ) -> impl Future<Output = Result<Vec<CollectedChunk<T>>>> + Send + 'static {
        // Also without records: an attempt that failed while it finished may have committed some
        // under this number.
        let (records, sequence) = (std::mem::take(&mut self.records), self.sequence);
        self.sequence += 1;
        let chunk = CollectedChunk { subtask: self.subtask, sequence, records };
        async move { Ok(vec![chunk]) }
    }

    fn state(&self) -> u64 {
        self.sequence
    }

    fn committer(&self) -> impl Committer<CollectedChunk<T>> {
        let collected = self.collected.clone();
        move |committed: Vec<CollectedChunk<T>>| {
            let collected = collected.clone();
            async move {
                {
                    let mut chunks = collected.0.chunks.lock();
                    for CollectedChunk { subtask, sequence, records } in committed {
                        let place = chunks.entry((subtask, sequence)).or_insert(Chunk::Ready(Vec::new()));
                        if let Chunk::Ready(present) = place {
                            *present = records;
                        }
                    }
                }
                std::mem::take(&mut *collected.0.waiting.lock()).into_iter().for_each(Waker::wake);
                Ok(())
            }
        }
    }
}

impl<T: Record> Stream<T> {
    /// Collects the records in memory, exactly once, for tests and small results.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().parallelism(1);
    /// let doubled = env.from_collection(0..3).map(|n| 2 * n).collect();
    /// env.execute("double")?;
    /// assert_eq!(doubled.len(), 3);
    /// assert_eq!(doubled.take(), [0, 2, 4]);
    /// assert!(doubled.is_empty());
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "executeAndCollect")]
    pub fn collect(&self) -> Collected<T> {
        let collected = Collected::default();
        let _settings = self.sink_to(CollectSink::new(&collected));
        collected
    }
}

#[cfg(test)]
mod tests;
