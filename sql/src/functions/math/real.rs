//! Functions of DOUBLEs. Other numbers are cast to DOUBLE, as in Flink.

use std::f64::consts;

use arrow_array::types::Float64Type;

use super::super::Parameter::Double;
use super::super::lift::{kernel, numbers_of};
use super::super::{Returns, ScalarFunction, Signature};
use crate::error::SqlResult;
use crate::eval::Kernel;
use crate::types::SqlType;

const DOUBLE: Returns = Returns::Type(SqlType::Double);
const CONSTANT: Signature = Signature::of(&[], Returns::Required(SqlType::Double));
const ONE: Signature = Signature::of(&[Double], DOUBLE);
const TWO: Signature = Signature::of(&[Double, Double], DOUBLE);

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("PI", CONSTANT, |_, _, _| constant(consts::PI)),
    ScalarFunction::new("E", CONSTANT, |_, _, _| constant(consts::E)),
    ScalarFunction::new("SQRT", ONE, |_, _, _| one(f64::sqrt)),
    ScalarFunction::new("EXP", ONE, |_, _, _| one(f64::exp)),
    ScalarFunction::new("LN", ONE, |_, _, _| one(f64::ln)),
    ScalarFunction::new("LOG10", ONE, |_, _, _| one(f64::log10)),
    ScalarFunction::new("LOG2", ONE, |_, _, _| one(|x| logarithm(2.0, x))),
    ScalarFunction::new("SIN", ONE, |_, _, _| one(f64::sin)),
    ScalarFunction::new("COS", ONE, |_, _, _| one(f64::cos)),
    ScalarFunction::new("TAN", ONE, |_, _, _| one(f64::tan)),
    ScalarFunction::new("COT", ONE, |_, _, _| one(|x| 1.0 / x.tan())),
    ScalarFunction::new("ASIN", ONE, |_, _, _| one(f64::asin)),
    ScalarFunction::new("ACOS", ONE, |_, _, _| one(f64::acos)),
    ScalarFunction::new("ATAN", ONE, |_, _, _| one(f64::atan)),
    ScalarFunction::new("SINH", ONE, |_, _, _| one(f64::sinh)),
    ScalarFunction::new("COSH", ONE, |_, _, _| one(f64::cosh)),
    ScalarFunction::new("TANH", ONE, |_, _, _| one(f64::tanh)),
    ScalarFunction::new("DEGREES", ONE, |_, _, _| one(f64::to_degrees)),
    ScalarFunction::new("RADIANS", ONE, |_, _, _| one(f64::to_radians)),
    ScalarFunction::new("ATAN2", TWO, |_, _, _| two(f64::atan2)),
    ScalarFunction::new("POWER", TWO, |_, _, _| two(power)),
    ScalarFunction::new("LOG", Signature::optional(&[Double, Double], 1, DOUBLE), |arguments, _, _| {
        match arguments {
            [_] => one(f64::ln),
            _ => two(logarithm),
        }
    }),
];

/// As Java works it out: a quotient, which is not always the nearest number.
fn logarithm(base: f64, x: f64) -> f64 {
    x.ln() / base.ln()
}

/// As Java's `Math.pow`, which knows nothing of one to an infinite or unknown power.
fn power(base: f64, exponent: f64) -> f64 {
    if exponent.is_nan() || base.abs() == 1.0 && exponent.is_infinite() {
        f64::NAN
    } else {
        base.powf(exponent)
    }
}

fn constant(value: f64) -> SqlResult<Box<dyn Kernel>> {
    kernel(move |call| numbers_of::<Float64Type>(call.rows(), |_| Some(value)))
}

fn one(function: impl Fn(f64) -> f64 + Send + Sync + 'static) -> SqlResult<Box<dyn Kernel>> {
    kernel(move |call| {
        let values = call.numbers::<Float64Type>(0)?;
        numbers_of::<Float64Type>(call.rows(), |row| values.get(row).map(&function))
    })
}

fn two(function: impl Fn(f64, f64) -> f64 + Send + Sync + 'static) -> SqlResult<Box<dyn Kernel>> {
    kernel(move |call| {
        let (left, right) = (call.numbers::<Float64Type>(0)?, call.numbers::<Float64Type>(1)?);
        numbers_of::<Float64Type>(call.rows(), |row| Some(function(left.get(row)?, right.get(row)?)))
    })
}
