//! Process functions over two streams without keys.

use std::marker::PhantomData;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, OperatorHooks, Output, SnapshotContext, TwoInputOperator};
use millstream_state::{Record, Timestamp};

use super::ConnectedStreams;
use crate::{ProcessContext, Stream};

/// A [`ProcessFunction`](crate::ProcessFunction) with two inputs. As Flink's `CoProcessFunction`
/// on streams without keys. Each subtask works with a clone of it.
///
/// Which input is read when is by chance: a function whose answer must not depend on it keeps
/// records back until it has what it needs, as [`Stream::enrich`] does.
pub trait TwoInputProcessFunction<A, B, O>: Send + 'static {
    /// Before the first record: takes operator state out of the snapshot, if there is one.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let _ = cx;
        Ok(())
    }

    /// Takes a record of the first stream.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn process_first(&mut self, record: A, cx: &mut ProcessContext<'_, '_, O>) -> Result<()>;

    /// Takes a record of the second stream.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn process_second(&mut self, record: B, cx: &mut ProcessContext<'_, '_, O>) -> Result<()>;

    /// No record of the first stream follows. Called again after a restore, once it has ended again.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn first_ended(&mut self, cx: &mut ProcessContext<'_, '_, O>) -> Result<()> {
        let _ = cx;
        Ok(())
    }

    /// No record of the second stream follows. Called again after a restore, once it has ended again.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn second_ended(&mut self, cx: &mut ProcessContext<'_, '_, O>) -> Result<()> {
        let _ = cx;
        Ok(())
    }

    /// Event time has come to [`ProcessContext::watermark`]; the watermark goes on afterwards.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn watermark(&mut self, cx: &mut ProcessContext<'_, '_, O>) -> Result<()> {
        let _ = cx;
        Ok(())
    }

    /// No record of either stream follows. Emits what is left and forgets it.
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

struct TwoInputProcess<F, A, B> {
    function: F,
    watermark: Timestamp,
    _inputs: PhantomData<fn(A, B)>,
}

impl<A: 'static, B: 'static, F> TwoInputProcess<F, A, B> {
    /// The context of a call that is about no record.
    fn context<'a, 'o, O>(&self, output: &'a mut Output<'o, O>) -> ProcessContext<'a, 'o, O> {
        ProcessContext::new(output, self.watermark, self.watermark)
    }
}

impl<A: 'static, B: 'static, O, F: TwoInputProcessFunction<A, B, O>> OperatorHooks<O>
    for TwoInputProcess<F, A, B>
{
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.function.open(cx)
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        self.watermark = watermark;
        self.function.watermark(&mut ProcessContext::new(output, watermark, watermark))?;
        output.emit_watermark(watermark)
    }

    fn end_of_data(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let mut cx = self.context(output);
        self.function.end_of_data(&mut cx)
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        self.function.snapshot(cx)
    }
}

impl<A: 'static, B: 'static, O, F: TwoInputProcessFunction<A, B, O>> TwoInputOperator<A, B, O>
    for TwoInputProcess<F, A, B>
{
    fn process_first(&mut self, batch: &mut Batch<A>, output: &mut Output<'_, O>) -> Result<()> {
        let mut cx = self.context(output);
        batch.drain_timed().try_for_each(|(record, timestamp)| {
            cx.set_timestamp(timestamp);
            self.function.process_first(record, &mut cx)
        })
    }

    fn process_second(&mut self, batch: &mut Batch<B>, output: &mut Output<'_, O>) -> Result<()> {
        let mut cx = self.context(output);
        batch.drain_timed().try_for_each(|(record, timestamp)| {
            cx.set_timestamp(timestamp);
            self.function.process_second(record, &mut cx)
        })
    }

    fn first_ended(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let mut cx = self.context(output);
        self.function.first_ended(&mut cx)
    }

    fn second_ended(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let mut cx = self.context(output);
        self.function.second_ended(&mut cx)
    }
}

impl<A: Record, B: Record> ConnectedStreams<A, B> {
    /// Applies a [`TwoInputProcessFunction`]. As Flink's `process` on connected streams.
    ///
    /// ```
    /// # use millstream_operators::{Environment, ProcessContext, Result, TwoInputProcessFunction};
    /// let env = Environment::new().set_parallelism(1);
    /// /// Ends what the first stream brings with how much the second brought.
    /// #[derive(Clone)]
    /// struct CountSecond(u64);
    /// impl TwoInputProcessFunction<String, i32, String> for CountSecond {
    ///     fn process_first(&mut self, word: String, cx: &mut ProcessContext<'_, '_, String>) -> Result<()> {
    ///         cx.emit(word)
    ///     }
    ///     fn process_second(&mut self, _: i32, _: &mut ProcessContext<'_, '_, String>) -> Result<()> {
    ///         self.0 += 1;
    ///         Ok(())
    ///     }
    ///     fn second_ended(&mut self, cx: &mut ProcessContext<'_, '_, String>) -> Result<()> {
    ///         cx.emit(format!("{} numbers", self.0))
    ///     }
    /// }
    ///
    /// let (words, numbers) = (env.from_collection(["to".to_owned()]), env.from_collection(0..3));
    /// let words = words.connect(&numbers).process(CountSecond(0)).collect();
    /// env.execute("count the second")?;
    /// assert_eq!(words.sorted(), ["3 numbers", "to"]);
    /// # Ok::<(), millstream_operators::Error>(())
    /// ```
    pub fn process<O: Record>(
        &self,
        function: impl TwoInputProcessFunction<A, B, O> + Clone + Sync,
    ) -> Stream<O> {
        self.transform("Co-process", move |_| TwoInputProcess {
            function: function.clone(),
            watermark: Timestamp::MIN,
            _inputs: PhantomData,
        })
    }
}
