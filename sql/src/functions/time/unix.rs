//! FROM_UNIXTIME, UNIX_TIMESTAMP and CONVERT_TZ: Flink's older functions, which follow `SimpleDateFormat`.

use arrow_array::ArrayRef;
use arrow_array::types::Int64Type;
use millstream_runtime::Result;

use super::clock;
use super::format::{USUAL, simple_failed};
use super::pattern_cache::PatternCache;
use crate::error::SqlResult;
use crate::eval::{Argument, Arguments, BuildContext, EvalContext, Kernel};
use crate::functions::lift::{numbers, texts};
use crate::functions::{Call, Parameter, Returns, ScalarFunction, Signature, Volatility};
use crate::types::calendar::TimestampUnit;
use crate::types::zone::Zone;
use crate::types::{Field, SqlType};

const TEXTS: &[Parameter] = &[Parameter::Text, Parameter::Text, Parameter::Text];

pub(in crate::functions) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("FROM_UNIXTIME", Signature::Custom(from_signature), |_, _, cx| {
        let zone = cx.zone()?;
        Ok(Box::new(move |call: &Arguments<'_>, cx: &EvalContext| from_unixtime(call, cx, &zone)))
    })
    .on_demand(),
    ScalarFunction::new("UNIX_TIMESTAMP", Signature::Custom(to_signature), to_unixtime)
        .volatile(Volatility::PerChunk)
        .on_demand(),
    ScalarFunction::new("CONVERT_TZ", Signature::of(TEXTS, Returns::Nullable(SqlType::STRING)), |_, _, _| {
        Ok(Box::new(convert_zone))
    })
    .on_demand(),
];

fn from_signature(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(1, 2)?;
    if !call.data_type(0).is_integer() || call.arguments.len() == 2 && !call.data_type(1).is_text() {
        return Err(call.mismatch());
    }
    call.cast(0, &SqlType::BigInt);
    Ok(Field::nullable(SqlType::STRING))
}

fn from_unixtime(call: &Arguments<'_>, cx: &EvalContext, zone: &Zone) -> Result<ArrayRef> {
    let seconds = call.numbers::<Int64Type>(0)?;
    let patterns = if call.len() > 1 { Some(call.texts(1)?) } else { None };
    let mut cache = PatternCache::simple(cx.now);
    texts(call.rows(), |row, out| {
        let pattern = patterns.map_or(Some(USUAL), |patterns| patterns.get(row));
        let Some((seconds, pattern)) = seconds.get(row).zip(pattern) else { return Ok(false) };
        let instant = seconds.wrapping_mul(1_000);
        let pattern = cache.get(pattern).map_err(simple_failed)?;
        Ok(zone.to_local(instant, 3).map(|local| pattern.format(local, out)).is_some())
    })
}

fn to_signature(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(0, 2)?;
    if (0..call.arguments.len()).any(|index| !call.data_type(index).is_text()) {
        return Err(call.mismatch());
    }
    Ok(Field::new(SqlType::BigInt, call.any_nullable()))
}

fn to_unixtime(arguments: &[Argument], _: &Field, cx: &BuildContext) -> SqlResult<Box<dyn Kernel>> {
    if arguments.is_empty() {
        return clock::seconds();
    }
    let zone = cx.zone()?;
    Ok(Box::new(move |call: &Arguments<'_>, cx: &EvalContext| {
        let values = call.texts(0)?;
        let patterns = if call.len() > 1 { Some(call.texts(1)?) } else { None };
        let mut cache = PatternCache::simple(cx.now);
        numbers::<Int64Type>(call.rows(), |row| {
            let pattern = patterns.map_or(Some(USUAL), |patterns| patterns.get(row));
            let Some((text, pattern)) = values.get(row).zip(pattern) else { return Ok(None) };
            let reading = cache.get(pattern).map_err(simple_failed)?.parse(text);
            let local = reading.and_then(|reading| reading.timestamp(TimestampUnit::Millisecond));
            let instant = local.and_then(|local| zone.to_instant_of_calendar(local));
            // What cannot be read is the smallest number.
            Ok(Some(instant.map_or(i64::MIN, |millis| millis / 1_000)))
        })
    }))
}

/// Texts in the usual form, from one zone's clock to another's.
fn convert_zone(call: &Arguments<'_>, cx: &EvalContext) -> Result<ArrayRef> {
    let (values, from, to) = (call.texts(0)?, call.texts(1)?, call.texts(2)?);
    let mut usual = PatternCache::simple(cx.now);
    let usual = usual.get(USUAL).map_err(simple_failed)?;
    let (mut sources, mut targets) = (ZoneCache(None), ZoneCache(None));
    texts(call.rows(), |row, out| {
        let (Some(text), Some(from), Some(to)) = (values.get(row), from.get(row), to.get(row)) else {
            return Ok(false);
        };
        let local = usual.parse(text).and_then(|reading| reading.timestamp(TimestampUnit::Millisecond));
        let instant = local.and_then(|local| sources.get(from).to_instant_of_calendar(local));
        let there = instant.and_then(|instant| targets.get(to).to_local(instant, 3));
        Ok(there.map(|local| usual.format(local, out)).is_some())
    })
}

/// The zone of the row before.
struct ZoneCache(Option<(String, Zone)>);

impl ZoneCache {
    fn get(&mut self, name: &str) -> &Zone {
        let entry = match self.0.take() {
            Some(last) if last.0 == name => last,
            _ => (name.to_owned(), Zone::or_greenwich(name)),
        };
        &self.0.insert(entry).1
    }
}
