//! `FLOOR(value TO unit)` and `CEIL(value TO unit)`.

use arrow_array::types::{Date32Type, Int64Type, Time32MillisecondType};

use super::{Ticks, clock_of, constant_unit, precision_of, unit};
use crate::error::{SqlError, SqlResult};
use crate::eval::{Argument, BuildContext, Kernel};
use crate::functions::cast::from_ticks;
use crate::functions::lift::{kernel, numbers};
use crate::functions::{Call, ScalarFunction, Signature};
use crate::parser::ast::TimeUnit;
use crate::types::calendar::{
    MILLIS_PER_DAY, TimestampUnit, ceil_date, ceil_millis, floor_date, floor_millis,
};
use crate::types::zone::{ceil_instant, floor_instant};
use crate::types::{Field, SqlType};

pub(in crate::functions) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("FLOOR TO", Signature::Custom(signature), |arguments, _, cx| {
        build(arguments, cx, Direction::Floor)
    }),
    ScalarFunction::new("CEIL TO", Signature::Custom(signature), |arguments, _, cx| {
        build(arguments, cx, Direction::Ceil)
    }),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Floor,
    Ceil,
}

fn signature(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(2, 2)?;
    let data_type = call.data_type(0);
    if !(data_type.is_timestamp() || matches!(data_type, SqlType::Date | SqlType::Time(_))) {
        return Err(call.mismatch());
    }
    let unit = constant_unit(call, 1)?;
    let has_unit = match data_type {
        SqlType::Time(_) => matches!(unit, TimeUnit::Hour | TimeUnit::Minute | TimeUnit::Second),
        _ => floor_millis(unit, 0).is_some(),
    };
    if !has_unit {
        return Err(SqlError::validation(format!("{data_type} cannot be rounded to {unit}")));
    }
    Ok(Field::new(data_type.materialized(), call.any_nullable()))
}

fn build(arguments: &[Argument], cx: &BuildContext, direction: Direction) -> SqlResult<Box<dyn Kernel>> {
    let [value, name] = arguments else {
        return Err(SqlError::unsupported("rounding without a value and a unit"));
    };
    let unit = unit(Some(name))?;
    let floor = direction == Direction::Floor;
    match &value.field.data_type {
        SqlType::Date => kernel(move |call| {
            let days = call.numbers::<Date32Type>(0)?;
            let round = if floor { floor_date } else { ceil_date };
            numbers::<Date32Type>(call.rows(), |row| Ok(days.get(row).and_then(|day| round(unit, day))))
        }),
        SqlType::Time(_) => kernel(move |call| {
            let times = call.numbers::<Time32MillisecondType>(0)?;
            let round = if floor { floor_millis } else { ceil_millis };
            numbers::<Time32MillisecondType>(call.rows(), |row| {
                let rounded = times.get(row).and_then(|time| round(unit, i64::from(time)));
                // The last hour ends with the day, where times begin again.
                Ok(rounded.map(|time| time.rem_euclid(MILLIS_PER_DAY) as i32))
            })
        }),
        data_type => {
            let (clock, precision) = (clock_of(data_type, cx.zone()?), precision_of(data_type));
            let resolution = TimestampUnit::of_precision(precision);
            kernel(move |call| {
                let ticks = Ticks::of(call, 0)?;
                let round = if floor { floor_instant } else { ceil_instant };
                let rounded = numbers::<Int64Type>(call.rows(), |row| {
                    // As in Flink, what is below a millisecond is cut off first.
                    let millis = ticks.get(row).map(|ticks| resolution.to_millis(ticks).0);
                    let rounded = millis.and_then(|millis| round(unit, millis, &clock));
                    Ok(rounded.and_then(|millis| resolution.from_millis(millis, 0)))
                })?;
                from_ticks(&rounded, precision)
            })
        }
    }
}
