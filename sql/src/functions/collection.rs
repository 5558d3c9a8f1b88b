//! Functions of arrays, maps and rows.
//!
//! Elements are compared as arrow orders them: NaN is equal to itself, and the zeros of floats differ, which Flink sees
//! the other way round.

mod access;
mod array;
mod construct;
mod lists;
mod map;
mod order;
mod set;

use super::ScalarFunction;

/// The functions of each file.
pub(super) const FAMILIES: &[&[ScalarFunction]] = &[
    access::FUNCTIONS,
    array::FUNCTIONS,
    construct::FUNCTIONS,
    map::FUNCTIONS,
    order::FUNCTIONS,
    set::FUNCTIONS,
];
