//! Functions of numbers.

mod random;
mod real;
mod rounding;

use super::ScalarFunction;

/// The functions of each file.
pub(super) const FAMILIES: &[&[ScalarFunction]] = &[random::FUNCTIONS, real::FUNCTIONS, rounding::FUNCTIONS];
