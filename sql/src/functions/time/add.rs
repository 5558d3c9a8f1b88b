//! TIMESTAMPADD and TIMESTAMPDIFF, and what moves dates and times by intervals.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int32Type, Int64Type, Time32MillisecondType};
use millstream_runtime::{Error, ErrorKind, Result};

use super::{Ticks, constant_unit, precision_of, unit};
use crate::error::{SqlError, SqlResult};
use crate::eval::Arguments;
use crate::functions::cast::from_ticks;
use crate::functions::lift::{kernel, numbers};
use crate::functions::{Call, ScalarFunction, Signature};
use crate::parser::ast::TimeUnit;
use crate::types::calendar::{CivilDate, MILLIS_PER_DAY, TimestampUnit, add_months, difference};
use crate::types::{Field, SqlType};

pub(in crate::functions) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("TIMESTAMPADD", Signature::Custom(add_signature), |arguments, result, _| {
        let step = unit(arguments.first()).ok().and_then(Step::of);
        let step = step.ok_or_else(|| SqlError::unsupported("TIMESTAMPADD of this unit"))?;
        let result = result.data_type.clone();
        kernel(move |call| {
            let counts = call.numbers::<Int64Type>(1)?;
            shifted(call, 2, &result, step, |row| counts.get(row))
        })
    }),
    ScalarFunction::new("TIMESTAMPDIFF", Signature::Custom(difference_signature), |arguments, _, _| {
        let [name, from, to] = arguments else {
            return Err(SqlError::unsupported("TIMESTAMPDIFF without a unit and two points in time"));
        };
        let unit = unit(Some(name))?;
        let resolution = |value: &SqlType| TimestampUnit::of_precision(precision_of(value));
        let (first, second) = (resolution(&from.field.data_type), resolution(&to.field.data_type));
        kernel(move |call| {
            let (from, to) = (Ticks::of(call, 1)?, Ticks::of(call, 2)?);
            numbers::<Int32Type>(call.rows(), |row| {
                let both = from.get(row).zip(to.get(row));
                let between = both
                    .and_then(|(from, to)| difference(unit, first.to_millis(from).0, second.to_millis(to).0));
                // As Java narrows it.
                Ok(between.map(|count| count as i32))
            })
        })
    }),
];

/// What one of a count is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::functions) enum Step {
    /// So many months.
    Months(i64),
    /// So many milliseconds.
    Millis(i64),
}

impl Step {
    const fn of(unit: TimeUnit) -> Option<Self> {
        Some(match unit {
            TimeUnit::Year => Self::Months(12),
            TimeUnit::Quarter => Self::Months(3),
            TimeUnit::Month => Self::Months(1),
            TimeUnit::Week => Self::Millis(7 * MILLIS_PER_DAY),
            TimeUnit::Day => Self::Millis(MILLIS_PER_DAY),
            TimeUnit::Hour => Self::Millis(3_600_000),
            TimeUnit::Minute => Self::Millis(60_000),
            TimeUnit::Second => Self::Millis(1_000),
            TimeUnit::Millisecond => Self::Millis(1),
            _ => return None,
        })
    }
}

fn add_signature(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(3, 3)?;
    let step = Step::of(constant_unit(call, 0)?).ok_or_else(|| call.mismatch())?;
    let whole_days = match step {
        Step::Months(_) => true,
        Step::Millis(millis) => millis % MILLIS_PER_DAY == 0,
    };
    let nullable = call.any_nullable();
    if !call.data_type(1).is_integer() {
        return Err(call.mismatch());
    }
    call.cast(1, &SqlType::BigInt);
    let result = match call.data_type(2) {
        SqlType::Date if whole_days => SqlType::Date,
        SqlType::Date => SqlType::Timestamp(6, Default::default()),
        SqlType::Time(precision) if matches!(step, Step::Millis(_)) => SqlType::Time(precision),
        other if other.is_timestamp() => other.materialized(),
        _ => return Err(call.mismatch()),
    };
    let result = match result {
        SqlType::Timestamp(precision, kind) if step == Step::Millis(1) => {
            SqlType::Timestamp(precision.max(3), kind)
        }
        SqlType::TimestampLtz(precision, kind) if step == Step::Millis(1) => {
            SqlType::TimestampLtz(precision.max(3), kind)
        }
        other => other,
    };
    call.cast(2, &result);
    Ok(Field::new(result, nullable))
}

fn difference_signature(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(3, 3)?;
    difference(constant_unit(call, 0)?, 0, 0).ok_or_else(|| call.mismatch())?;
    let instant = |value: &SqlType| matches!(value, SqlType::TimestampLtz(..));
    match (call.data_type(1), call.data_type(2)) {
        (SqlType::Time(_), SqlType::Time(_)) => {}
        (from, to) if instant(&from) != instant(&to) => {
            return Err(SqlError::validation("TIMESTAMP_LTZ only supports diff between the same type."));
        }
        (from, to) => {
            let is_day = |value: &SqlType| value.is_timestamp() || *value == SqlType::Date;
            if !is_day(&from) || !is_day(&to) {
                return Err(call.mismatch());
            }
        }
    }
    Ok(Field::new(SqlType::Int, call.any_nullable()))
}

/// Dates, times or timestamps of the argument at `index`, which are of type `data_type`, moved by a count of steps each.
pub(in crate::functions) fn shifted(
    call: &Arguments<'_>,
    index: usize,
    data_type: &SqlType,
    step: Step,
    count: impl Fn(usize) -> Option<i64>,
) -> Result<ArrayRef> {
    let ticks = Ticks::of(call, index)?;
    let precision = precision_of(data_type);
    let unit = TimestampUnit::of_precision(precision);
    let per_milli = 1_000_000 / unit.nanos();
    let shift = |ticks: i64, count: i64| match step {
        // As in Flink, a date is moved by whole days: 36 hours are one.
        Step::Millis(millis) if *data_type == SqlType::Date => {
            let days = count.wrapping_mul(millis) / MILLIS_PER_DAY;
            Some(ticks.wrapping_add(days * MILLIS_PER_DAY))
        }
        Step::Millis(millis) => Some(ticks.wrapping_add(count.wrapping_mul(millis).wrapping_mul(per_milli))),
        Step::Months(months) => {
            let (millis, nanos) = unit.to_millis(ticks);
            unit.from_millis(add_months(millis, count.checked_mul(months)?)?, nanos)
        }
    };
    let moved = numbers::<Int64Type>(call.rows(), |row| match ticks.get(row).zip(count(row)) {
        Some((ticks, count)) => shift(ticks, count).map(Some).ok_or_else(|| {
            Error::new(ErrorKind::Function, format!("a {data_type} is moved out of the range of its type"))
        }),
        None => Ok(None),
    })?;
    let counts = || {
        let counts = moved.as_primitive_opt::<Int64Type>();
        counts.ok_or_else(|| Error::new(ErrorKind::Internal, "counts that are not of 64 bits"))
    };
    Ok(match data_type {
        SqlType::Date => Arc::new(counts()?.unary::<_, Date32Type>(day_of)),
        SqlType::Time(_) => Arc::new(
            counts()?.unary::<_, Time32MillisecondType>(|millis| millis.rem_euclid(MILLIS_PER_DAY) as i32),
        ),
        _ => from_ticks(&moved, precision)?,
    })
}

fn day_of(millis: i64) -> i32 {
    let days = CivilDate::from_days(millis.div_euclid(MILLIS_PER_DAY)).days();
    i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX })
}
