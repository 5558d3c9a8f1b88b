//! `Date` and `Time`: points in time at random distances from now.

use crate::connectors::faker::arguments::{Argument, Arguments};
use crate::connectors::faker::calendar;
use crate::connectors::faker::catalog::{Method, Provider};
use crate::connectors::faker::date_format::DateFormat;
use crate::connectors::faker::error::ExpressionError;
use crate::connectors::faker::generator::Generator;
use crate::connectors::faker::instants::{InstantRange, Instants};

const DISTANCE: &str = "'most'[,'least'],'unit'[,'format']";

pub(super) const DATE: Provider = Provider {
    class: "Date",
    methods: &[
        Method::compiled(&["past"], DISTANCE, |arguments| distance(arguments, MILLIS, InstantRange::Past)),
        Method::compiled(&["future"], DISTANCE, |arguments| {
            distance(arguments, MILLIS, InstantRange::Future)
        }),
        Method::compiled(&["birthday"], "['least age','most age'][,'format']", birthday),
        Method::compiled(&["between"], "'from','to'[,'format']", between),
    ],
};

pub(super) const TIME: Provider = Provider {
    class: "Time",
    methods: &[
        Method::compiled(&["past"], DISTANCE, |arguments| time(arguments, InstantRange::TimePast)),
        Method::compiled(&["future"], DISTANCE, |arguments| time(arguments, InstantRange::TimeFuture)),
    ],
};

/// The nanoseconds of a millisecond.
const MILLIS: i64 = 1_000_000;

const DAY_NANOS: i64 = calendar::DAY_MILLIS * MILLIS;

fn time(
    arguments: &Arguments<'_>,
    range: fn(i64, i64) -> InstantRange,
) -> Result<Generator, ExpressionError> {
    let generator = distance(arguments, 1, range)?;
    if let Generator::Instant(Instants {
        range: InstantRange::TimePast(_, most) | InstantRange::TimeFuture(_, most),
        ..
    }) = generator
        && most > DAY_NANOS
    {
        return Err(arguments.contradiction("the distance is longer than a day"));
    }
    Ok(generator)
}

/// Distances in a unit of so many nanoseconds.
fn distance(
    arguments: &Arguments<'_>,
    nanos: i64,
    range: fn(i64, i64) -> InstantRange,
) -> Result<Generator, ExpressionError> {
    // The second is a unit if it is no number: `'15','SECONDS','HH:mm'` and `'15','5','SECONDS'` have three.
    let has_least = arguments.list.get(1).is_some_and(|argument| argument.integer().is_ok());
    let (most, least, unit, format) = match (arguments.list, has_least) {
        ([most, unit], false) => (most, None, unit, None),
        ([most, unit, format], false) => (most, None, unit, Some(format)),
        ([most, least, unit], true) => (most, Some(least), unit, None),
        ([most, least, unit, format], true) => (most, Some(least), unit, Some(format)),
        _ => return Err(arguments.wrong_number()),
    };
    let unit = unit.unit()?;
    let length = |amount: &Argument| {
        let length = i128::from(amount.integer()?) * i128::from(unit) / i128::from(nanos);
        let length = i64::try_from(length).ok().filter(|length| *length >= 0);
        length.ok_or_else(|| amount.mistake_at(0, "a distance is negative or too long"))
    };
    let (most, least) = (length(most)?, least.map_or(Ok(0), length)?);
    if least >= most {
        return Err(arguments.contradiction("the most distance, which comes first, must be above the least"));
    }
    instants(range(least, most), format)
}

fn instants(range: InstantRange, format: Option<&Argument>) -> Result<Generator, ExpressionError> {
    let compile = |format: &Argument| {
        DateFormat::parse(&format.text).map_err(|(message, index)| format.mistake_at(index, message))
    };
    Ok(Generator::Instant(Instants { range, format: format.map(compile).transpose()? }))
}

fn birthday(arguments: &Arguments<'_>) -> Result<Generator, ExpressionError> {
    let (ages, format) = match arguments.list {
        [] => (None, None),
        [format] => (None, Some(format)),
        [least, most] => (Some((least, most)), None),
        [least, most, format] => (Some((least, most)), Some(format)),
        _ => return Err(arguments.wrong_number()),
    };
    let (least, most) = match ages {
        Some((least, most)) => (least.count(1_000)?, most.count(1_000)?),
        None => (18, 65),
    };
    if least > most {
        return Err(arguments.contradiction("the least age, which comes first, is above the most"));
    }
    instants(InstantRange::Birthday(least.cast_signed(), most.cast_signed()), format)
}

fn between(arguments: &Arguments<'_>) -> Result<Generator, ExpressionError> {
    let (from, to, format) = match arguments.list {
        [from, to] => (from, to, None),
        [from, to, format] => (from, to, Some(format)),
        _ => return Err(arguments.wrong_number()),
    };
    let millis = |argument: &Argument| {
        calendar::parse(&argument.text).ok_or_else(|| {
            argument.mistake_at(0, format!("`{}` is not a time such as 2024-05-06 07:08:09", argument.text))
        })
    };
    let (first, end) = (millis(from)?, millis(to)?);
    if first > end {
        return Err(arguments.contradiction("the first time is after the second"));
    }
    instants(InstantRange::Between(first, end), format)
}
