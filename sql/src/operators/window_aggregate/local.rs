//! The groups of one chunk, added up before they go to the subtasks that own them: Flink's `LocalWindowAggregate`.
//!
//! Nothing is kept from one chunk to the next, so there is no state. What is emitted is rows again, of partial results: the
//! window aggregate behind the exchange counts with sums of counts, and so on.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, Int64Array, TimestampMillisecondArray, UInt32Array};
use arrow_select::nullif::nullif;
use arrow_select::take::take;
use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Operator, OperatorHooks, Output};
use millstream_state::rows::RowRef;

use super::accumulators::WindowAccumulators;
use super::slice_ends;
use super::specification::{WindowAggregateSpecification, slice_field};
use crate::chunk::{Chunk, Grouping, KeyLayout, arrow_error};
use crate::operators::accumulators::numbered::NumberedRows;
use crate::plan::{AggregateCall, AggregateFunction};

/// A chunk with more than one group for so many rows is not worth adding up.
const WORTH: usize = 2;
/// So many chunks are passed on as they are before it is tried again.
const PASSED: u32 = 31;

/// Adds up the groups of the windows of each chunk.
pub struct LocalWindowAggregate {
    specification: WindowAggregateSpecification,
    accumulators: WindowAccumulators,
    /// The keys of groups, without the slice and with it.
    keys: [KeyLayout; 2],
    grouping: Grouping,
    /// A row of accumulators for each group of a chunk.
    groups: NumberedRows,
    /// How many chunks are passed on as they are.
    passes: u32,
}

impl LocalWindowAggregate {
    /// The operator of a subtask; `specification` is that of the [first phase](WindowAggregateSpecification::two_phases).
    pub fn new(specification: &WindowAggregateSpecification) -> Self {
        let group = specification.key_fields();
        let with_slice: Vec<_> = std::iter::once(slice_field()).chain(group.iter().cloned()).collect();
        let accumulators = specification.accumulators(0);
        Self {
            groups: NumberedRows::new(accumulators.initial()),
            accumulators,
            specification: specification.clone(),
            keys: [
                KeyLayout::new((1..=group.len()).collect(), group),
                KeyLayout::new((0..with_slice.len()).collect(), with_slice),
            ],
            grouping: Grouping::default(),
            passes: 0,
        }
    }

    fn chunk(&mut self, chunk: &Chunk) -> Result<Chunk> {
        let ends = slice_ends(&self.specification, chunk)?;
        let is_one_slice = ends.iter().all(|end| Some(end) == ends.first());
        let ends: ArrayRef = Arc::new(TimestampMillisecondArray::from(ends));
        let group = self.specification.group.iter().map(|column| chunk.column(*column).cloned());
        let mut columns = std::iter::once(Ok(ends)).chain(group).collect::<Result<Vec<_>>>()?;
        if self.passes > 0 {
            self.passes -= 1;
            let calls = self.specification.calls.iter().map(|call| of_each_row(call, chunk));
            columns.extend(calls.collect::<Result<Vec<_>>>()?);
            return Ok(Chunk::new(columns, chunk.rows()));
        }
        let [without_slice, with_slice] = &self.keys;
        let layout = if is_one_slice { without_slice } else { with_slice };
        self.grouping.group(&layout.keys(&columns, chunk.rows())?);
        let groups = self.grouping.firsts().len();
        if groups * WORTH > chunk.rows() {
            self.passes = PASSED;
        }
        self.begin(groups)?;
        let NumberedRows { store, rows: of_groups } = &mut self.groups;
        let rows = self.grouping.groups().iter();
        let rows: Vec<RowRef> = rows.filter_map(|group| of_groups.get(*group as usize).copied()).collect();
        self.accumulators.update(store, &rows, chunk)?;
        let firsts = UInt32Array::from(self.grouping.firsts().to_vec());
        let columns = columns.iter().map(|column| take(column, &firsts, None).map_err(arrow_error));
        let mut columns = columns.collect::<Result<Vec<_>>>()?;
        columns.extend(self.accumulators.results(store, of_groups.get(..groups).unwrap_or_default())?);
        Ok(Chunk::new(columns, groups))
    }

    /// Makes so many groups without rows.
    fn begin(&mut self, groups: usize) -> Result<()> {
        let NumberedRows { store, rows } = &mut self.groups;
        for row in rows.iter().take(groups) {
            store.fixed_mut(*row).copy_from_slice(self.accumulators.initial());
        }
        self.groups.reach(groups)
    }
}

/// What a call comes to for each row alone.
fn of_each_row(call: &AggregateCall, chunk: &Chunk) -> Result<ArrayRef> {
    let filter = call.filter.map(|filter| chunk.column(filter)).transpose()?;
    let filter = filter.and_then(|filter| filter.as_boolean_opt());
    let holds = |row: usize| filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
    let arguments = call.arguments.iter().map(|argument| chunk.column(*argument));
    let arguments = arguments.collect::<Result<Vec<_>>>()?;
    match (call.function, arguments.as_slice()) {
        (AggregateFunction::Count, arguments) => {
            let counts = |row: usize| holds(row) && arguments.iter().all(|argument| argument.is_valid(row));
            let counts = (0..chunk.rows()).map(|row| i64::from(counts(row)));
            Ok(Arc::new(Int64Array::from_iter_values(counts)))
        }
        (_, [argument, ..]) => match filter {
            None => Ok((*argument).clone()),
            Some(_) => {
                let left_out = (0..chunk.rows()).map(|row| Some(!holds(row))).collect();
                nullif(argument, &left_out).map_err(arrow_error)
            }
        },
        _ => Err(super::not_open()),
    }
}

impl OperatorHooks<Chunk> for LocalWindowAggregate {}

impl Operator<Chunk, Chunk> for LocalWindowAggregate {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        for chunk in batch.drain().filter(|chunk| !chunk.is_empty()) {
            let partial = self.chunk(&chunk)?;
            output.forward(&mut partial.into_batch())?;
        }
        Ok(())
    }
}
