//! Constants as they are written, and their types.

use std::sync::Arc;

use arrow_array::types::Decimal128Type;
use arrow_array::{
    ArrayRef, BinaryViewArray, Date32Array, Float64Array, Int32Array, Int64Array, PrimitiveArray,
    StringViewArray, Time32MillisecondArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray,
};

use crate::chunk::arrow_error;
use crate::error::{SqlError, SqlResult};
use crate::parser::Span;
use crate::parser::ast::{IntervalQualifier, Literal};
use crate::plan::Expression;
use crate::types::text::interval::{Interval, parse_interval};
use crate::types::text::timestamp::{parse_date_literal, parse_time_literal, parse_timestamp_literal};
use crate::types::{SqlType, TimeKind};

/// Text as CHAR(n).
pub(crate) fn text(value: &str) -> Expression {
    let length = u32::try_from(value.chars().count()).unwrap_or(u32::MAX);
    Expression::constant(Arc::new(StringViewArray::from(vec![value])), SqlType::Char(length))
}

/// A whole number as BIGINT.
pub(crate) fn integer(value: i64) -> Expression {
    Expression::constant(Arc::new(Int64Array::from(vec![value])), SqlType::BigInt)
}

/// A constant as an expression.
pub(crate) fn literal(literal: &Literal, span: Span) -> SqlResult<Expression> {
    let constant = |values: ArrayRef, data_type: SqlType| Ok(Expression::constant(values, data_type));
    match literal {
        Literal::Null => Ok(Expression::null(SqlType::Null)),
        Literal::Unknown => Ok(Expression::null(SqlType::Boolean)),
        Literal::Boolean(value) => Ok(Expression::boolean(*value)),
        Literal::Number(written) => number(written).map_err(|error| error.at(span)),
        Literal::String { value, .. } => Ok(text(value)),
        Literal::Binary(digits) => {
            let bytes = hexadecimal(digits).ok_or_else(|| {
                SqlError::validation(format!("X'{digits}' has digits that are not hexadecimal")).at(span)
            })?;
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            constant(Arc::new(BinaryViewArray::from(vec![&*bytes])), SqlType::Binary(length))
        }
        Literal::Date(written) => match parse_date_literal(written) {
            Some(days) => constant(Arc::new(Date32Array::from(vec![days])), SqlType::Date),
            None => Err(illegal("DATE", written, "2020-01-31").at(span)),
        },
        Literal::Time(written) => match parse_time_literal(written) {
            Some((millis, precision)) => {
                constant(Arc::new(Time32MillisecondArray::from(vec![millis])), SqlType::Time(precision))
            }
            None => Err(illegal("TIME", written, "10:00:00").at(span)),
        },
        Literal::Timestamp(written) => match parse_timestamp_literal(written) {
            Some((value, precision)) => {
                constant(timestamps(value, precision), SqlType::Timestamp(precision, TimeKind::Regular))
            }
            None => Err(illegal("TIMESTAMP", written, "2020-01-31 10:00:00").at(span)),
        },
        // The session's time zone says which instant it is.
        Literal::TimestampWithLocalTimeZone(written) => match parse_timestamp_literal(written) {
            Some((value, precision)) => {
                let local = SqlType::Timestamp(precision, TimeKind::Regular);
                let instant = SqlType::TimestampLtz(precision, TimeKind::Regular);
                Ok(Expression::constant(timestamps(value, precision), local).cast_to(&instant))
            }
            None => Err(illegal("TIMESTAMP WITH LOCAL TIME ZONE", written, "2020-01-31 10:00:00").at(span)),
        },
    }
}

fn illegal(kind: &str, written: &str, right: &str) -> SqlError {
    SqlError::validation(format!("Illegal {kind} literal '{written}'"))
        .with_hint(format!("write it as {kind} '{right}'"))
}

/// A column of one timestamp, in the unit of its precision.
fn timestamps(value: i64, precision: u8) -> ArrayRef {
    match precision {
        0..=3 => Arc::new(TimestampMillisecondArray::from(vec![value])),
        4..=6 => Arc::new(TimestampMicrosecondArray::from(vec![value])),
        _ => Arc::new(TimestampNanosecondArray::from(vec![value])),
    }
}

fn hexadecimal(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// Whole numbers are INT, BIGINT or DECIMAL as they need; with a point DECIMAL, with an exponent DOUBLE.
fn number(written: &str) -> SqlResult<Expression> {
    let out_of_range = || SqlError::validation(format!("Numeric literal '{written}' out of range"));
    if written.contains(['e', 'E']) {
        let value: f64 = written.parse().map_err(|_| out_of_range())?;
        return Ok(Expression::constant(Arc::new(Float64Array::from(vec![value])), SqlType::Double));
    }
    if let Ok(value) = written.parse::<i32>() {
        return Ok(Expression::constant(Arc::new(Int32Array::from(vec![value])), SqlType::Int));
    }
    if let Ok(value) = written.parse::<i64>() {
        return Ok(Expression::constant(Arc::new(Int64Array::from(vec![value])), SqlType::BigInt));
    }
    let (whole, fraction) = written.split_once('.').unwrap_or((written, ""));
    // A zero before the point counts, as in Calcite: 0.9 is a DECIMAL(2, 1), .9 a DECIMAL(1, 1).
    let precision = u8::try_from(whole.len() + fraction.len()).map_err(|_| out_of_range())?;
    let scale = u8::try_from(fraction.len()).map_err(|_| out_of_range())?;
    let unscaled: i128 = format!("{whole}{fraction}").parse().map_err(|_| out_of_range())?;
    if precision > 38 {
        return Err(out_of_range());
    }
    let values = PrimitiveArray::<Decimal128Type>::from_iter_values([unscaled]);
    let values = values
        .with_precision_and_scale(precision, scale.cast_signed())
        .map_err(|error| SqlError::validation(arrow_error(error).to_string()))?;
    Ok(Expression::constant(Arc::new(values), SqlType::Decimal(precision, scale)))
}

/// `INTERVAL 'text' qualifier`
pub(crate) fn interval(
    negative: bool,
    written: &str,
    qualifier: &IntervalQualifier,
    span: Span,
) -> SqlResult<Expression> {
    let parsed = parse_interval(written, *qualifier).map_err(|error| {
        SqlError::validation(format!("Illegal interval literal '{written}': {error}")).at(span)
    })?;
    Ok(match parsed {
        Interval::Months(months) => {
            let months = if negative { -months } else { months };
            Expression::constant(Arc::new(Int32Array::from(vec![months])), SqlType::IntervalYearMonth)
        }
        Interval::Millis(millis) => {
            let millis = if negative { -millis } else { millis };
            Expression::constant(Arc::new(Int64Array::from(vec![millis])), SqlType::IntervalDayTime)
        }
    })
}
