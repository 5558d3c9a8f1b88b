//! The second phase of GROUP BY: what first phases have added up goes into the groups.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, NullArray};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::RowRef;

use super::{ADD, GroupAggregate, ROW_COUNT, not_open, row_count};
use crate::chunk::{Chunk, KeyLayout};
use crate::operators::accumulators::counted::read_counted_into;
use crate::operators::accumulators::{Observe, RETRACT, SKIP, Sign, Update};
use crate::operators::group_aggregate::distinct::Groups;
use crate::plan::PartialColumn;

impl GroupAggregate {
    /// Takes rows of first phases into the groups.
    pub(super) fn merge_rows(&mut self, chunk: &Chunk) -> Result<()> {
        let Some(store) = &mut self.store else { return Err(not_open()) };
        let keys = self.input_keys.keys(chunk.columns(), chunk.rows())?;
        self.upserted.clear();
        store.upsert(keys.hashes(), &keys.column(), &mut self.upserted)?;
        let groups = self.touch(chunk)?;
        let partials = self.specification.partials();
        let mut accumulated: Vec<Option<&ArrayRef>> = vec![None; self.accumulators.len()];
        for (partial, column) in partials.iter().zip(chunk.columns().iter().skip(keys_of(&self.input_keys))) {
            match partial {
                PartialColumn::Accumulator(call) => {
                    if let Some(slot) = accumulated.get_mut(*call) {
                        *slot = Some(column);
                    }
                }
                PartialColumn::RowCount => self.add_counts(&groups, column)?,
                PartialColumn::Distinct(arguments) => {
                    self.add_distinct(arguments, &groups, keys.hashes(), column)?;
                }
            }
        }
        let Some(store) = &mut self.store else { return Err(not_open()) };
        self.places.absorb(&mut self.accumulators, store, &groups, &accumulated)
    }

    /// Adds to the numbers of the groups' rows.
    fn add_counts(&mut self, groups: &[RowRef], counts: &ArrayRef) -> Result<()> {
        let Some(store) = &mut self.store else { return Err(not_open()) };
        let counts = counts.as_primitive_opt::<Int64Type>().ok_or_else(no_partial)?;
        for (group, added) in groups.iter().zip(counts.values()) {
            let fixed = store.fixed_mut(*group);
            let count = row_count(fixed) + added;
            if let Some(bytes) = fixed.get_mut(ROW_COUNT..).and_then(|bytes| bytes.first_chunk_mut()) {
                *bytes = count.to_le_bytes();
            }
        }
        Ok(())
    }

    /// Lets the different arguments of first phases do what their rows did.
    fn add_distinct(
        &mut self,
        arguments: &[usize],
        groups: &[RowRef],
        hashes: &[u64],
        exported: &ArrayRef,
    ) -> Result<()> {
        let exported = exported.as_binary_view_opt().ok_or_else(no_partial)?;
        let position = self.distinct.iter().position(|distinct| distinct.arguments() == arguments);
        let position = position.ok_or_else(no_partial)?;
        let variants = self.distinct.get(position).map_or(0, |distinct| distinct.filters().len());
        let rows = Rows::of(exported.iter(), variants)?;
        let input = &self.specification.input;
        let fields = arguments.iter().map(|argument| input.field(*argument)).collect();
        let decoded = KeyLayout::of_bytes(arguments.to_vec(), fields).decode(&rows.values)?;
        let count = rows.values.len();
        // The other columns are not looked at.
        let nothing: ArrayRef = Arc::new(NullArray::new(count));
        let mut columns = vec![nothing; input.len()];
        for (argument, column) in arguments.iter().zip(decoded) {
            if let Some(slot) = columns.get_mut(*argument) {
                *slot = column;
            }
        }
        let chunk = Chunk::new(columns, count);
        let Some(store) = &mut self.store else { return Err(not_open()) };
        let at = |row: &usize| (groups.get(*row).copied(), hashes.get(*row).copied());
        let of_rows: (Vec<Option<RowRef>>, Vec<Option<u64>>) = rows.groups.iter().map(at).unzip();
        let groups: Vec<RowRef> = of_rows.0.into_iter().flatten().collect();
        let hashes: Vec<u64> = of_rows.1.into_iter().flatten().collect();
        let key_groups = store.key_groups();
        let numbers = self.numbers.of_rows(store, &groups, key_groups);
        let of_rows = Groups { numbers, hashes: &hashes, key_groups };
        let signs: Vec<&[Sign]> = rows.signs.iter().map(Vec::as_slice).collect();
        if let Some(distinct) = self.distinct.get_mut(position) {
            distinct.update(&chunk, of_rows, &signs)?;
        }
        for (accumulator, of) in self.accumulators.iter_mut().zip(&self.distinct_of) {
            let Some((_, variant)) = of.filter(|(known, _)| *known == position) else { continue };
            let signs = self.distinct.get(position).map(|distinct| distinct.signs(variant));
            let mut update =
                Update { store, groups: &groups, chunk: &chunk, signs: signs.unwrap_or_default() };
            accumulator.update(&mut update, Observe::Nothing)?;
        }
        Ok(())
    }
}

fn keys_of(layout: &KeyLayout) -> usize {
    layout.columns().len()
}

/// The different arguments of first phases as rows, as often as they are there.
struct Rows<'a> {
    /// For each row, which of the first phases' rows it is of.
    groups: Vec<usize>,
    values: Vec<&'a [u8]>,
    /// For each variant, what each row does.
    signs: Vec<Vec<Sign>>,
}

impl<'a> Rows<'a> {
    fn of(exported: impl Iterator<Item = Option<&'a [u8]>>, variants: usize) -> Result<Self> {
        let mut rows = Self { groups: Vec::new(), values: Vec::new(), signs: vec![Vec::new(); variants] };
        for (group, exported) in exported.enumerate() {
            for entry in read_counted_into(exported.unwrap_or_default(), variants) {
                let (value, counts) = entry?;
                let mut counts: Vec<i64> = counts.collect();
                while counts.iter().any(|count| *count != 0) {
                    rows.groups.push(group);
                    rows.values.push(value);
                    for (signs, count) in rows.signs.iter_mut().zip(&mut counts) {
                        let sign = match count.signum() {
                            1 => ADD,
                            -1 => RETRACT,
                            _ => SKIP,
                        };
                        *count -= i64::from(sign);
                        signs.push(sign);
                    }
                }
            }
        }
        Ok(rows)
    }
}

fn no_partial() -> Error {
    Error::new(ErrorKind::Internal, "a partial result that no first phase has made")
}
