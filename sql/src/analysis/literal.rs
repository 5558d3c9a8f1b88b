//! Constants as they are written, and their types.

use std::sync::Arc;

use arrow_array::types::Decimal128Type;
use arrow_array::{
    ArrayRef, BinaryViewArray, Float64Array, Int32Array, Int64Array, PrimitiveArray, StringViewArray,
};

use super::unsupported;
use crate::chunk::arrow_error;
use crate::error::{SqlError, SqlResult};
use crate::parser::Span;
use crate::parser::ast::{IntervalQualifier, Literal, TimeUnit};
use crate::plan::Expression;
use crate::types::SqlType;

/// Text as CHAR(n).
pub(crate) fn text(value: &str) -> Expression {
    let length = u32::try_from(value.chars().count()).unwrap_or(u32::MAX);
    Expression::constant(Arc::new(StringViewArray::from(vec![value])), SqlType::Char(length))
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
        Literal::Date(_)
        | Literal::Time(_)
        | Literal::Timestamp(_)
        | Literal::TimestampWithLocalTimeZone(_) => unsupported("a literal of a date or time", span),
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
    let invalid = || {
        SqlError::validation(format!("Illegal interval literal format '{written}'"))
            .with_hint("write the number of units in quotes: INTERVAL '10' SECOND")
            .at(span)
    };
    if qualifier.end.is_some() {
        return unsupported("an interval of several units", span);
    }
    let sign = if negative { -1 } else { 1 };
    let months = match qualifier.start {
        TimeUnit::Year => Some(12),
        TimeUnit::Quarter => Some(3),
        TimeUnit::Month => Some(1),
        _ => None,
    };
    if let Some(months) = months {
        let count: i32 = written.trim().parse().map_err(|_| invalid())?;
        let value = count.checked_mul(months * sign).ok_or_else(invalid)?;
        return Ok(Expression::constant(Arc::new(Int32Array::from(vec![value])), SqlType::IntervalYearMonth));
    }
    let unit: i64 = match qualifier.start {
        TimeUnit::Week => 604_800_000,
        TimeUnit::Day => 86_400_000,
        TimeUnit::Hour => 3_600_000,
        TimeUnit::Minute => 60_000,
        TimeUnit::Second => 1_000,
        _ => return Err(invalid()),
    };
    let (whole, fraction) = written.trim().split_once('.').unwrap_or((written.trim(), ""));
    let count: i64 = whole.parse().map_err(|_| invalid())?;
    let millis: i64 = match fraction {
        "" => 0,
        fraction
            if qualifier.start == TimeUnit::Second
                && fraction.bytes().all(|digit| digit.is_ascii_digit()) =>
        {
            format!("{fraction:0<3}").get(..3).and_then(|digits| digits.parse().ok()).ok_or_else(invalid)?
        }
        _ => return Err(invalid()),
    };
    let millis = if whole.starts_with('-') { -millis } else { millis };
    let value = count.checked_mul(unit).and_then(|value| value.checked_add(millis)).ok_or_else(invalid)?;
    Ok(Expression::constant(
        Arc::new(Int64Array::from(vec![value * i64::from(sign)])),
        SqlType::IntervalDayTime,
    ))
}
