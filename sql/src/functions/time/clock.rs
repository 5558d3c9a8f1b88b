//! What time it is.
//!
//! Flink asks the clock for every row; here the rows of a chunk get one answer.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Date32Array, Int64Array, Time32MillisecondArray, TimestampMillisecondArray, new_null_array,
};
use millstream_runtime::Result;

use crate::error::SqlResult;
use crate::eval::{Arguments, BuildContext, EvalContext, Kernel};
use crate::functions::{Call, Returns, ScalarFunction, Signature, Volatility};
use crate::types::calendar::MILLIS_PER_DAY;
use crate::types::{Field, SqlType, TimeKind};

const INSTANT: SqlType = SqlType::TimestampLtz(3, TimeKind::Regular);

const fn now(name: &'static str, returns: SqlType, build: crate::functions::Build) -> ScalarFunction {
    ScalarFunction::new(name, Signature::of(&[], Returns::Required(returns)), build)
        .volatile(Volatility::PerChunk)
}

pub(in crate::functions) static FUNCTIONS: &[ScalarFunction] = &[
    now("CURRENT_TIMESTAMP", INSTANT, |_, _, _| instant()),
    now("NOW", INSTANT, |_, _, _| instant()),
    now("CURRENT_ROW_TIMESTAMP", INSTANT, |_, _, _| instant()),
    now("PROCTIME", SqlType::TimestampLtz(3, TimeKind::Proctime), |_, _, _| instant()),
    now("LOCALTIMESTAMP", SqlType::Timestamp(3, TimeKind::Regular), |_, _, cx| {
        local(cx, |millis| Arc::new(TimestampMillisecondArray::from(vec![millis])))
    }),
    now("CURRENT_DATE", SqlType::Date, |_, _, cx| {
        local(cx, |millis| Arc::new(Date32Array::from(vec![millis.div_euclid(MILLIS_PER_DAY) as i32])))
    }),
    now("CURRENT_TIME", SqlType::Time(0), |_, _, cx| local(cx, time)),
    now("LOCALTIME", SqlType::Time(0), |_, _, cx| local(cx, time)),
    ScalarFunction::new("CURRENT_WATERMARK", Signature::Custom(watermark_signature), |_, _, _| {
        Ok(Box::new(watermark))
    })
    .volatile(Volatility::PerChunk),
];

/// A kernel whose value is that of the moment.
fn at(value: impl Fn(i64) -> ArrayRef + Send + Sync + 'static) -> SqlResult<Box<dyn Kernel>> {
    Ok(Box::new(move |_: &Arguments<'_>, cx: &EvalContext| -> Result<ArrayRef> { Ok(value(cx.now)) }))
}

fn instant() -> SqlResult<Box<dyn Kernel>> {
    at(|now| Arc::new(TimestampMillisecondArray::from(vec![now])))
}

/// What the session's clock shows, in milliseconds.
fn local(cx: &BuildContext, value: fn(i64) -> ArrayRef) -> SqlResult<Box<dyn Kernel>> {
    let zone = cx.zone()?;
    at(move |now| value(zone.to_local(now, 3).unwrap_or(now)))
}

/// A TIME(0) has no milliseconds.
fn time(millis: i64) -> ArrayRef {
    let second = millis.rem_euclid(MILLIS_PER_DAY) / 1_000 * 1_000;
    Arc::new(Time32MillisecondArray::from(vec![second as i32]))
}

/// UNIX_TIMESTAMP without an argument.
pub(super) fn seconds() -> SqlResult<Box<dyn Kernel>> {
    at(|now| Arc::new(Int64Array::from(vec![now.div_euclid(1_000)])))
}

fn watermark_signature(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(1, 1)?;
    let is_rowtime = |kind: TimeKind| kind == TimeKind::Rowtime;
    match call.data_type(0) {
        SqlType::Timestamp(precision, kind) if is_rowtime(kind) => {
            Ok(Field::nullable(SqlType::Timestamp(precision, TimeKind::Regular)))
        }
        SqlType::TimestampLtz(precision, kind) if is_rowtime(kind) => {
            Ok(Field::nullable(SqlType::TimestampLtz(precision, TimeKind::Regular)))
        }
        _ => {
            let argument = call.arguments.first().map(|argument| argument.field.to_string());
            Err(crate::error::SqlError::validation(format!(
                "The argument of CURRENT_WATERMARK() must be a rowtime attribute, but was '{}'.",
                argument.unwrap_or_default()
            )))
        }
    }
}

/// The watermark, once there is one.
fn watermark(call: &Arguments<'_>, cx: &EvalContext) -> Result<ArrayRef> {
    let rowtime = call.value(0)?.array().data_type().clone();
    let value: ArrayRef = match cx.watermark {
        None => return Ok(new_null_array(&rowtime, call.rows())),
        Some(millis) => Arc::new(Int64Array::from(vec![millis])),
    };
    let rows = crate::eval::Value::Scalar(value).into_array(call.rows())?;
    let precision = match rowtime {
        arrow_schema::DataType::Timestamp(arrow_schema::TimeUnit::Microsecond, _) => 6,
        arrow_schema::DataType::Timestamp(arrow_schema::TimeUnit::Nanosecond, _) => 9,
        _ => 3,
    };
    crate::functions::cast::from_millis(&rows, precision)
}
