//! Functions of dates, times and timestamps.
//!
//! See Flink's
//! [temporal functions](https://nightlies.apache.org/flink/flink-docs-stable/docs/sql/functions/built-in-functions/#temporal-functions).

pub(super) mod add;
pub(super) mod clock;
pub(super) mod extract;
pub(super) mod format;
pub(super) mod parse;
mod pattern_cache;
pub(super) mod round;
pub(super) mod unix;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, Int64Array};
use millstream_runtime::{Error, ErrorKind, Result};

use super::cast::ticks;
use super::{Call, constant_text};
use crate::error::{SqlError, SqlResult};
use crate::eval::{Argument, Arguments};
use crate::parser::ast::TimeUnit;
use crate::types::SqlType;
use crate::types::zone::Zone;

const UNITS: [TimeUnit; 19] = [
    TimeUnit::Year,
    TimeUnit::Quarter,
    TimeUnit::Month,
    TimeUnit::Week,
    TimeUnit::Day,
    TimeUnit::Hour,
    TimeUnit::Minute,
    TimeUnit::Second,
    TimeUnit::Millisecond,
    TimeUnit::Microsecond,
    TimeUnit::Nanosecond,
    TimeUnit::Epoch,
    TimeUnit::DayOfWeek,
    TimeUnit::DayOfYear,
    TimeUnit::IsoDayOfWeek,
    TimeUnit::IsoYear,
    TimeUnit::Decade,
    TimeUnit::Century,
    TimeUnit::Millennium,
];

/// The unit of this name.
fn unit_named(name: &str) -> Option<TimeUnit> {
    UNITS.into_iter().find(|unit| unit.to_string() == name)
}

/// The unit that stands as a constant among the arguments of a call.
fn unit(argument: Option<&Argument>) -> SqlResult<TimeUnit> {
    argument
        .and_then(constant_text)
        .and_then(unit_named)
        .ok_or_else(|| SqlError::validation("a unit of time must be a keyword such as DAY"))
}

/// Dates and times in milliseconds, timestamps in the unit of their precision.
struct Ticks {
    values: Int64Array,
    step: usize,
}

impl Ticks {
    fn of(call: &Arguments<'_>, index: usize) -> Result<Self> {
        let value = call.value(index)?;
        let values = ticks(value.array())?.as_primitive_opt::<Int64Type>().cloned();
        let values =
            values.ok_or_else(|| Error::new(ErrorKind::Internal, "counts that are not of 64 bits"))?;
        Ok(Self { values, step: usize::from(!value.is_scalar()) })
    }

    #[inline]
    fn get(&self, row: usize) -> Option<i64> {
        let row = row * self.step;
        self.values.is_valid(row).then(|| self.values.value(row))
    }
}

/// What a clock has to show for values of a type: that of the session for instants, that of Greenwich for others, which
/// have been on a clock already.
fn clock_of(data_type: &SqlType, zone: Zone) -> Zone {
    if matches!(data_type, SqlType::TimestampLtz(..)) { zone } else { Zone::UTC }
}

/// The precision of the counts of a type.
const fn precision_of(data_type: &SqlType) -> u8 {
    match data_type {
        SqlType::Timestamp(precision, _) | SqlType::TimestampLtz(precision, _) => *precision,
        _ => 3,
    }
}

/// The unit that stands as a constant among the arguments of a call that is checked.
fn constant_unit(call: &Call, index: usize) -> SqlResult<TimeUnit> {
    unit(constant_argument(call, index).as_ref())
}

/// An argument of a call that is checked, if it is a constant.
fn constant_argument(call: &Call, index: usize) -> Option<Argument> {
    let argument = call.arguments.get(index)?;
    let constant = argument.as_constant()?.array().clone();
    Some(Argument { field: argument.field.clone(), constant: Some(constant) })
}

#[cfg(test)]
mod tests;
