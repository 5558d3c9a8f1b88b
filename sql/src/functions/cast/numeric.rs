//! CAST between the numeric types, as Java converts them.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use millstream_runtime::{Error, ErrorKind, Result};

use crate::functions::decimal::{self, power_of_ten};
use crate::types::SqlType;

/// An integer column at another width: the low bits stay, as in Java.
pub(in crate::functions) fn narrow_integer(values: &ArrayRef, to: &SqlType) -> Result<ArrayRef> {
    if *values.data_type() == to.arrow() { Ok(values.clone()) } else { numeric_to(&integers(values)?, to) }
}

/// Any integer column as BIGINT.
fn integers(values: &ArrayRef) -> Result<PrimitiveArray<Int64Type>> {
    macro_rules! widen {
        ($($kind:ty),+) => {
            $(if let Some(values) = values.as_primitive_opt::<$kind>() {
                return Ok(values.unary(|value| i64::from(value)));
            })+
        };
    }
    widen!(Int8Type, Int16Type, Int32Type, Int64Type);
    Err(Error::new(
        ErrorKind::Internal,
        format!("a column of {} where integers are wanted", values.data_type()),
    ))
}

#[allow(clippy::cast_possible_truncation, reason = "Java's narrowing keeps the low bits")]
#[allow(clippy::cast_precision_loss, reason = "Java's widening to floats rounds")]
fn numeric_to(values: &PrimitiveArray<Int64Type>, to: &SqlType) -> Result<ArrayRef> {
    Ok(match to {
        SqlType::TinyInt => Arc::new(values.unary::<_, Int8Type>(|value| value as i8)),
        SqlType::SmallInt => Arc::new(values.unary::<_, Int16Type>(|value| value as i16)),
        SqlType::Int => Arc::new(values.unary::<_, Int32Type>(|value| value as i32)),
        SqlType::BigInt => Arc::new(values.clone()),
        SqlType::Float => Arc::new(values.unary::<_, Float32Type>(|value| value as f32)),
        SqlType::Double => Arc::new(values.unary::<_, Float64Type>(|value| value as f64)),
        SqlType::Decimal(precision, scale) => {
            let scaled = values.unary_opt::<_, Decimal128Type>(|value| {
                decimal::rescale(i128::from(value), 0, *scale, *precision)
            });
            return decimal::typed(scaled, *precision, *scale);
        }
        other => return Err(Error::new(ErrorKind::Internal, format!("integers as {other}"))),
    })
}

/// A numeric column as another numeric type.
pub(super) fn numeric(values: &ArrayRef, from: &SqlType, to: &SqlType) -> Result<ArrayRef> {
    match from {
        SqlType::Float => {
            let values = primitive::<Float32Type>(values)?;
            match to {
                // Decimals come from the shortest text of the float, not from its exact value.
                SqlType::Decimal(precision, scale) => float_to_decimal(
                    values.iter().map(|value| value.map(|value| value.to_string())),
                    *precision,
                    *scale,
                ),
                _ => float(&values.unary(f64::from), to),
            }
        }
        SqlType::Double => {
            let values = primitive::<Float64Type>(values)?;
            match to {
                SqlType::Decimal(precision, scale) => float_to_decimal(
                    values.iter().map(|value| value.map(|value| value.to_string())),
                    *precision,
                    *scale,
                ),
                _ => float(&values, to),
            }
        }
        SqlType::Decimal(_, scale) => decimal_to(&primitive(values)?, *scale, to),
        _ => numeric_to(&integers(values)?, to),
    }
}

fn primitive<T: ArrowPrimitiveType>(values: &ArrayRef) -> Result<PrimitiveArray<T>> {
    values.as_primitive_opt::<T>().cloned().ok_or_else(|| {
        Error::new(
            ErrorKind::Internal,
            format!("a column of {} where {} is wanted", values.data_type(), T::DATA_TYPE),
        )
    })
}

/// As Java: to INT and BIGINT a float saturates and NaN is 0; to narrower types it goes by way of INT.
#[allow(clippy::cast_possible_truncation, reason = "that is what is asked for")]
fn float(values: &PrimitiveArray<Float64Type>, to: &SqlType) -> Result<ArrayRef> {
    Ok(match to {
        SqlType::TinyInt => Arc::new(values.unary::<_, Int8Type>(|value| value as i32 as i8)),
        SqlType::SmallInt => Arc::new(values.unary::<_, Int16Type>(|value| value as i32 as i16)),
        SqlType::Int => Arc::new(values.unary::<_, Int32Type>(|value| value as i32)),
        SqlType::BigInt => Arc::new(values.unary::<_, Int64Type>(|value| value as i64)),
        SqlType::Float => Arc::new(values.unary::<_, Float32Type>(|value| value as f32)),
        SqlType::Double => Arc::new(values.clone()),
        other => return Err(Error::new(ErrorKind::Internal, format!("floats as {other}"))),
    })
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "as Java's BigDecimal.intValue and doubleValue"
)]
fn decimal_to(values: &PrimitiveArray<Decimal128Type>, scale: u8, to: &SqlType) -> Result<ArrayRef> {
    let whole = |value: i128| value / power_of_ten(scale);
    Ok(match to {
        SqlType::Decimal(precision, new_scale) => {
            let scaled = values.unary_opt(|value| decimal::rescale(value, scale, *new_scale, *precision));
            return decimal::typed(scaled, *precision, *new_scale);
        }
        SqlType::Float => Arc::new(values.unary::<_, Float32Type>(|value| double(value, scale) as f32)),
        SqlType::Double => Arc::new(values.unary::<_, Float64Type>(|value| double(value, scale))),
        other => return numeric_to(&values.unary(|value| whole(value) as i64), other),
    })
}

/// The double nearest to a decimal: by way of its digits, so that it is rounded once.
#[allow(clippy::cast_precision_loss, reason = "exact below 2^53")]
fn double(value: i128, scale: u8) -> f64 {
    const EXACT: u128 = 1 << 53;
    if value.unsigned_abs() <= EXACT && scale <= 22 {
        return value as f64 / 10_f64.powi(i32::from(scale));
    }
    format!("{value}e-{scale}").parse().unwrap_or(f64::NAN)
}

/// Texts of floats without exponents, as Rust writes them.
fn float_to_decimal(
    texts: impl Iterator<Item = Option<String>>,
    precision: u8,
    scale: u8,
) -> Result<ArrayRef> {
    let values = texts.map(|text| {
        let text = text?;
        let (negative, digits) = text.strip_prefix('-').map_or((false, &*text), |digits| (true, digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let kept = fraction.get(..fraction.len().min(30)).unwrap_or(fraction);
        let unscaled: i128 = format!("{whole}{kept}").parse().ok()?;
        let unscaled = if negative { -unscaled } else { unscaled };
        decimal::rescale(unscaled, u8::try_from(kept.len()).ok()?, scale, precision)
    });
    decimal::typed(values.collect(), precision, scale)
}
