//! What every engine must provide, and the little that a job on a peer needs around it.

pub mod by_hand;
pub mod millstream;
pub mod renoir;
pub mod timely;

use std::hash::{BuildHasher, Hash};
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};

/// The engines, in the order of the table's columns.
pub const ENGINES: [&str; 3] = ["millstream", "renoir", "timely"];

/// Subtasks of each operator, in every engine.
pub const PARALLELISM: usize = 2;

/// Records of an event-time source from one watermark to the next.
pub const WATERMARK_INTERVAL: usize = 4096;

/// What one run of one engine gave.
pub struct Outcome {
    pub answer: Digest,
    pub elapsed: Duration,
}

/// Runs one work on one engine.
pub type Run = Box<dyn Fn() -> Outcome>;

/// The records of a source, in memory.
pub type Records<T> = Arc<Vec<T>>;

/// The records of one subtask's source: copies of every second one, so that subtasks run out of step.
pub fn share<T: Clone + Send + Sync>(
    records: &Records<T>,
    subtask: usize,
) -> impl Iterator<Item = T> + Send + use<T> {
    let records = records.clone();
    (subtask..records.len()).step_by(PARALLELISM).map(move |index| records[index].clone())
}

/// A hash map as every engine uses it that leaves its user the choice.
pub type HashMap<K, V> = hashbrown::HashMap<K, V, FixedState>;

/// The hash that decides to which subtask a key goes.
pub fn hash(value: &impl Hash) -> u64 {
    FixedState::default().hash_one(value)
}

/// A summary of a set of results that does not depend on their order: their number, and the wrapping sum of their
/// hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    count: u64,
    sum: u64,
}

impl Digest {
    pub fn add(&mut self, result: &impl Hash) {
        self.merge(Digest { count: 1, sum: hash(result) });
    }

    pub fn merge(&mut self, other: Digest) {
        self.count += other.count;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

impl<R: Hash> FromIterator<R> for Digest {
    fn from_iter<I: IntoIterator<Item = R>>(results: I) -> Self {
        let mut digest = Digest::default();
        results.into_iter().for_each(|result| digest.add(&result));
        digest
    }
}
