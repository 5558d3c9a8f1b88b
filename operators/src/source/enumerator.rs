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
    sink: &'a mut (dyn SplitSink<S> + 'b),
    handed_out: &'a mut u64,
}

/// What stands behind a [`SplitOutput`].
trait SplitSink<S> {
    fn put(&mut self, reader: u64, split: S) -> Result<()>;
    fn all_handed_out(&mut self) -> Result<()>;
    fn context(&mut self) -> &mut TaskContext;
}

impl<S: Record> SplitSink<S> for Output<'_, Assignment<S>> {
    fn put(&mut self, reader: u64, split: S) -> Result<()> {
        self.emit((reader, split), millstream_state::Timestamp::MIN)
    }

    fn all_handed_out(&mut self) -> Result<()> {
        self.emit_status(StreamStatus::Idle)
    }

    fn context(&mut self) -> &mut TaskContext {
        Output::context(self)
    }
}

/// Takes splits `I` of a source that is part of another one, whose splits are `S`.
struct Mapped<'a, 'b, S, I> {
    sink: &'a mut (dyn SplitSink<S> + 'b),
    map: fn(I) -> S,
}

impl<S, I> SplitSink<I> for Mapped<'_, '_, S, I> {
    fn put(&mut self, reader: u64, split: I) -> Result<()> {
        self.sink.put(reader, (self.map)(split))
    }

    fn all_handed_out(&mut self) -> Result<()> {
        self.sink.all_handed_out()
    }

    fn context(&mut self) -> &mut TaskContext {
        self.sink.context()
    }
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
        self.sink.put(reader, split)
    }

    /// Says that all splits that are known have been handed out: readers without any need not expect one soon, and
    /// event time goes on without them.
    ///
    /// # Errors
    /// Whatever fails the job.
    pub fn all_handed_out(&mut self) -> Result<()> {
        self.sink.all_handed_out()
    }

    /// Clock, waker, I/O pool and randomness of the task.
    pub fn context(&mut self) -> &mut TaskContext {
        self.sink.context()
    }

    /// Lets something hand out splits that `map` makes splits of this source of.
    pub(super) fn mapped<I: Record, R>(
        &mut self,
        map: fn(I) -> S,
        hand_out: impl FnOnce(&mut SplitOutput<'_, '_, I>) -> R,
    ) -> R {
        let mut sink = Mapped { sink: &mut *self.sink, map };
        hand_out(&mut SplitOutput { sink: &mut sink, handed_out: self.handed_out })
    }
}

/// A [`SplitEnumerator`], whatever its state is.
pub struct Enumerator<S>(Box<dyn AnyEnumerator<S>>);

impl<S: Record> Enumerator<S> {
    /// Of an enumerator.
    pub fn new(enumerator: impl SplitEnumerator<Split = S>) -> Self {
        Self(Box::new(enumerator))
    }

    /// Of one that sees to its state itself.
    pub(super) fn of_any(enumerator: impl AnyEnumerator<S> + 'static) -> Self {
        Self(Box::new(enumerator))
    }

    pub(super) fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.open_as(ENUMERATOR, cx)
    }

    /// As [`Self::open`], with the state of this name.
    pub(super) fn open_as(&mut self, name: &str, cx: &mut OpenContext<'_>) -> Result<()> {
        self.0.open(name, cx)
    }

    pub(super) fn next(
        &mut self,
        handed_out: &mut u64,
        output: &mut Output<'_, Assignment<S>>,
    ) -> Result<SourceStatus> {
        self.next_into(&mut SplitOutput { sink: output, handed_out })
    }

    pub(super) fn next_into(&mut self, output: &mut SplitOutput<'_, '_, S>) -> Result<SourceStatus> {
        self.0.next(output)
    }

    pub(super) fn snapshot(&self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        self.snapshot_as(ENUMERATOR, cx)
    }

    /// As [`Self::snapshot`], under this name.
    pub(super) fn snapshot_as(&self, name: &str, cx: &mut SnapshotContext<'_>) -> Result<()> {
        self.0.snapshot(name, cx)
    }
}

/// An enumerator that keeps its state under a name.
pub(super) trait AnyEnumerator<S>: Send {
    fn open(&mut self, name: &str, cx: &mut OpenContext<'_>) -> Result<()>;
    fn next(&mut self, output: &mut SplitOutput<'_, '_, S>) -> Result<SourceStatus>;
    fn snapshot(&self, name: &str, cx: &mut SnapshotContext<'_>) -> Result<()>;
}

impl<E: SplitEnumerator> AnyEnumerator<E::Split> for E {
    fn open(&mut self, name: &str, cx: &mut OpenContext<'_>) -> Result<()> {
        let restored = cx.take_list::<E::State>(name)?;
        restored.into_iter().flatten().try_for_each(|state| self.restore(state))
    }

    fn next(&mut self, output: &mut SplitOutput<'_, '_, E::Split>) -> Result<SourceStatus> {
        SplitEnumerator::next(self, output)
    }

    fn snapshot(&self, name: &str, cx: &mut SnapshotContext<'_>) -> Result<()> {
        cx.list(name, Redistribution::Split, [&SplitEnumerator::snapshot(self)])
    }
}
