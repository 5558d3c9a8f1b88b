//! A collection in memory as a source.

use std::sync::Arc;

use millstream_runtime::Result;
use millstream_runtime::chain::{Output, SourceStatus};
use millstream_state::Record;

use super::strided::{Numbers, StridedSplit};
use super::{Boundedness, Source, SourceReader};

/// Yields the elements of a collection, then ends. Each subtask yields every `parallelism`-th.
///
/// A restored job goes on where it was; the program must give it the same collection.
pub struct CollectionSource<T> {
    elements: Arc<Vec<T>>,
}

impl<T> CollectionSource<T> {
    /// A source of these elements.
    pub fn new(elements: impl IntoIterator<Item = T>) -> Self {
        Self { elements: Arc::new(elements.into_iter().collect()) }
    }
}

impl<T: Record> Source for CollectionSource<T> {
    type Record = T;
    type Split = StridedSplit;
    type Reader = CollectionReader<T>;

    fn kind(&self) -> &'static str {
        "Collection"
    }

    fn boundedness(&self) -> Boundedness {
        Boundedness::Bounded
    }

    fn assign(&self, _: &[StridedSplit], subtask: u32, parallelism: u32) -> Vec<StridedSplit> {
        StridedSplit::share(subtask, parallelism)
    }

    fn reader(&self) -> CollectionReader<T> {
        CollectionReader { elements: self.elements.clone(), numbers: Numbers::default() }
    }
}

/// Reads a [`CollectionSource`].
pub struct CollectionReader<T> {
    elements: Arc<Vec<T>>,
    numbers: Numbers,
}

impl<T: Record> SourceReader for CollectionReader<T> {
    type Record = T;
    type Split = StridedSplit;

    fn add_splits(&mut self, splits: Vec<StridedSplit>) {
        self.numbers.add(splits);
    }

    fn next(&mut self, output: &mut Output<'_, T>) -> Result<SourceStatus> {
        let limit = output.batch_records();
        let (elements, target) = (&self.elements, output.batch());
        let more = self.numbers.advance(elements.len() as u64, limit, |run| {
            let indices = run.numbers().filter_map(|number| usize::try_from(number).ok());
            target.extend_untimed(indices.filter_map(|index| elements.get(index)).cloned());
        });
        Ok(if more { SourceStatus::More } else { SourceStatus::Ended })
    }

    fn snapshot(&self) -> Vec<StridedSplit> {
        self.numbers.splits()
    }
}
