//! Text to numbers, BOOLEAN, dates and times. The messages are those of Flink's `BinaryStringDataUtil` and of Java.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time32MillisecondType,
};
use arrow_array::{Array, ArrayRef, StringViewArray};
use millstream_runtime::{Error, ErrorKind, Result};

use super::temporal::from_ticks;
use super::{Conversion, OnFailure};
use crate::error::{SqlError, SqlResult};
use crate::functions::{decimal, lift};
use crate::types::SqlType;
use crate::types::text::NumberFormatError;
use crate::types::text::boolean::parse_boolean;
use crate::types::text::decimal::parse_decimal;
use crate::types::text::number::{parse_double, parse_float, parse_integer};
use crate::types::text::timestamp::{parse_date, parse_time, parse_timestamp};
use crate::types::zone::Zone;

/// From CHAR or VARCHAR to another type.
pub(super) fn conversion(to: &SqlType, zone: &Zone, on_failure: OnFailure) -> SqlResult<Conversion> {
    let zone = zone.clone();
    Ok(match *to {
        SqlType::Boolean => Box::new(move |values| {
            let values = texts(values)?;
            lift::booleans(values.len(), |row| {
                let Some(text) = text(values, row) else { return Ok(None) };
                parse_boolean(text)
                    .map_or_else(|| failed(on_failure, || not_boolean(text)), |value| Ok(Some(value)))
            })
        }),
        SqlType::TinyInt => integers::<Int8Type>(on_failure),
        SqlType::SmallInt => integers::<Int16Type>(on_failure),
        SqlType::Int => integers::<Int32Type>(on_failure),
        SqlType::BigInt => integers::<Int64Type>(on_failure),
        SqlType::Float => read::<Float32Type, _>(on_failure, parse_float, not_floating),
        SqlType::Double => read::<Float64Type, _>(on_failure, parse_double, not_floating),
        SqlType::Decimal(precision, scale) => {
            let unscaled = read::<Decimal128Type, _>(
                on_failure,
                move |text| parse_decimal(text, precision, scale),
                |text, error| not_number(text.trim_matches([' ', '\t', '\n']), error),
            );
            Box::new(move |values| {
                let unscaled = unscaled(values)?;
                let unscaled = unscaled.as_primitive_opt::<Decimal128Type>().cloned();
                decimal::typed(unscaled.ok_or_else(|| wrong("DECIMAL"))?, precision, scale)
            })
        }
        SqlType::Date => read::<Date32Type, _>(
            on_failure,
            |text| parse_date(text).ok_or(()),
            |text, ()| format!("java.time.DateTimeException: For input string: '{text}'."),
        ),
        SqlType::Time(precision) => read::<Time32MillisecondType, _>(
            on_failure,
            move |text| parse_time(text, precision).ok_or(()),
            |text, ()| {
                format!(
                    "java.time.DateTimeException: Invalid time format: '{text}'. Expected format: HH:mm:ss[.fff] where HH is 00-23, mm is 00-59, ss is 00-59"
                )
            },
        ),
        SqlType::Timestamp(precision, _) => {
            let ticks = read::<Int64Type, _>(
                on_failure,
                move |text| parse_timestamp(text, precision).ok_or(()),
                not_timestamp,
            );
            Box::new(move |values| from_ticks(&ticks(values)?, precision))
        }
        SqlType::TimestampLtz(precision, _) => {
            let instant = move |text: &str| {
                parse_timestamp(text, precision).and_then(|local| zone.to_instant(local, precision)).ok_or(())
            };
            let ticks = read::<Int64Type, _>(on_failure, instant, not_timestamp);
            Box::new(move |values| from_ticks(&ticks(values)?, precision))
        }
        _ => return Err(SqlError::unsupported(format!("CAST from STRING to {to} is not supported"))),
    })
}

fn texts(values: &ArrayRef) -> Result<&StringViewArray> {
    values.as_string_view_opt().ok_or_else(|| wrong("text"))
}

fn wrong(wanted: &str) -> Error {
    Error::new(ErrorKind::Internal, format!("a column of another type where {wanted} is wanted"))
}

fn text(values: &StringViewArray, row: usize) -> Option<&str> {
    values.is_valid(row).then(|| values.value(row))
}

/// NULL or an error, for a text that is no value.
fn failed<T>(on_failure: OnFailure, message: impl FnOnce() -> String) -> Result<Option<T>> {
    match on_failure {
        OnFailure::Null => Ok(None),
        OnFailure::Fail => Err(Error::new(ErrorKind::Function, message())),
    }
}

/// Reads every text of a column.
fn read<T: ArrowPrimitiveType, E: 'static>(
    on_failure: OnFailure,
    parse: impl Fn(&str) -> std::result::Result<T::Native, E> + Send + Sync + 'static,
    message: fn(&str, E) -> String,
) -> Conversion {
    Box::new(move |values| {
        let values = texts(values)?;
        lift::numbers::<T>(values.len(), |row| {
            let Some(text) = text(values, row) else { return Ok(None) };
            parse(text)
                .map_or_else(|error| failed(on_failure, || message(text, error)), |value| Ok(Some(value)))
        })
    })
}

fn integers<T: ArrowPrimitiveType<Native: TryFrom<i64>>>(on_failure: OnFailure) -> Conversion {
    let parse =
        |text: &str| T::Native::try_from(parse_integer(text)?).map_err(|_| NumberFormatError::Overflow);
    read::<T, _>(on_failure, parse, |text, error| not_number(text.trim_matches(' '), error))
}

fn not_boolean(text: &str) -> String {
    format!("org.apache.flink.table.api.TableException: Cannot parse '{text}' as BOOLEAN.")
}

fn not_number(text: &str, error: NumberFormatError) -> String {
    let reason = match error {
        NumberFormatError::Empty => "Input is empty.",
        NumberFormatError::OnlySign => "Input has only positive or negative symbol.",
        NumberFormatError::InvalidCharacter => "Invalid character found.",
        NumberFormatError::Overflow => "Overflow.",
    };
    format!("java.lang.NumberFormatException: For input string: '{text}'. {reason}")
}

fn not_floating(text: &str, error: NumberFormatError) -> String {
    match error {
        NumberFormatError::Empty => "java.lang.NumberFormatException: empty String".to_owned(),
        _ => format!("java.lang.NumberFormatException: For input string: \"{text}\""),
    }
}

fn not_timestamp(text: &str, (): ()) -> String {
    format!(
        "java.time.format.DateTimeParseException: Text '{text}' could not be parsed: a timestamp is written as '2020-01-31 10:00:00.123'"
    )
}
