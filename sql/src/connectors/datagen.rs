//! `datagen`: random values and sequences.
//!
//! As Flink's [DataGen](https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/datagen/), but that values
//! come from the option `seed` (0 unless set), so that every run makes the same.

mod leaf;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use millstream_operators::Stream;

use super::fields::{FieldGenerator, GeneratedTable, Length, Shape, null_rate};
use super::{Connector, Options, ScanContext, TableSource};
use crate::chunk::Chunk;
use crate::error::{SqlError, SqlResult};
use crate::types::text::decimal::parse_decimal;
use crate::types::zone::Zone;
use crate::types::{Field, MAXIMUM_LENGTH, SqlType};
use leaf::{Random, Sequence, Value};

/// How long texts are, unless their type or an option says otherwise.
const TEXT_LENGTH: u32 = 100;
/// How many elements there are, unless an option says otherwise.
const ELEMENTS: u64 = 3;

pub(super) const CONNECTOR: Connector = Connector {
    name: "datagen",
    lookup: None,
    source: Some(|cx, options| {
        let zone = Zone::of(&cx.session.build_context().time_zone)
            .map_err(|error| SqlError::validation(error.to_string()))?;
        let mut builder = Builder { options, zone, fields: 0, end: None };
        let mut columns = Vec::new();
        for position in cx.table.stored_columns() {
            let Some(column) = cx.table.columns.get(position) else { continue };
            let field = builder.field(&format!("fields.{}", column.name), &column.field)?;
            columns.push((position, Arc::new(field)));
        }
        let end = builder.end;
        let mut table = GeneratedTable::new("DataGen", columns, options)?;
        // The shortest sequence ends the table.
        table.rows = table.rows.into_iter().chain(end).min();
        Ok(Box::new(DataGen(table)))
    }),
    sink: None,
};

struct DataGen(GeneratedTable<Value>);

impl TableSource for DataGen {
    fn scan(&self, cx: &ScanContext<'_>) -> SqlResult<Stream<Chunk>> {
        self.0.scan(cx)
    }
}

/// Makes the generators of fields from options.
struct Builder<'a> {
    options: &'a mut Options,
    zone: Zone,
    /// How many fields there are so far.
    fields: u64,
    /// How many rows the shortest sequence has.
    end: Option<u64>,
}

impl Builder<'_> {
    fn field(&mut self, prefix: &str, field: &Field) -> SqlResult<FieldGenerator<Value>> {
        let id = self.fields;
        self.fields += 1;
        let kind = self.options.take(&format!("{prefix}.kind"));
        let shape = match kind.as_deref() {
            None | Some("random") => self.random(prefix, &field.data_type)?,
            Some("sequence") => Shape::Leaf(self.sequence(prefix, &field.data_type)?),
            Some(other) => {
                return Err(SqlError::validation(format!(
                    "Invalid value '{other}' for option '{prefix}.kind': it must be random or sequence"
                )));
            }
        };
        Ok(FieldGenerator { id, null_rate: null_rate(self.options, prefix, field.nullable)?, shape })
    }

    fn sequence(&mut self, prefix: &str, data_type: &SqlType) -> SqlResult<Value> {
        if !(data_type.is_numeric() || data_type.is_text()) {
            return Err(SqlError::validation(format!("'{prefix}.kind' = 'sequence' is not for {data_type}")));
        }
        let bound = |options: &mut Options, name: &str| -> SqlResult<i64> {
            let key = format!("{prefix}.{name}");
            options.parse(&key, "a whole number")?.ok_or_else(|| {
                SqlError::validation(format!(
                    "Could not find required property '{key}' for sequence generator."
                ))
            })
        };
        let (start, end) = (bound(self.options, "start")?, bound(self.options, "end")?);
        let rows = u64::try_from(i128::from(end) - i128::from(start) + 1);
        let rows = rows.map_err(|_| {
            SqlError::validation(format!(
                "the sequence of '{prefix}' has an end, {end}, below its start, {start}"
            ))
        })?;
        self.end = Some(self.end.map_or(rows, |end| end.min(rows)));
        Ok(Value::Sequence(Sequence { start, data_type: data_type.clone() }))
    }

    fn random(&mut self, prefix: &str, data_type: &SqlType) -> SqlResult<Shape<Value>> {
        let value = match data_type {
            SqlType::Boolean => Random::Boolean,
            SqlType::TinyInt => self.integers(prefix, i8::MIN.into(), i8::MAX.into())?,
            SqlType::SmallInt => self.integers(prefix, i16::MIN.into(), i16::MAX.into())?,
            SqlType::Int => self.integers(prefix, i32::MIN.into(), i32::MAX.into())?,
            SqlType::BigInt => self.integers(prefix, i64::MIN, i64::MAX)?,
            SqlType::IntervalYearMonth => self.integers(prefix, 0, 120_000)?,
            SqlType::IntervalDayTime => self.integers(prefix, 0, 10_000 * 365 * 86_400_000)?,
            SqlType::Float => self.floats(prefix, f64::from(f32::MAX))?,
            SqlType::Double => self.floats(prefix, f64::MAX)?,
            SqlType::Decimal(precision, scale) => self.decimals(prefix, *precision, *scale)?,
            SqlType::Char(length) => Random::Text(self.fixed(prefix, *length)?),
            SqlType::Binary(length) => Random::Bytes(self.fixed(prefix, *length)?),
            SqlType::VarChar(length) => Random::Text(self.variable(prefix, *length)?),
            SqlType::VarBinary(length) => Random::Bytes(self.variable(prefix, *length)?),
            SqlType::Date => Random::Date(self.zone.clone()),
            SqlType::Time(precision) => Random::Time(self.zone.clone(), *precision),
            SqlType::Timestamp(precision, _) => {
                Random::Timestamp(Some(self.zone.clone()), self.max_past(prefix)?, *precision)
            }
            SqlType::TimestampLtz(precision, _) => {
                Random::Timestamp(None, self.max_past(prefix)?, *precision)
            }
            SqlType::Array(element) => {
                let length = self.elements(prefix)?;
                return Ok(Shape::Array(
                    length,
                    Box::new(self.field(&format!("{prefix}.element"), element)?),
                ));
            }
            SqlType::Multiset(element) => {
                let length = self.elements(prefix)?;
                return Ok(Shape::Multiset(
                    length,
                    Box::new(self.field(&format!("{prefix}.element"), element)?),
                ));
            }
            SqlType::Map(key, value) => {
                let length = self.elements(prefix)?;
                let key = Box::new(self.field(&format!("{prefix}.map.key"), key)?);
                let value = Box::new(self.field(&format!("{prefix}.map.value"), value)?);
                return Ok(Shape::Map(length, key, value));
            }
            SqlType::Row(fields) => {
                let fields = fields.iter().map(|field| {
                    Ok((field.name.clone(), self.field(&format!("{prefix}.{}", field.name), &field.field)?))
                });
                return Ok(Shape::Row(fields.collect::<SqlResult<_>>()?));
            }
            SqlType::Null => return Err(SqlError::unsupported("Unsupported type: NULL")),
        };
        Ok(Shape::Leaf(Value::Random(value)))
    }

    /// The options `min` and `max`, parsed.
    fn range<T: PartialOrd + Copy>(
        &mut self,
        prefix: &str,
        least: T,
        most: T,
        parse: impl Fn(&str) -> Option<T>,
    ) -> SqlResult<(T, T)> {
        let mut bound = |name: &str, otherwise: T| {
            let key = format!("{prefix}.{name}");
            let Some(text) = self.options.take(&key) else { return Ok(otherwise) };
            parse(text.trim()).filter(|value| *value <= most).ok_or_else(|| {
                SqlError::validation(format!(
                    "Invalid value '{text}' for option '{key}': it must be a number of the field's type"
                ))
            })
        };
        let (min, max) = (bound("min", least)?, bound("max", most)?);
        if min > max {
            return Err(SqlError::validation(format!("Option '{prefix}.min' is above '{prefix}.max'")));
        }
        Ok((min, max))
    }

    fn integers(&mut self, prefix: &str, least: i64, most: i64) -> SqlResult<Random> {
        let parse = |text: &str| text.parse().ok().filter(|value| (least..=most).contains(value));
        self.range(prefix, least, most, parse).map(|(min, max)| Random::Integer(min, max))
    }

    fn floats(&mut self, prefix: &str, most: f64) -> SqlResult<Random> {
        let parse = |text: &str| text.parse().ok().filter(|value: &f64| value.is_finite());
        self.range(prefix, 0.0, most, parse).map(|(min, max)| Random::Float(min, max))
    }

    fn decimals(&mut self, prefix: &str, precision: u8, scale: u8) -> SqlResult<Random> {
        let most = 10_i128.pow(u32::from(precision.min(38))) - 1;
        let parse = |text: &str| parse_decimal(text, precision, scale).ok();
        self.range(prefix, 0, most, parse).map(|(min, max)| Random::Decimal(min, max))
    }

    fn fixed(&mut self, prefix: &str, length: u32) -> SqlResult<Length> {
        if self.options.take(&format!("{prefix}.length")).is_some() {
            return Err(SqlError::validation(format!(
                "Custom length for fixed-length type (char/binary) field '{prefix}' is not supported."
            )));
        }
        Ok(Length { most: length.into(), varies: false })
    }

    fn variable(&mut self, prefix: &str, length: u32) -> SqlResult<Length> {
        let usual = if length == MAXIMUM_LENGTH { TEXT_LENGTH } else { length };
        let most: u32 = self.options.parse(&format!("{prefix}.length"), "a number")?.unwrap_or(usual);
        if most > length {
            return Err(SqlError::validation(format!(
                "Custom length '{most}' for variable-length type (varchar/varbinary) field '{prefix}' should be shorter than \
                 '{length}' defined in the schema."
            )));
        }
        let varies = self.options.boolean(&format!("{prefix}.var-len"))?.unwrap_or_default();
        Ok(Length { most: most.into(), varies })
    }

    fn elements(&mut self, prefix: &str) -> SqlResult<Length> {
        let most = self.options.parse(&format!("{prefix}.length"), "a number")?.unwrap_or(ELEMENTS);
        Ok(Length { most, varies: false })
    }

    fn max_past(&mut self, prefix: &str) -> SqlResult<i64> {
        let past = self.options.duration(&format!("{prefix}.max-past"))?.unwrap_or(Duration::ZERO);
        Ok(i64::try_from(past.as_millis()).unwrap_or(i64::MAX))
    }
}
