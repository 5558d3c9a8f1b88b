//! What a keyed function may ask: its states and timers, and about time.

use millstream_runtime::Result;
use millstream_runtime::chain::{OpenContext, OperatorInfo, OperatorListState, SnapshotContext, TaskContext};
use millstream_runtime::metrics::MetricGroup;
use millstream_state::snapshot::part::Redistribution;
use millstream_state::{
    AggregateFunction, AggregatingState, Current, HeapStore, Key, ListState, MapState, Record, ReducingState,
    StableMap, StateAccess, StateDescriptor, Timestamp, ValueState,
};

use super::expiry::Expiry;
use super::timers::Timers;
use crate::current_watermark::CurrentWatermark;
use crate::function::{FunctionResult, ProcessContext, TimeOfDay};

/// Everything of one subtask that belongs to keys, and how far its time has come.
pub(super) struct Keyed<K> {
    pub(super) store: HeapStore<K>,
    pub(super) expiry: Expiry,
    pub(super) timers: Timers<K>,
    pub(super) watermark: CurrentWatermark,
    pub(super) clock: TimeOfDay,
}

impl<K: Key> Keyed<K> {
    /// Restores timers and watermark; states are restored when they are declared, by `declare`.
    pub(super) fn open<S>(
        cx: &mut OpenContext<'_>,
        declare: impl FnOnce(&mut KeyedOpenContext<'_, K>) -> FunctionResult<S>,
    ) -> Result<(Self, S)> {
        let mut timers = Timers::new(cx.info());
        timers.restore(cx)?;
        let mut watermark = CurrentWatermark::default();
        watermark.restore(cx)?;
        let clock = TimeOfDay::of(cx.task());
        let restored = cx.take_all_keyed();
        let mut store = HeapStore::new(cx.info().groups, cx.info().range(), restored);
        store.set_now(clock.now());
        let states = declare(&mut KeyedOpenContext::new(&mut store, cx.reborrow()))?;
        cx.put_back_keyed(store.take_unclaimed());
        let expiry = Expiry::of(&store, cx.task());
        Ok((Self { store, expiry, timers, watermark, clock }, states))
    }

    /// Before work on so many records or a timer: says what time it is to states that expire, and removes some of
    /// what has expired. The clock is looked at only where anything expires.
    #[inline]
    pub(super) fn advance(&mut self, records: usize) {
        self.store.advance(|| self.clock.now(), records);
    }

    /// Removes what has expired though no records come.
    pub(super) fn poll_expiry(&mut self, cx: &mut TaskContext) {
        self.expiry.poll(&mut self.store, cx);
    }

    /// The context of a call that is about no key.
    pub(super) const fn without_key(&self) -> ProcessContext<'_> {
        ProcessContext::new(&self.clock, self.watermark.get(), self.watermark.get())
    }

    pub(super) fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        if self.store.expires() {
            self.store.set_now(self.clock.now());
        }
        for state in self.store.snapshot(cx.checkpoint()) {
            cx.keyed(state);
        }
        self.timers.snapshot(cx);
        self.watermark.snapshot(cx)
    }
}

/// What a keyed function may ask when it opens: above all, its states.
///
/// A state is declared by its name, which is unique within the function, or by a
/// [`StateDescriptor`], which may also say how older types are read and how long entries are kept. All the methods that declare
/// fail if the name is taken, or the snapshot holds another type under it.
#[doc(alias = "RuntimeContext")]
pub struct KeyedOpenContext<'a, K> {
    store: &'a mut HeapStore<K>,
    operator: OpenContext<'a>,
}

impl<'a, K: Key> KeyedOpenContext<'a, K> {
    /// A context in which states are declared in `store`.
    pub(crate) const fn new(store: &'a mut HeapStore<K>, operator: OpenContext<'a>) -> Self {
        Self { store, operator }
    }

    /// The same context for a shorter time.
    pub(super) const fn reborrow(&mut self) -> KeyedOpenContext<'_, K> {
        KeyedOpenContext { store: self.store, operator: self.operator.reborrow() }
    }

    /// What an operator may ask when it opens.
    pub(super) const fn operator(&mut self) -> &mut OpenContext<'a> {
        &mut self.operator
    }

    /// Declares one value for each key.
    ///
    /// # Errors
    /// If the name is taken, or the snapshot holds another type under it.
    #[doc(alias("getState", "ValueStateDescriptor"))]
    pub fn value_state<V: Record>(
        &mut self,
        state: impl Into<StateDescriptor<V>>,
    ) -> FunctionResult<ValueState<V>> {
        Ok(ValueState::declare(self.store, &state.into())?)
    }

    /// Declares a list of values for each key.
    ///
    /// # Errors
    /// If the name is taken, or the snapshot holds another type under it.
    #[doc(alias("getListState", "ListStateDescriptor"))]
    pub fn list_state<V: Record>(
        &mut self,
        state: impl Into<StateDescriptor<Vec<V>>>,
    ) -> FunctionResult<ListState<V>> {
        Ok(ListState::declare(self.store, &state.into())?)
    }

    /// Declares a map for each key.
    ///
    /// # Errors
    /// If the name is taken, or the snapshot holds another type under it.
    #[doc(alias("getMapState", "MapStateDescriptor"))]
    pub fn map_state<UK: Key, UV: Record>(
        &mut self,
        state: impl Into<StateDescriptor<StableMap<UK, UV>>>,
    ) -> FunctionResult<MapState<UK, UV>> {
        Ok(MapState::declare(self.store, &state.into())?)
    }

    /// Declares one value for each key, to which `reduce` adds others.
    ///
    /// # Errors
    /// If the name is taken, or the snapshot holds another type under it.
    #[doc(alias = "getReducingState")]
    pub fn reducing_state<V: Record>(
        &mut self,
        state: impl Into<StateDescriptor<V>>,
        reduce: impl Fn(V, V) -> V + Send + Sync + 'static,
    ) -> FunctionResult<ReducingState<V>> {
        Ok(ReducingState::declare(self.store, &state.into(), reduce)?)
    }

    /// Declares one accumulator for each key.
    ///
    /// # Errors
    /// If the name is taken, or the snapshot holds another type under it.
    #[doc(alias = "getAggregatingState")]
    pub fn aggregating_state<A: AggregateFunction>(
        &mut self,
        state: impl Into<StateDescriptor<A::Accumulator>>,
        function: A,
    ) -> FunctionResult<AggregatingState<A>> {
        Ok(AggregatingState::declare(self.store, &state.into(), function)?)
    }

    /// Who the operator is: name, subtask, parallelism.
    pub const fn info(&self) -> &OperatorInfo {
        self.operator.info()
    }

    /// Where the function has metrics of its own.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::metrics::MetricValue;
    ///
    /// # let env = Environment::new();
    /// let valid = env
    ///     .from_collection([(1, 20.5), (2, -300.0), (1, 20.4)])
    ///     .keyed()
    ///     .process_fn(
    ///         |cx| Ok(cx.metric_group().counter("impossible")),
    ///         |degrees: f64, impossible, _, out| {
    ///             if degrees >= -273.15 {
    ///                 return out.emit(degrees);
    ///             }
    ///             impossible.add(1);
    ///             Ok(())
    ///         },
    ///     )
    ///     .name("validate")
    ///     .collect();
    /// let job = env.spawn("readings")?;
    /// job.join_blocking()?;
    /// assert_eq!(job.metrics().operator("validate").metric("impossible"), Some(&MetricValue::Counter(1)));
    /// # assert_eq!(valid.to_vec().len(), 2);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "getMetricGroup")]
    pub fn metric_group(&self) -> MetricGroup {
        self.operator.metric_group()
    }

    /// Whether a snapshot is being restored.
    pub const fn is_restored(&self) -> bool {
        self.operator.is_restored()
    }

    /// Declares a list of items that belongs to no key, and is part of snapshots from then on.
    /// `redistribution` says who gets its items when the parallelism changes.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::state::{OperatorListState, Redistribution};
    /// use millstream::testing::keyed_operator;
    ///
    /// /// Emits how many letters the subtask has seen, of whatever key.
    /// #[derive(Clone)]
    /// struct Seen;
    ///
    /// impl KeyedProcessFunction<char, char, u64> for Seen {
    ///     type State = OperatorListState<u64>;
    ///
    ///     fn open(&mut self, cx: &mut KeyedOpenContext<'_, char>) -> FunctionResult<OperatorListState<u64>> {
    ///         cx.operator_list_state("seen", Redistribution::Split)
    ///     }
    ///
    ///     fn process(
    ///         &mut self,
    ///         _: char,
    ///         seen: &OperatorListState<u64>,
    ///         _: &mut KeyedContext<'_, char>,
    ///         out: &mut Emitter<'_, u64>,
    ///     ) -> FunctionResult {
    ///         // After a restore with fewer subtasks, there may be several counts.
    ///         let count = seen.get().iter().sum::<u64>() + 1;
    ///         seen.set(vec![count]);
    ///         out.emit(count)
    ///     }
    /// }
    ///
    /// let seen = || keyed_operator(|letter: &char| *letter, Seen);
    /// let mut before = seen().open()?;
    /// before.push_all(['a', 'b'])?;
    /// let snapshot = before.snapshot()?;
    /// let mut after = seen().restore(&snapshot)?;
    /// after.push('c')?;
    /// assert_eq!(after.take_records(), [3]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// If the name is taken, items cannot be read back from a snapshot, or the snapshot holds another type
    /// under it.
    #[doc(alias("OperatorStateStore", "CheckpointedFunction", "getListState", "getUnionListState"))]
    pub fn operator_list_state<T: Record>(
        &mut self,
        name: &str,
        redistribution: Redistribution,
    ) -> FunctionResult<OperatorListState<T>> {
        Ok(self.operator.operator_list_state(name, redistribution)?)
    }

    /// Takes this subtask's items of an operator state out of the snapshot, which `snapshot` handed
    /// over; `None` if the snapshot has no such state.
    ///
    /// # Errors
    /// If the type of the items has changed, or they do not decode.
    pub fn take_list<T: Record>(&mut self, name: &str) -> FunctionResult<Option<Vec<T>>> {
        Ok(self.operator.take_list(name)?)
    }
}

/// What a keyed function may ask while it works on a record or a timer of a key: the key, its
/// states and timers, and about time. State handles take it as the context they work in.
pub struct KeyedContext<'a, K> {
    keyed: &'a mut Keyed<K>,
    key: K,
    hash: u64,
    timestamp: Timestamp,
}

impl<'a, K: Key> KeyedContext<'a, K> {
    #[inline]
    pub(super) fn new(keyed: &'a mut Keyed<K>, key: K, timestamp: Timestamp) -> Self {
        let hash = millstream_state::stable_hash(&key);
        Self { keyed, key, hash, timestamp }
    }

    /// The key.
    #[doc(alias = "getCurrentKey")]
    #[inline]
    pub const fn key(&self) -> &K {
        &self.key
    }

    /// The timestamp of the record that is being worked on, if it has one, or the time of the
    /// event-time timer. What is emitted gets it.
    #[inline]
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.timestamp.known()
    }

    /// How far event time has come; [`Timestamp::MIN`] before the first watermark,
    /// [`Timestamp::MAX`] when the stream has ended.
    #[doc(alias = "currentWatermark")]
    #[inline]
    pub const fn watermark(&self) -> Timestamp {
        self.keyed.watermark.get()
    }

    /// The processing time. Reads a clock: not for every record.
    #[doc(alias = "currentProcessingTime")]
    pub fn now(&self) -> Timestamp {
        self.keyed.clock.now()
    }

    /// Sets a timer for the current key, which fires when the watermark reaches `time`: at the next
    /// one if it already has. Setting the same timer twice is setting it once.
    ///
    /// At the end of the stream all event-time timers fire, also those set meanwhile: a function
    /// that sets the next timer at each one must stop when [`watermark`](Self::watermark) is
    /// [`Timestamp::MAX`], or the job never ends.
    ///
    /// # Errors
    /// If the key's `Hash` does not give the same value each time.
    #[doc(alias("registerEventTimeTimer", "TimerService"))]
    pub fn register_event_time_timer(&mut self, time: Timestamp) -> FunctionResult {
        self.keyed.timers.event_time.register(self.hash, &self.key, time)?;
        Ok(())
    }

    /// Sets a timer for the current key, which fires when the [processing time](Self::now) reaches
    /// `time`. Setting the same timer twice is setting it once. When the stream ends, the timers that
    /// are left do not fire.
    ///
    /// # Errors
    /// If the key's `Hash` does not give the same value each time.
    #[doc(alias = "registerProcessingTimeTimer")]
    pub fn register_processing_time_timer(&mut self, time: Timestamp) -> FunctionResult {
        self.keyed.timers.processing_time.register(self.hash, &self.key, time)?;
        Ok(())
    }

    /// Removes a timer of the current key, if it is set.
    ///
    /// # Errors
    /// If the key's `Hash` does not give the same value each time.
    #[doc(alias = "deleteEventTimeTimer")]
    pub fn delete_event_time_timer(&mut self, time: Timestamp) -> FunctionResult {
        self.keyed.timers.event_time.delete(self.hash, &self.key, time)?;
        Ok(())
    }

    /// Removes a timer of the current key, if it is set.
    ///
    /// # Errors
    /// If the key's `Hash` does not give the same value each time.
    #[doc(alias = "deleteProcessingTimeTimer")]
    pub fn delete_processing_time_timer(&mut self, time: Timestamp) -> FunctionResult {
        self.keyed.timers.processing_time.delete(self.hash, &self.key, time)?;
        Ok(())
    }
}

impl<K: Key> StateAccess for KeyedContext<'_, K> {
    type Store = HeapStore<K>;

    #[inline]
    fn store(&self) -> (&HeapStore<K>, Current<'_, K>) {
        (&self.keyed.store, Current { key: &self.key, hash: self.hash })
    }

    #[inline]
    fn store_mut(&mut self) -> (&mut HeapStore<K>, Current<'_, K>) {
        (&mut self.keyed.store, Current { key: &self.key, hash: self.hash })
    }
}
