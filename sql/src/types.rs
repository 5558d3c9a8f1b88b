//! The types of Flink SQL: what they are, which of them hold a column, how values are converted, and what they look like
//! as text and on the calendar.

pub mod calendar;
mod common;
mod conversion;
mod schema;
mod sql_type;
pub mod text;
pub mod zone;

pub(crate) use common::as_decimal;
pub use common::{common_type, decimal_result};
pub use conversion::{can_cast, can_cast_implicitly};
pub use schema::{NamedField, Schema};
#[cfg(feature = "parquet")]
pub(crate) use sql_type::time_unit;
pub use sql_type::{Field, MAXIMUM_LENGTH, SqlType, TimeKind};
