//! The broadcast state pattern: one stream is seen by all subtasks and steers what they do with the other.

use std::marker::PhantomData;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, OperatorHooks, Output, SnapshotContext, TwoInputOperator};
use millstream_state::{Key, Record, Timestamp};

use super::{BroadcastState, ConnectedStreams};
use crate::Stream;
use crate::function::{Closing, Emitter, FunctionResult, ProcessContext, Times};

/// A function over a stream and a broadcast stream: every subtask sees all records of the latter,
/// and keeps what it makes of them in a [`BroadcastState`]. As Flink's `BroadcastProcessFunction`.
/// Each subtask works with a clone of it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `BroadcastProcessFunction` on records `{T}` and broadcast `{B}` that emits `{O}`",
    note = "implement it for your type, which must also be `Clone + Send + Sync + 'static`"
)]
pub trait BroadcastProcessFunction<T, B, O>: Send + 'static {
    /// The state's keys.
    type Key: Key;
    /// The state's values.
    type Value: Record;

    /// Before the first record: takes operator state out of the snapshot, if there is one. The
    /// broadcast state is restored already.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
        let _ = cx;
        Ok(())
    }

    /// Takes a record of the main stream.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn process(
        &mut self,
        record: T,
        state: &BroadcastState<Self::Key, Self::Value>,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult;

    /// Takes a record of the broadcast stream.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "processBroadcastElement")]
    fn process_broadcast(
        &mut self,
        record: B,
        state: &mut BroadcastState<Self::Key, Self::Value>,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult;

    /// Event time has come to [`ProcessContext::watermark`]; the watermark goes on afterwards.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn watermark(
        &mut self,
        state: &BroadcastState<Self::Key, Self::Value>,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        let _ = (state, cx, out);
        Ok(())
    }

    /// No record of either stream follows. Emits what is left and forgets it.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn end_of_data(
        &mut self,
        state: &BroadcastState<Self::Key, Self::Value>,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        let _ = (state, cx, out);
        Ok(())
    }

    /// Hands operator state over; the broadcast state is part of the snapshot without it.
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

/// A stream and a broadcast stream. As Flink's `BroadcastConnectedStream`.
pub struct BroadcastConnectedStream<T, B> {
    streams: ConnectedStreams<T, B>,
}

impl<T: Record> Stream<T> {
    /// Lets this stream meet another, which every subtask sees the whole of. As Flink's `connect`
    /// with a `BroadcastStream`.
    ///
    /// Event time in it is the earlier of the two: a broadcast stream without watermarks holds it
    /// back until it ends.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// #[derive(Clone)]
    /// struct Blocklist;
    /// impl BroadcastProcessFunction<String, String, (String, bool)> for Blocklist {
    ///     type Key = String;
    ///     type Value = ();
    ///
    ///     fn process(
    ///         &mut self,
    ///         word: String,
    ///         blocked: &BroadcastState<String, ()>,
    ///         _: &mut ProcessContext<'_>,
    ///         out: &mut Emitter<'_, (String, bool)>,
    ///     ) -> FunctionResult {
    ///         let is_blocked = blocked.contains_key(&word);
    ///         out.emit((word, is_blocked))
    ///     }
    ///
    ///     fn process_broadcast(
    ///         &mut self,
    ///         word: String,
    ///         blocked: &mut BroadcastState<String, ()>,
    ///         _: &mut ProcessContext<'_>,
    ///         _: &mut Emitter<'_, (String, bool)>,
    ///     ) -> FunctionResult {
    ///         blocked.insert(word, ());
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let (words, blocked) = (env.from_collection(["tea".to_owned()]), env.from_collection(["spam".to_owned()]));
    /// let marked = words.connect_broadcast(&blocked).process(Blocklist).collect();
    /// env.execute("blocklist")?;
    /// assert_eq!(marked.sorted(), [("tea".to_owned(), false)]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    #[doc(alias = "BroadcastStream")]
    pub fn connect_broadcast<B: Record>(&self, other: &Stream<B>) -> BroadcastConnectedStream<T, B> {
        BroadcastConnectedStream { streams: self.connect(&other.broadcast()) }
    }
}

pub(crate) struct BroadcastProcess<F, T, B, O>
where
    F: BroadcastProcessFunction<T, B, O>,
{
    function: Closing<F>,
    state: BroadcastState<F::Key, F::Value>,
    times: Times,
    _types: PhantomData<fn(T, B) -> O>,
}

impl<T, B, O, F: BroadcastProcessFunction<T, B, O>> BroadcastProcess<F, T, B, O> {
    pub(crate) fn new(function: F) -> Self {
        Self {
            function: Closing::new(function, F::close),
            state: BroadcastState::default(),
            times: Times::default(),
            _types: PhantomData,
        }
    }
}

impl<T, B, O, F> OperatorHooks<O> for BroadcastProcess<F, T, B, O>
where
    T: 'static,
    B: 'static,
    O: 'static,
    F: BroadcastProcessFunction<T, B, O>,
{
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.times.open(cx.task());
        self.state.restore(cx)?;
        Ok(self.function.opening().open(cx)?)
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, O>) -> Result<()> {
        let (function, state) = (self.function.get(), &self.state);
        self.times.advance(watermark, output, |cx, out| function.watermark(state, cx, out))
    }

    fn end_of_data(&mut self, output: &mut Output<'_, O>) -> Result<()> {
        let (function, state) = (self.function.get(), &self.state);
        self.times.without_record(output, |cx, out| function.end_of_data(state, cx, out))
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        self.state.snapshot(cx);
        Ok(self.function.get().snapshot(cx)?)
    }
}

impl<T, B, O, F> TwoInputOperator<T, B, O> for BroadcastProcess<F, T, B, O>
where
    T: 'static,
    B: 'static,
    O: 'static,
    F: BroadcastProcessFunction<T, B, O>,
{
    fn process_first(&mut self, batch: &mut Batch<T>, output: &mut Output<'_, O>) -> Result<()> {
        let (function, state) = (self.function.get(), &self.state);
        self.times.for_each(batch, output, |record, cx, out| function.process(record, state, cx, out))
    }

    fn process_second(&mut self, batch: &mut Batch<B>, output: &mut Output<'_, O>) -> Result<()> {
        let (function, state) = (self.function.get(), &mut self.state);
        self.times
            .for_each(batch, output, |record, cx, out| function.process_broadcast(record, state, cx, out))
    }
}

impl<T: Record, B: Record> BroadcastConnectedStream<T, B> {
    /// Applies a [`BroadcastProcessFunction`]. As Flink's `process` on a `BroadcastConnectedStream`;
    /// [`Stream::connect_broadcast`] shows an example.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// /// Learns names, and lets all numbers pass.
    /// #[derive(Clone)]
    /// struct Names;
    ///
    /// impl BroadcastProcessFunction<u32, (u32, String), u32> for Names {
    ///     type Key = u32;
    ///     type Value = String;
    ///
    ///     fn process(
    ///         &mut self,
    ///         number: u32,
    ///         _: &BroadcastState<u32, String>,
    ///         _: &mut ProcessContext<'_>,
    ///         out: &mut Emitter<'_, u32>,
    ///     ) -> FunctionResult {
    ///         out.emit(number)
    ///     }
    ///
    ///     fn process_broadcast(
    ///         &mut self,
    ///         (number, name): (u32, String),
    ///         names: &mut BroadcastState<u32, String>,
    ///         _: &mut ProcessContext<'_>,
    ///         _: &mut Emitter<'_, u32>,
    ///     ) -> FunctionResult {
    ///         names.insert(number, name);
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let env = Environment::new();
    /// let names = env.from_collection([(1, "one".to_owned())]);
    /// let numbers = env.from_collection([1, 2]).connect_broadcast(&names).process(Names).collect();
    /// env.execute("names")?;
    /// assert_eq!(numbers.sorted(), [1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn process<O: Record, F>(&self, function: F) -> Stream<O>
    where
        F: BroadcastProcessFunction<T, B, O> + Clone + Sync,
    {
        self.streams.transform("Broadcast process", move |_| BroadcastProcess::new(function.clone()))
    }
}
