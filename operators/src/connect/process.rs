//! Process functions over two streams without keys.

use std::marker::PhantomData;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, OperatorHooks, Output, SnapshotContext, TwoInputOperator};
use millstream_state::{Record, Timestamp};

use super::ConnectedStreams;
use crate::Stream;
use crate::function::{Closing, Emitter, FunctionResult, ProcessContext, Times};

/// A [`ProcessFunction`](crate::ProcessFunction) with two inputs. As Flink's `CoProcessFunction`
/// on streams without keys. Each subtask works with a clone of it.
///
/// Which input is read when is by chance: a function whose answer must not depend on it keeps
/// records back until it has what it needs, as [`Stream::enrich`] does.
#[doc(alias = "CoProcessFunction")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `TwoInputProcessFunction` on records `{A}` and `{B}` that emits `{O}`",
    note = "implement it for your type, which must also be `Clone + Send + Sync + 'static`"
)]
pub trait TwoInputProcessFunction<A, B, O>: Send + 'static {
    /// Before the first record: takes operator state out of the snapshot, if there is one.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
        let _ = cx;
        Ok(())
    }

    /// Takes a record of the first stream.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn process_first(
        &mut self,
        record: A,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult;

    /// Takes a record of the second stream.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn process_second(
        &mut self,
        record: B,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult;

    /// No record of the first stream follows. Called again after a restore, once it has ended again.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn first_ended(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, O>) -> FunctionResult {
        let _ = (cx, out);
        Ok(())
    }

    /// No record of the second stream follows. Called again after a restore, once it has ended again.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn second_ended(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, O>) -> FunctionResult {
        let _ = (cx, out);
        Ok(())
    }

    /// Event time has come to [`ProcessContext::watermark`]; the watermark goes on afterwards.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn watermark(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, O>) -> FunctionResult {
        let _ = (cx, out);
        Ok(())
    }

    /// No record of either stream follows. Emits what is left and forgets it.
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

pub(crate) struct TwoInputProcess<F, A, B> {
    function: Closing<F>,
    times: Times,
    _inputs: PhantomData<fn(A, B)>,
}

impl<F, A, B> TwoInputProcess<F, A, B> {
    pub(crate) fn new<O>(function: F) -> Self
    where
        F: TwoInputProcessFunction<A, B, O>,
    {
        let function = Closing::new(function, F::close);
        Self { function, times: Times::default(), _inputs: PhantomData }
    }
}

impl<A: 'static, B: 'static, O, F: TwoInputProcessFunction<A, B, O>> OperatorHooks<O>
    for TwoInputProcess<F, A, B>
{
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

impl<A: 'static, B: 'static, O, F: TwoInputProcessFunction<A, B, O>> TwoInputOperator<A, B, O>
    for TwoInputProcess<F, A, B>
{
    fn process_first(&mut self, batch: &mut Batch<A>, output: &mut Output<'_, O>) -> Result<()> {
        let function = self.function.get();
        self.times.for_each(batch, output, |record, cx, out| function.process_first(record, cx, out))
    }

    fn process_second(&mut self, batch: &mut Batch<B>, output: &mut Output<'_, O>) -> Result<()> {
        let function = self.function.get();
        self.times.for_each(batch, output, |record, cx, out| function.process_second(record, cx, out))
    }

    fn first_ended(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        self.times.without_record(output, |cx, out| self.function.get().first_ended(cx, out))
    }

    fn second_ended(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        self.times.without_record(output, |cx, out| self.function.get().second_ended(cx, out))
    }
}

impl<A: Record, B: Record> ConnectedStreams<A, B> {
    /// Applies a [`TwoInputProcessFunction`]. As Flink's `process` on connected streams.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().parallelism(1);
    /// /// Ends what the first stream brings with how much the second brought.
    /// #[derive(Clone)]
    /// struct CountSecond(u64);
    ///
    /// impl TwoInputProcessFunction<String, i32, String> for CountSecond {
    ///     fn process_first(
    ///         &mut self,
    ///         word: String,
    ///         _: &mut ProcessContext<'_>,
    ///         out: &mut Emitter<'_, String>,
    ///     ) -> FunctionResult {
    ///         out.emit(word)
    ///     }
    ///
    ///     fn process_second(&mut self, _: i32, _: &mut ProcessContext<'_>, _: &mut Emitter<'_, String>) -> FunctionResult {
    ///         self.0 += 1;
    ///         Ok(())
    ///     }
    ///
    ///     fn second_ended(&mut self, _: &mut ProcessContext<'_>, out: &mut Emitter<'_, String>) -> FunctionResult {
    ///         out.emit(format!("{} numbers", self.0))
    ///     }
    /// }
    ///
    /// let (words, numbers) = (env.from_collection(["to".to_owned()]), env.from_collection(0..3));
    /// let words = words.connect(&numbers).process(CountSecond(0)).collect();
    /// env.execute("count the second")?;
    /// assert_eq!(words.sorted(), ["3 numbers", "to"]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn process<O: Record>(
        &self,
        function: impl TwoInputProcessFunction<A, B, O> + Clone + Sync,
    ) -> Stream<O> {
        self.transform("Co-process", move |_| TwoInputProcess::new(function.clone()))
    }
}
