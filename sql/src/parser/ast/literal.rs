//! Constants.

/// A constant as it is written; its type and bounds are a matter of analysis.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Literal {
    /// `NULL`
    Null,
    /// `TRUE`, `FALSE`
    Boolean(bool),
    /// `UNKNOWN`
    Unknown,
    /// An unsigned number as written: `12`, `1.50`, `.5`, `1E-3`.
    Number(String),
    /// `'text'`
    String {
        /// The text.
        value: String,
        /// The character set of `_UTF16'text'`; `N` for `N'text'`.
        character_set: Option<String>,
    },
    /// The hexadecimal digits of `X'…'`, an even number, in upper case.
    Binary(String),
    /// `DATE '2020-01-31'`
    Date(String),
    /// `TIME '10:00:00'`
    Time(String),
    /// `TIMESTAMP '2020-01-31 10:00:00'`
    Timestamp(String),
    /// `TIMESTAMP WITH LOCAL TIME ZONE '2020-01-31 10:00:00'`
    TimestampWithLocalTimeZone(String),
}

/// A unit of time in intervals, EXTRACT, FLOOR, TIMESTAMPADD.
#[allow(missing_docs, reason = "their names say it")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
    Epoch,
    DayOfWeek,
    DayOfYear,
    IsoDayOfWeek,
    IsoYear,
    Decade,
    Century,
    Millennium,
}

/// The units of an interval: `DAY(2) TO SECOND(3)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IntervalQualifier {
    /// The first or only unit: YEAR to SECOND.
    pub start: TimeUnit,
    /// How many digits the first unit may have.
    pub precision: Option<u32>,
    /// The last unit.
    pub end: Option<TimeUnit>,
    /// How many digits of a second's fraction count.
    pub fraction: Option<u32>,
}
