//! Values as Postgres writes them, in the forms that the source sets: ISO dates, UTC, bytes in hexadecimal.

use crate::chunk::{ColumnBuilder, Scalar, ValueError, no_value};
use crate::types::SqlType;
use crate::types::text::decimal::parse_decimal;
use crate::types::text::number::{parse_double, parse_float};
use crate::types::text::timestamp::{parse_date, parse_time, parse_timestamp};

/// How the values of a column are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueKind {
    Boolean,
    Integer,
    Float,
    Double,
    Decimal(u8, u8),
    Text,
    Bytes,
    Date,
    Time(u8),
    Timestamp(u8),
    Instant(u8),
}

impl ValueKind {
    /// That of a type; `None` if no column of Postgres is read as one.
    pub(super) const fn of(data_type: &SqlType) -> Option<Self> {
        Some(match data_type {
            SqlType::Boolean => Self::Boolean,
            SqlType::SmallInt | SqlType::Int | SqlType::BigInt => Self::Integer,
            SqlType::Float => Self::Float,
            SqlType::Double => Self::Double,
            SqlType::Decimal(precision, scale) => Self::Decimal(*precision, *scale),
            SqlType::Char(_) | SqlType::VarChar(_) => Self::Text,
            SqlType::Binary(_) | SqlType::VarBinary(_) => Self::Bytes,
            SqlType::Date => Self::Date,
            SqlType::Time(precision) => Self::Time(*precision),
            SqlType::Timestamp(precision, _) => Self::Timestamp(*precision),
            SqlType::TimestampLtz(precision, _) => Self::Instant(*precision),
            SqlType::Null
            | SqlType::TinyInt
            | SqlType::IntervalYearMonth
            | SqlType::IntervalDayTime
            | SqlType::Array(_)
            | SqlType::Map(..)
            | SqlType::Multiset(_)
            | SqlType::Row(_) => return None,
        })
    }

    /// Appends a value that is not NULL. What the type has no value for (a date of `infinity`, a `NaN` among decimals, too many
    /// digits) is an error.
    pub(super) fn append(
        self,
        text: &str,
        column: &mut ColumnBuilder,
        scratch: &mut Vec<u8>,
    ) -> Result<(), ValueError> {
        let value = match self {
            Self::Text => return column.append(Scalar::Text(text)),
            Self::Bytes => {
                let decoded = decode_hexadecimal(text, scratch);
                decoded.map(|()| Scalar::Bytes(scratch))
            }
            Self::Boolean => match text {
                "t" => Some(Scalar::Boolean(true)),
                "f" => Some(Scalar::Boolean(false)),
                _ => None,
            },
            Self::Integer => text.parse().ok().map(Scalar::Integer),
            Self::Float => parse_float(text).ok().map(|value| Scalar::Float(value.into())),
            Self::Double => parse_double(text).ok().map(Scalar::Float),
            Self::Decimal(precision, scale) => {
                parse_decimal(text, precision, scale).ok().map(Scalar::Decimal)
            }
            Self::Date => common_era(text).and_then(parse_date).map(|days| Scalar::Integer(days.into())),
            Self::Time(precision) => parse_time(text, precision).map(|millis| Scalar::Integer(millis.into())),
            Self::Timestamp(precision) => {
                let local = common_era(text).and_then(|text| parse_timestamp(text, precision));
                local.map(Scalar::Integer)
            }
            Self::Instant(precision) => {
                // The session is on the clock of Greenwich.
                let local = text.strip_suffix("+00").and_then(|local| parse_timestamp(local, precision));
                local.map(Scalar::Integer)
            }
        };
        match value {
            Some(value) => column.append(value),
            None => {
                let problem = no_value(text, &column.field().data_type);
                column.append_result(Err(problem))
            }
        }
    }
}

/// A date of the years that there are here.
fn common_era(text: &str) -> Option<&str> {
    (!text.ends_with(" BC")).then_some(text)
}

/// `\x` and two digits a byte.
fn decode_hexadecimal(text: &str, bytes: &mut Vec<u8>) -> Option<()> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    bytes.clear();
    let (pairs, rest) = text.strip_prefix("\\x")?.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    bytes.reserve(pairs.len());
    for [high, low] in pairs {
        bytes.push(digit(*high)? << 4 | digit(*low)?);
    }
    Some(())
}
