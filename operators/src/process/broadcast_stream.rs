//! A keyed stream that is connected with a broadcast one, and what is done to the two.

use millstream_runtime::chain::OperatorInfo;
use millstream_state::{Key, Record};

use super::{
    KeyedBroadcastContext, KeyedBroadcastOpenContext, KeyedBroadcastProcessFunction, KeyedContext,
    keyed_process,
};
use crate::connect::BroadcastStates;
use crate::function::TwoInputClosures;
use crate::{Emitter, FunctionResult, KeyedStream, Stream};

/// A keyed stream and a broadcast stream; [`KeyedStream::connect_broadcast`] makes it. As Flink's
/// `BroadcastConnectedStream`.
pub struct KeyedBroadcastConnectedStream<K, T, B> {
    keyed: KeyedStream<K, T>,
    broadcast: Stream<B>,
}

impl<K: Key, T: Record> KeyedStream<K, T> {
    /// Lets this stream meet another, which every subtask sees the whole of. As Flink's `connect` of a
    /// `KeyedStream` with a `BroadcastStream`.
    ///
    /// Event time in it is the earlier of the two: a broadcast stream without watermarks holds it, and all
    /// event-time timers, back until it ends.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::testing::{Gate, Script, ScriptedSource};
    ///
    /// /// Emits who has paid more than the limit of a day in all.
    /// #[derive(Clone)]
    /// struct Limits;
    ///
    /// struct States {
    ///     paid: ValueState<u32>,
    ///     limits: BroadcastState<String, u32>,
    /// }
    ///
    /// impl KeyedBroadcastProcessFunction<String, u32, (String, u32), String> for Limits {
    ///     type State = States;
    ///
    ///     fn open(&mut self, cx: &mut KeyedBroadcastOpenContext<'_, String>) -> FunctionResult<States> {
    ///         Ok(States { paid: cx.value_state("paid")?, limits: cx.broadcast_state("limits")? })
    ///     }
    ///
    ///     fn process(
    ///         &mut self,
    ///         amount: u32,
    ///         state: &States,
    ///         broadcast: &BroadcastStates,
    ///         cx: &mut KeyedContext<'_, String>,
    ///         out: &mut Emitter<'_, String>,
    ///     ) -> FunctionResult {
    ///         let paid = state.paid.cloned(cx).unwrap_or(0) + amount;
    ///         state.paid.set(cx, paid);
    ///         match state.limits.get(broadcast, cx.key()) {
    ///             Some(limit) if paid > *limit => out.emit(format!("{}: {paid}", cx.key())),
    ///             _ => Ok(()),
    ///         }
    ///     }
    ///
    ///     fn process_broadcast(
    ///         &mut self,
    ///         (who, limit): (String, u32),
    ///         state: &States,
    ///         broadcast: &mut BroadcastStates,
    ///         _: &mut KeyedBroadcastContext<'_, String>,
    ///         out: &mut Emitter<'_, String>,
    ///     ) -> FunctionResult {
    ///         out.emit(format!("limit of {who}"))?;
    ///         state.limits.insert(broadcast, who, limit);
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let env = Environment::new().parallelism(1);
    /// // The payments come when the limit is known.
    /// let known = Gate::new();
    /// let pay = |who: &str, amount| (who.to_owned(), amount);
    /// let payments = Script::new().wait_for(&known).records([pay("ann", 60), pay("bob", 200), pay("ann", 50)]);
    /// let payments = env.from_source(ScriptedSource::new([payments]));
    /// let limits = env.from_collection([("ann".to_owned(), 100)]);
    /// let above = payments
    ///     .keyed()
    ///     .connect_broadcast(&limits)
    ///     .process(Limits)
    ///     .inspect(move |_| known.open())
    ///     .collect();
    /// env.execute("limits")?;
    /// assert_eq!(above.to_vec(), ["limit of ann", "ann: 110"]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "BroadcastStream")]
    pub fn connect_broadcast<B: Record>(&self, other: &Stream<B>) -> KeyedBroadcastConnectedStream<K, T, B> {
        KeyedBroadcastConnectedStream { keyed: self.clone(), broadcast: other.broadcast() }
    }
}

impl<K: Key, T: Record, B: Record> KeyedBroadcastConnectedStream<K, T, B> {
    /// Applies a [`KeyedBroadcastProcessFunction`]. As Flink's `process` on a `BroadcastConnectedStream`;
    /// [`KeyedStream::connect_broadcast`] shows an example. Each subtask works with a clone of the function.
    pub fn process<O: Record>(&self, function: impl KeyedBroadcastProcessFunction<K, T, B, O>) -> Stream<O> {
        let make = move |_: &OperatorInfo| keyed_process::broadcast(function.clone());
        self.keyed.pairs.connect(&self.broadcast).transform("Keyed broadcast process", make)
    }

    /// Calls one closure with each record of the keyed stream, and another with each broadcast record, which
    /// both work on the states that `declare` has declared: a [`KeyedBroadcastProcessFunction`] without
    /// timers.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().parallelism(2);
    /// let words = env.from_collection(["tea", "milk", "tea"].map(String::from));
    /// let letters = env.from_collection(['m', 't']);
    /// let numbered = words
    ///     .key_by(|word| word.clone())
    ///     .connect_broadcast(&letters)
    ///     .process_fn(
    ///         |cx| Ok((cx.value_state("count")?, cx.broadcast_state("letters")?)),
    ///         |word, (count, _): &(ValueState<u32>, BroadcastState<char, ()>), _, cx, out| {
    ///             let count = count.update_or_default(cx, |count| {
    ///                 *count += 1;
    ///                 *count
    ///             });
    ///             out.emit(format!("{word} {count}"))
    ///         },
    ///         |letter, (_, letters), broadcast, _, out| {
    ///             letters.insert(broadcast, letter, ());
    ///             out.emit(format!("letters {}", letters.len(broadcast)))
    ///         },
    ///     )
    ///     .collect();
    /// env.execute("words and letters")?;
    /// let letters = ["letters 1", "letters 1", "letters 2", "letters 2"];
    /// assert_eq!(numbered.sorted(), [&letters[..], &["milk 1", "tea 1", "tea 2"]].concat());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn process_fn<S, O>(
        &self,
        declare: impl Fn(&mut KeyedBroadcastOpenContext<'_, K>) -> FunctionResult<S>
        + Clone
        + Send
        + Sync
        + 'static,
        process: impl FnMut(
            T,
            &S,
            &BroadcastStates,
            &mut KeyedContext<'_, K>,
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
            &mut KeyedBroadcastContext<'_, K>,
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

impl<K, T, B, O, D, P, PB, S> KeyedBroadcastProcessFunction<K, T, B, O> for TwoInputClosures<D, P, PB, S>
where
    K: Key,
    S: Send + 'static,
    D: Fn(&mut KeyedBroadcastOpenContext<'_, K>) -> FunctionResult<S> + Clone + Send + Sync + 'static,
    P: FnMut(T, &S, &BroadcastStates, &mut KeyedContext<'_, K>, &mut Emitter<'_, O>) -> FunctionResult
        + Clone
        + Send
        + Sync
        + 'static,
    PB: FnMut(
            B,
            &S,
            &mut BroadcastStates,
            &mut KeyedBroadcastContext<'_, K>,
            &mut Emitter<'_, O>,
        ) -> FunctionResult
        + Clone
        + Send
        + Sync
        + 'static,
{
    type State = S;

    fn open(&mut self, cx: &mut KeyedBroadcastOpenContext<'_, K>) -> FunctionResult<S> {
        (self.declare)(cx)
    }

    fn process(
        &mut self,
        record: T,
        state: &S,
        broadcast: &BroadcastStates,
        cx: &mut KeyedContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        (self.first)(record, state, broadcast, cx, out)
    }

    fn process_broadcast(
        &mut self,
        record: B,
        state: &S,
        broadcast: &mut BroadcastStates,
        cx: &mut KeyedBroadcastContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        (self.second)(record, state, broadcast, cx, out)
    }
}
