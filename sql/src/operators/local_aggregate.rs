//! The first phase of GROUP BY: what the rows of a bundle add up to, where they are.

mod distinct;

use std::sync::Arc;

use arrow_array::builder::BinaryViewBuilder;
use arrow_array::{Int64Array, UInt32Array};
use arrow_select::take::take;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, Operator, OperatorHooks, Output};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{RowLayout, RowRef, RowStore, RowsPerKey, Upserted};
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{KeyGroups, Shape, Timestamp, stable_hash};

use self::distinct::LocalDistinct;
use super::accumulators::placed::{Places, initial};
use super::accumulators::{ADD, Accumulator, Filtered, Observe, RETRACT, Sign, Update};
use super::bundle::order::BundleOrder;
use super::bundle::{BundleSize, ColumnParts, key_columns};
use super::group_aggregate::GroupAggregateSpecification;
use crate::chunk::{Chunk, arrow_error};
use crate::plan::PartialColumn;

/// Where the number of a group is in its row, before its accumulators.
const NUMBER: usize = 8;
/// Where it is counted how many rows a group has; behind its number.
const ROW_COUNT: usize = 8;

/// Adds up the rows of a bundle, and emits a row for each group with what the
/// [second phase](super::GroupAggregateSpecification::merging) needs: as Flink's `MiniBatchLocalGroupAggFunction`.
///
/// It has no state: a bundle is never part of a snapshot.
pub struct LocalGroupAggregate {
    specification: GroupAggregateSpecification,
    /// Of calls without DISTINCT, each with the number of its call.
    accumulators: Vec<Box<dyn Accumulator>>,
    calls: Vec<usize>,
    places: Places,
    distinct: Vec<LocalDistinct>,
    size: BundleSize,
    order: BundleOrder,
    /// A hash of the subtask's own: groups are kept as if they were its own, whoever's they are.
    home: (KeyGroups, u64),
    store: Option<RowStore>,
    upserted: Vec<Upserted>,
    groups: Vec<RowRef>,
    /// The keys of groups.
    keys: ColumnParts,
}

impl LocalGroupAggregate {
    /// The operator of a subtask, which collects so many rows at most.
    pub fn new(specification: &GroupAggregateSpecification, rows: u64) -> Self {
        let fields = specification.keys().fields();
        let distinct = specification.partials().into_iter().filter_map(|column| match column {
            PartialColumn::Distinct(arguments) => {
                Some(LocalDistinct::new(&arguments, specification.calls(), specification.input()))
            }
            _ => None,
        });
        let all = specification.calls().iter().enumerate();
        let (calls, mut accumulators): (Vec<usize>, Vec<_>) = all
            .filter(|(_, call)| !call.distinct)
            .filter_map(|(index, call)| Some((index, specification.accumulator(call)?)))
            .unzip();
        Self {
            places: Places::give(accumulators.iter_mut(), NUMBER + ROW_COUNT),
            accumulators,
            calls,
            distinct: distinct.collect(),
            size: BundleSize::new(rows),
            order: BundleOrder::new(fields),
            home: (KeyGroups::new(1), 0),
            store: None,
            upserted: Vec::new(),
            groups: Vec::new(),
            keys: ColumnParts::new(fields.len()),
            specification: specification.clone(),
        }
    }

    fn chunk(&mut self, chunk: &Chunk, output: &mut Output<'_, Chunk>) -> Result<()> {
        let mut start = 0;
        while start < chunk.rows() {
            let rows = self.size.fitting(chunk.rows() - start);
            self.add(&chunk.slice(start, rows))?;
            start += rows;
            if self.size.add(rows) {
                self.finish_bundle(output)?;
            }
        }
        Ok(())
    }

    /// Adds rows to their groups.
    fn add(&mut self, chunk: &Chunk) -> Result<()> {
        let Some(store) = &mut self.store else { return Err(not_open()) };
        let keys = self.specification.keys().keys(chunk.columns(), chunk.rows())?;
        let (key_groups, home) = self.home;
        let hashes: Vec<u64> =
            keys.hashes().iter().map(|hash| key_groups.hash_in_group_of(home, *hash)).collect();
        self.upserted.clear();
        store.upsert(&hashes, &keys.column(), &mut self.upserted)?;
        let groups: Vec<RowRef> = self.upserted.iter().map(|upserted| upserted.row).collect();
        let mut new_rows = Vec::new();
        for (row, upserted) in (0..).zip(&self.upserted) {
            if upserted.is_new {
                write_number(store.fixed_mut(upserted.row), 0, self.groups.len().cast_signed() as i64);
                self.groups.push(upserted.row);
                new_rows.push(row);
            }
        }
        if !new_rows.is_empty() {
            self.keys.push(key_columns(self.specification.keys(), chunk, &UInt32Array::from(new_rows))?);
        }
        let kinds = chunk.kinds().iter(chunk.rows());
        let signs: Vec<Sign> = kinds.map(|kind| if kind.is_accumulation() { ADD } else { RETRACT }).collect();
        for (group, sign) in groups.iter().zip(&signs) {
            let fixed = store.fixed_mut(*group);
            let count = number(fixed, NUMBER) + i64::from(*sign);
            write_number(fixed, NUMBER, count);
        }
        let filters = self.specification.calls().iter().filter_map(|call| call.filter);
        let filtered = Filtered::of(filters, chunk, &signs)?;
        for (call, accumulator) in self.calls.iter().zip(&mut self.accumulators) {
            let filter = self.specification.calls().get(*call).and_then(|call| call.filter);
            let signs = filtered.signs(filter);
            let mut update = Update { store, groups: &groups, chunk, signs };
            accumulator.update(&mut update, Observe::Nothing)?;
        }
        if !self.distinct.is_empty() {
            let numbers = groups.iter().map(|group| number(store.fixed(*group), 0));
            let numbers: Vec<u32> = numbers.map(|number| u32::try_from(number).unwrap_or(u32::MAX)).collect();
            self.distinct.iter_mut().try_for_each(|distinct| distinct.add(chunk, &numbers, &filtered))?;
        }
        Ok(())
    }

    /// Emits what the groups have, and forgets it.
    fn finish_bundle(&mut self, output: &mut Output<'_, Chunk>) -> Result<()> {
        self.size.reset();
        let Some(store) = &mut self.store else { return Err(not_open()) };
        let groups = std::mem::take(&mut self.groups);
        if groups.is_empty() {
            return Ok(());
        }
        let mut columns = self.keys.take()?;
        let positions = self.order.positions(&columns, groups.len())?;
        let ordered = |position: &u32| groups.get(*position as usize).copied();
        let rows: Vec<RowRef> = positions.iter().filter_map(ordered).collect();
        let positions = UInt32Array::from(positions);
        for column in &mut columns {
            *column = take(column, &positions, None).map_err(arrow_error)?;
        }
        let mut distinct = self.distinct.iter_mut();
        for partial in self.specification.partials() {
            columns.push(match partial {
                PartialColumn::Accumulator(call) => {
                    let index = self.calls.iter().position(|known| *known == call);
                    let accumulator = index.and_then(|index| Some((index, self.accumulators.get(index)?)));
                    let (index, accumulator) = accumulator.ok_or_else(not_open)?;
                    self.places.export(index, accumulator.as_ref(), store, &rows)?
                }
                PartialColumn::RowCount => {
                    let counts = rows.iter().map(|group| number(store.fixed(*group), NUMBER));
                    Arc::new(Int64Array::from_iter_values(counts))
                }
                PartialColumn::Distinct(_) => {
                    let exported = distinct.next().map(|distinct| distinct.take(groups.len())).transpose()?;
                    let exported = exported.unwrap_or_default();
                    let mut builder = BinaryViewBuilder::with_capacity(rows.len());
                    for position in positions.values() {
                        builder.append_value(exported.get(*position as usize).map_or(&[][..], |bytes| bytes));
                    }
                    Arc::new(builder.finish())
                }
            });
        }
        self.accumulators.iter_mut().try_for_each(|accumulator| accumulator.remove(store, &groups))?;
        groups.iter().for_each(|group| store.remove(*group));
        output.forward(&mut Chunk::new(columns, rows.len()).into_batch())
    }
}

fn number(fixed: &[u8], at: usize) -> i64 {
    fixed.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| i64::from_le_bytes(*bytes))
}

fn write_number(fixed: &mut [u8], at: usize, number: i64) {
    if let Some(bytes) = fixed.get_mut(at..).and_then(|bytes| bytes.first_chunk_mut()) {
        *bytes = number.to_le_bytes();
    }
}

fn not_open() -> Error {
    Error::new(ErrorKind::Internal, "a local aggregate that is not open")
}

/// What is kept of a bundle, which no snapshot ever sees.
fn meta(name: &str, value: String) -> StateMeta {
    let (key, value) = (Shape::from_text("bundle"), Shape::from_text(&value));
    StateMeta { name: name.to_owned(), kind: StateKind::Rows, key, value }
}

impl OperatorHooks<Chunk> for LocalGroupAggregate {
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        let (groups, range) = (cx.info().groups, cx.info().range());
        let own =
            (0_u64..).map(|number| stable_hash(&number)).find(|hash| range.contains(groups.of_hash(*hash)));
        self.home = (groups, own.ok_or_else(not_open)?);
        let initial = initial(&self.accumulators, NUMBER + ROW_COUNT);
        let layout = RowLayout::new(self.specification.keys().kind(), &initial, RowsPerKey::One);
        self.store = Some(RowStore::new(meta("local", String::new()), groups, range, layout));
        for (index, accumulator) in self.accumulators.iter_mut().enumerate() {
            accumulator.open(cx, &format!("local-{index}"), &meta)?;
        }
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

impl Operator<Chunk, Chunk> for LocalGroupAggregate {
    fn process(&mut self, batch: &mut Batch<Chunk>, output: &mut Output<'_, Chunk>) -> Result<()> {
        batch.drain().collect::<Vec<_>>().iter().try_for_each(|chunk| self.chunk(chunk, output))
    }
}

#[cfg(test)]
mod tests;
