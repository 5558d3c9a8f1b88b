//! The types themselves, how they are written, and the arrow type that holds a column of each.

use std::fmt;
use std::sync::Arc;

use arrow_schema::{DataType, Field as ArrowField, Fields, TimeUnit};

use super::NamedField;

/// The length of STRING and BYTES: `VARCHAR(2147483647)`.
pub const MAXIMUM_LENGTH: u32 = i32::MAX as u32;

/// A type of Flink SQL, without whether it takes NULL, which is part of a [`Field`].
///
/// See Flink's [data types](https://nightlies.apache.org/flink/flink-docs-stable/docs/sql/reference/data-types/).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SqlType {
    /// `NULL`: of a NULL that nothing gives a type.
    Null,
    /// `BOOLEAN`
    Boolean,
    /// `TINYINT`: 8 bits.
    TinyInt,
    /// `SMALLINT`: 16 bits.
    SmallInt,
    /// `INT`: 32 bits.
    Int,
    /// `BIGINT`: 64 bits.
    BigInt,
    /// `FLOAT`: 32 bits.
    Float,
    /// `DOUBLE`: 64 bits.
    Double,
    /// `DECIMAL(precision, scale)`
    Decimal(u8, u8),
    /// `CHAR(n)`
    Char(u32),
    /// `VARCHAR(n)`; `STRING` is the one of [`MAXIMUM_LENGTH`].
    VarChar(u32),
    /// `BINARY(n)`
    Binary(u32),
    /// `VARBINARY(n)`; `BYTES` is the one of [`MAXIMUM_LENGTH`].
    VarBinary(u32),
    /// `DATE`: days since 1970-01-01.
    Date,
    /// `TIME(p)`: milliseconds of the day.
    Time(u8),
    /// `TIMESTAMP(p)`: a local date and time, in milliseconds, microseconds or nanoseconds as `p` needs.
    Timestamp(u8, TimeKind),
    /// `TIMESTAMP_LTZ(p)`: an instant, shown in the session's time zone; as [`SqlType::Timestamp`].
    TimestampLtz(u8, TimeKind),
    /// `INTERVAL YEAR TO MONTH`: months.
    IntervalYearMonth,
    /// `INTERVAL DAY TO SECOND`: milliseconds.
    IntervalDayTime,
    /// `ARRAY<element>`
    Array(Arc<Field>),
    /// `MAP<key, value>`
    Map(Arc<Field>, Arc<Field>),
    /// `MULTISET<element>`
    Multiset(Arc<Field>),
    /// `ROW<name type, …>`
    Row(Arc<[NamedField]>),
}

/// What a timestamp means for the progress of time; part of its type, as in Flink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimeKind {
    /// Nothing.
    #[default]
    Regular,
    /// It is a rowtime attribute: watermarks speak of it.
    Rowtime,
    /// It is a processing-time attribute.
    Proctime,
}

/// A type, and whether it takes NULL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// The type.
    pub data_type: SqlType,
    /// Whether there may be NULLs.
    pub nullable: bool,
}

impl Field {
    /// This type, with NULLs or without.
    pub const fn new(data_type: SqlType, nullable: bool) -> Self {
        Self { data_type, nullable }
    }

    /// This type, with NULLs.
    pub const fn nullable(data_type: SqlType) -> Self {
        Self::new(data_type, true)
    }

    /// This type, without NULLs.
    pub const fn required(data_type: SqlType) -> Self {
        Self::new(data_type, false)
    }

    /// What the arrow column is called nowhere matters; arrow wants a name.
    fn arrow(&self, name: &str) -> ArrowField {
        ArrowField::new(name, self.data_type.arrow(), self.nullable)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data_type = &self.data_type;
        match (data_type, self.nullable) {
            (data_type, true) => data_type.fmt(f),
            // What a timestamp means stands at the end, as in Flink.
            (SqlType::Timestamp(_, kind) | SqlType::TimestampLtz(_, kind), false) => {
                write!(f, "{} NOT NULL{kind}", data_type.clone().materialized())
            }
            (data_type, false) => write!(f, "{data_type} NOT NULL"),
        }
    }
}

impl SqlType {
    /// `STRING`
    pub const STRING: Self = Self::VarChar(MAXIMUM_LENGTH);
    /// `BYTES`
    pub const BYTES: Self = Self::VarBinary(MAXIMUM_LENGTH);

    /// The arrow type of a column. What Flink tells apart and arrow does not (CHAR and STRING, a timestamp with or
    /// without the local zone) is in the SQL type alone.
    pub fn arrow(&self) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Boolean => DataType::Boolean,
            Self::TinyInt => DataType::Int8,
            Self::SmallInt => DataType::Int16,
            Self::Int | Self::IntervalYearMonth => DataType::Int32,
            Self::BigInt | Self::IntervalDayTime => DataType::Int64,
            Self::Float => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Decimal(precision, scale) => DataType::Decimal128(*precision, scale.cast_signed()),
            Self::Char(_) | Self::VarChar(_) => DataType::Utf8View,
            Self::Binary(_) | Self::VarBinary(_) => DataType::BinaryView,
            Self::Date => DataType::Date32,
            Self::Time(_) => DataType::Time32(TimeUnit::Millisecond),
            Self::Timestamp(precision, _) | Self::TimestampLtz(precision, _) => {
                DataType::Timestamp(time_unit(*precision), None)
            }
            Self::Array(element) => DataType::List(Arc::new(element.arrow("item"))),
            Self::Map(key, value) => map(key, value),
            Self::Multiset(element) => map(element, &Field::required(Self::Int)),
            Self::Row(fields) => {
                DataType::Struct(fields.iter().map(|field| field.field.arrow(&field.name)).collect())
            }
        }
    }

    /// TINYINT to BIGINT.
    pub const fn is_integer(&self) -> bool {
        matches!(self, Self::TinyInt | Self::SmallInt | Self::Int | Self::BigInt)
    }

    /// FLOAT and DOUBLE.
    pub const fn is_approximate(&self) -> bool {
        matches!(self, Self::Float | Self::Double)
    }

    /// Integers, DECIMAL, FLOAT and DOUBLE.
    pub const fn is_numeric(&self) -> bool {
        self.is_integer() || self.is_approximate() || matches!(self, Self::Decimal(..))
    }

    /// CHAR and VARCHAR.
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Char(_) | Self::VarChar(_))
    }

    /// BINARY and VARBINARY.
    pub const fn is_binary(&self) -> bool {
        matches!(self, Self::Binary(_) | Self::VarBinary(_))
    }

    /// TIMESTAMP and TIMESTAMP_LTZ.
    pub const fn is_timestamp(&self) -> bool {
        matches!(self, Self::Timestamp(..) | Self::TimestampLtz(..))
    }

    /// Both kinds of intervals.
    pub const fn is_interval(&self) -> bool {
        matches!(self, Self::IntervalYearMonth | Self::IntervalDayTime)
    }

    /// What a timestamp means for the progress of time.
    pub const fn time_kind(&self) -> TimeKind {
        match self {
            Self::Timestamp(_, kind) | Self::TimestampLtz(_, kind) => *kind,
            _ => TimeKind::Regular,
        }
    }

    /// A timestamp of this kind; anything else as it is.
    #[must_use]
    pub fn with_time_kind(self, kind: TimeKind) -> Self {
        match self {
            Self::Timestamp(precision, _) => Self::Timestamp(precision, kind),
            Self::TimestampLtz(precision, _) => Self::TimestampLtz(precision, kind),
            other => other,
        }
    }

    /// An ordinary value of this type: without what it means for the progress of time.
    #[must_use]
    pub fn materialized(self) -> Self {
        self.with_time_kind(TimeKind::Regular)
    }
}

/// Which unit holds this many digits of a second's fraction.
pub(crate) const fn time_unit(precision: u8) -> TimeUnit {
    match precision {
        0..=3 => TimeUnit::Millisecond,
        4..=6 => TimeUnit::Microsecond,
        _ => TimeUnit::Nanosecond,
    }
}

fn map(key: &Field, value: &Field) -> DataType {
    // Arrow refuses maps whose keys may be NULL; Flink allows the type and fails on such a row.
    let key = ArrowField::new("key", key.data_type.arrow(), false);
    let entries = Fields::from(vec![key, value.arrow("value")]);
    DataType::Map(Arc::new(ArrowField::new("entries", DataType::Struct(entries), false)), false)
}

impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Boolean => f.write_str("BOOLEAN"),
            Self::TinyInt => f.write_str("TINYINT"),
            Self::SmallInt => f.write_str("SMALLINT"),
            Self::Int => f.write_str("INT"),
            Self::BigInt => f.write_str("BIGINT"),
            Self::Float => f.write_str("FLOAT"),
            Self::Double => f.write_str("DOUBLE"),
            Self::Decimal(precision, scale) => write!(f, "DECIMAL({precision}, {scale})"),
            Self::Char(length) => write!(f, "CHAR({length})"),
            Self::VarChar(MAXIMUM_LENGTH) => f.write_str("STRING"),
            Self::VarChar(length) => write!(f, "VARCHAR({length})"),
            Self::Binary(length) => write!(f, "BINARY({length})"),
            Self::VarBinary(MAXIMUM_LENGTH) => f.write_str("BYTES"),
            Self::VarBinary(length) => write!(f, "VARBINARY({length})"),
            Self::Date => f.write_str("DATE"),
            Self::Time(precision) => write!(f, "TIME({precision})"),
            Self::Timestamp(precision, kind) => write!(f, "TIMESTAMP({precision}){kind}"),
            Self::TimestampLtz(precision, kind) => write!(f, "TIMESTAMP_LTZ({precision}){kind}"),
            Self::IntervalYearMonth => f.write_str("INTERVAL YEAR TO MONTH"),
            Self::IntervalDayTime => f.write_str("INTERVAL DAY TO SECOND(3)"),
            Self::Array(element) => write!(f, "ARRAY<{element}>"),
            Self::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            Self::Multiset(element) => write!(f, "MULTISET<{element}>"),
            Self::Row(fields) => {
                f.write_str("ROW<")?;
                for (index, field) in fields.iter().enumerate() {
                    write!(f, "{}{field}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str(">")
            }
        }
    }
}

impl fmt::Display for TimeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Regular => "",
            Self::Rowtime => " *ROWTIME*",
            Self::Proctime => " *PROCTIME*",
        })
    }
}
