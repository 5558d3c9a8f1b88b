//! EXTRACT, and the functions that are short for it.

use arrow_array::types::{Date32Type, Int32Type, Int64Type, Time32MillisecondType};

use super::{Ticks, clock_of, precision_of, unit};
use crate::error::{SqlError, SqlResult};
use crate::eval::{BuildContext, Kernel};
use crate::functions::lift::{kernel, numbers};
use crate::functions::{Call, ScalarFunction, Signature};
use crate::parser::ast::TimeUnit;
use crate::types::calendar::{extract_date, extract_time, extract_timestamp};
use crate::types::{Field, SqlType};

/// A function of one argument that takes one field of it.
macro_rules! field {
    ($name:literal, $unit:expr) => {
        ScalarFunction::new(
            $name,
            Signature::Custom(|call| {
                call.expect_count(1, 1)?;
                check(call, $unit, 0)
            }),
            |arguments, _, cx| match arguments {
                [value] => build($unit, 0, &value.field.data_type, cx),
                _ => Err(SqlError::unsupported(concat!($name, " without an argument"))),
            },
        )
    };
}

pub(in crate::functions) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("EXTRACT", Signature::Custom(signature), |arguments, _, cx| match arguments {
        [name, value] => build(unit(Some(name))?, 1, &value.field.data_type, cx),
        _ => Err(SqlError::unsupported("EXTRACT without a unit and a value")),
    }),
    field!("YEAR", TimeUnit::Year),
    field!("QUARTER", TimeUnit::Quarter),
    field!("MONTH", TimeUnit::Month),
    field!("WEEK", TimeUnit::Week),
    field!("DAYOFYEAR", TimeUnit::DayOfYear),
    field!("DAYOFMONTH", TimeUnit::Day),
    field!("DAYOFWEEK", TimeUnit::DayOfWeek),
    field!("HOUR", TimeUnit::Hour),
    field!("MINUTE", TimeUnit::Minute),
    field!("SECOND", TimeUnit::Second),
];

fn signature(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(2, 2)?;
    let unit = super::constant_unit(call, 0)?;
    check(call, unit, 1)
}

/// Whether values of the argument's type have the field.
fn check(call: &Call, unit: TimeUnit, index: usize) -> SqlResult<Field> {
    use TimeUnit::{Day, Hour, Microsecond, Millisecond, Minute, Month, Nanosecond, Quarter, Second, Year};
    let field = Field::new(SqlType::BigInt, call.any_nullable());
    let finer = matches!(unit, Microsecond | Nanosecond);
    match call.data_type(index) {
        SqlType::Timestamp(..) | SqlType::TimestampLtz(..) => Ok(field),
        SqlType::Date if !finer => Ok(field),
        SqlType::Time(_) if !finer && extract_time(unit, 0).is_some() => Ok(field),
        data_type @ (SqlType::Date | SqlType::Time(_)) => {
            Err(SqlError::validation(format!("unit {unit} can not be applied to {data_type} variable")))
        }
        SqlType::IntervalDayTime if matches!(unit, Day | Hour | Minute | Second | Millisecond) => Ok(field),
        SqlType::IntervalYearMonth if matches!(unit, Year | Quarter | Month) => Ok(field),
        _ => Err(call.mismatch()),
    }
}

fn build(unit: TimeUnit, index: usize, data_type: &SqlType, cx: &BuildContext) -> SqlResult<Box<dyn Kernel>> {
    match data_type {
        SqlType::Date => kernel(move |call| {
            let days = call.numbers::<Date32Type>(index)?;
            numbers::<Int64Type>(call.rows(), |row| Ok(days.get(row).map(|day| extract_date(unit, day))))
        }),
        SqlType::Time(_) => kernel(move |call| {
            let times = call.numbers::<Time32MillisecondType>(index)?;
            numbers::<Int64Type>(call.rows(), |row| {
                Ok(times.get(row).and_then(|time| extract_time(unit, time)))
            })
        }),
        SqlType::IntervalDayTime => kernel(move |call| {
            let millis = call.numbers::<Int64Type>(index)?;
            numbers::<Int64Type>(call.rows(), |row| {
                Ok(millis.get(row).map(|millis| millis_field(unit, millis)))
            })
        }),
        SqlType::IntervalYearMonth => kernel(move |call| {
            let months = call.numbers::<Int32Type>(index)?;
            numbers::<Int64Type>(call.rows(), |row| {
                Ok(months.get(row).map(|months| months_field(unit, months)))
            })
        }),
        // As in Flink, EPOCH of an instant is what the session's clock shows, too.
        _ => {
            let clock = clock_of(data_type, cx.zone()?);
            let precision = precision_of(data_type);
            kernel(move |call| {
                let ticks = Ticks::of(call, index)?;
                numbers::<Int64Type>(call.rows(), |row| {
                    let local = ticks.get(row).and_then(|ticks| clock.to_local(ticks, precision));
                    Ok(local.map(|local| extract_timestamp(unit, local, precision)))
                })
            })
        }
    }
}

/// A part of an interval in milliseconds: days, and what is beyond them.
const fn millis_field(unit: TimeUnit, millis: i64) -> i64 {
    match unit {
        TimeUnit::Day => millis / 86_400_000,
        TimeUnit::Hour => millis / 3_600_000 % 24,
        TimeUnit::Minute => millis / 60_000 % 60,
        TimeUnit::Millisecond => millis % 1_000,
        _ => millis / 1_000 % 60,
    }
}

/// A part of an interval in months: years, and what is beyond them.
fn months_field(unit: TimeUnit, months: i32) -> i64 {
    let months = i64::from(months);
    match unit {
        TimeUnit::Year => months / 12,
        TimeUnit::Quarter => (months % 12 - 1) / 3 + 1,
        _ => months % 12,
    }
}
