//! Two keyed streams that one function works on.

use millstream_runtime::chain::{OperatorInfo, TwoInputOperator};
use millstream_state::{Key, Record};

use super::{KeyedContext, KeyedOpenContext, KeyedTwoInputProcessFunction, keyed_process};
use crate::function::TwoInputClosures;
use crate::{Emitter, FunctionResult, KeyedStream, Stream};

/// Two streams of the same key; [`KeyedStream::connect`] makes it. All records of a key, of both
/// streams, meet in one subtask.
pub struct KeyedConnectedStreams<K, A, B> {
    pub(super) first: KeyedStream<K, A>,
    pub(super) second: KeyedStream<K, B>,
}

impl<K: Key, A: Record, B: Record> KeyedConnectedStreams<K, A, B> {
    /// Applies a [`KeyedTwoInputProcessFunction`]. As Flink's `process` on connected streams. Each
    /// subtask works with a clone of the function.
    ///
    /// ```
    /// # use millstream::prelude::*;
    ///
    /// /// Puts a customer's name to each order, whichever comes first.
    /// #[derive(Clone)]
    /// struct NameOrders;
    ///
    /// type Context<'a> = KeyedContext<'a, u32>;
    /// /// The customer's name, and the orders that wait for it.
    /// type States = (ValueState<String>, ListState<String>);
    ///
    /// impl KeyedTwoInputProcessFunction<u32, String, String, String> for NameOrders {
    ///     type State = States;
    ///
    ///     fn open(&mut self, cx: &mut KeyedOpenContext<'_, u32>) -> FunctionResult<Self::State> {
    ///         Ok((cx.value_state("name")?, cx.list_state("waiting")?))
    ///     }
    ///
    ///     fn process_first(
    ///         &mut self,
    ///         name: String,
    ///         (known, waiting): &States,
    ///         cx: &mut Context<'_>,
    ///         out: &mut Emitter<'_, String>,
    ///     ) -> FunctionResult {
    ///         for order in waiting.take(cx) {
    ///             out.emit(format!("{name}: {order}"))?;
    ///         }
    ///         known.set(cx, name);
    ///         Ok(())
    ///     }
    ///
    ///     fn process_second(
    ///         &mut self,
    ///         order: String,
    ///         (known, waiting): &States,
    ///         cx: &mut Context<'_>,
    ///         out: &mut Emitter<'_, String>,
    ///     ) -> FunctionResult {
    ///         match known.get(cx) {
    ///             Some(name) => out.emit(format!("{name}: {order}"))?,
    ///             None => waiting.add(cx, order),
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # let env = Environment::new();
    /// let names = env.from_collection([(1, "Ann"), (2, "Bob")].map(|(id, name)| (id, name.to_string())));
    /// let orders = env.from_collection([(2, "tea"), (1, "jam")].map(|(id, order)| (id, order.to_string())));
    /// let named = names.keyed().connect(&orders.keyed()).process(NameOrders).collect();
    /// env.execute("name orders")?;
    /// assert_eq!(named.sorted(), ["Ann: jam", "Bob: tea"]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn process<O: Record>(&self, function: impl KeyedTwoInputProcessFunction<K, A, B, O>) -> Stream<O> {
        self.transform("Keyed two-input process", move |_| keyed_process::two_inputs(function.clone()))
    }

    /// Calls one closure with each record of the first stream, and another with each of the second, which both
    /// work on the states that `declare` has declared: a [`KeyedTwoInputProcessFunction`] without timers.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new();
    /// let paid = env.from_collection([("ann", 7), ("bob", 2), ("ann", 3)].map(|(who, sum)| (who.to_owned(), sum)));
    /// let spent = env.from_collection([("ann".to_owned(), 4)]);
    /// // The last balance of a customer does not depend on which stream is read first.
    /// let balances = paid.keyed().connect(&spent.keyed()).process_fn(
    ///     |cx| Ok((cx.value_state("balance")?, cx.value_state("records")?)),
    ///     |paid: i32, (balance, records): &(ValueState<i32>, ValueState<u32>), cx, out| {
    ///         balance.update_or_default(cx, |balance| *balance += paid);
    ///         records.update_or_default(cx, |records| *records += 1);
    ///         out.emit((cx.key().clone(), records.cloned(cx), balance.cloned(cx)))
    ///     },
    ///     |spent: i32, (balance, records), cx, out| {
    ///         balance.update_or_default(cx, |balance| *balance -= spent);
    ///         records.update_or_default(cx, |records| *records += 1);
    ///         out.emit((cx.key().clone(), records.cloned(cx), balance.cloned(cx)))
    ///     },
    /// );
    /// let balances = balances.collect();
    /// env.execute("balances")?;
    /// let balances = balances.sorted();
    /// assert_eq!(balances[2..], [("ann".to_owned(), Some(3), Some(6)), ("bob".to_owned(), Some(1), Some(2))]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn process_fn<S, O>(
        &self,
        declare: impl Fn(&mut KeyedOpenContext<'_, K>) -> FunctionResult<S> + Clone + Send + Sync + 'static,
        first: impl FnMut(A, &S, &mut KeyedContext<'_, K>, &mut Emitter<'_, O>) -> FunctionResult
        + Clone
        + Send
        + Sync
        + 'static,
        second: impl FnMut(B, &S, &mut KeyedContext<'_, K>, &mut Emitter<'_, O>) -> FunctionResult
        + Clone
        + Send
        + Sync
        + 'static,
    ) -> Stream<O>
    where
        S: Send + 'static,
        O: Record,
    {
        self.process(TwoInputClosures::new(declare, first, second))
    }

    /// Applies a two-input operator of your own to the pairs of key and record: `make` makes one instance a subtask.
    /// `kind` is a human-readable name for it, and part of its place in the graph.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::engine::batch::Batch;
    /// use millstream::engine::chain::{OperatorHooks, Output, TwoInputOperator};
    ///
    /// struct Keys;
    ///
    /// impl OperatorHooks<u32> for Keys {}
    ///
    /// impl TwoInputOperator<(u32, char), (u32, u64), u32> for Keys {
    ///     fn process_first(&mut self, batch: &mut Batch<(u32, char)>, output: &mut Output<'_, u32>) -> Result<()> {
    ///         batch.drain_timed().try_for_each(|((key, _), timestamp)| output.emit(key, timestamp))
    ///     }
    ///     fn process_second(&mut self, batch: &mut Batch<(u32, u64)>, output: &mut Output<'_, u32>) -> Result<()> {
    ///         batch.drain_timed().try_for_each(|((key, _), timestamp)| output.emit(key, timestamp))
    ///     }
    /// }
    ///
    /// let env = Environment::new();
    /// let letters = env.from_collection(['a']).key_by(|letter| *letter as u32);
    /// let numbers = env.from_collection([98_u64]).key_by(|number| *number as u32);
    /// let keys = letters.connect(&numbers).transform("Keys", |_| Keys).collect();
    /// env.execute("keys")?;
    /// assert_eq!(keys.sorted(), [97, 98]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn transform<O: Record, Op: TwoInputOperator<(K, A), (K, B), O>>(
        &self,
        kind: &'static str,
        make: impl Fn(&OperatorInfo) -> Op + Send + Sync + 'static,
    ) -> Stream<O> {
        let graph = &self.first.pairs.graph;
        let (first, second) = (self.first.pairs.upstreams.clone(), self.second.pairs.upstreams.clone());
        let added = graph.lock().add_two_input_operator(kind, first, second, make);
        Stream::new(graph, added)
    }
}
