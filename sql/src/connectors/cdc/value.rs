//! Values as databases write them.

use crate::chunk::{ColumnBuilder, Scalar, ValueError, no_value};
use crate::types::SqlType;
use crate::types::text::decimal::parse_decimal;
use crate::types::text::number::{parse_double, parse_float};
use crate::types::text::timestamp::{parse_date, parse_time, parse_timestamp};

/// How the values of a column are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::connectors) enum ValueKind {
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
    /// That of a type; `None` if no column of a database is read as one.
    pub(super) const fn of(data_type: &SqlType) -> Option<Self> {
        Some(match data_type {
            SqlType::Boolean => Self::Boolean,
            SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt => Self::Integer,
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
            | SqlType::IntervalYearMonth
            | SqlType::IntervalDayTime
            | SqlType::Array(_)
            | SqlType::Map(..)
            | SqlType::Multiset(_)
            | SqlType::Row(_) => return None,
        })
    }

    /// A value whose text all databases write alike: without time zone, and neither true or false nor bytes.
    pub(in crate::connectors) fn parse(self, text: &str) -> Option<Scalar<'_>> {
        match self {
            Self::Text => Some(Scalar::Text(text)),
            Self::Integer => text.parse().ok().map(Scalar::Integer),
            Self::Float => parse_float(text).ok().map(|value| Scalar::Float(value.into())),
            Self::Double => parse_double(text).ok().map(Scalar::Float),
            Self::Decimal(precision, scale) => {
                parse_decimal(text, precision, scale).ok().map(Scalar::Decimal)
            }
            Self::Date => parse_date(text).map(|days| Scalar::Integer(days.into())),
            Self::Time(precision) => {
                parse_time(to_millis(text), precision).map(|millis| Scalar::Integer(millis.into()))
            }
            Self::Timestamp(precision) => parse_timestamp(text, precision).map(Scalar::Integer),
            Self::Boolean | Self::Bytes | Self::Instant(_) => None,
        }
    }
}

/// A time of day without digits beyond milliseconds, which a cast would round: the last instant of a day would be its first.
fn to_millis(text: &str) -> &str {
    let fraction = text.find('.').map_or(text.len(), |point| point + 1);
    text.get(..fraction.saturating_add(3)).unwrap_or(text)
}

/// Appends a value that was read, or says that the type has none for its text.
pub(in crate::connectors) fn append_value(
    value: Option<Scalar<'_>>,
    text: &str,
    column: &mut ColumnBuilder,
) -> Result<(), ValueError> {
    match value {
        Some(value) => column.append(value),
        None => {
            let problem = no_value(text, &column.field().data_type);
            column.append_result(Err(problem))
        }
    }
}
