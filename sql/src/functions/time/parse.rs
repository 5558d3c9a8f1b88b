//! TO_DATE, TO_TIMESTAMP and TO_TIMESTAMP_LTZ.

use arrow_array::ArrayRef;
use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type};
use millstream_runtime::Result;

use super::constant_argument;
use super::format::{failed, simple_failed};
use super::pattern_cache::{PatternCache, formatter_message};
use crate::error::{SqlError, SqlResult};
use crate::eval::{Argument, Arguments, BuildContext, EvalContext, Kernel};
use crate::functions::cast::from_ticks;
use crate::functions::lift::{kernel, numbers};
use crate::functions::{Call, Parameter, Returns, ScalarFunction, Signature, constant_text};
use crate::types::calendar::TimestampUnit;
use crate::types::text::pattern::{Pattern, PatternError};
use crate::types::text::timestamp::{parse_date, parse_timestamp, parse_timestamp_jdbc};
use crate::types::zone::Zone;
use crate::types::{Field, SqlType, TimeKind};

/// The precision where nothing says another.
const DEFAULT_PRECISION: u8 = 3;
const TEXT_AND_PATTERN: &[Parameter] = &[Parameter::Text, Parameter::Text];

pub(in crate::functions) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new(
        "TO_DATE",
        Signature::optional(TEXT_AND_PATTERN, 1, Returns::Nullable(SqlType::Date)),
        |arguments, _, _| match arguments {
            [_] => kernel(|call| {
                let texts = call.texts(0)?;
                numbers::<Date32Type>(call.rows(), |row| Ok(texts.get(row).and_then(parse_date)))
            }),
            _ => Ok(Box::new(dates)),
        },
    )
    .on_demand(),
    ScalarFunction::new(
        "TO_TIMESTAMP",
        Signature::optional(
            TEXT_AND_PATTERN,
            1,
            Returns::Nullable(SqlType::Timestamp(DEFAULT_PRECISION, TimeKind::Regular)),
        ),
        |arguments, _, _| match arguments {
            [_] => kernel(|call| {
                let texts = call.texts(0)?;
                let parsed = numbers::<Int64Type>(call.rows(), |row| {
                    Ok(texts.get(row).and_then(|text| parse_timestamp(text, DEFAULT_PRECISION)))
                });
                from_ticks(&parsed?, DEFAULT_PRECISION)
            }),
            _ => kernel(|call| timestamps(call, DEFAULT_PRECISION, |local, _| Ok(Some(local)))),
        },
    )
    .on_demand(),
    ScalarFunction::new("TO_TIMESTAMP_LTZ", Signature::Custom(instant_signature), instants).on_demand(),
];

/// Texts and the patterns they are in.
fn dates(call: &Arguments<'_>, cx: &EvalContext) -> Result<ArrayRef> {
    let (texts, patterns) = (call.texts(0)?, call.texts(1)?);
    let mut cache = PatternCache::simple(cx.now);
    numbers::<Date32Type>(call.rows(), |row| {
        let Some((text, pattern)) = texts.get(row).zip(patterns.get(row)) else { return Ok(None) };
        let reading = cache.get(pattern).map_err(simple_failed)?.parse(text);
        Ok(reading.and_then(|reading| i32::try_from(reading.date().days()).ok()))
    })
}

/// Texts and the patterns they are in, as timestamps of which `place` makes others. A text in another form, and a pattern
/// that is none, give NULL.
fn timestamps(
    call: &Arguments<'_>,
    precision: u8,
    mut place: impl FnMut(i64, usize) -> Result<Option<i64>>,
) -> Result<ArrayRef> {
    let (texts, patterns) = (call.texts(0)?, call.texts(1)?);
    let mut cache = PatternCache::<Pattern>::new();
    let parsed = numbers::<Int64Type>(call.rows(), |row| {
        let Some((text, pattern)) = texts.get(row).zip(patterns.get(row)) else { return Ok(None) };
        let local = match cache.get(pattern) {
            Ok(pattern) => parse(pattern, text, precision),
            Err(error @ PatternError::Unsupported(_)) => return Err(failed(formatter_message(error))),
            Err(_) => None,
        };
        local.map_or(Ok(None), |local| place(local, row))
    });
    from_ticks(&parsed?, precision)
}

fn parse(pattern: &Pattern, text: &str, precision: u8) -> Option<i64> {
    match pattern.parse(text) {
        Some(reading) => reading.truncated(precision).timestamp(TimestampUnit::of_precision(precision)),
        // Flink tries this for `1999-9-10 05:20:10`, whatever the pattern is.
        None => parse_timestamp_jdbc(text.trim(), precision),
    }
}

fn instant_signature(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(1, 3)?;
    let value = call.data_type(0);
    let precision = match call.arguments.len() {
        1 if value.is_text() || value.is_numeric() => DEFAULT_PRECISION,
        2 if value.is_numeric() && call.data_type(1) == SqlType::Int => instant_precision(call)?,
        count if count > 1 && (0..count).all(|index| call.data_type(index).is_text()) => {
            format_precision(call)
        }
        _ => return Err(call.mismatch()),
    };
    if let Some(Err(error)) = constant_argument(call, 2).as_ref().and_then(constant_text).map(Zone::of) {
        return Err(SqlError::validation(format!(
            "Invalid timezone for parsing TIMESTAMP_LTZ: Unknown time-zone ID: {}",
            error.id
        )));
    }
    if value.is_integer() {
        call.cast(0, &SqlType::BigInt);
    } else if value.is_approximate() {
        call.cast(0, &SqlType::Double);
    }
    Ok(Field::nullable(SqlType::TimestampLtz(precision, TimeKind::Regular)))
}

/// The precision that is given as a constant; results have that of milliseconds at least.
fn instant_precision(call: &Call) -> SqlResult<u8> {
    let constant = call.arguments.get(1).and_then(|argument| argument.as_constant());
    let values = constant.filter(|constant| !constant.is_null()).map(|constant| constant.array().clone());
    let Some(precision) = values.and_then(|values| {
        use arrow_array::cast::AsArray;
        Some(values.as_primitive_opt::<Int32Type>()?.value(0))
    }) else {
        return Ok(DEFAULT_PRECISION);
    };
    match u8::try_from(precision) {
        Ok(precision) if precision <= 9 => Ok(precision.max(DEFAULT_PRECISION)),
        _ => Err(SqlError::validation(format!(
            "Precision for TO_TIMESTAMP_LTZ must be between 0 and 9 but was {precision}."
        ))),
    }
}

/// The precision for a constant pattern: as many digits as it ends with.
fn format_precision(call: &Call) -> u8 {
    let digits = constant_argument(call, 1)
        .as_ref()
        .and_then(constant_text)
        .map_or(0, |pattern| pattern.len() - pattern.trim_end_matches('S').len());
    u8::try_from(digits.min(9)).unwrap_or(9).max(DEFAULT_PRECISION)
}

fn instants(arguments: &[Argument], result: &Field, _: &BuildContext) -> SqlResult<Box<dyn Kernel>> {
    let SqlType::TimestampLtz(precision, _) = result.data_type else {
        return Err(SqlError::unsupported("TO_TIMESTAMP_LTZ of another type"));
    };
    let value = arguments.first().map_or(SqlType::Null, |value| value.field.data_type.clone());
    match (value, arguments) {
        (SqlType::BigInt, _) => kernel(move |call| {
            let values = call.numbers::<Int64Type>(0)?;
            epochs(call, precision, |row| values.get(row), from_count)
        }),
        (SqlType::Double, _) => kernel(move |call| {
            let values = call.numbers::<Float64Type>(0)?;
            epochs(call, precision, |row| values.get(row), from_double)
        }),
        (SqlType::Decimal(_, scale), _) => kernel(move |call| {
            let values = call.numbers::<Decimal128Type>(0)?;
            let whole = crate::functions::decimal::power_of_ten(scale);
            epochs(call, precision, |row| Some((values.get(row)? / whole) as i64), from_count)
        }),
        // As in Flink, a text without a zone is on the clock of Greenwich, whatever the session's is.
        (_, [_]) => kernel(move |call| {
            let texts = call.texts(0)?;
            let parsed = numbers::<Int64Type>(call.rows(), |row| {
                let Some(text) = texts.get(row) else { return Ok(None) };
                parse_timestamp(text, precision).map(Some).ok_or_else(|| {
                    failed(format!(
                        "java.time.format.DateTimeParseException: Text '{text}' could not be parsed"
                    ))
                })
            });
            from_ticks(&parsed?, precision)
        }),
        (_, [_, _]) => kernel(move |call| timestamps(call, precision, |local, _| Ok(Some(local)))),
        (_, [_, _, _]) => kernel(move |call| in_zones(call, precision)),
        _ => Err(SqlError::unsupported("TO_TIMESTAMP_LTZ of these arguments")),
    }
}

/// Texts on the clock of the zone that stands beside them; NULL for a zone that there is not.
fn in_zones(call: &Arguments<'_>, precision: u8) -> Result<ArrayRef> {
    let zones = call.texts(2)?;
    let mut last: Option<(String, Option<Zone>)> = None;
    timestamps(call, precision, |local, row| {
        let Some(name) = zones.get(row) else { return Ok(None) };
        let entry = match last.take() {
            Some(last) if last.0 == name => last,
            _ => (name.to_owned(), Zone::of(name).ok()),
        };
        let zone = last.insert(entry).1.as_ref();
        Ok(zone.and_then(|zone| zone.to_instant(local, precision)))
    })
}

/// Counts since 1970, with the precision that stands beside them.
fn epochs<T>(
    call: &Arguments<'_>,
    target: u8,
    value: impl Fn(usize) -> Option<T>,
    instant: fn(T, u32) -> Option<(i64, i64)>,
) -> Result<ArrayRef> {
    let precisions = if call.len() > 1 { Some(call.numbers::<Int32Type>(1)?) } else { None };
    let unit = TimestampUnit::of_precision(target);
    let ticks = numbers::<Int64Type>(call.rows(), |row| {
        let given =
            precisions.as_ref().map_or(Some(i32::from(DEFAULT_PRECISION)), |precisions| precisions.get(row));
        let digits = given.and_then(|given| u32::try_from(given).ok()).filter(|digits| *digits <= 9);
        let instant = digits.and_then(|digits| instant(value(row)?, digits));
        Ok(instant.and_then(|(seconds, nanos)| {
            let millis = seconds.checked_mul(1_000)?.checked_add(nanos / 1_000_000)?;
            unit.from_millis(millis, (nanos % 1_000_000) as u32)
        }))
    });
    from_ticks(&ticks?, target)
}

/// Seconds since 1970, and nanoseconds beyond them; `None` before the year 0 and after the year 9999.
fn from_count(count: i64, digits: u32) -> Option<(i64, i64)> {
    const SECONDS: std::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;
    let factor = 10_i64.pow(digits.min(9));
    let (seconds, rest) = (count.div_euclid(factor), count.rem_euclid(factor));
    SECONDS.contains(&seconds).then_some((seconds, rest * (1_000_000_000 / factor)))
}

fn from_double(count: f64, digits: u32) -> Option<(i64, i64)> {
    let factor = 10_i64.pow(digits.min(9)) as f64;
    // Whether the seconds are within the years is asked first: their nanoseconds may not fit.
    from_count((count / factor) as i64, 0)?;
    from_count((count * (1e9 / factor)) as i64, 9)
}
