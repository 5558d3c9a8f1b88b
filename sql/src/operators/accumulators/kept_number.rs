//! Aggregates that keep one number, date or time of rows that are never taken back: MIN and MAX; FIRST_VALUE and
//! LAST_VALUE, by arrival. NULLs do not count.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::PrimitiveBuilder;
use millstream_runtime::Result;
use millstream_state::rows::{RowRef, RowStore};

use super::number::{Stored, with_stored};
use super::value::Keep;
use super::{Accumulator, Observe, Observed, SKIP, Update};
use crate::eval::{Arguments, Value};
use crate::types::SqlType;

/// The accumulator for this argument; `None` if it is no number, date or time.
pub(super) fn kept_number(argument: usize, data_type: &SqlType, keep: Keep) -> Option<Box<dyn Accumulator>> {
    with_stored!(data_type, Kind => Box::new(KeptNumber::<Kind> {
        argument,
        offset: 0,
        data_type: data_type.clone(),
        keep,
        _kind: PhantomData,
    }) as Box<dyn Accumulator>)
}

/// Whether there is a value, and the value.
struct KeptNumber<T> {
    argument: usize,
    offset: usize,
    data_type: SqlType,
    keep: Keep,
    _kind: PhantomData<fn() -> T>,
}

impl<T: Stored<Native: PartialOrd>> KeptNumber<T> {
    #[inline]
    fn read(&self, fixed: &[u8]) -> Option<T::Native> {
        (fixed.get(self.offset) == Some(&1)).then(|| T::read(fixed, self.offset + 8))
    }

    #[inline]
    fn write(&self, fixed: &mut [u8], value: T::Native) {
        if let Some(is_there) = fixed.get_mut(self.offset) {
            *is_there = 1;
        }
        T::write(fixed, self.offset + 8, value);
    }

    fn builder(&self, rows: usize) -> PrimitiveBuilder<T> {
        PrimitiveBuilder::with_capacity(rows).with_data_type(self.data_type.arrow())
    }
}

impl<T: Stored<Native: PartialOrd>> Accumulator for KeptNumber<T> {
    fn initial(&self) -> Vec<u8> {
        vec![0; (8 + T::BYTES).next_multiple_of(8)]
    }

    fn place(&mut self, offset: usize) {
        self.offset = offset;
    }

    fn update(&mut self, update: &mut Update<'_>, observe: Observe) -> Result<Observed> {
        let column = [Value::Array(update.chunk.column(self.argument)?.clone())];
        let values = Arguments::new(&column, update.chunk.rows());
        let values = values.numbers::<T>(0)?;
        let rows = if observe == Observe::Nothing { 0 } else { update.groups.len() };
        let (mut before, mut after) = (self.builder(rows), self.builder(rows));
        for (row, (group, sign)) in update.groups.iter().zip(update.signs).enumerate() {
            let known = self.read(update.store.fixed(*group));
            let value = if *sign == SKIP { None } else { values.get(row) };
            // Most rows change nothing, and then nothing is written: a page that a snapshot holds is not copied.
            let changed = value.filter(|value| self.keep.replaces(*value, known));
            if let Some(value) = changed {
                self.write(update.store.fixed_mut(*group), value);
            }
            if observe == Observe::BeforeAndAfter {
                before.append_option(known);
            }
            if observe != Observe::Nothing {
                after.append_option(changed.or(known));
            }
        }
        Ok(Observed {
            before: (observe == Observe::BeforeAndAfter).then(|| Arc::new(before.finish()) as ArrayRef),
            after: (observe != Observe::Nothing).then(|| Arc::new(after.finish()) as ArrayRef),
        })
    }

    fn results(&self, store: &RowStore, groups: &[RowRef]) -> Result<ArrayRef> {
        let mut results = self.builder(groups.len());
        groups.iter().for_each(|group| results.append_option(self.read(store.fixed(*group))));
        Ok(Arc::new(results.finish()))
    }

    fn merge(
        &mut self,
        store: &mut RowStore,
        into: &[RowRef],
        from: &RowStore,
        from_groups: &[RowRef],
    ) -> Result<()> {
        for (into, group) in into.iter().zip(from_groups) {
            // What is merged came later.
            if let Some(value) = self.read(from.fixed(*group))
                && self.keep.replaces(value, self.read(store.fixed(*into)))
            {
                self.write(store.fixed_mut(*into), value);
            }
        }
        Ok(())
    }
}
