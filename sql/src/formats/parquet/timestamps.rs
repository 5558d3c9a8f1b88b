//! Points in time as arrays: their units, and what a clock makes of them.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow_array::{
    Array, ArrayRef, PrimitiveArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, TimestampSecondArray,
};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};

use crate::types::zone::Zone;

/// What an array of timestamps is made of.
#[derive(Clone, Debug)]
pub(super) struct Instants {
    pub(super) values: ScalarBuffer<i64>,
    pub(super) nulls: Option<NullBuffer>,
    pub(super) unit: TimeUnit,
}

impl Instants {
    /// Those of an array; `None` if it is one of something else.
    pub(super) fn of(array: &dyn Array) -> Option<Self> {
        let DataType::Timestamp(unit, _) = array.data_type() else { return None };
        let values = match unit {
            TimeUnit::Second => array.as_primitive_opt::<TimestampSecondType>()?.values(),
            TimeUnit::Millisecond => array.as_primitive_opt::<TimestampMillisecondType>()?.values(),
            TimeUnit::Microsecond => array.as_primitive_opt::<TimestampMicrosecondType>()?.values(),
            TimeUnit::Nanosecond => array.as_primitive_opt::<TimestampNanosecondType>()?.values(),
        };
        Some(Self { values: values.clone(), nulls: array.nulls().cloned(), unit: *unit })
    }

    /// The array.
    pub(super) fn into_array(self) -> ArrayRef {
        let Self { values, nulls, unit } = self;
        match unit {
            TimeUnit::Second => Arc::new(TimestampSecondArray::new(values, nulls)),
            TimeUnit::Millisecond => Arc::new(TimestampMillisecondArray::new(values, nulls)),
            TimeUnit::Microsecond => Arc::new(TimestampMicrosecondArray::new(values, nulls)),
            TimeUnit::Nanosecond => Arc::new(TimestampNanosecondArray::new(values, nulls)),
        }
    }

    /// The same in another unit, rounded down; an error says which does not fit.
    pub(super) fn to_unit(&self, unit: TimeUnit) -> Result<Self, String> {
        if unit == self.unit {
            return Ok(self.clone());
        }
        let out_of_range = |value| {
            format!(
                "{value} {} since 1970 are out of the range of a timestamp in {}",
                name(self.unit),
                name(unit)
            )
        };
        let rescaled =
            self.map(|value| rescale(value, self.unit, unit).ok_or_else(|| out_of_range(value)))?;
        Ok(Self { unit, ..rescaled })
    }

    /// What a clock shows at these instants.
    pub(super) fn to_local(&self, zone: &Zone) -> Result<Self, String> {
        self.map(|value| zone.to_local(value, precision(self.unit)).ok_or_else(|| beyond(value)))
    }

    /// When a clock shows these.
    pub(super) fn to_instants(&self, zone: &Zone) -> Result<Self, String> {
        self.map(|value| zone.to_instant(value, precision(self.unit)).ok_or_else(|| beyond(value)))
    }

    /// What stands where there is NULL may be anything, and is left as it is.
    fn map(&self, change: impl Fn(i64) -> Result<i64, String>) -> Result<Self, String> {
        let array =
            PrimitiveArray::<arrow_array::types::Int64Type>::new(self.values.clone(), self.nulls.clone());
        let changed = array.try_unary::<_, arrow_array::types::Int64Type, String>(change)?;
        Ok(Self { values: changed.values().clone(), nulls: self.nulls.clone(), unit: self.unit })
    }
}

fn rescale(value: i64, from: TimeUnit, to: TimeUnit) -> Option<i64> {
    let (from, to) = (per_second(from), per_second(to));
    if to >= from { value.checked_mul(to / from) } else { Some(value.div_euclid(from / to)) }
}

/// How many there are in a second.
pub(super) const fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// Whether a clock shows instants as they are.
pub(super) fn is_utc(zone: &Zone) -> bool {
    zone.is_fixed() && zone.offset_at(0) == 0
}

/// A precision whose timestamps are kept in this unit.
const fn precision(unit: TimeUnit) -> u8 {
    match unit {
        TimeUnit::Second | TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}

const fn name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "seconds",
        TimeUnit::Millisecond => "milliseconds",
        TimeUnit::Microsecond => "microseconds",
        TimeUnit::Nanosecond => "nanoseconds",
    }
}

fn beyond(value: i64) -> String {
    format!("the timestamp {value} is out of range")
}
