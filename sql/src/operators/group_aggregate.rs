//! GROUP BY: a row for each group, and how it changes with each row of the input.

mod bundle;
mod collect;
mod distinct;
mod emission;
mod group_numbers;
mod partial;

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{
    OpenContext, Operator, OperatorHooks, OperatorInfo, Output, SnapshotContext,
};
use millstream_state::rows::{RowLayout, RowRef, RowStore, RowsPerKey, Ttl, Upserted};
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{Shape, Timestamp};

use self::bundle::TouchedGroups;
use self::distinct::{DistinctArguments, Groups};
use self::emission::{Emission, Transition};
use self::group_numbers::{GroupNumbers, NUMBER};
use super::accumulators::placed::{Places, initial};
use super::accumulators::{
    ADD, Accumulator, Filtered, Observe, Observed, RETRACT, SKIP, Sign, Update, accumulator,
};
use super::time_to_live::seconds;
use crate::chunk::{Chunk, KeyLayout};
use crate::error::SqlResult;
use crate::plan::{AggregateCall, PartialColumn};
use crate::types::Schema;

/// What a group aggregate computes; each subtask makes its operator from it.
#[derive(Clone, Debug)]
pub struct GroupAggregateSpecification {
    keys: KeyLayout,
    calls: Vec<AggregateCall>,
    input: Schema,
    /// Whether rows of the input may be taken back.
    retracts: bool,
    /// Whether an update says what the row was before.
    update_before: bool,
    /// What the calls are, in the description of the state.
    texts: Vec<String>,
    /// How many rows are collected before changes are emitted.
    bundle: Option<u64>,
    /// Whether rows are those of a first phase.
    merges: bool,
    /// How long groups are kept.
    ttl: Option<Ttl>,
    /// Whether updates that change nothing are emitted.
    refreshes: bool,
}

impl GroupAggregateSpecification {
    /// Groups rows of `input` by these columns.
    ///
    /// # Errors
    /// If there is no accumulator for a call.
    pub fn new(
        keys: &[usize],
        calls: &[AggregateCall],
        input: &Schema,
        retracts: bool,
        update_before: bool,
    ) -> SqlResult<Self> {
        calls.iter().try_for_each(|call| accumulator(call, input, retracts).map(drop))?;
        let fields = keys.iter().map(|key| input.field(*key)).collect();
        Ok(Self {
            keys: KeyLayout::new(keys.to_vec(), fields),
            calls: calls.to_vec(),
            input: input.clone(),
            retracts,
            update_before,
            texts: Vec::new(),
            bundle: None,
            merges: false,
            ttl: None,
            refreshes: false,
        })
    }

    /// The calls are told from others of the same types by these texts: a snapshot of other calls is refused.
    #[must_use]
    pub fn described(self, texts: Vec<String>) -> Self {
        Self { texts, ..self }
    }

    /// The same, where changes are those of bundles of so many rows.
    #[must_use]
    pub fn collecting(self, rows: Option<u64>) -> Self {
        Self { bundle: rows, ..self }
    }

    /// The same over rows that a first phase has made of such of `input`, with the key in front.
    #[must_use]
    pub fn merging(self) -> Self {
        Self { merges: true, ..self }
    }

    /// The key in the rows of the input.
    fn input_keys(&self) -> KeyLayout {
        match self.merges {
            true => KeyLayout::new((0..self.keys.fields().len()).collect(), self.keys.fields().to_vec()),
            false => self.keys.clone(),
        }
    }

    pub(super) const fn keys(&self) -> &KeyLayout {
        &self.keys
    }

    pub(super) fn calls(&self) -> &[AggregateCall] {
        &self.calls
    }

    pub(super) const fn input(&self) -> &Schema {
        &self.input
    }

    /// What a first phase hands to the second.
    pub(super) fn partials(&self) -> Vec<PartialColumn> {
        PartialColumn::of(&self.calls, self.retracts)
    }

    /// The accumulator of a call; that there is one has been checked.
    pub(super) fn accumulator(&self, call: &AggregateCall) -> Option<Box<dyn Accumulator>> {
        accumulator(call, &self.input, self.retracts).ok()
    }

    /// Groups are kept for so long after their last row. Updates that change nothing are emitted then, as in Flink, so that
    /// state that is made of them does not expire before its time; unless the result is to have no updates at all.
    #[must_use]
    pub fn with_ttl(self, ttl: Option<Ttl>, has_updates: bool) -> Self {
        Self { ttl, refreshes: ttl.is_some() && has_updates, ..self }
    }

    /// What the state is called, and what its rows look like: a snapshot of another layout is refused.
    fn meta(&self, name: &str, value: String) -> StateMeta {
        let key = format!("group({})", self.keys.describe());
        StateMeta {
            name: name.to_owned(),
            kind: StateKind::Rows,
            key: Shape::from_text(&key),
            value: Shape::from_text(&value),
        }
    }

    fn describe(&self, call: &AggregateCall) -> String {
        let arguments: Vec<_> =
            call.arguments.iter().map(|argument| self.input.field(*argument).data_type.to_string()).collect();
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        format!("{}({distinct}{})", call.function, arguments.join(", "))
    }
}

/// Where the number of a group's rows is in its row, if rows may be taken back.
const ROW_COUNT: usize = 0;
const ROW_COUNT_BYTES: usize = 8;

/// Keeps a row of accumulators for each group, and emits each change of its result: exactly those that Flink's
/// `GroupAggFunction` emits.
pub struct GroupAggregate {
    specification: GroupAggregateSpecification,
    accumulators: Vec<Box<dyn Accumulator>>,
    places: Places,
    /// The key in the rows of the input.
    input_keys: KeyLayout,
    /// The groups of a bundle.
    touched: Option<TouchedGroups>,
    /// When the bundle began, in seconds, if groups expire.
    began: u32,
    /// For each call, what makes equal arguments count once.
    distinct_of: Vec<Option<(usize, usize)>>,
    distinct: Vec<DistinctArguments>,
    /// The numbers of groups, where something is DISTINCT.
    numbers: GroupNumbers,
    store: Option<RowStore>,
    upserted: Vec<Upserted>,
}

/// The name of the state of groups.
const GROUPS: &str = "groups";

impl GroupAggregate {
    /// The operator of a subtask.
    pub fn new(specification: &GroupAggregateSpecification) -> Self {
        let (distinct, distinct_of) =
            DistinctArguments::of(&specification.calls, &specification.input, specification.retracts);
        let mut offset = if specification.retracts { ROW_COUNT_BYTES } else { 0 };
        let numbers = GroupNumbers::at(offset, specification.ttl.is_some() && !distinct.is_empty());
        offset += if distinct.is_empty() { 0 } else { NUMBER };
        let made = specification.calls.iter();
        let mut accumulators: Vec<_> = made.filter_map(|call| specification.accumulator(call)).collect();
        let touched = specification.bundle;
        let touched = touched.map(|rows| TouchedGroups::new(&specification.keys, accumulators.len(), rows));
        Self {
            specification: specification.clone(),
            places: Places::give(accumulators.iter_mut(), offset),
            input_keys: specification.input_keys(),
            accumulators,
            touched,
            began: 0,
            distinct_of,
            distinct,
            numbers,
            store: None,
            upserted: Vec::new(),
        }
    }

    fn new_store(&self, info: &OperatorInfo) -> RowStore {
        let rows = if self.specification.retracts { ROW_COUNT_BYTES } else { 0 };
        let before = rows + if self.distinct.is_empty() { 0 } else { NUMBER };
        let initial = initial(&self.accumulators, before);
        let described = self.specification.calls.iter().enumerate().map(|(index, call)| {
            let text = self.specification.texts.get(index);
            text.cloned().unwrap_or_else(|| self.specification.describe(call))
        });
        let calls: Vec<_> = described.collect();
        let rows = if self.specification.retracts { "rows, " } else { "" };
        let number = if self.distinct.is_empty() { "" } else { "number, " };
        let meta = self.specification.meta(GROUPS, format!("{rows}{number}{}", calls.join(", ")));
        let layout = RowLayout::new(self.specification.keys.kind(), &initial, RowsPerKey::One);
        let store = RowStore::new(meta, info.groups, info.range(), layout).with_ttl(self.specification.ttl);
        let has_sides =
            !self.distinct.is_empty() || self.accumulators.iter().any(|accumulator| accumulator.has_side());
        if self.specification.ttl.is_some() && has_sides { store.with_dependents() } else { store }
    }

    /// Says what time it is before a chunk of so many rows, and removes some of what has expired.
    fn advance(&mut self, now: u32, rows: usize) -> Result<()> {
        let Some(store) = &mut self.store else { return Err(not_open()) };
        store.set_now(now);
        let (pages, oldest) = (store.pages_to_sweep(rows), store.oldest());
        let (accumulators, numbers) = (&mut self.accumulators, &mut self.numbers);
        store.sweep_with(pages, oldest, |store, expired| {
            accumulators.iter_mut().try_for_each(|accumulator| accumulator.remove(store, expired))?;
            numbers.forget(store, expired);
            expired.iter().for_each(|group| store.remove(*group));
            Ok::<(), millstream_runtime::Error>(())
        })?;
        self.distinct.iter_mut().try_for_each(|arguments| arguments.advance(now, rows, oldest, &self.numbers))
    }

    /// Makes new groups of those that had expired, and notes that all are alive.
    fn refresh(&mut self, groups: &[RowRef], now: u32) -> Result<()> {
        let Some(store) = &mut self.store else { return Err(not_open()) };
        let restarted = store.take_restarted();
        self.accumulators.iter_mut().try_for_each(|accumulator| accumulator.remove(store, &restarted))?;
        self.numbers.forget(store, &restarted);
        restarted.into_iter().for_each(|group| store.restart(group));
        groups.iter().for_each(|group| store.set_stamp(*group, now));
        Ok(())
    }

    fn chunk(&mut self, chunk: &Chunk, output: &mut Output<'_, Chunk>) -> Result<()> {
        if chunk.is_empty() {
            return Ok(());
        }
        if self.touched.is_some() {
            return self.collect(chunk, output);
        }
        let expires = self.specification.ttl.is_some();
        let now = if expires { seconds(output.context().now()) } else { 0 };
        if expires {
            self.advance(now, chunk.rows())?;
        }
        let Some(store) = &mut self.store else { return Err(not_open()) };
        let keys = self.specification.keys.keys(chunk.columns(), chunk.rows())?;
        self.upserted.clear();
        store.upsert(keys.hashes(), &keys.column(), &mut self.upserted)?;
        let groups: Vec<RowRef> = self.upserted.iter().map(|upserted| upserted.row).collect();
        if expires {
            self.refresh(&groups, now)?;
        }
        let Some(store) = &mut self.store else { return Err(not_open()) };
        let (signs, transitions) = if self.specification.retracts {
            count_rows(store, chunk, &groups)
        } else {
            let transitions = self.upserted.iter();
            let transitions =
                transitions.map(|group| if group.is_new { Transition::Begins } else { Transition::Goes });
            (vec![ADD; chunk.rows()], transitions.collect())
        };
        let observe = if transitions.iter().all(|transition| *transition == Transition::Begins) {
            Observe::After
        } else {
            Observe::BeforeAndAfter
        };
        let mut emission =
            Emission::new(transitions, self.specification.update_before, self.specification.refreshes);
        self.add(chunk, &groups, keys.hashes(), &signs, observe, &mut |observed| {
            emission.observed(observed)
        })?;
        self.remove_ended(&groups)?;
        match emission.chunk(chunk, self.specification.keys.columns())? {
            Some(changes) => output.forward(&mut changes.into_batch()),
            None => Ok(()),
        }
    }

    /// Lets rows do what they do to their groups, of which the keys have these hashes; `observed` gets the results of each
    /// call.
    fn add(
        &mut self,
        chunk: &Chunk,
        groups: &[RowRef],
        hashes: &[u64],
        signs: &[Sign],
        observe: Observe,
        observed: &mut dyn FnMut(Observed) -> Result<()>,
    ) -> Result<()> {
        let Some(store) = &mut self.store else { return Err(not_open()) };
        let filtered =
            Filtered::of(self.specification.calls.iter().filter_map(|call| call.filter), chunk, signs)?;
        if !self.distinct.is_empty() {
            let key_groups = store.key_groups();
            let numbers = self.numbers.of_rows(store, groups, key_groups);
            let of_rows = Groups { numbers, hashes, key_groups };
            for arguments in &mut self.distinct {
                let filters: Vec<_> =
                    arguments.filters().iter().map(|filter| filtered.signs(*filter)).collect();
                arguments.update(chunk, of_rows, &filters)?;
            }
        }
        for (index, accumulator) in self.accumulators.iter_mut().enumerate() {
            let signs = match self.distinct_of.get(index).copied().flatten() {
                Some((arguments, variant)) => self.distinct.get(arguments).map(|it| it.signs(variant)),
                None => self.specification.calls.get(index).map(|call| filtered.signs(call.filter)),
            };
            let signs = signs.unwrap_or_default();
            let mut update = Update { store, groups, chunk, signs };
            observed(accumulator.update(&mut update, observe)?)?;
        }
        Ok(())
    }

    /// Forgets the groups without rows, and arguments that no row has any more.
    fn remove_ended(&mut self, groups: &[RowRef]) -> Result<()> {
        self.distinct.iter_mut().try_for_each(DistinctArguments::remove_unused)?;
        if !self.specification.retracts {
            return Ok(());
        }
        let Some(store) = &mut self.store else { return Err(not_open()) };
        let mut ended: Vec<RowRef> =
            groups.iter().copied().filter(|group| row_count(store.fixed(*group)) == 0).collect();
        ended.sort_unstable();
        ended.dedup();
        self.accumulators.iter_mut().try_for_each(|accumulator| accumulator.remove(store, &ended))?;
        self.numbers.forget(store, &ended);
        ended.into_iter().for_each(|group| store.remove(group));
        Ok(())
    }
}

fn not_open() -> millstream_runtime::Error {
    millstream_runtime::Error::new(millstream_runtime::ErrorKind::Internal, "an aggregate that is not open")
}

fn row_count(fixed: &[u8]) -> i64 {
    fixed.get(ROW_COUNT..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| i64::from_le_bytes(*bytes))
}

/// Counts the rows of each group, and says what each row does and what becomes of its group.
fn count_rows(store: &mut RowStore, chunk: &Chunk, groups: &[RowRef]) -> (Vec<Sign>, Vec<Transition>) {
    let mut signs = Vec::with_capacity(groups.len());
    let mut transitions = Vec::with_capacity(groups.len());
    for (group, kind) in groups.iter().zip(chunk.kinds().iter(chunk.rows())) {
        let fixed = store.fixed_mut(*group);
        let before = row_count(fixed);
        let (sign, transition) = match (kind.is_accumulation(), before) {
            (true, 0) => (ADD, Transition::Begins),
            (true, _) => (ADD, Transition::Goes),
            // As in Flink, a row that is taken back from a group that is not there changes nothing.
            (false, 0) => (SKIP, Transition::Nothing),
            (false, 1) => (RETRACT, Transition::Ends),
            (false, _) => (RETRACT, Transition::Goes),
        };
        if sign != SKIP
            && let Some(count) = fixed.get_mut(ROW_COUNT..).and_then(|bytes| bytes.first_chunk_mut())
        {
            *count = (before + i64::from(sign)).to_le_bytes();
        }
        signs.push(sign);
        transitions.push(transition);
    }
    (signs, transitions)
}

impl OperatorHooks<Chunk> for GroupAggregate {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let mut store = self.new_store(cx.info());
        store.set_now(seconds(cx.task().now()));
        if let Some(stored) = cx.take_keyed(GROUPS) {
            store.restore_all(stored)?;
        }
        let specification = &self.specification;
        let meta = |name: &str, value: String| specification.meta(name, value);
        let expires = specification.ttl.is_some();
        for (index, accumulator) in self.accumulators.iter_mut().enumerate() {
            accumulator.open(cx, &format!("accumulator-{index}"), &meta)?;
        }
        if !self.distinct.is_empty() {
            self.numbers.restored(&store);
        }
        self.store = Some(store);
        let numbers = &mut self.numbers;
        self.distinct.iter_mut().try_for_each(|arguments| arguments.open(cx, expires, meta, numbers))
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        if let Some(store) = &mut self.store {
            let groups = store.snapshot(cx.checkpoint());
            cx.keyed(groups);
        }
        self.accumulators.iter_mut().for_each(|accumulator| accumulator.snapshot(cx));
        self.distinct.iter_mut().for_each(|arguments| arguments.snapshot(cx));
        Ok(())
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.finish_bundle(output)?;
        output.emit_watermark(watermark)
    }

    fn before_barrier(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.finish_bundle(output)
    }

    fn end_of_data(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.finish_bundle(output)
    }
}

impl Operator<Chunk, Chunk> for GroupAggregate {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        let chunks: Vec<Chunk> = batch.drain().collect();
        chunks.iter().try_for_each(|chunk| self.chunk(chunk, output))
    }
}

#[cfg(test)]
mod tests;
