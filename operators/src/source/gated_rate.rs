//! How many records a source may emit from one checkpoint to the next.

use millstream_runtime::{Error, ErrorKind, Result};

use super::StridedSplit;

/// Lets so many records pass, and no more before a checkpoint is complete; then as many again. As Flink's
/// `GatedRateLimiter`, for readers of your own: [`GeneratorSource::per_checkpoint`](super::GeneratorSource::per_checkpoint) has one.
///
/// A reader that may emit nothing answers [`Waiting`](millstream_runtime::chain::SourceStatus::Waiting), and wakes its task when it
/// is told that a checkpoint is complete.
///
/// ```
/// use millstream::source::GatedRateLimiter;
///
/// let mut limiter = GatedRateLimiter::new(3);
/// limiter.pass(2);
/// assert_eq!(limiter.allowance(), 1);
/// limiter.pass(1);
/// assert_eq!(limiter.allowance(), 0);
/// limiter.checkpoint_completed();
/// assert_eq!(limiter.allowance(), 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GatedRateLimiter {
    per_checkpoint: u64,
    left: u64,
}

impl GatedRateLimiter {
    /// For `per_checkpoint` records from one checkpoint to the next.
    pub const fn new(per_checkpoint: u64) -> Self {
        Self { per_checkpoint, left: per_checkpoint }
    }

    /// For the share that these splits of one source have in `per_checkpoint` records: the shares of all its splits make up the whole.
    pub(super) fn share(per_checkpoint: u64, splits: &[StridedSplit]) -> Self {
        let share = |split: &StridedSplit| {
            let (first, stride) = split.numbers();
            per_checkpoint / stride + u64::from(first < per_checkpoint % stride)
        };
        Self::new(splits.iter().map(share).sum())
    }

    /// Whether it ever lets a record pass.
    pub(super) fn check(&self) -> Result<()> {
        if self.per_checkpoint > 0 {
            return Ok(());
        }
        let problem = "the limit of records per checkpoint leaves none for a subtask: raise the limit to the source's \
                       parallelism at least, or lower the parallelism";
        Err(Error::new(ErrorKind::InvalidJob, problem))
    }

    /// How many records may pass now.
    pub const fn allowance(&self) -> u64 {
        self.left
    }

    /// Notes that records have passed.
    pub const fn pass(&mut self, records: u64) {
        self.left = self.left.saturating_sub(records);
    }

    /// A checkpoint is complete: as many may pass again. What was not used of them before is not added.
    #[doc(alias = "notifyCheckpointComplete")]
    pub const fn checkpoint_completed(&mut self) {
        self.left = self.per_checkpoint;
    }
}
