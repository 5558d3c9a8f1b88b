//! Arithmetic of DECIMALs: exact, rounded half up to the scale of the result, NULL where the result has more digits than
//! its type. As Flink's `DecimalDataUtils`.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, DecimalType};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_buffer::i256;
use millstream_runtime::{Error, ErrorKind, Result};

use super::lift::kernel;
use crate::chunk::arrow_error;
use crate::error::SqlResult;
use crate::eval::{Arguments, Kernel};

/// Ten to this power; it fits up to 38.
pub(super) fn power_of_ten(exponent: u8) -> i128 {
    10_i128.checked_pow(u32::from(exponent)).unwrap_or(i128::MAX)
}

/// Whether a value of this many digits at most.
pub(super) fn fits(value: i128, precision: u8) -> bool {
    value.unsigned_abs() < power_of_ten(precision).unsigned_abs()
}

/// `numerator / denominator`, rounded half away from zero.
fn divide_half_up(numerator: i256, denominator: i256) -> Option<i256> {
    let quotient = numerator.checked_div(denominator)?;
    let remainder = numerator.checked_rem(denominator)?.wrapping_abs();
    let doubled = remainder.checked_add(remainder)?;
    if doubled < denominator.wrapping_abs() {
        return Some(quotient);
    }
    let away =
        if (numerator < i256::ZERO) == (denominator < i256::ZERO) { i256::ONE } else { i256::MINUS_ONE };
    quotient.checked_add(away)
}

/// The unscaled value at another scale, rounded half up; `None` if it has more digits than `precision`.
pub(crate) fn rescale(value: i128, from: u8, to: u8, precision: u8) -> Option<i128> {
    let scaled = if to >= from {
        value.checked_mul(power_of_ten(to - from))?
    } else {
        let unit = power_of_ten(from - to);
        let (quotient, remainder) = (value / unit, value % unit);
        let up = remainder.unsigned_abs() >= (unit - unit / 2).unsigned_abs();
        quotient + if up { value.signum() } else { 0 }
    };
    fits(scaled, precision).then_some(scaled)
}

#[derive(Clone, Copy)]
struct Scales {
    left: u8,
    right: u8,
    result: u8,
    precision: u8,
}

impl Scales {
    fn add(self, left: i128, right: i128) -> Option<i128> {
        // One scale of the two is that of the exact sum; it may be more than the result has.
        let exact = self.left.max(self.right);
        let left = i256::from_i128(left).checked_mul(i256::from_i128(power_of_ten(exact - self.left)))?;
        let right = i256::from_i128(right).checked_mul(i256::from_i128(power_of_ten(exact - self.right)))?;
        self.finish(left.checked_add(right)?, exact)
    }

    fn multiply(self, left: i128, right: i128) -> Option<i128> {
        let exact = self.left + self.right;
        if exact == self.result
            && let Some(product) = left.checked_mul(right)
        {
            return fits(product, self.precision).then_some(product);
        }
        self.finish(i256::from_i128(left).checked_mul(i256::from_i128(right))?, exact)
    }

    fn divide(self, left: i128, right: i128) -> Option<i128> {
        // left/10^l / (right/10^r) at scale s is left * 10^(s + r - l) / right.
        let shift = i32::from(self.result) + i32::from(self.right) - i32::from(self.left);
        let power = i256::from_i128(power_of_ten(u8::try_from(shift.unsigned_abs()).unwrap_or(38)));
        let (mut numerator, mut denominator) = (i256::from_i128(left), i256::from_i128(right));
        if shift >= 0 {
            numerator = numerator.checked_mul(power)?;
        } else {
            denominator = denominator.checked_mul(power)?;
        }
        let quotient = divide_half_up(numerator, denominator)?.to_i128()?;
        fits(quotient, self.precision).then_some(quotient)
    }

    fn remainder(self, left: i128, right: i128) -> Option<i128> {
        let exact = self.left.max(self.right);
        let left = i256::from_i128(left).checked_mul(i256::from_i128(power_of_ten(exact - self.left)))?;
        let right = i256::from_i128(right).checked_mul(i256::from_i128(power_of_ten(exact - self.right)))?;
        self.finish(left.checked_rem(right)?, exact)
    }

    fn finish(self, value: i256, scale: u8) -> Option<i128> {
        let value = if scale > self.result {
            divide_half_up(value, i256::from_i128(power_of_ten(scale - self.result)))?
        } else {
            value.checked_mul(i256::from_i128(power_of_ten(self.result - scale)))?
        };
        let value = value.to_i128()?;
        fits(value, self.precision).then_some(value)
    }
}

/// The kernel of an operator over decimals of these scales.
pub(super) fn build(operator: char, left: u8, right: u8, result: (u8, u8)) -> SqlResult<Box<dyn Kernel>> {
    let scales = Scales { left, right, result: result.1, precision: result.0 };
    match operator {
        '+' => kernel(move |call| each(call, result, |a, b| Ok(scales.add(a, b)))),
        '-' => kernel(move |call| each(call, result, |a, b| Ok(scales.add(a, b.wrapping_neg())))),
        '*' => kernel(move |call| each(call, result, |a, b| Ok(scales.multiply(a, b)))),
        '/' => kernel(move |call| each(call, result, |a, b| non_zero(b).map(|b| scales.divide(a, b)))),
        _ => kernel(move |call| each(call, result, |a, b| non_zero(b).map(|b| scales.remainder(a, b)))),
    }
}

fn non_zero(divisor: i128) -> Result<i128> {
    if divisor == 0 {
        return Err(Error::new(ErrorKind::Function, "java.lang.ArithmeticException: Division by zero"));
    }
    Ok(divisor)
}

fn each(
    call: &Arguments<'_>,
    (precision, scale): (u8, u8),
    compute: impl Fn(i128, i128) -> Result<Option<i128>>,
) -> Result<ArrayRef> {
    let (left, right) = (call.numbers::<Decimal128Type>(0)?, call.numbers::<Decimal128Type>(1)?);
    let values = (0..call.rows()).map(|row| match left.get(row).zip(right.get(row)) {
        Some((left, right)) => compute(left, right),
        None => Ok(None),
    });
    let values = values.collect::<Result<PrimitiveArray<Decimal128Type>>>()?;
    typed(values, precision, scale)
}

/// The average of `count` values with this sum, at the scale of a result; NULL for no value.
pub(crate) fn average(sum: i128, count: i64, scale: u8, (precision, result): (u8, u8)) -> Option<i128> {
    if count == 0 {
        return None;
    }
    Scales { left: scale, right: 0, result, precision }.divide(sum, i128::from(count))
}

/// Unscaled values as a column of DECIMAL(precision, scale).
pub(super) fn typed(values: PrimitiveArray<Decimal128Type>, precision: u8, scale: u8) -> Result<ArrayRef> {
    let precision = precision.clamp(1, Decimal128Type::MAX_PRECISION);
    Ok(Arc::new(values.with_precision_and_scale(precision, scale.cast_signed()).map_err(arrow_error)?))
}

/// Whether the first value is a zero of any numeric type.
pub(super) fn is_zero(values: &ArrayRef) -> bool {
    use arrow_array::types::{Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
    macro_rules! zero {
        ($($kind:ty),+) => {
            $(if let Some(values) = values.as_primitive_opt::<$kind>() {
                return values.is_valid(0) && values.value(0) == <$kind as arrow_array::types::ArrowPrimitiveType>::Native::default();
            })+
        };
    }
    zero!(Int8Type, Int16Type, Int32Type, Int64Type, Float32Type, Float64Type, Decimal128Type);
    false
}
