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
    note = "implement it for your type, which must also be `Clone + Send + Sync + 'static`; for closures there is `process_fn`"
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

    /// Event time of the first stream alone has come to `watermark`. [`ProcessContext::watermark`] is the earlier of both, which
    /// may be behind; if it rises with this one, [`watermark`](Self::watermark) is called afterwards.
    ///
    /// # Errors
    /// Whatever fails the job.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::testing::two_input_operator;
    ///
    /// /// Says how far the first stream has come, whatever the second does.
    /// #[derive(Clone)]
    /// struct Progress;
    ///
    /// impl TwoInputProcessFunction<u8, u8, i64> for Progress {
    ///     # fn process_first(&mut self, _: u8, _: &mut ProcessContext<'_>, _: &mut Emitter<'_, i64>) -> FunctionResult {
    ///     #     Ok(())
    ///     # }
    ///     # fn process_second(&mut self, _: u8, _: &mut ProcessContext<'_>, _: &mut Emitter<'_, i64>) -> FunctionResult {
    ///     #     Ok(())
    ///     # }
    ///     fn first_watermark(
    ///         &mut self,
    ///         watermark: Timestamp,
    ///         _: &mut ProcessContext<'_>,
    ///         out: &mut Emitter<'_, i64>,
    ///     ) -> FunctionResult {
    ///         out.emit(watermark.as_millis())
    ///     }
    /// }
    ///
    /// let mut harness = two_input_operator(Progress).open()?;
    /// harness.watermark_second(Timestamp::from_millis(5))?;
    /// harness.watermark_first(Timestamp::from_millis(9))?;
    /// assert_eq!(harness.take_records(), [9]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "processWatermark1")]
    fn first_watermark(
        &mut self,
        watermark: Timestamp,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        let _ = (watermark, cx, out);
        Ok(())
    }

    /// Event time of the second stream alone has come to `watermark`; see [`first_watermark`](Self::first_watermark).
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "processWatermark2")]
    fn second_watermark(
        &mut self,
        watermark: Timestamp,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        let _ = (watermark, cx, out);
        Ok(())
    }

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

    fn first_watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        self.times.without_record(output, |cx, out| self.function.get().first_watermark(watermark, cx, out))
    }

    fn second_watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        self.times.without_record(output, |cx, out| self.function.get().second_watermark(watermark, cx, out))
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

    /// Calls one closure with each record of the first stream, and another with each of the second: a
    /// [`TwoInputProcessFunction`] without anything else.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let odd = OutputTag::new("odd");
    /// let (numbers, words) = (env.from_collection([1, 2]), env.from_collection(["three".to_owned()]));
    /// let aside = odd.clone();
    /// let texts = numbers.connect(&words).process_fn(
    ///     move |number, _cx, out| match number % 2 {
    ///         0 => out.emit(number.to_string()),
    ///         _ => out.emit_side(&aside, number),
    ///     },
    ///     |word, _cx, out| out.emit(word),
    /// );
    /// let (odd, texts) = (texts.side_output(&odd).collect(), texts.collect());
    /// env.execute("texts")?;
    /// assert_eq!((texts.sorted(), odd.to_vec()), (vec!["2".to_owned(), "three".to_owned()], vec![1]));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn process_fn<O: Record>(
        &self,
        first: impl FnMut(A, &mut ProcessContext<'_>, &mut Emitter<'_, O>) -> FunctionResult
        + Clone
        + Send
        + Sync
        + 'static,
        second: impl FnMut(B, &mut ProcessContext<'_>, &mut Emitter<'_, O>) -> FunctionResult
        + Clone
        + Send
        + Sync
        + 'static,
    ) -> Stream<O> {
        self.process(ProcessFn(first, second))
    }
}

/// Two closures as a process function with two inputs.
#[derive(Clone)]
struct ProcessFn<F, G>(F, G);

impl<A, B, O, F, G> TwoInputProcessFunction<A, B, O> for ProcessFn<F, G>
where
    F: FnMut(A, &mut ProcessContext<'_>, &mut Emitter<'_, O>) -> FunctionResult + Send + 'static,
    G: FnMut(B, &mut ProcessContext<'_>, &mut Emitter<'_, O>) -> FunctionResult + Send + 'static,
{
    fn process_first(
        &mut self,
        record: A,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        (self.0)(record, cx, out)
    }

    fn process_second(
        &mut self,
        record: B,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        (self.1)(record, cx, out)
    }
}
