//! One source after the other: history from files, and then what comes by Kafka.

mod enumerator;
mod reader;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use self::enumerator::HybridEnumerator;
pub use self::reader::HybridReader;
use super::{Boundedness, Enumerator, Source};
use crate::WatermarkStrategy;

/// Reads one source to its end, and then another of the same records. As Flink's `HybridSource`.
///
/// The second is begun when all readers are done with the first: whatever the parallelism, no record of the second is emitted before
/// the last one of the first. Its splits are looked for then, not before, so a source that begins at "now" begins at the switch. How
/// far the job has come, the switch included, is part of snapshots, which can be restored at another parallelism.
///
/// The first must be [bounded](Boundedness::Bounded), which is checked before the job runs. More than two are put together
/// by [`then`](Self::then).
///
/// # Event time
///
/// A strategy given to [`from_source_with_watermarks`](crate::Environment::from_source_with_watermarks) is used split by split where both
/// sources can do that, or else on all records of a subtask. Where each needs its own, give it to the source before. The watermark does not
/// go back at the switch. A reader that is done with the first source is idle until the others are, and holds nobody's time back.
///
/// ```
/// # use millstream::prelude::*;
/// use std::sync::{Arc, Mutex};
///
/// use millstream::source::{CollectionSource, HybridSource};
///
/// let read = Arc::new(Mutex::new(Vec::new()));
/// let env = Environment::new().parallelism(3);
/// // A file and a topic, as a rule.
/// let (history, present) = (CollectionSource::new(0..5), CollectionSource::new(5..9));
/// let numbers = env.from_source(HybridSource::new(history, present));
/// let seen = read.clone();
/// numbers.inspect(move |number| seen.lock().map(|mut seen| seen.push(*number)).unwrap_or_default()).discard();
/// env.execute("history and present")?;
///
/// let mut read = read.lock().unwrap().clone();
/// let present = read.split_off(5);
/// assert!(read.iter().all(|number| *number < 5) && present.iter().all(|number| *number >= 5));
/// assert_eq!(present.len(), 4);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "HybridSourceBuilder")]
pub struct HybridSource<A, B> {
    first: Arc<A>,
    second: Arc<B>,
    /// By which enumerator and readers find each other.
    id: u64,
}

/// A split of a [`HybridSource`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum HybridSplit<A, B> {
    /// Of the first source.
    First(A),
    /// Of the second source.
    Second(B),
    /// No split of the first source follows, as the enumerator of this attempt says.
    FirstIsComplete {
        /// The attempt's process.
        epoch: u64,
        /// Which attempt of that process it is.
        attempt: u32,
    },
}

impl<A: Source, B: Source<Record = A::Record>> HybridSource<A, B> {
    /// Reads `first` to its end, and then `second`.
    pub fn new(first: A, second: B) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { first: Arc::new(first), second: Arc::new(second), id }
    }

    /// Reads `next` when both have come to their end.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::source::{CollectionSource, HybridSource};
    ///
    /// let env = Environment::new().parallelism(1);
    /// let [one, two, three] = [1, 2, 3].map(|number| CollectionSource::new([number]));
    /// let numbers = env.from_source(HybridSource::new(one, two).then(three)).collect();
    /// env.execute("three sources")?;
    /// assert_eq!(numbers.to_vec(), [1, 2, 3]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "addSource")]
    pub fn then<C: Source<Record = A::Record>>(self, next: C) -> HybridSource<Self, C> {
        HybridSource::new(self, next)
    }
}

impl<A: Source, B: Source<Record = A::Record>> Source for HybridSource<A, B> {
    type Record = A::Record;
    type Split = HybridSplit<A::Split, B::Split>;
    type Reader = HybridReader<A::Reader, B::Reader>;

    fn kind(&self) -> &'static str {
        "Hybrid"
    }

    fn boundedness(&self) -> Boundedness {
        self.second.boundedness()
    }

    fn problem(&self) -> Option<String> {
        let endless = || {
            (self.first.boundedness() == Boundedness::Unbounded).then(|| {
                format!(
                    "the source `{}` has no end, as far as it says, so `{}` after it would never be read: all but the last of \
                     a hybrid source must be bounded, as `Source::boundedness` tells",
                    self.first.kind(),
                    self.second.kind()
                )
            })
        };
        self.first.problem().or_else(|| self.second.problem()).or_else(endless)
    }

    fn needs_checkpoints(&self) -> bool {
        self.first.needs_checkpoints() || self.second.needs_checkpoints()
    }

    fn enumerator(&self) -> Option<Enumerator<Self::Split>> {
        Some(Enumerator::of_any(HybridEnumerator::new(self.id, &self.first, &self.second)))
    }

    fn reader(&self) -> Self::Reader {
        self.reader_for(0, 1)
    }

    fn reader_for(&self, subtask: u32, parallelism: u32) -> Self::Reader {
        let first = self.first.reader_for(subtask, parallelism);
        let second = self.second.reader_for(subtask, parallelism);
        HybridReader::new(self.id, first, second, subtask, parallelism)
    }

    fn set_watermark_strategy(&mut self, strategy: &WatermarkStrategy<Self::Record>) -> bool {
        // Nobody else has them yet: the source has not been added to a job.
        let (Some(first), Some(second)) = (Arc::get_mut(&mut self.first), Arc::get_mut(&mut self.second))
        else {
            return false;
        };
        second.set_watermark_strategy(strategy) && first.set_watermark_strategy(strategy)
    }

    fn has_timestamps(&self) -> bool {
        self.first.has_timestamps() && self.second.has_timestamps()
    }
}

#[cfg(test)]
mod tests;
