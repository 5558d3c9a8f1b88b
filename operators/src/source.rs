//! Sources: readers over splits, where a split carries its own position.
//!
//! As Flink's FLIP-27: a [`Source`] finds splits; each subtask gets a share of them and reads it
//! with a [`SourceReader`]. What a reader still has to read, positions included, is its state, so
//! a restore at another parallelism only deals the splits out anew.

mod adapter;
mod blocking;
mod boundedness;
mod collection;
mod discovery;
mod enumerator;
mod gated_rate;
mod generator;
mod hybrid;
mod rate;
mod strided;

use millstream_runtime::Result;
use millstream_runtime::chain::{Output, SourceStatus, TaskContext};
use millstream_runtime::metrics::MetricGroup;
use millstream_state::Record;

use crate::WatermarkStrategy;

pub use blocking::{BlockingReader, BlockingSplitReader, Fetched};
pub use boundedness::Boundedness;
pub use collection::{CollectionReader, CollectionSource};
pub use discovery::{Discovery, DiscoveryState, Listing};
pub use enumerator::{Enumerator, SplitEnumerator, SplitOutput};
pub use gated_rate::GatedRateLimiter;
pub use generator::{GeneratorReader, GeneratorSource};
pub use hybrid::{HybridReader, HybridSource, HybridSplit};
pub use rate::RateLimiter;
pub use strided::{NumberRun, Numbers, StridedSplit};

pub(crate) use adapter::{add_source, source_operator};

/// Where records come from.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `Source`",
    note = "elements of a collection come from `from_collection`, results of a function from `from_generator`, \
            files from a `FileSource`"
)]
pub trait Source: Send + Sync + 'static {
    /// What it yields.
    type Record: Record;
    /// A part of the input that one reader reads alone, with the position in it.
    type Split: Record;
    /// What reads splits.
    type Reader: SourceReader<Record = Self::Record, Split = Self::Split>;

    /// What kind of source this is, human-readable: "CSV files".
    fn kind(&self) -> &'static str;

    /// Whether what it yields ends by itself. A source that does not say so counts as one that has no end: it cannot come
    /// before another one in a [`HybridSource`].
    #[doc(alias = "getBoundedness")]
    fn boundedness(&self) -> Boundedness {
        Boundedness::Unbounded
    }

    /// What is wrong with it, if that can be said before the job runs, which is refused then.
    fn problem(&self) -> Option<String> {
        None
    }

    /// Whether it goes on only as checkpoints complete, so that a job that takes none is refused.
    fn needs_checkpoints(&self) -> bool {
        false
    }

    /// Finds splits as long as the job runs, for sources whose splits come and go; `None` for those that
    /// [`discover`](Self::discover) all splits at the start. Must not depend on anything but the source.
    #[doc(alias("SplitEnumerator", "createEnumerator"))]
    fn enumerator(&self) -> Option<Enumerator<Self::Split>> {
        None
    }

    /// Finds the splits, once before the first start of a job; not called when the source is
    /// restored, nor where it has an [`enumerator`](Self::enumerator). May do I/O. Implementations write
    /// `async fn discover(&self)`.
    ///
    /// # Errors
    /// If the input is not there: the job then fails before anything runs.
    fn discover(&self) -> impl Future<Output = Result<Vec<Self::Split>>> + Send {
        async { Ok(Vec::new()) }
    }

    /// The share of subtask `subtask` of `parallelism` in what was discovered: every `parallelism`-th split.
    fn assign(&self, discovered: &[Self::Split], subtask: u32, parallelism: u32) -> Vec<Self::Split> {
        discovered.iter().skip(subtask as usize).step_by(parallelism as usize).cloned().collect()
    }

    /// A reader for one subtask.
    #[doc(alias = "createReader")]
    fn reader(&self) -> Self::Reader;

    /// A reader for subtask `subtask` of `parallelism`. For sources whose readers share something
    /// out among themselves, a rate limit for instance; others implement [`Source::reader`] alone.
    fn reader_for(&self, subtask: u32, parallelism: u32) -> Self::Reader {
        let _ = (subtask, parallelism);
        self.reader()
    }

    /// Makes the source assign timestamps and emit watermarks itself, split by split, as
    /// [`SplitWatermarks`](crate::time::SplitWatermarks) does; the answer is whether it does so.
    fn set_watermark_strategy(&mut self, strategy: &WatermarkStrategy<Self::Record>) -> bool {
        let _ = strategy;
        false
    }

    /// Whether its records carry event timestamps already.
    fn has_timestamps(&self) -> bool {
        false
    }
}

/// Reads splits, one batch at a time, never blocking.
pub trait SourceReader: Send + 'static {
    /// What it yields.
    type Record: Record;
    /// A part of the input, with the position in it.
    type Split: Record;

    /// Shows the reader, before it gets its first split, where its own metrics belong.
    #[doc(alias = "SourceReaderMetricGroup")]
    fn register_metrics(&mut self, metrics: &MetricGroup) {
        let _ = metrics;
    }

    /// Called once, before everything else but [`register_metrics`](Self::register_metrics), whether there is a split for the reader
    /// or not.
    fn start(&mut self, cx: &TaskContext) {
        let _ = cx;
    }

    /// Gives the reader more to read: its share at the start, or what a snapshot says is left.
    #[doc(alias = "addSplits")]
    fn add_splits(&mut self, splits: Vec<Self::Split>);

    /// Emits about one batch. I/O runs through [`TaskContext::spawn_io`](millstream_runtime::chain::TaskContext::spawn_io),
    /// which wakes the task when it is done; until then the answer is [`SourceStatus::Waiting`].
    /// With a watermark of its own, the reader emits that too.
    ///
    /// # Errors
    /// If the input cannot be read.
    #[doc(alias = "pollNext")]
    fn next(&mut self, output: &mut Output<'_, Self::Record>) -> Result<SourceStatus>;

    /// What is left to read after everything emitted so far, positions included.
    #[doc(alias = "snapshotState")]
    fn snapshot(&self) -> Vec<Self::Split>;

    /// A checkpoint is complete, at which `left` was what was [left to read](Self::snapshot): to tell the outside
    /// system, which may show it, or forget what is before. Nothing may depend on it.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "notifyCheckpointComplete")]
    fn checkpoint_completed(&mut self, left: Vec<Self::Split>, cx: &mut TaskContext) -> Result<()> {
        let _ = (left, cx);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
