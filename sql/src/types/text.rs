//! Values as text, and text as values: as Flink casts them, and as its rows are printed.
//!
//! Two formats exist for most types. *SQL text* is what `CAST(x AS STRING)` gives (`2020-10-10 00:00:05.123`);
//! *row text* is what `Row.toString` prints, which is Java's `toString` of the value (`2020-10-10T00:00:05.123`).
//! Functions that write append to the caller's string and allocate nothing else; functions that read take the text
//! apart in place.

pub mod boolean;
pub mod decimal;
pub mod interval;
pub mod number;
mod pad;
pub mod pattern;
#[cfg(test)]
mod tests;
pub mod timestamp;

pub use number::NumberFormatError;
