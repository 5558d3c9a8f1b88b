//! A stream that is connected with a broadcast one, and what is done to the two.

use millstream_state::Record;

use super::broadcast_operator::BroadcastProcess;
use super::{BroadcastOpenContext, BroadcastProcessFunction, BroadcastStates, ConnectedStreams};
use crate::Stream;
use crate::function::{Emitter, FunctionResult, ProcessContext, TwoInputClosures};

/// A stream and a broadcast stream; [`Stream::connect_broadcast`] makes it. As Flink's
/// `BroadcastConnectedStream`.
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
    ///
    /// impl BroadcastProcessFunction<String, String, (String, bool)> for Blocklist {
    ///     type State = BroadcastState<String, ()>;
    ///
    ///     fn open(&mut self, cx: &mut BroadcastOpenContext<'_>) -> FunctionResult<Self::State> {
    ///         cx.broadcast_state("blocked")
    ///     }
    ///
    ///     fn process(
    ///         &mut self,
    ///         word: String,
    ///         blocked: &Self::State,
    ///         broadcast: &BroadcastStates,
    ///         _: &mut ProcessContext<'_>,
    ///         out: &mut Emitter<'_, (String, bool)>,
    ///     ) -> FunctionResult {
    ///         let is_blocked = blocked.contains_key(broadcast, &word);
    ///         out.emit((word, is_blocked))
    ///     }
    ///
    ///     fn process_broadcast(
    ///         &mut self,
    ///         word: String,
    ///         blocked: &Self::State,
    ///         broadcast: &mut BroadcastStates,
    ///         _: &mut ProcessContext<'_>,
    ///         _: &mut Emitter<'_, (String, bool)>,
    ///     ) -> FunctionResult {
    ///         blocked.insert(broadcast, word, ());
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

impl<T: Record, B: Record> BroadcastConnectedStream<T, B> {
    /// Applies a [`BroadcastProcessFunction`]. As Flink's `process` on a `BroadcastConnectedStream`;
    /// [`Stream::connect_broadcast`] shows an example.
    pub fn process<O: Record, F>(&self, function: F) -> Stream<O>
    where
        F: BroadcastProcessFunction<T, B, O> + Clone + Sync,
    {
        self.streams.transform("Broadcast process", move |_| BroadcastProcess::new(function.clone()))
    }

    /// Calls one closure with each record of the main stream, and another with each broadcast record, which
    /// both work on the broadcast states that `declare` has declared: a [`BroadcastProcessFunction`] without
    /// anything else.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().parallelism(2);
    /// let names = env.from_collection([(1, "one".to_owned()), (2, "two".to_owned())]);
    /// let numbers = env.from_collection([1, 2, 3]).connect_broadcast(&names);
    /// let learned = numbers
    ///     .process_fn(
    ///         |cx| cx.broadcast_state("names"),
    ///         |_number, _names, _broadcast, _cx, _out| Ok(()),
    ///         |(number, name): (i32, String), names: &BroadcastState<i32, String>, broadcast, _cx, out| {
    ///             names.insert(broadcast, number, name);
    ///             out.emit(names.len(broadcast))
    ///         },
    ///     )
    ///     .collect();
    /// env.execute("names")?;
    /// // Each of the two subtasks has learned both.
    /// assert_eq!(learned.sorted(), [1, 1, 2, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn process_fn<S, O>(
        &self,
        declare: impl Fn(&mut BroadcastOpenContext<'_>) -> FunctionResult<S> + Clone + Send + Sync + 'static,
        process: impl FnMut(
            T,
            &S,
            &BroadcastStates,
            &mut ProcessContext<'_>,
            &mut Emitter<'_, O>,
        ) -> FunctionResult
        + Clone
        + Send
        + Sync
        + 'static,
        process_broadcast: impl FnMut(
            B,
            &S,
            &mut BroadcastStates,
            &mut ProcessContext<'_>,
            &mut Emitter<'_, O>,
        ) -> FunctionResult
        + Clone
        + Send
        + Sync
        + 'static,
    ) -> Stream<O>
    where
        S: Send + 'static,
        O: Record,
    {
        self.process(TwoInputClosures::new(declare, process, process_broadcast))
    }
}

impl<T, B, O, D, P, PB, S> BroadcastProcessFunction<T, B, O> for TwoInputClosures<D, P, PB, S>
where
    S: Send + 'static,
    D: Fn(&mut BroadcastOpenContext<'_>) -> FunctionResult<S> + Send + 'static,
    P: FnMut(T, &S, &BroadcastStates, &mut ProcessContext<'_>, &mut Emitter<'_, O>) -> FunctionResult
        + Send
        + 'static,
    PB: FnMut(B, &S, &mut BroadcastStates, &mut ProcessContext<'_>, &mut Emitter<'_, O>) -> FunctionResult
        + Send
        + 'static,
{
    type State = S;

    fn open(&mut self, cx: &mut BroadcastOpenContext<'_>) -> FunctionResult<S> {
        (self.declare)(cx)
    }

    fn process(
        &mut self,
        record: T,
        state: &S,
        broadcast: &BroadcastStates,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        (self.first)(record, state, broadcast, cx, out)
    }

    fn process_broadcast(
        &mut self,
        record: B,
        state: &S,
        broadcast: &mut BroadcastStates,
        cx: &mut ProcessContext<'_>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        (self.second)(record, state, broadcast, cx, out)
    }
}
