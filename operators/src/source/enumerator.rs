//! Finding splits while the job runs, and handing them out.

use millstream_runtime::Result;
use millstream_runtime::chain::{OpenContext, Output, SnapshotContext, SourceStatus, TaskContext};
use millstream_runtime::event::StreamStatus;
use millstream_state::Record;
use millstream_state::snapshot::part::Redistribution;

/// The state of an enumerator in snapshots.
const ENUMERATOR: &str = "enumerator";

/// Finds the splits of a source as long as the job runs, and hands them out to its readers, never blocking. As Flink's
/// `SplitEnumerator`; there is one for all readers.
///
/// It runs as a task of its own before the readers. A split that it hands out before a barrier is in its reader's part
/// of the snapshot, every other in its own.
pub trait SplitEnumerator: Send + 'static {
    /// What it hands out.
    type Split: Record;
    /// What it must know after a restore: as a rule which splits it has handed out.
    type State: Record;

    /// Goes on from a snapshot, before anything else.
    ///
    /// # Errors
    /// If the snapshot does not fit the source.
    fn restore(&mut self, state: Self::State) -> Result<()>;

    /// Hands out what it has found. I/O runs through
    /// [`TaskContext::spawn_io`](millstream_runtime::chain::TaskContext::spawn_io); until it is done, or the time has
    /// come to look again, the answer is [`SourceStatus::Waiting`]. After [`SourceStatus::Ended`] no split follows: the
    /// source ends when its readers have read what they have.
    ///
    /// # Errors
    /// If splits cannot be found.
    fn next(&mut self, output: &mut SplitOutput<'_, '_, Self::Split>) -> Result<SourceStatus>;

    /// What has been handed out up to now.
    #[doc(alias = "snapshotState")]
    fn snapshot(&self) -> Self::State;
}

/// A split on its way to its reader. The number is that of the reader, modulo how many there are.
pub(super) type Assignment<S> = (u64, S);

/// Where an enumerator puts splits.
pub struct SplitOutput<'a, 'b, S> {
    output: &'a mut Output<'b, Assignment<S>>,
    handed_out: &'a mut u64,
}

impl<S: Record> SplitOutput<'_, '_, S> {
    /// Hands a split to the reader whose turn it is.
    ///
    /// # Errors
    /// Whatever fails the job.
    pub fn hand_out(&mut self, split: S) -> Result<()> {
        self.hand_out_to(*self.handed_out, split)
    }

    /// Hands a split to reader `reader` modulo how many there are.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "assignSplit")]
    pub fn hand_out_to(&mut self, reader: u64, split: S) -> Result<()> {
        *self.handed_out += 1;
        self.output.emit((reader, split), millstream_state::Timestamp::MIN)
    }

    /// Says that all splits that are known have been handed out: readers without any need not expect one soon, and
    /// event time goes on without them.
    ///
    /// # Errors
    /// Whatever fails the job.
    pub fn all_handed_out(&mut self) -> Result<()> {
        self.output.emit_status(StreamStatus::Idle)
    }

    /// Clock, waker, I/O pool and randomness of the task.
    pub fn context(&mut self) -> &mut TaskContext {
        self.output.context()
    }
}

/// A [`SplitEnumerator`], whatever its state is.
pub struct Enumerator<S>(Box<dyn AnyEnumerator<S>>);

impl<S: Record> Enumerator<S> {
    /// Of an enumerator.
    pub fn new(enumerator: impl SplitEnumerator<Split = S>) -> Self {
        Self(Box::new(enumerator))
    }

    pub(super) fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.0.open(cx)
    }

    pub(super) fn next(
        &mut self,
        handed_out: &mut u64,
        output: &mut Output<'_, Assignment<S>>,
    ) -> Result<SourceStatus> {
        self.0.next(&mut SplitOutput { output, handed_out })
    }

    pub(super) fn snapshot(&self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        self.0.snapshot(cx)
    }
}

trait AnyEnumerator<S>: Send {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()>;
    fn next(&mut self, output: &mut SplitOutput<'_, '_, S>) -> Result<SourceStatus>;
    fn snapshot(&self, cx: &mut SnapshotContext<'_>) -> Result<()>;
}

impl<E: SplitEnumerator> AnyEnumerator<E::Split> for E {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let restored = cx.take_list::<E::State>(ENUMERATOR)?;
        restored.into_iter().flatten().try_for_each(|state| self.restore(state))
    }

    fn next(&mut self, output: &mut SplitOutput<'_, '_, E::Split>) -> Result<SourceStatus> {
        SplitEnumerator::next(self, output)
    }

    fn snapshot(&self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        cx.list(ENUMERATOR, Redistribution::Split, [&SplitEnumerator::snapshot(self)])
    }
}
