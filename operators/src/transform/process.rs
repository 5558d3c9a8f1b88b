//! Process functions on streams without a key: full control over what is emitted, and where.

use std::marker::PhantomData;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};
use millstream_runtime::graph::OutputTag;
use millstream_state::{Record, Timestamp};

use crate::Stream;

/// A function with full control: it emits any number of records, to side outputs too, sees
/// timestamps and watermarks, and may keep operator state. As Flink's `ProcessFunction` on a stream
/// without a key. Each subtask works with a clone of it.
pub trait ProcessFunction<I, O>: Send + 'static {
    /// Before the first record: takes operator state out of the snapshot, if there is one.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let _ = cx;
        Ok(())
    }

    /// Takes a record.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn process(&mut self, record: I, cx: &mut ProcessContext<'_, '_, O>) -> Result<()>;

    /// Event time has come to [`ProcessContext::watermark`]; the watermark goes on afterwards.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn watermark(&mut self, cx: &mut ProcessContext<'_, '_, O>) -> Result<()> {
        let _ = cx;
        Ok(())
    }

    /// No record follows. Emits what is left and forgets it.
    ///
    /// Event time has ended by then, so windows further down are over and drop what is emitted here
    /// as late. What is meant for them is emitted by [`watermark`](Self::watermark), when
    /// [`ProcessContext::watermark`] is [`Timestamp::MAX`].
    ///
    /// # Errors
    /// Whatever fails the job.
    fn end_of_data(&mut self, cx: &mut ProcessContext<'_, '_, O>) -> Result<()> {
        let _ = cx;
        Ok(())
    }

    /// Hands operator state over. What the function keeps and does not hand over is lost when the
    /// job fails.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        let _ = cx;
        Ok(())
    }
}

/// What a function without a key may ask, and where it puts its records.
pub struct ProcessContext<'a, 'o, O> {
    output: &'a mut Output<'o, O>,
    timestamp: Timestamp,
    watermark: Timestamp,
}

impl<'a, 'o, O> ProcessContext<'a, 'o, O> {
    pub(crate) const fn new(
        output: &'a mut Output<'o, O>,
        timestamp: Timestamp,
        watermark: Timestamp,
    ) -> Self {
        Self { output, timestamp, watermark }
    }

    pub(crate) const fn set_timestamp(&mut self, timestamp: Timestamp) {
        self.timestamp = timestamp;
    }

    /// Emits a record, with the timestamp of the record that is being processed.
    ///
    /// # Errors
    /// If an operator further down fails.
    #[inline]
    pub fn emit(&mut self, record: O) -> Result<()> {
        self.output.emit(record, self.timestamp)
    }

    /// Emits a record with a timestamp of its own.
    ///
    /// # Errors
    /// If an operator further down fails.
    #[inline]
    pub fn emit_at(&mut self, record: O, timestamp: Timestamp) -> Result<()> {
        self.output.emit(record, timestamp)
    }

    /// Emits a record to a side output, with the timestamp of the record that is being processed.
    ///
    /// # Errors
    /// If an operator further down fails.
    pub fn emit_side<S: Record>(&mut self, tag: &OutputTag<S>, record: S) -> Result<()> {
        self.output.emit_side(tag, record, self.timestamp)
    }

    /// The timestamp of the record that is being processed; [`Timestamp::MIN`] if it has none.
    #[inline]
    pub const fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// How far event time has come; [`Timestamp::MIN`] before the first watermark.
    #[inline]
    pub const fn watermark(&self) -> Timestamp {
        self.watermark
    }

    /// The processing time. Reads a clock: not for every record.
    pub fn now(&mut self) -> Timestamp {
        self.output.context().now()
    }
}

pub(super) struct Process<F, I> {
    function: F,
    watermark: Timestamp,
    _input: PhantomData<fn(I)>,
}

impl<F, I> Process<F, I> {
    pub(super) const fn new(function: F) -> Self {
        Self { function, watermark: Timestamp::MIN, _input: PhantomData }
    }
}

impl<I: 'static, O, F: ProcessFunction<I, O>> OperatorHooks<O> for Process<F, I> {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.function.open(cx)
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        self.watermark = watermark;
        self.function.watermark(&mut ProcessContext::new(output, watermark, watermark))?;
        output.emit_watermark(watermark)
    }

    fn end_of_data(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        self.function.end_of_data(&mut ProcessContext::new(output, self.watermark, self.watermark))
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        self.function.snapshot(cx)
    }
}

impl<I: 'static, O, F: ProcessFunction<I, O>> Operator<I, O> for Process<F, I> {
    fn process(&mut self, batch: &mut Batch<I>, output: &mut Output<'_, O>) -> Result<()> {
        let mut cx = ProcessContext::new(output, Timestamp::MIN, self.watermark);
        batch.drain_timed().try_for_each(|(record, timestamp)| {
            cx.set_timestamp(timestamp);
            self.function.process(record, &mut cx)
        })
    }
}

impl<T: Record> Stream<T> {
    /// Applies a [`ProcessFunction`]. As Flink's `process`.
    ///
    /// ```
    /// # use millstream_operators::{Environment, ProcessContext, ProcessFunction, Result};
    /// # let env = Environment::new();
    /// #[derive(Clone)]
    /// struct Repeat;
    /// impl ProcessFunction<u32, u32> for Repeat {
    ///     fn process(&mut self, n: u32, cx: &mut ProcessContext<'_, '_, u32>) -> Result<()> {
    ///         (0..n).try_for_each(|_| cx.emit(n))
    ///     }
    /// }
    ///
    /// let repeated = env.from_collection(1..=3).process(Repeat).collect();
    /// env.execute("repeat")?;
    /// assert_eq!(repeated.sorted(), [1, 2, 2, 3, 3, 3]);
    /// # Ok::<(), millstream_operators::Error>(())
    /// ```
    pub fn process<O: Record>(&self, function: impl ProcessFunction<T, O> + Clone + Sync) -> Stream<O> {
        self.transform("Process", move |_| Process::new(function.clone()))
    }
}
