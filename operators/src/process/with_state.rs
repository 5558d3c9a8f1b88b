//! Map, filter and flat map with a value for each key: closures where a function would be too much.

use std::marker::PhantomData;

use millstream_state::{Key, Record, ValueState};

use super::{KeyedContext, KeyedOpenContext, KeyedProcessFunction, keyed_process};
use crate::{Emitter, FunctionResult, KeyedStream, Stream};

/// Calls a closure with each record and what is kept for its key.
#[derive(Clone)]
pub(super) struct WithState<F, S>(pub(super) F, pub(super) PhantomData<fn() -> S>);

impl<K, T, O, S, F> KeyedProcessFunction<K, T, O> for WithState<F, S>
where
    K: Key,
    S: Record,
    F: FnMut(&K, T, &mut Option<S>, &mut Emitter<'_, O>) -> FunctionResult + Clone + Send + Sync + 'static,
{
    type State = ValueState<S>;

    fn open(&mut self, cx: &mut KeyedOpenContext<'_, K>) -> FunctionResult<ValueState<S>> {
        cx.value_state("state")
    }

    fn process(
        &mut self,
        record: T,
        state: &ValueState<S>,
        cx: &mut KeyedContext<'_, K>,
        out: &mut Emitter<'_, O>,
    ) -> FunctionResult {
        let mut called = Ok(());
        state.change(cx, |key, kept| called = (self.0)(key, record, kept, out));
        called
    }
}

impl<K: Key, T: Record> KeyedStream<K, T> {
    /// Makes something else of each record, from its key and what is kept for that. `None` stands for nothing:
    /// so it is before the first record of a key, and a key for which the closure leaves nothing costs nothing.
    /// As `mapWithState` of Flink's Scala API.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// // How much each reading of a sensor is above the one before.
    /// let readings = env.from_collection([(1, 20), (2, 7), (1, 23), (1, 22)]).parallelism(1);
    /// let changes = readings
    ///     .keyed()
    ///     .map_with_state(|sensor, degrees: i32, last| (*sensor, degrees - last.replace(degrees).unwrap_or(degrees)))
    ///     .collect();
    /// env.execute("changes")?;
    /// assert_eq!(changes.sorted(), [(1, -1), (1, 0), (1, 3), (2, 0)]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "mapWithState")]
    pub fn map_with_state<S: Record, O: Record>(
        &self,
        mut map: impl FnMut(&K, T, &mut Option<S>) -> O + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.with_state("Map with state", move |key, record, state, out| out.emit(map(key, record, state)))
    }

    /// Lets the records pass for which `keep` holds, which looks at their key and what is kept for that. As
    /// `filterWithState` of Flink's Scala API; see [`map_with_state`](Self::map_with_state).
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// // The first visit of each user.
    /// let visits = env.from_collection([("ann", 3), ("bob", 5), ("ann", 10)].map(|(user, at)| (user.to_owned(), at)));
    /// let first = visits
    ///     .parallelism(1)
    ///     .key_by(|(user, _)| user.clone())
    ///     .filter_with_state(|_, _, seen| seen.replace(()).is_none())
    ///     .collect();
    /// env.execute("first visits")?;
    /// assert_eq!(first.sorted(), [("ann".to_owned(), 3), ("bob".to_owned(), 5)]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "filterWithState")]
    pub fn filter_with_state<S: Record>(
        &self,
        mut keep: impl FnMut(&K, &T, &mut Option<S>) -> bool + Clone + Send + Sync + 'static,
    ) -> Stream<T> {
        self.with_state("Filter with state", move |key, record, state, out| {
            if keep(key, &record, state) { out.emit(record) } else { Ok(()) }
        })
    }

    /// Makes any number of records of each, from its key and what is kept for that. As `flatMapWithState` of
    /// Flink's Scala API; see [`map_with_state`](Self::map_with_state).
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// // Pairs of numbers of the same remainder.
    /// let pairs = env
    ///     .from_collection([1, 2, 3, 5, 4, 7])
    ///     .parallelism(1)
    ///     .key_by(|number| number % 2)
    ///     .flat_map_with_state(|_, number, waiting| match waiting.take() {
    ///         Some(first) => Some((first, number)),
    ///         None => {
    ///             *waiting = Some(number);
    ///             None
    ///         }
    ///     })
    ///     .collect();
    /// env.execute("pairs")?;
    /// assert_eq!(pairs.sorted(), [(1, 3), (2, 4), (5, 7)]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "flatMapWithState")]
    pub fn flat_map_with_state<S: Record, M: IntoIterator<Item: Record>>(
        &self,
        mut map: impl FnMut(&K, T, &mut Option<S>) -> M + Clone + Send + Sync + 'static,
    ) -> Stream<M::Item> {
        self.with_state("Flat map with state", move |key, record, state, out| {
            map(key, record, state).into_iter().try_for_each(|made| out.emit(made))
        })
    }

    fn with_state<S: Record, O: Record>(
        &self,
        kind: &'static str,
        function: impl FnMut(&K, T, &mut Option<S>, &mut Emitter<'_, O>) -> FunctionResult
        + Clone
        + Send
        + Sync
        + 'static,
    ) -> Stream<O> {
        let function = WithState(function, PhantomData);
        let made = self.transform(kind, move |_| keyed_process::one_input(function.clone()));
        made.graph.lock().mark_side_outputs(made.node, []);
        made
    }
}
