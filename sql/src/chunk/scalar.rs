//! Single values on their way into a column, and how a CAST makes them of text.

use crate::types::SqlType;
use crate::types::text::boolean::parse_boolean;
use crate::types::text::decimal::parse_decimal;
use crate::types::text::number::{parse_double, parse_float, parse_integer};
use crate::types::text::timestamp::{parse_date, parse_time, parse_timestamp};
use crate::types::zone::Zone;

/// A value that is made of no others, as its column keeps it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// NULL.
    Null,
    /// BOOLEAN.
    Boolean(bool),
    /// A whole number; what a date, time, timestamp or interval counts.
    Integer(i64),
    /// FLOAT or DOUBLE.
    Float(f64),
    /// DECIMAL: the unscaled number, at the scale of the column.
    Decimal(i128),
    /// CHAR or VARCHAR.
    Text(&'a str),
    /// BINARY or VARBINARY.
    Bytes(&'a [u8]),
}

impl<'a> Scalar<'a> {
    /// The value that `CAST(text AS data_type)` gives; text stays as long as it is. A TIMESTAMP_LTZ is on the clock of
    /// `zone`. Intervals are numbers of months and milliseconds, which is how connectors have them.
    ///
    /// # Errors
    /// What is wrong, in words that follow the value.
    pub fn of_text(data_type: &SqlType, text: &'a str, zone: &Zone) -> Result<Self, String> {
        let value = match data_type {
            SqlType::Boolean => parse_boolean(text).map(Self::Boolean),
            SqlType::TinyInt
            | SqlType::SmallInt
            | SqlType::Int
            | SqlType::BigInt
            | SqlType::IntervalYearMonth
            | SqlType::IntervalDayTime => {
                return parse_integer(text).map(Self::Integer).map_err(|error| error.to_string());
            }
            SqlType::Float => {
                return parse_float(text)
                    .map(|value| Self::Float(f64::from(value)))
                    .map_err(|error| error.to_string());
            }
            SqlType::Double => {
                return parse_double(text).map(Self::Float).map_err(|error| error.to_string());
            }
            SqlType::Decimal(precision, scale) => {
                return parse_decimal(text, *precision, *scale)
                    .map(Self::Decimal)
                    .map_err(|error| error.to_string());
            }
            SqlType::Char(_) | SqlType::VarChar(_) => Some(Self::Text(text)),
            SqlType::Binary(_) | SqlType::VarBinary(_) => Some(Self::Bytes(text.as_bytes())),
            SqlType::Date => parse_date(text).map(|days| Self::Integer(days.into())),
            SqlType::Time(precision) => {
                parse_time(text, *precision).map(|millis| Self::Integer(millis.into()))
            }
            SqlType::Timestamp(precision, _) => parse_timestamp(text, *precision).map(Self::Integer),
            SqlType::TimestampLtz(precision, _) => {
                let local = parse_timestamp(text, *precision);
                local.and_then(|local| zone.to_instant(local, *precision)).map(Self::Integer)
            }
            SqlType::Null => Some(Self::Null),
            SqlType::Array(_) | SqlType::Map(..) | SqlType::Multiset(_) | SqlType::Row(_) => {
                return Err(format!("text cannot be cast to {data_type}"));
            }
        };
        value.ok_or_else(|| no_value(text, data_type))
    }
}

/// How much of a value an error quotes, in characters.
const QUOTED: usize = 100;

/// `'x' is no INT`
pub(crate) fn no_value(text: &str, data_type: &SqlType) -> String {
    format!("{} is no {}", quoted(text), data_type.clone().materialized())
}

/// A text in quotes, cut off if it is long.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("'{}…'", text.get(..end).unwrap_or_default()),
        None => format!("'{text}'"),
    }
}
