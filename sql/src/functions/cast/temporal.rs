//! DATE, TIME, TIMESTAMP and TIMESTAMP_LTZ among each other.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Int64Type, Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef, Int64Array, PrimitiveArray};
use millstream_runtime::{Error, ErrorKind, Result};

use super::{Conversion, OnFailure};
use crate::functions::lift;
use crate::types::SqlType;
use crate::types::calendar::{MILLIS_PER_DAY, TimestampUnit};
use crate::types::zone::Zone;

/// DATE, TIME, TIMESTAMP and TIMESTAMP_LTZ.
pub(super) const fn is_temporal(data_type: &SqlType) -> bool {
    data_type.is_timestamp() || matches!(data_type, SqlType::Date | SqlType::Time(_))
}

/// Between any two of them. Precision that the target has not is cut off; what the target's range has not fails.
pub(super) fn conversion(from: &SqlType, to: &SqlType, zone: &Zone, on_failure: OnFailure) -> Conversion {
    let between_instants = matches!((from, to), (SqlType::TimestampLtz(..), SqlType::TimestampLtz(..)));
    // Where both have one meaning, the clock of Greenwich shows it.
    let zone = if between_instants { Zone::UTC } else { zone.clone() };
    let (from, to) = (from.clone(), to.clone());
    Box::new(move |values| {
        let (precision, target) = (precision(&from), precision(&to));
        let source = ticks(values)?;
        let source = source.as_primitive_opt::<Int64Type>().ok_or_else(|| wrong(values))?;
        let scale = Scale::new(precision, target);
        let is_instant = matches!(from, SqlType::TimestampLtz(..));
        let convert = |ticks: i64| {
            let local = if is_instant { zone.to_local(ticks, precision)? } else { ticks };
            match to {
                SqlType::TimestampLtz(..) => zone.to_instant(scale.apply(local)?, target),
                SqlType::Date => Some(scale.apply(local)?.div_euclid(MILLIS_PER_DAY)),
                SqlType::Time(_) => Some(scale.apply(local)?.rem_euclid(MILLIS_PER_DAY)),
                _ => scale.apply(local),
            }
        };
        let result = lift::numbers::<Int64Type>(values.len(), |row| {
            if source.is_null(row) {
                return Ok(None);
            }
            let value = source.value(row);
            match convert(value) {
                None if on_failure == OnFailure::Fail => Err(Error::new(
                    ErrorKind::Function,
                    format!(
                        "a {from} is out of the range of {to}, which in nanoseconds ends with the years 1677 and 2262"
                    ),
                )),
                converted => Ok(converted),
            }
        })?;
        match to {
            SqlType::Date => Ok(Arc::new(int64(&result)?.unary::<_, Date32Type>(|days| days as i32))),
            SqlType::Time(_) => {
                Ok(Arc::new(int64(&result)?.unary::<_, Time32MillisecondType>(|millis| millis as i32)))
            }
            _ => from_ticks(&result, target),
        }
    })
}

/// How many digits of a second's fraction there are.
const fn precision(data_type: &SqlType) -> u8 {
    match data_type {
        SqlType::Timestamp(precision, _) | SqlType::TimestampLtz(precision, _) => *precision,
        SqlType::Time(precision) if *precision < 3 => *precision,
        _ => 3,
    }
}

/// From one precision to another.
#[derive(Clone, Copy)]
struct Scale {
    multiply: i64,
    divide: i64,
    /// Digits beyond the precision, in the target's unit.
    keep: i64,
}

impl Scale {
    fn new(from: u8, to: u8) -> Self {
        let (source, target) =
            (TimestampUnit::of_precision(from).nanos(), TimestampUnit::of_precision(to).nanos());
        let digit = 10_i64.pow(9 - u32::from(to.min(9)));
        Self {
            multiply: (source / target).max(1),
            divide: (target / source).max(1),
            keep: if to < from { (digit / target).max(1) } else { 1 },
        }
    }

    fn apply(self, ticks: i64) -> Option<i64> {
        let ticks = ticks.checked_mul(self.multiply)?.div_euclid(self.divide);
        Some(if self.keep == 1 { ticks } else { ticks.div_euclid(self.keep) * self.keep })
    }
}

/// A column of dates, times or timestamps as counts: dates and times in milliseconds, timestamps in their unit.
pub(in crate::functions) fn ticks(values: &ArrayRef) -> Result<ArrayRef> {
    if let Some(days) = values.as_primitive_opt::<Date32Type>() {
        return Ok(Arc::new(days.unary::<_, Int64Type>(|day| i64::from(day) * MILLIS_PER_DAY)));
    }
    if let Some(millis) = values.as_primitive_opt::<Time32MillisecondType>() {
        return Ok(Arc::new(millis.unary::<_, Int64Type>(i64::from)));
    }
    macro_rules! reinterpret {
        ($($kind:ty),+) => {
            $(if let Some(values) = values.as_primitive_opt::<$kind>() {
                return Ok(Arc::new(values.reinterpret_cast::<Int64Type>()));
            })+
        };
    }
    reinterpret!(TimestampMillisecondType, TimestampMicrosecondType, TimestampNanosecondType);
    Err(wrong(values))
}

/// Counts as a column of timestamps of a precision.
pub(in crate::functions) fn from_ticks(values: &ArrayRef, precision: u8) -> Result<ArrayRef> {
    let values = int64(values)?;
    Ok(match TimestampUnit::of_precision(precision) {
        TimestampUnit::Millisecond => Arc::new(values.reinterpret_cast::<TimestampMillisecondType>()),
        TimestampUnit::Microsecond => Arc::new(values.reinterpret_cast::<TimestampMicrosecondType>()),
        TimestampUnit::Nanosecond => Arc::new(values.reinterpret_cast::<TimestampNanosecondType>()),
    })
}

/// Milliseconds as a column of timestamps of a precision.
pub(in crate::functions) fn from_millis(values: &ArrayRef, precision: u8) -> Result<ArrayRef> {
    let per_milli = 1_000_000 / TimestampUnit::of_precision(precision).nanos();
    let ticks = int64(values)?.unary::<_, Int64Type>(|millis| millis.saturating_mul(per_milli));
    from_ticks(&(Arc::new(ticks) as ArrayRef), precision)
}

fn int64(values: &ArrayRef) -> Result<&Int64Array> {
    let values: Option<&PrimitiveArray<Int64Type>> = values.as_primitive_opt();
    values.ok_or_else(|| Error::new(ErrorKind::Internal, "counts that are not of 64 bits"))
}

fn wrong(values: &ArrayRef) -> Error {
    Error::new(
        ErrorKind::Internal,
        format!("a column of {} where dates or times are wanted", values.data_type()),
    )
}
