//! Functions of JSON.
//!
//! JSON is read as Jackson reads it for Flink: what follows the first value is not looked at, objects are written with
//! their keys in order, and numbers keep their digits. Paths are those of Jayway's JsonPath.

mod access;
mod construct;
mod convert;
mod number;
mod parse;
mod path;
mod query;
mod quote;
mod scalar;
mod value;

use super::ScalarFunction;
use crate::error::{SqlError, SqlResult};
use crate::eval::Argument;

/// The functions of each file.
pub(super) const FAMILIES: &[&[ScalarFunction]] =
    &[access::FUNCTIONS, construct::FUNCTIONS, query::FUNCTIONS, quote::FUNCTIONS, scalar::FUNCTIONS];

/// An argument that says how a function behaves, which the binder has made of the syntax, or the path.
fn literal<'a>(arguments: &'a [Argument], index: usize, what: &str) -> SqlResult<&'a str> {
    arguments
        .get(index)
        .and_then(super::constant_text)
        .ok_or_else(|| SqlError::validation(format!("{what} of a JSON function must be a literal")))
}
