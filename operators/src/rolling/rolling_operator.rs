//! The mechanism under all rolling aggregates: one accumulator for each key.

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output, SnapshotContext};
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{
    Key, KeyGroupRange, KeyGroups, KeyedTable, LookAhead, Place, Record, Shape, StateDescriptor, stable_hash,
};

use crate::function::{FunctionError, failed};
use crate::{KeyedStream, Stream};

const ACCUMULATOR: &str = "accumulator";

/// What a rolling aggregate does with the records of one key.
pub(crate) trait RollingFunction<K, T>: Clone + Send + Sync + 'static {
    /// What is kept for each key.
    type Accumulator: Record;
    /// What is emitted for each record.
    type Output: Record;
    /// What it may fail with. `Infallible` costs nothing.
    type Failure: Into<FunctionError>;

    /// Takes the first record of a key: what to keep and what to emit.
    fn first(&mut self, key: &K, record: T) -> Result<(Self::Accumulator, Self::Output), Self::Failure>;
    /// Takes a further record of a key.
    fn next(
        &mut self,
        accumulator: &mut Self::Accumulator,
        key: K,
        record: T,
    ) -> Result<Self::Output, Self::Failure>;
}

pub(super) struct RollingOperator<K, T, F: RollingFunction<K, T>> {
    function: F,
    table: KeyedTable<K, F::Accumulator>,
    look_ahead: LookAhead,
}

impl<K: Key, T: Record> KeyedStream<K, T> {
    /// Applies a rolling aggregate.
    pub(crate) fn rolling<F: RollingFunction<K, T>>(
        &self,
        kind: &'static str,
        function: F,
    ) -> Stream<F::Output> {
        let rolled = self
            .transform(kind, move |info| RollingOperator::new(function.clone(), info.groups, info.range()));
        rolled.graph.lock().mark_side_outputs(rolled.node, []);
        rolled
    }
}

impl<K: Key, T: Record, F: RollingFunction<K, T>> RollingOperator<K, T, F> {
    pub(super) fn new(function: F, groups: KeyGroups, range: KeyGroupRange) -> Self {
        let (key, value) = (Shape::of::<K>(), Shape::of::<F::Accumulator>());
        let meta = StateMeta { name: ACCUMULATOR.to_owned(), kind: StateKind::Aggregating, key, value };
        Self { function, table: KeyedTable::new(meta, groups, range), look_ahead: LookAhead::default() }
    }
}

impl<K: Key, T: Record, F: RollingFunction<K, T>> RollingOperator<K, T, F> {
    /// Emits what each record comes to; `place` says where its key is, as far as that is known.
    #[inline(always)]
    fn take(
        &mut self,
        batch: &mut Batch<(K, T)>,
        mut place: impl FnMut(&K) -> Place,
        output: &mut Output<'_, F::Output>,
    ) -> Result<()> {
        // One record goes out for each that came in, so there is no need to look at the room.
        let target = output.batch();
        for ((key, record), timestamp) in batch.drain_timed() {
            let place = place(&key);
            let entries = self.table.content_mut(place.hash())?;
            let result = if let Some(accumulator) = entries.get_mut_at(place, &key) {
                self.function.next(accumulator, key, record).map_err(failed)?
            } else {
                let (accumulator, result) = self.function.first(&key, record).map_err(failed)?;
                entries.insert(place.hash(), key, accumulator);
                result
            };
            target.push(result, timestamp);
        }
        Ok(())
    }
}

impl<K: Key, T: Record, F: RollingFunction<K, T>> OperatorHooks<F::Output> for RollingOperator<K, T, F> {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.table.meta().check::<K, F::Accumulator>()?;
        if let Some(stored) = cx.take_keyed(ACCUMULATOR) {
            StateDescriptor::new(ACCUMULATOR).restore_into(&mut self.table, stored)?;
        }
        Ok(())
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        let state = self.table.snapshot(cx.checkpoint());
        cx.keyed(state);
        Ok(())
    }
}

impl<K: Key, T: Record, F: RollingFunction<K, T>> Operator<(K, T), F::Output> for RollingOperator<K, T, F> {
    fn process(&mut self, batch: &mut Batch<(K, T)>, output: &mut Output<'_, F::Output>) -> Result<()> {
        let mut look_ahead = std::mem::take(&mut self.look_ahead);
        let keys = batch.records().iter().map(|(key, _)| key);
        let hashed = |key: &K| Place::of_hash(stable_hash(key));
        let taken = match look_ahead.places(&self.table, keys, batch.key_hashes()) {
            Some(mut places) => self.take(batch, |key| places.next().unwrap_or_else(|| hashed(key)), output),
            None => self.take(batch, hashed, output),
        };
        self.look_ahead = look_ahead;
        taken
    }
}
