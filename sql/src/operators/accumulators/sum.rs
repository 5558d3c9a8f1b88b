//! SUM: in the type of its argument, as in Flink; NULL for no value.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::PrimitiveBuilder;
use arrow_array::types::{
    Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use millstream_runtime::Result;
use millstream_state::rows::{RowRef, RowStore};

use super::number::Stored;
use super::{Accumulator, Observe, Observed, RETRACT, SKIP, Update};
use crate::eval::{Arguments, Value};
use crate::types::{Field, SqlType};

/// Numbers that can be added up.
pub(super) trait Summed: Stored {
    /// Whether a number that has been added can be taken away again, and nothing is left of it.
    const EXACT: bool;
    /// The sum; integers wrap around, and a decimal of too many digits is `None`.
    fn add(left: Self::Native, right: Self::Native) -> Option<Self::Native>;
    /// The number with the other sign.
    fn negate(value: Self::Native) -> Self::Native;
}

macro_rules! integers {
    ($($kind:ty),+) => {
        $(impl Summed for $kind {
            const EXACT: bool = true;

            #[inline]
            fn add(left: Self::Native, right: Self::Native) -> Option<Self::Native> {
                Some(left.wrapping_add(right))
            }
            #[inline]
            fn negate(value: Self::Native) -> Self::Native {
                value.wrapping_neg()
            }
        })+
    };
}
macro_rules! floats {
    ($($kind:ty),+) => {
        $(impl Summed for $kind {
            const EXACT: bool = false;

            #[inline]
            fn add(left: Self::Native, right: Self::Native) -> Option<Self::Native> {
                Some(left + right)
            }
            #[inline]
            fn negate(value: Self::Native) -> Self::Native {
                -value
            }
        })+
    };
}
integers!(Int8Type, Int16Type, Int32Type, Int64Type);
floats!(Float32Type, Float64Type);

impl Summed for Decimal128Type {
    /// It may have overflowed in between.
    const EXACT: bool = false;

    #[inline]
    fn add(left: i128, right: i128) -> Option<i128> {
        /// One more than a DECIMAL(38, s) has.
        const LIMIT: u128 = 10_u128.pow(38);
        left.checked_add(right).filter(|sum| sum.unsigned_abs() < LIMIT)
    }
    #[inline]
    fn negate(value: i128) -> i128 {
        value.wrapping_neg()
    }
}

/// The accumulator for this argument; `None` if it is no number.
pub(super) fn sum(argument: usize, field: &Field, result: &Field) -> Option<Box<dyn Accumulator>> {
    macro_rules! made {
        ($kind:ty) => {
            Some(Box::new(Sum::<$kind> {
                argument,
                offset: 0,
                result: result.data_type.clone(),
                _kind: PhantomData,
            }))
        };
    }
    match field.data_type {
        SqlType::TinyInt => made!(Int8Type),
        SqlType::SmallInt => made!(Int16Type),
        SqlType::Int => made!(Int32Type),
        SqlType::BigInt => made!(Int64Type),
        SqlType::Float => made!(Float32Type),
        SqlType::Double => made!(Float64Type),
        SqlType::Decimal(..) => made!(Decimal128Type),
        _ => None,
    }
}

/// The sum, and how many values are in it. A sum that has overflowed stays NULL.
struct Sum<T> {
    argument: usize,
    offset: usize,
    result: SqlType,
    _kind: PhantomData<fn() -> T>,
}

/// The count of a sum that has overflowed.
const OVERFLOWED: i64 = i64::MIN;

impl<T: Summed> Sum<T> {
    /// The sum and how many values it has.
    #[inline]
    fn read(&self, fixed: &[u8]) -> (T::Native, i64) {
        (T::read(fixed, self.offset + 8), Int64Type::read(fixed, self.offset))
    }

    #[inline]
    fn write(&self, fixed: &mut [u8], (sum, count): (T::Native, i64)) {
        Int64Type::write(fixed, self.offset, count);
        T::write(fixed, self.offset + 8, sum);
    }

    fn builder(&self, rows: usize) -> PrimitiveBuilder<T> {
        PrimitiveBuilder::with_capacity(rows).with_data_type(self.result.arrow())
    }
}

/// The value of a sum: none if it is of no value, or has overflowed.
#[inline]
fn value<N>((sum, count): (N, i64)) -> Option<N> {
    (count > 0).then_some(sum)
}

impl<T: Summed> Accumulator for Sum<T> {
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
            let fixed = update.store.fixed_mut(*group);
            let state = self.read(fixed);
            let added = if *sign == SKIP { None } else { values.get(row) };
            let changed = match added {
                None => state,
                Some(_) if state.1 == OVERFLOWED => state,
                Some(added) => {
                    let added = if *sign == RETRACT { T::negate(added) } else { added };
                    let changed = match (T::add(state.0, added), state.1 + i64::from(*sign)) {
                        (None, _) => (state.0, OVERFLOWED),
                        (Some(sum), count) => (sum, count),
                    };
                    self.write(fixed, changed);
                    changed
                }
            };
            if observe == Observe::BeforeAndAfter {
                before.append_option(value(state));
            }
            if observe != Observe::Nothing {
                after.append_option(value(changed));
            }
        }
        Ok(Observed {
            before: (observe == Observe::BeforeAndAfter).then(|| Arc::new(before.finish()) as ArrayRef),
            after: (observe != Observe::Nothing).then(|| Arc::new(after.finish()) as ArrayRef),
        })
    }

    fn results(&self, store: &RowStore, groups: &[RowRef]) -> Result<ArrayRef> {
        let mut results = self.builder(groups.len());
        groups.iter().for_each(|group| results.append_option(value(self.read(store.fixed(*group)))));
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
            let (added, more) = self.read(from.fixed(*group));
            let fixed = store.fixed_mut(*into);
            let (sum, count) = self.read(fixed);
            let merged = match T::add(sum, added) {
                Some(sum) if more != OVERFLOWED && count != OVERFLOWED => (sum, count + more),
                _ => (sum, OVERFLOWED),
            };
            self.write(fixed, merged);
        }
        Ok(())
    }

    fn subtracts(&self) -> bool {
        T::EXACT
    }

    fn subtract(
        &mut self,
        store: &mut RowStore,
        into: &[RowRef],
        from: &RowStore,
        from_groups: &[RowRef],
    ) -> Result<()> {
        for (into, group) in into.iter().zip(from_groups) {
            let (added, more) = self.read(from.fixed(*group));
            let fixed = store.fixed_mut(*into);
            let (sum, count) = self.read(fixed);
            self.write(fixed, (T::add(sum, T::negate(added)).unwrap_or(sum), count - more));
        }
        Ok(())
    }
}
