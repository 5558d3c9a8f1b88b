//! DATE_FORMAT.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::{ArrayRef, new_null_array};
use arrow_schema::DataType;
use millstream_runtime::{Error, ErrorKind, Result};

use super::pattern_cache::{PatternCache, formatter_message, simple_message};
use super::{Ticks, clock_of, precision_of};
use crate::error::{SqlError, SqlResult};
use crate::eval::{Argument, Arguments, BuildContext, EvalContext, Kernel};
use crate::functions::lift::{kernel, texts};
use crate::functions::{Call, ScalarFunction, Signature, constant_text};
use crate::types::calendar::TimestampUnit;
use crate::types::text::pattern::{Pattern, PatternError};
use crate::types::zone::Zone;
use crate::types::{Field, SqlType};

/// What texts that are formatted look like.
pub(super) const USUAL: &str = "yyyy-MM-dd HH:mm:ss";

pub(in crate::functions) static FUNCTIONS: &[ScalarFunction] =
    &[ScalarFunction::new("DATE_FORMAT", Signature::Custom(signature), build).on_demand()];

fn signature(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(2, 2)?;
    let value = call.data_type(0);
    if !(value.is_timestamp() || value.is_text()) || !call.data_type(1).is_text() {
        return Err(call.mismatch());
    }
    Ok(Field::nullable(SqlType::STRING))
}

fn build(arguments: &[Argument], _: &Field, cx: &BuildContext) -> SqlResult<Box<dyn Kernel>> {
    let [value, pattern] = arguments else {
        return Err(SqlError::unsupported("DATE_FORMAT without a value and a pattern"));
    };
    let data_type = &value.field.data_type;
    if data_type.is_text() {
        return Ok(Box::new(format_texts));
    }
    let (clock, precision) = (clock_of(data_type, cx.zone()?), precision_of(data_type));
    match pattern.constant.as_ref().map(|_| constant_text(pattern).map(Pattern::compile)) {
        None => kernel(move |call| format_each(call, &clock, precision)),
        Some(None) => kernel(|call| Ok(new_null_array(&DataType::Utf8View, call.rows()))),
        Some(Some(pattern)) => {
            let pattern = pattern.map_err(|error| SqlError::validation(formatter_message(error)))?;
            kernel(move |call| format_all(call, &pattern, &clock, precision))
        }
    }
}

/// The text of timestamps, and how long it stays the same.
struct Rendered {
    text: String,
    /// For which counts.
    valid: Range<i64>,
    /// How many counts long the pattern's smallest unit is; 0 for one that changes with each count.
    unit: i64,
}

impl Rendered {
    fn update(&mut self, ticks: i64, pattern: &Pattern, clock: &Zone, precision: u8) -> Option<()> {
        let local = clock.to_local(ticks, precision)?;
        self.text.clear();
        write(pattern, local, precision, &mut self.text);
        self.valid = 0..0;
        if self.unit > 0 {
            let first = ticks.checked_sub(local.rem_euclid(self.unit))?;
            let last = first.checked_add(self.unit - 1)?;
            // Not where the clock is changed meanwhile.
            let offset = |ticks| clock.to_local(ticks, precision)?.checked_sub(ticks);
            if clock.is_fixed() || offset(first)? == local - ticks && offset(last)? == local - ticks {
                self.valid = first..last;
            }
        }
        Some(())
    }
}

fn write(pattern: &Pattern, local: i64, precision: u8, out: &mut String) {
    let (millis, nanos) = TimestampUnit::of_precision(precision).to_millis(local);
    pattern.format(millis, nanos, out);
}

/// One pattern for all rows: rows mostly are of the same day or minute as the row before.
fn format_all(call: &Arguments<'_>, pattern: &Pattern, clock: &Zone, precision: u8) -> Result<ArrayRef> {
    let ticks = Ticks::of(call, 0)?;
    let per_milli = 1_000_000 / TimestampUnit::of_precision(precision).nanos();
    let unit = pattern.unit_millis().unwrap_or(0) * per_milli;
    let mut rendered = Rendered { text: String::new(), valid: 0..0, unit };
    let mut builder = StringViewBuilder::with_capacity(call.rows());
    for row in 0..call.rows() {
        match ticks.get(row) {
            Some(ticks)
                if rendered.valid.contains(&ticks)
                    || rendered.update(ticks, pattern, clock, precision).is_some() =>
            {
                builder.append_value(&rendered.text);
            }
            _ => builder.append_null(),
        }
    }
    Ok(Arc::new(builder.finish()))
}

/// A pattern in each row.
fn format_each(call: &Arguments<'_>, clock: &Zone, precision: u8) -> Result<ArrayRef> {
    let (ticks, patterns) = (Ticks::of(call, 0)?, call.texts(1)?);
    let mut cache = PatternCache::<Pattern>::new();
    texts(call.rows(), |row, out| {
        let local = ticks.get(row).and_then(|ticks| clock.to_local(ticks, precision));
        let Some((local, pattern)) = local.zip(patterns.get(row)) else { return Ok(false) };
        write(cache.get(pattern).map_err(|error| failed(formatter_message(error)))?, local, precision, out);
        Ok(true)
    })
}

/// Texts in the usual form, as another. What is not in that form is NULL.
fn format_texts(call: &Arguments<'_>, cx: &EvalContext) -> Result<ArrayRef> {
    let (values, patterns) = (call.texts(0)?, call.texts(1)?);
    let (mut usual, mut cache) = (PatternCache::simple(cx.now), PatternCache::simple(cx.now));
    texts(call.rows(), |row, out| {
        let Some((text, pattern)) = values.get(row).zip(patterns.get(row)) else { return Ok(false) };
        let pattern = cache.get(pattern).map_err(simple_failed)?;
        let reading = usual.get(USUAL).map_err(simple_failed)?.parse(text);
        let millis = reading.and_then(|reading| reading.timestamp(TimestampUnit::Millisecond));
        Ok(millis.map(|millis| pattern.format(millis, out)).is_some())
    })
}

/// A pattern that is none fails the job.
pub(super) fn simple_failed(error: PatternError) -> Error {
    failed(simple_message(error))
}

pub(super) fn failed(message: String) -> Error {
    Error::new(ErrorKind::Function, message)
}
