//! DATE, TIME, TIMESTAMP and TIMESTAMP_LTZ as text.
//!
//! Dates are days since 1970-01-01, times milliseconds since midnight, and timestamps count the unit of their precision
//! ([`TimestampUnit`](crate::types::calendar::TimestampUnit)). Years beyond 9999 and before 0 are written as `java.time`
//! does, with a sign; Flink's casts lose their digits.

mod format;
mod iso;
mod jdbc;
mod literal;
mod parse;
mod scan;
#[cfg(test)]
mod tests;
mod write;

pub use format::{
    TimestampFormat, parse_format_date, parse_format_instant, parse_format_time, parse_format_timestamp,
    write_format_instant, write_format_time, write_format_timestamp,
};
pub use iso::{parse_instant_iso, parse_timestamp_iso};
pub use jdbc::parse_timestamp_jdbc;
pub use literal::{parse_date_literal, parse_time_literal, parse_timestamp_literal};
pub use parse::{parse_date, parse_time, parse_timestamp};
pub use write::{
    write_date, write_instant_row, write_time, write_time_row, write_timestamp, write_timestamp_row,
};
