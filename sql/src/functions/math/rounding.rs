//! Functions that keep the kind of number: ABS, SIGN, CEIL, FLOOR, ROUND, TRUNCATE.

mod digits;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_schema::DataType;
use millstream_runtime::{Error, ErrorKind, Result};

use self::digits::{Rounding, round_decimal, round_double, round_integer};
use super::super::Parameter::{Int, Numeric};
use super::super::decimal::{power_of_ten, typed};
use super::super::lift::{kernel, numbers};
use super::super::{Call, Returns, ScalarFunction, Signature};
use crate::error::SqlResult;
use crate::eval::{Arguments, Kernel};
use crate::types::{Field, SqlType};

const SAME: Signature = Signature::of(&[Numeric], Returns::SameAs(0));

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("ABS", SAME, |_, _, _| {
        each(Each {
            byte: i8::wrapping_abs,
            short: i16::wrapping_abs,
            int: i32::wrapping_abs,
            long: i64::wrapping_abs,
            float: f64::abs,
            decimal: |value, _| value.abs(),
        })
    }),
    ScalarFunction::new("SIGN", SAME, |_, _, _| {
        each(Each {
            byte: i8::signum,
            short: i16::signum,
            int: i32::signum,
            long: i64::signum,
            float: |value| if value == 0.0 || value.is_nan() { value } else { value.signum() },
            decimal: |value, scale| value.signum() * power_of_ten(scale),
        })
    }),
    ScalarFunction::new("CEIL", Signature::Custom(whole), |_, result, _| {
        to_whole(result, f64::ceil, |value, unit| -(-value).div_euclid(unit))
    }),
    ScalarFunction::new("FLOOR", Signature::Custom(whole), |_, result, _| {
        to_whole(result, f64::floor, i128::div_euclid)
    }),
    // They fail for what is no number.
    ScalarFunction::new("ROUND", Signature::Custom(rounded), |_, result, _| round(result, Rounding::HalfUp))
        .on_demand(),
    ScalarFunction::new("TRUNCATE", Signature::Custom(rounded), |_, result, _| round(result, Rounding::Down))
        .on_demand(),
];

/// A function of each kind of number; that of a decimal knows its scale.
#[derive(Clone, Copy)]
struct Each {
    byte: fn(i8) -> i8,
    short: fn(i16) -> i16,
    int: fn(i32) -> i32,
    long: fn(i64) -> i64,
    float: fn(f64) -> f64,
    decimal: fn(i128, u8) -> i128,
}

#[allow(clippy::cast_possible_truncation, reason = "a float that was widened")]
fn each(functions: Each) -> SqlResult<Box<dyn Kernel>> {
    kernel(move |call| {
        let values = call.array(0)?;
        Ok(match values.data_type() {
            DataType::Int8 => {
                Arc::new(values.as_primitive::<Int8Type>().unary::<_, Int8Type>(functions.byte))
            }
            DataType::Int16 => {
                Arc::new(values.as_primitive::<Int16Type>().unary::<_, Int16Type>(functions.short))
            }
            DataType::Int32 => {
                Arc::new(values.as_primitive::<Int32Type>().unary::<_, Int32Type>(functions.int))
            }
            DataType::Int64 => {
                Arc::new(values.as_primitive::<Int64Type>().unary::<_, Int64Type>(functions.long))
            }
            DataType::Float32 => Arc::new(
                values
                    .as_primitive::<Float32Type>()
                    .unary::<_, Float32Type>(|value| (functions.float)(value.into()) as f32),
            ),
            DataType::Float64 => {
                Arc::new(values.as_primitive::<Float64Type>().unary::<_, Float64Type>(functions.float))
            }
            DataType::Decimal128(precision, scale) => {
                let scale = scale.unsigned_abs();
                let values = values.as_primitive::<Decimal128Type>();
                let computed: PrimitiveArray<Decimal128Type> =
                    values.unary(|value| (functions.decimal)(value, scale));
                return typed(computed, *precision, scale);
            }
            other => return Err(no_number(other)),
        })
    })
}

fn no_number(data_type: &DataType) -> Error {
    Error::new(ErrorKind::Internal, format!("a column of {data_type} where numbers are wanted"))
}

/// The type of CEIL and FLOOR: that of the argument, without a fraction if it is a decimal.
fn whole(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(1, 1)?;
    call.expect(0, Numeric)?;
    let data_type = match call.data_type(0) {
        SqlType::Decimal(precision, _) => SqlType::Decimal(precision, 0),
        other => other,
    };
    Ok(Field::new(data_type, call.any_nullable()))
}

#[allow(clippy::cast_possible_truncation, reason = "a float that was widened")]
fn to_whole(
    result: &Field,
    float: fn(f64) -> f64,
    divide: fn(i128, i128) -> i128,
) -> SqlResult<Box<dyn Kernel>> {
    let precision = match result.data_type {
        SqlType::Decimal(precision, _) => precision,
        _ => 0,
    };
    kernel(move |call| {
        let values = call.array(0)?;
        Ok(match values.data_type() {
            DataType::Float32 => Arc::new(
                values
                    .as_primitive::<Float32Type>()
                    .unary::<_, Float32Type>(|value| float(value.into()) as f32),
            ),
            DataType::Float64 => {
                Arc::new(values.as_primitive::<Float64Type>().unary::<_, Float64Type>(float))
            }
            DataType::Decimal128(_, scale) => {
                let unit = power_of_ten(scale.unsigned_abs());
                let values = values.as_primitive::<Decimal128Type>();
                let computed: PrimitiveArray<Decimal128Type> = values.unary(|value| divide(value, unit));
                return typed(computed, precision, 0);
            }
            _ => values,
        })
    })
}

/// The type of ROUND and TRUNCATE: a decimal has as many digits behind the point as are asked for.
fn rounded(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(1, 2)?;
    call.expect(0, Numeric)?;
    let mut digits = Some(0);
    if call.arguments.len() > 1 {
        call.expect(1, Int)?;
        digits = call.constant_int(1);
    }
    let nullable = call.any_nullable();
    let (SqlType::Decimal(precision, scale), Some(digits)) = (call.data_type(0), digits) else {
        return Ok(Field::new(call.data_type(0), nullable));
    };
    let whole = u32::from(precision - scale) + 1;
    let data_type = match u8::try_from(digits) {
        Ok(digits) if digits >= scale => SqlType::Decimal(precision, scale),
        Ok(digits) => decimal(whole + u32::from(digits), digits),
        Err(_) if digits > 0 => SqlType::Decimal(precision, scale),
        Err(_) => decimal(whole, 0),
    };
    Ok(Field::new(data_type, nullable))
}

fn decimal(precision: u32, scale: u8) -> SqlType {
    SqlType::Decimal(u8::try_from(precision.min(38)).unwrap_or(38), scale)
}

fn round(result: &Field, rounding: Rounding) -> SqlResult<Box<dyn Kernel>> {
    let decimal = match result.data_type {
        SqlType::Decimal(precision, scale) => Some((precision, scale)),
        _ => None,
    };
    kernel(move |call| {
        let digits = if call.len() > 1 { Some(call.numbers::<Int32Type>(1)?) } else { None };
        let digits = |row: usize| digits.as_ref().map_or(Some(0), |digits| digits.get(row));
        rounded_values(call, rounding, decimal, &digits)
    })
}

#[allow(clippy::cast_possible_truncation, reason = "as Java's BigDecimal.intValue and floatValue")]
fn rounded_values(
    call: &Arguments<'_>,
    rounding: Rounding,
    decimal: Option<(u8, u8)>,
    digits: &impl Fn(usize) -> Option<i32>,
) -> Result<ArrayRef> {
    macro_rules! integers {
        ($kind:ty, $native:ty) => {{
            let values = call.numbers::<$kind>(0)?;
            numbers::<$kind>(call.rows(), |row| {
                let both = values.get(row).zip(digits(row));
                Ok(both.map(|(value, digits)| round_integer(value.into(), digits, rounding) as $native))
            })
        }};
    }
    match call.value(0)?.array().data_type() {
        DataType::Int8 => integers!(Int8Type, i8),
        DataType::Int16 => integers!(Int16Type, i16),
        DataType::Int32 => integers!(Int32Type, i32),
        DataType::Int64 => integers!(Int64Type, i64),
        DataType::Float32 => {
            let values = call.numbers::<Float32Type>(0)?;
            numbers::<Float32Type>(call.rows(), |row| {
                let both = values.get(row).zip(digits(row));
                both.map(|(value, digits)| Ok(round_double(value.into(), digits, rounding)? as f32))
                    .transpose()
            })
        }
        DataType::Float64 => {
            let values = call.numbers::<Float64Type>(0)?;
            numbers::<Float64Type>(call.rows(), |row| {
                let both = values.get(row).zip(digits(row));
                both.map(|(value, digits)| round_double(value, digits, rounding)).transpose()
            })
        }
        DataType::Decimal128(_, scale) => {
            let (from, (precision, to)) = (scale.unsigned_abs(), decimal.unwrap_or((38, 0)));
            let values = call.numbers::<Decimal128Type>(0)?;
            let rounded = (0..call.rows()).map(|row| {
                let (value, digits) = values.get(row).zip(digits(row))?;
                round_decimal(value, from, digits, rounding, (precision, to))
            });
            typed(rounded.collect(), precision, to)
        }
        other => Err(no_number(other)),
    }
}
