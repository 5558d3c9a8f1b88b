//! COUNT.

use std::sync::Arc;

use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Int64Array};
use millstream_runtime::Result;
use millstream_state::rows::{RowRef, RowStore};

use super::number::Stored;
use super::{Accumulator, Observe, Observed, SKIP, Update};

/// Counts rows of which none of the arguments is NULL.
pub(super) struct Count {
    arguments: Vec<usize>,
    offset: usize,
}

impl Count {
    pub(super) const fn new(arguments: Vec<usize>) -> Self {
        Self { arguments, offset: 0 }
    }

    /// Adds the counts of other groups, so many times each.
    fn add(&self, store: &mut RowStore, into: &[RowRef], from: &RowStore, groups: &[RowRef], times: i64) {
        for (into, group) in into.iter().zip(groups) {
            let count = Int64Type::read(from.fixed(*group), self.offset);
            let fixed = store.fixed_mut(*into);
            let sum = Int64Type::read(fixed, self.offset) + times * count;
            Int64Type::write(fixed, self.offset, sum);
        }
    }
}

impl Accumulator for Count {
    fn initial(&self) -> Vec<u8> {
        vec![0; Int64Type::BYTES]
    }

    fn place(&mut self, offset: usize) {
        self.offset = offset;
    }

    fn update(&mut self, update: &mut Update<'_>, observe: Observe) -> Result<Observed> {
        let columns = self
            .arguments
            .iter()
            .map(|argument| update.chunk.column(*argument))
            .collect::<Result<Vec<_>>>()?;
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for (row, (group, sign)) in update.groups.iter().zip(update.signs).enumerate() {
            let counts = *sign != SKIP && columns.iter().all(|column| column.is_valid(row));
            let fixed = update.store.fixed_mut(*group);
            let count = Int64Type::read(fixed, self.offset);
            let changed = if counts { count + i64::from(*sign) } else { count };
            if changed != count {
                Int64Type::write(fixed, self.offset, changed);
            }
            if observe == Observe::BeforeAndAfter {
                before.push(count);
            }
            if observe != Observe::Nothing {
                after.push(changed);
            }
        }
        Ok(Observed {
            before: (observe == Observe::BeforeAndAfter)
                .then(|| Arc::new(Int64Array::from(before)) as ArrayRef),
            after: (observe != Observe::Nothing).then(|| Arc::new(Int64Array::from(after)) as ArrayRef),
        })
    }

    fn results(&self, store: &RowStore, groups: &[RowRef]) -> Result<ArrayRef> {
        let counts = groups.iter().map(|group| Int64Type::read(store.fixed(*group), self.offset));
        Ok(Arc::new(Int64Array::from_iter_values(counts)))
    }

    fn merge(
        &mut self,
        store: &mut RowStore,
        into: &[RowRef],
        from: &RowStore,
        from_groups: &[RowRef],
    ) -> Result<()> {
        self.add(store, into, from, from_groups, 1);
        Ok(())
    }

    fn subtracts(&self) -> bool {
        true
    }

    fn subtract(
        &mut self,
        store: &mut RowStore,
        into: &[RowRef],
        from: &RowStore,
        from_groups: &[RowRef],
    ) -> Result<()> {
        self.add(store, into, from, from_groups, -1);
        Ok(())
    }
}
