//! Process functions on streams without a key: full control over what is emitted, and where.

use std::marker::PhantomData;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};
use millstream_state::{Record, Timestamp};

use crate::Stream;
use crate::function::{Closing, Emitter, FunctionResult, ProcessContext, Times};

/// A function with full control: it emits any number of records, to side outputs too, sees
/// timestamps and watermarks, and may keep operator state. As Flink's `ProcessFunction` on a stream
/// without a key. Each subtask works with a clone of it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `ProcessFunction` on records `{I}` that emits `{O}`",
    note = "implement it for your type, which must also be `Clone + Send + Sync + 'static`; for a closure there is `process_fn`"
)]
pub trait ProcessFunction<I, O>: Send + 'static {
    /// Before the first record: takes operator state out of the snapshot, if there is one.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
        let _ = cx;
        Ok(())
    }

    /// Takes a record.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "processElement")]
    fn process(&mut self, record: I, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, O>)
    -> FunctionResult;

    /// Event time has come to [`ProcessContext::watermark`]; the watermark goes on afterwards.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn watermark(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, O>) -> FunctionResult {
        let _ = (cx, out);
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
    fn end_of_data(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, O>) -> FunctionResult {
        let _ = (cx, out);
        Ok(())
    }

    /// Hands operator state over. What the function keeps and does not hand over is lost when the
    /// job fails.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> FunctionResult {
        let _ = cx;
        Ok(())
    }

    /// The subtask ends, after the last record, a failure or a cancel: releases what the function holds.
    fn close(&mut self) {}
}

pub(crate) struct Process<F, I> {
    function: Closing<F>,
    times: Times,
    _input: PhantomData<fn(I)>,
}

impl<F, I> Process<F, I> {
    pub(crate) fn new<O>(function: F) -> Self
    where
        F: ProcessFunction<I, O>,
    {
        let function = Closing::new(function, F::close);
        Self { function, times: Times::default(), _input: PhantomData }
    }
}

impl<I: 'static, O, F: ProcessFunction<I, O>> OperatorHooks<O> for Process<F, I> {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.times.open(cx.task());
        Ok(self.function.opening().open(cx)?)
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        self.times.advance(watermark, output, |cx, out| self.function.get().watermark(cx, out))
    }

    fn end_of_data(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        self.times.without_record(output, |cx, out| self.function.get().end_of_data(cx, out))
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        Ok(self.function.get().snapshot(cx)?)
    }
}

impl<I: 'static, O, F: ProcessFunction<I, O>> Operator<I, O> for Process<F, I> {
    fn process(&mut self, batch: &mut Batch<I>, output: &mut Output<'_, O>) -> Result<()> {
        let function = self.function.get();
        self.times.for_each(batch, output, |record, cx, out| function.process(record, cx, out))
    }
}

/// A closure as a process function.
#[derive(Clone)]
struct ProcessFn<F>(F);

impl<I, O, F> ProcessFunction<I, O> for ProcessFn<F>
where
    F: FnMut(I, &mut ProcessContext<'_>, &mut Emitter<'_, O>) -> FunctionResult + Send + 'static,
{
    fn process(
        &mut self,
        record: I,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        (self.0)(record, cx, out)
    }
}

impl<T: Record> Stream<T> {
    /// Applies a [`ProcessFunction`]. As Flink's `process`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// /// Lets numbers pass that have not been seen just before, and says at the end how many were left out.
    /// #[derive(Clone, Default)]
    /// struct Changes { last: Option<u32>, left_out: usize }
    ///
    /// impl ProcessFunction<u32, String> for Changes {
    ///     fn process(
    ///         &mut self,
    ///         number: u32,
    ///         _: &mut ProcessContext<'_>,
    ///         out: &mut Emitter<'_, String>,
    ///     ) -> FunctionResult {
    ///         if self.last.replace(number) == Some(number) {
    ///             self.left_out += 1;
    ///             return Ok(());
    ///         }
    ///         out.emit(number.to_string())
    ///     }
    ///
    ///     fn end_of_data(&mut self, _: &mut ProcessContext<'_>, out: &mut Emitter<'_, String>) -> FunctionResult {
    ///         out.emit(format!("{} left out", self.left_out))
    ///     }
    /// }
    ///
    /// let numbers = env.from_collection([1, 1, 1, 2, 1]).parallelism(1);
    /// let changes = numbers.process(Changes::default()).parallelism(1).collect();
    /// env.execute("changes")?;
    /// assert_eq!(changes.sorted(), ["1", "1", "2", "2 left out"]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn process<O: Record>(&self, function: impl ProcessFunction<T, O> + Clone + Sync) -> Stream<O> {
        self.transform("Process", move |_| Process::new(function.clone()))
    }

    /// Calls a closure with each record, as the [`process`](ProcessFunction::process) of a function
    /// without anything else.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let repeated = env
    ///     .from_collection([1, 2, 3])
    ///     .process_fn(|number, _cx, out| {
    ///         for _ in 0..number {
    ///             out.emit(number)?;
    ///         }
    ///         Ok(())
    ///     })
    ///     .collect();
    /// env.execute("repeat")?;
    /// assert_eq!(repeated.sorted(), [1, 2, 2, 3, 3, 3]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn process_fn<O: Record>(
        &self,
        function: impl FnMut(T, &mut ProcessContext<'_>, &mut Emitter<'_, O>) -> FunctionResult
        + Clone
        + Send
        + Sync
        + 'static,
    ) -> Stream<O> {
        self.process(ProcessFn(function))
    }
}
