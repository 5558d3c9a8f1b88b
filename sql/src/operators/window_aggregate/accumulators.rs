//! The accumulators of a window's groups: those of all calls, and how many rows a group has, where rows may be taken back.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, BooleanArray};
use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{RowRef, RowStore};

use crate::chunk::Chunk;
use crate::error::SqlResult;
use crate::operators::accumulators::{
    ADD, Accumulator, Filtered, MakeMeta, Observe, RETRACT, Sign, Update, accumulator, distinct,
};
use crate::plan::{AggregateCall, AggregateFunction};
use crate::types::{Field, Schema, SqlType};

/// The accumulators of all calls, one behind the other in the fixed part of a row.
#[derive(Default)]
pub(super) struct WindowAccumulators {
    /// How many rows there are, if they may be taken back; then those of the calls.
    all: Vec<Box<dyn Accumulator>>,
    filters: Vec<Option<usize>>,
    counts_rows: bool,
    initial: Vec<u8>,
}

impl WindowAccumulators {
    /// The accumulators of calls over `input`, behind `before` bytes of the fixed part.
    ///
    /// # Errors
    /// If there is none for a call.
    pub(super) fn new(
        calls: &[AggregateCall],
        input: &Schema,
        retracts: bool,
        before: usize,
    ) -> SqlResult<Self> {
        let row_count = retracts.then(|| AggregateCall {
            function: AggregateFunction::Count,
            arguments: Vec::new(),
            distinct: false,
            filter: None,
            field: Field::required(SqlType::BigInt),
        });
        let mut initial = vec![0; before];
        let (mut all, mut filters) = (Vec::new(), Vec::new());
        for call in row_count.iter().chain(calls) {
            let mut made = match call.distinct {
                true => distinct(call, input, retracts)?,
                false => accumulator(call, input, retracts)?,
            };
            made.place(initial.len());
            initial.extend(made.initial());
            initial.resize(initial.len().next_multiple_of(8), 0);
            all.push(made);
            filters.push(call.filter);
        }
        Ok(Self { all, filters, counts_rows: retracts, initial })
    }

    /// The fixed part of a new row.
    pub(super) fn initial(&self) -> &[u8] {
        &self.initial
    }

    /// Opens what accumulators keep beside the rows of groups, and restores it.
    pub(super) fn open(&mut self, cx: &mut OpenContext<'_>, meta: MakeMeta<'_>) -> Result<()> {
        let mut all = self.all.iter_mut().enumerate();
        all.try_for_each(|(index, accumulator)| accumulator.open(cx, &format!("accumulator-{index}"), meta))
    }

    /// Hands over what accumulators keep beside the rows of groups.
    pub(super) fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        self.all.iter_mut().for_each(|accumulator| accumulator.snapshot(cx));
    }

    /// Forgets what is kept beside groups, whose rows are removed next.
    pub(super) fn remove(&mut self, store: &mut RowStore, groups: &[RowRef]) -> Result<()> {
        self.all.iter_mut().try_for_each(|accumulator| accumulator.remove(store, groups))
    }

    /// Adds the rows of a chunk to their groups, or takes them back.
    pub(super) fn update(&mut self, store: &mut RowStore, groups: &[RowRef], chunk: &Chunk) -> Result<()> {
        let kinds = chunk.kinds().iter(chunk.rows());
        let signs: Vec<Sign> = if self.counts_rows {
            kinds.map(|kind| if kind.is_accumulation() { ADD } else { RETRACT }).collect()
        } else {
            vec![ADD; chunk.rows()]
        };
        let filtered = Filtered::of(self.filters.iter().flatten().copied(), chunk, &signs)?;
        for (accumulator, filter) in self.all.iter_mut().zip(&self.filters) {
            let signs = filtered.signs(*filter);
            accumulator.update(&mut Update { store, groups, chunk, signs }, Observe::Nothing)?;
        }
        Ok(())
    }

    /// Adds to the groups `into` what the groups `from` of another store have accumulated.
    pub(super) fn merge(
        &mut self,
        store: &mut RowStore,
        into: &[RowRef],
        from: &RowStore,
        from_groups: &[RowRef],
    ) -> Result<()> {
        self.all.iter_mut().try_for_each(|accumulator| accumulator.merge(store, into, from, from_groups))
    }

    /// Whether what has been merged can be taken away again.
    pub(super) fn subtract_merged(&self) -> bool {
        self.all.iter().all(|accumulator| accumulator.subtracts())
    }

    /// Takes away from the groups `into` what the groups `from` of another store have accumulated.
    pub(super) fn subtract(
        &mut self,
        store: &mut RowStore,
        into: &[RowRef],
        from: &RowStore,
        from_groups: &[RowRef],
    ) -> Result<()> {
        self.all.iter_mut().try_for_each(|accumulator| accumulator.subtract(store, into, from, from_groups))
    }

    /// The results of groups, a column for each call.
    pub(super) fn results(&self, store: &RowStore, groups: &[RowRef]) -> Result<Vec<ArrayRef>> {
        let calls = self.all.iter().skip(usize::from(self.counts_rows));
        calls.map(|accumulator| accumulator.results(store, groups)).collect()
    }

    /// Which groups have rows; `None` if all have.
    pub(super) fn present(&self, store: &RowStore, groups: &[RowRef]) -> Result<Option<BooleanArray>> {
        let Some(count) = self.all.first().filter(|_| self.counts_rows) else { return Ok(None) };
        let counts = count.results(store, groups)?;
        let counts = counts.as_primitive_opt::<Int64Type>();
        let counts = counts.ok_or_else(|| Error::new(ErrorKind::Internal, "a count that is no number"))?;
        if counts.values().iter().all(|count| *count > 0) {
            return Ok(None);
        }
        Ok(Some(counts.values().iter().map(|count| Some(*count > 0)).collect()))
    }
}
