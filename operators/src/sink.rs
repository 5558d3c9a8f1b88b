//! Sinks: a writer, and a committer that makes visible what a completed checkpoint covers.
//!
//! Two-phase commit as in Flink's `Sink`: at a barrier the writer brings what it wrote into a state
//! from which it can be committed whatever happens (pre-commit); when the checkpoint is complete,
//! it is committed; after a restore what the snapshot lists is committed again. Committing must
//! therefore be idempotent.

mod adapter;
mod collect;
mod committer;
mod discard;
mod print;
mod stream_sink;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Output, TaskContext};
use millstream_runtime::metrics::MetricGroup;
use millstream_state::Record;

pub use collect::{CollectSink, CollectWriter, Collected, CollectedChunk};
pub use print::{PrintSink, PrintWriter};
pub use stream_sink::StreamSink;

pub(crate) use adapter::{add_sink, sink_operator};

/// Where records go.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `Sink`",
    note = "for files there is `FileSink`; `collect` gathers records, `print` prints them, and `for_each` takes a closure"
)]
pub trait Sink: Send + Sync + 'static {
    /// What it takes.
    type Record: Record;
    /// What writes, one in each subtask.
    type Writer: SinkWriter<Record = Self::Record>;

    /// What kind of sink this is, human-readable: "CSV files".
    fn kind(&self) -> &'static str;

    /// Checks, before anything runs, that the sink can work. May do I/O. Not called when restored.
    /// Implementations write `async fn check(&self)`. What it answers, encoded in whatever way, is passed to
    /// every writer through [`SinkWriter::begin`].
    ///
    /// # Errors
    /// If it cannot: the job then fails before anything runs.
    fn check(&self) -> impl Future<Output = Result<Vec<u8>>> + Send {
        async { Ok(Vec::new()) }
    }

    /// What no other sink of the job may write to besides this one, in words that follow "uses":
    /// "the folder `/data/out`". Two sinks that answer the same are a mistake that is reported before
    /// anything runs.
    fn exclusive(&self) -> Option<String> {
        None
    }

    /// A writer for subtask `subtask`.
    #[doc(alias = "createWriter")]
    fn writer(&self, subtask: u32) -> Self::Writer;

    /// A writer for subtask `subtask` of `parallelism`, for sinks that show which it is; otherwise as
    /// [`Sink::writer`].
    fn writer_for(&self, subtask: u32, parallelism: u32) -> Self::Writer {
        let _ = parallelism;
        self.writer(subtask)
    }
}

/// Makes committables visible, on the I/O pool. A closure that returns a future is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not commit `{C}`",
    note = "return a closure `move |committables: Vec<_>| async move {{ .. Ok(()) }}`, or implement `Committer`"
)]
pub trait Committer<C>: Send + Sync + 'static {
    /// Makes committables visible. Idempotent: what is visible already stays so, once.
    ///
    /// # Errors
    /// If that is not certain; it is tried again after a restart.
    fn commit(&self, committables: Vec<C>) -> impl Future<Output = Result<()>> + Send;
}

impl<C, F, W> Committer<C> for F
where
    F: Fn(Vec<C>) -> W + Send + Sync + 'static,
    W: Future<Output = Result<()>> + Send,
{
    fn commit(&self, committables: Vec<C>) -> impl Future<Output = Result<()>> + Send {
        self(committables)
    }
}

/// What a writer may ask and say while it works: its context, and counters through
/// [`Output::counters`].
pub type SinkOutput<'a> = Output<'a, ()>;

/// Writes records, never blocking.
pub trait SinkWriter: Send + 'static {
    /// What it takes.
    type Record: Record;
    /// What it must know after a restore to go on. A restore hands every writer the states of all.
    type State: Record;
    /// Names something written that is not visible yet, so that it can be committed by anyone, any
    /// number of times.
    type Committable: Record;

    /// Shows the writer, before anything else, where its own metrics belong.
    #[doc(alias = "SinkWriterMetricGroup")]
    fn register_metrics(&mut self, metrics: &MetricGroup) {
        let _ = metrics;
    }

    /// Gives the writer, before its first record, what [`Sink::check`] has answered; not where the
    /// sink is restored.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn begin(&mut self, checked: &[u8]) -> Result<()> {
        let _ = checked;
        Ok(())
    }

    /// Gives the writer, before its first record, what all writers knew at the snapshot.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn restore(&mut self, states: Vec<Self::State>) -> Result<()> {
        let _ = states;
        Ok(())
    }

    /// Takes records. Must not block: what needs I/O is buffered and handed to
    /// [`TaskContext::spawn_io`].
    ///
    /// # Errors
    /// Whatever fails the job.
    fn write(&mut self, batch: &mut Batch<Self::Record>, output: &mut SinkOutput<'_>) -> Result<()>;

    /// The task runs: see to finished I/O and to time. While the writer can take no more, it calls
    /// [`TaskContext::set_blocked`] here, and upstream waits.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn poll(&mut self, output: &mut SinkOutput<'_>) -> Result<()> {
        let _ = output;
        Ok(())
    }

    /// There is no input for now.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn flush(&mut self, output: &mut SinkOutput<'_>) -> Result<()> {
        let _ = output;
        Ok(())
    }

    /// No record follows. A writer that cannot let the job end yet [holds the
    /// end](TaskContext::hold_end), and is asked again when the task runs the next time.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn end_of_data(&mut self, output: &mut SinkOutput<'_>) -> Result<()> {
        let _ = output;
        Ok(())
    }

    /// Pre-commit: the future, run on the I/O pool, brings everything written so far to where it
    /// survives a crash, and lists it.
    #[doc(alias("prepareCommit", "TwoPhaseCommittingSink"))]
    fn prepare_commit(
        &mut self,
        cx: &mut TaskContext,
    ) -> impl Future<Output = Result<Vec<Self::Committable>>> + Send + 'static;

    /// These have been made visible, and no snapshot lists them from now on: what names them may be used again.
    fn committed(&mut self, committables: &[Self::Committable]) {
        let _ = committables;
    }

    /// What must be known after a restore.
    fn state(&self) -> Self::State;

    /// What makes visible what [`SinkWriter::prepare_commit`] listed.
    #[doc(alias = "createCommitter")]
    fn committer(&self) -> impl Committer<Self::Committable>;
}

#[cfg(test)]
mod tests;
