//! Integers and floating point numbers as text: Java's.

mod floating;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

pub use floating::{write_double, write_float};
pub use parse::{NumberFormatError, parse_double, parse_float, parse_integer};

/// Writes an integer of any SQL type in decimal.
pub fn write_integer(value: i64, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{value}");
}
