//! AVG: of integers in their own type, truncated towards zero, as in Flink.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, PrimitiveBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Decimal128Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{RowRef, RowStore};

use super::number::Stored;
use super::{Accumulator, Observe, Observed, SKIP, Update};
use crate::functions::convert_numbers;
use crate::types::{Field, SqlType};

/// The accumulator for this argument; `None` if it is no number.
pub(super) fn average(argument: usize, field: &Field, result: &Field) -> Option<Box<dyn Accumulator>> {
    let wide = match field.data_type {
        SqlType::Decimal(_, scale) => SqlType::Decimal(38, scale),
        ref other if other.is_approximate() => SqlType::Double,
        ref other if other.is_integer() => SqlType::BigInt,
        _ => return None,
    };
    Some(Box::new(Average {
        argument,
        offset: 0,
        from: field.data_type.clone(),
        wide,
        result: result.data_type.clone(),
    }))
}

/// The sum in a wide type, and how many values are in it.
struct Average {
    argument: usize,
    offset: usize,
    from: SqlType,
    /// BIGINT, DOUBLE or a DECIMAL of 38 digits.
    wide: SqlType,
    result: SqlType,
}

/// What is kept: count, then sum.
const SUM: usize = 8;

impl Average {
    /// Goes through the rows in the wide type.
    fn each<T: Stored>(
        &self,
        update: &mut Update<'_>,
        observe: Observe,
        add: impl Fn(T::Native, T::Native, bool) -> T::Native,
    ) -> Result<Observed> {
        let column = convert_numbers(update.chunk.column(self.argument)?, &self.from, &self.wide)?;
        let values: &PrimitiveArray<T> = column.as_primitive_opt().ok_or_else(wrong_type)?;
        let rows = if observe == Observe::Nothing { 0 } else { update.groups.len() };
        let (mut before, mut after) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
        for (row, (group, sign)) in update.groups.iter().zip(update.signs).enumerate() {
            let fixed = update.store.fixed_mut(*group);
            let state = (T::read(fixed, self.offset + SUM), Int64Type::read(fixed, self.offset));
            let changed = if *sign == SKIP || values.is_null(row) {
                state
            } else {
                let changed = (add(state.0, values.value(row), *sign < 0), state.1 + i64::from(*sign));
                T::write(fixed, self.offset + SUM, changed.0);
                Int64Type::write(fixed, self.offset, changed.1);
                changed
            };
            if observe == Observe::BeforeAndAfter {
                before.push(state);
            }
            if observe != Observe::Nothing {
                after.push(changed);
            }
        }
        Ok(Observed {
            before: (observe == Observe::BeforeAndAfter).then(|| self.divide::<T>(&before)).transpose()?,
            after: (observe != Observe::Nothing).then(|| self.divide::<T>(&after)).transpose()?,
        })
    }

    /// Averages of sums and counts.
    fn divide<T: Stored>(&self, states: &[(T::Native, i64)]) -> Result<ArrayRef> {
        let (sums, counts): (Vec<T::Native>, Vec<i64>) = states.iter().copied().unzip();
        let sums: ArrayRef = Arc::new(PrimitiveArray::<T>::from_iter_values(sums));
        let averages: ArrayRef = match (&self.wide, &self.result) {
            (SqlType::Decimal(_, scale), SqlType::Decimal(precision, result)) => {
                let sums = sums.as_primitive_opt::<Decimal128Type>().ok_or_else(wrong_type)?;
                let mut averages = PrimitiveBuilder::<Decimal128Type>::with_capacity(counts.len())
                    .with_data_type(self.result.arrow());
                for (sum, count) in sums.values().iter().zip(&counts) {
                    averages.append_option(crate::functions::average_decimal(
                        *sum,
                        *count,
                        *scale,
                        (*precision, *result),
                    ));
                }
                return Ok(Arc::new(averages.finish()));
            }
            (SqlType::Double, _) => {
                let sums = sums.as_primitive_opt::<Float64Type>().ok_or_else(wrong_type)?;
                let mut averages = Float64Builder::with_capacity(counts.len());
                for (sum, count) in sums.values().iter().zip(&counts) {
                    #[allow(clippy::cast_precision_loss, reason = "as Java divides a double by a long")]
                    averages.append_option((*count != 0).then(|| sum / *count as f64));
                }
                Arc::new(averages.finish())
            }
            _ => {
                let sums = sums.as_primitive_opt::<Int64Type>().ok_or_else(wrong_type)?;
                let mut averages = PrimitiveBuilder::<Int64Type>::with_capacity(counts.len());
                for (sum, count) in sums.values().iter().zip(&counts) {
                    averages.append_option((*count != 0).then(|| sum.wrapping_div(*count)));
                }
                Arc::new(averages.finish())
            }
        };
        convert_numbers(&averages, &self.wide, &self.result)
    }

    fn states<T: Stored>(&self, store: &RowStore, groups: &[RowRef]) -> Vec<(T::Native, i64)> {
        let state = |group: &RowRef| {
            let fixed = store.fixed(*group);
            (T::read(fixed, self.offset + SUM), Int64Type::read(fixed, self.offset))
        };
        groups.iter().map(state).collect()
    }

    fn merge_in<T: Stored>(
        &self,
        store: &mut RowStore,
        into: &[RowRef],
        from: &RowStore,
        from_groups: &[RowRef],
        add: impl Fn(T::Native, T::Native) -> T::Native,
    ) {
        for (into, (sum, count)) in into.iter().zip(self.states::<T>(from, from_groups)) {
            let fixed = store.fixed_mut(*into);
            let merged = add(T::read(fixed, self.offset + SUM), sum);
            let count = Int64Type::read(fixed, self.offset) + count;
            T::write(fixed, self.offset + SUM, merged);
            Int64Type::write(fixed, self.offset, count);
        }
    }
}

fn wrong_type() -> Error {
    Error::new(ErrorKind::Internal, "an average of values of another type")
}

impl Accumulator for Average {
    fn initial(&self) -> Vec<u8> {
        let sum =
            if matches!(self.wide, SqlType::Decimal(..)) { Decimal128Type::BYTES } else { Int64Type::BYTES };
        vec![0; SUM + sum]
    }

    fn place(&mut self, offset: usize) {
        self.offset = offset;
    }

    fn update(&mut self, update: &mut Update<'_>, observe: Observe) -> Result<Observed> {
        match self.wide {
            SqlType::Decimal(..) => self.each::<Decimal128Type>(update, observe, |sum, value, minus| {
                if minus { sum.wrapping_sub(value) } else { sum.wrapping_add(value) }
            }),
            SqlType::Double => {
                self.each::<Float64Type>(
                    update,
                    observe,
                    |sum, value, minus| if minus { sum - value } else { sum + value },
                )
            }
            _ => self.each::<Int64Type>(update, observe, |sum, value, minus| {
                if minus { sum.wrapping_sub(value) } else { sum.wrapping_add(value) }
            }),
        }
    }

    fn results(&self, store: &RowStore, groups: &[RowRef]) -> Result<ArrayRef> {
        match self.wide {
            SqlType::Decimal(..) => {
                self.divide::<Decimal128Type>(&self.states::<Decimal128Type>(store, groups))
            }
            SqlType::Double => self.divide::<Float64Type>(&self.states::<Float64Type>(store, groups)),
            _ => self.divide::<Int64Type>(&self.states::<Int64Type>(store, groups)),
        }
    }

    fn merge(
        &mut self,
        store: &mut RowStore,
        into: &[RowRef],
        from: &RowStore,
        from_groups: &[RowRef],
    ) -> Result<()> {
        match self.wide {
            SqlType::Decimal(..) => {
                self.merge_in::<Decimal128Type>(
                    store,
                    into,
                    from,
                    from_groups,
                    <Decimal128Type as ArrowPrimitiveType>::Native::wrapping_add,
                );
            }
            SqlType::Double => {
                self.merge_in::<Float64Type>(store, into, from, from_groups, |left, right| left + right)
            }
            _ => self.merge_in::<Int64Type>(store, into, from, from_groups, i64::wrapping_add),
        }
        Ok(())
    }
}
