//! `+ - * / %`, as Java computes them: integers wrap around, a division by zero fails the job.

use arrow_arith::numeric::{add_wrapping, div, mul_wrapping, neg_wrapping, rem, sub_wrapping};
use arrow_array::types::{Int8Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{ArrayRef, Datum};
use arrow_schema::{ArrowError, DataType};
use millstream_runtime::{Error, ErrorKind, Result};

use super::lift::{kernel, numbers};
use super::time::add::{Step, shifted};
use super::{Argument, Call, ScalarFunction, Signature, decimal};
use crate::chunk::arrow_error;
use crate::error::{SqlError, SqlResult};
use crate::eval::{Arguments, Kernel};
use crate::plan::Constant;
use crate::types::{Field, SqlType, as_decimal, common_type, decimal_result};

pub(super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("+", Signature::Custom(|call| binary(call, '+')), |arguments, result, _| {
        build('+', arguments, result)
    }),
    ScalarFunction::new("-", Signature::Custom(minus), |arguments, result, _| match arguments {
        [_] => kernel(|call| neg_wrapping(&call.array(0)?).map_err(arrow_error)),
        _ => build('-', arguments, result),
    }),
    ScalarFunction::new("*", Signature::Custom(|call| binary(call, '*')), |arguments, result, _| {
        build('*', arguments, result)
    }),
    fallible("/", Signature::Custom(|call| binary(call, '/')), |arguments, result, _| {
        build('/', arguments, result)
    }),
    fallible("%", Signature::Custom(|call| binary(call, '%')), |arguments, result, _| {
        build('%', arguments, result)
    }),
    fallible("MOD", Signature::Custom(|call| binary(call, '%')), |arguments, result, _| {
        build('%', arguments, result)
    }),
];

/// It fails for a zero, unless that is a constant that is none.
const fn fallible(name: &'static str, signature: Signature, build: super::Build) -> ScalarFunction {
    let mut function = ScalarFunction::new(name, signature, build);
    function.eager = |arguments, result| {
        let divides_by_constant =
            matches!(arguments, [_, divisor] if divisor.as_constant().is_some_and(is_not_zero));
        divides_by_constant || result.data_type.is_approximate()
    };
    function
}

fn is_not_zero(constant: &Constant) -> bool {
    !constant.is_null() && !decimal::is_zero(constant.array())
}

fn minus(call: &mut Call) -> SqlResult<Field> {
    if call.arguments.len() != 1 {
        return binary(call, '-');
    }
    let data_type = call.data_type(0);
    if !(data_type.is_numeric() || data_type.is_interval()) {
        return Err(call.mismatch());
    }
    Ok(Field::new(data_type, call.any_nullable()))
}

/// The result of an operator; arguments are cast to what its kernel takes.
fn binary(call: &mut Call, operator: char) -> SqlResult<Field> {
    call.expect_count(2, 2)?;
    let (left, right) = (call.data_type(0), call.data_type(1));
    let nullable = call.any_nullable();
    if let Some(data_type) = temporal(operator, &left, &right) {
        // The interval stands behind what it moves, and in front of what it is multiplied by.
        if operator == '+' && left.is_interval() && !right.is_interval()
            || operator == '*' && right.is_interval()
        {
            call.arguments.reverse();
        }
        if call.data_type(1).is_integer() {
            let months = call.data_type(0) == SqlType::IntervalYearMonth;
            call.cast(1, if months { &SqlType::Int } else { &SqlType::BigInt });
        }
        return Ok(Field::new(data_type.materialized(), nullable));
    }
    let (left, right) = match (&left, &right) {
        (SqlType::Null, other) | (other, SqlType::Null) => (other.clone(), other.clone()),
        _ => (left, right),
    };
    if !left.is_numeric() || !right.is_numeric() {
        return Err(call.mismatch());
    }
    let is_decimal = |data_type: &SqlType| matches!(data_type, SqlType::Decimal(..));
    if (is_decimal(&left) || is_decimal(&right))
        && let (Some(first), Some(second)) = (as_decimal(&left), as_decimal(&right))
    {
        call.cast(0, &SqlType::Decimal(first.0, first.1));
        call.cast(1, &SqlType::Decimal(second.0, second.1));
        return Ok(Field::new(decimal_result(operator, first, second), nullable));
    }
    let common = common_type(&left, &right).ok_or_else(|| call.mismatch())?;
    call.cast_all(&common);
    // As in Flink, the remainder of an integer has the type of the divisor.
    if operator == '%' && right.is_integer() {
        return Ok(Field::new(right, nullable));
    }
    Ok(Field::new(common, nullable))
}

/// The result where a date, time or interval takes part.
fn temporal(operator: char, left: &SqlType, right: &SqlType) -> Option<SqlType> {
    use SqlType::{Date, IntervalDayTime, IntervalYearMonth, Time};
    let shifted = |data_type: &SqlType, interval: &SqlType| -> Option<SqlType> {
        match (data_type, interval) {
            (Date, IntervalYearMonth | IntervalDayTime) => Some(Date),
            (Time(precision), IntervalDayTime | IntervalYearMonth) => Some(Time(*precision)),
            (data_type, IntervalDayTime | IntervalYearMonth) if data_type.is_timestamp() => {
                Some(data_type.clone())
            }
            _ => None,
        }
    };
    match operator {
        '+' | '-' if left == right && left.is_interval() => Some(left.clone()),
        '+' => shifted(left, right).or_else(|| shifted(right, left)),
        '-' => shifted(left, right),
        '*' if left.is_interval() && right.is_integer() => Some(left.clone()),
        '*' if left.is_integer() && right.is_interval() => Some(right.clone()),
        _ => None,
    }
}

fn build(operator: char, arguments: &[Argument], result: &Field) -> SqlResult<Box<dyn Kernel>> {
    let [left, right] = arguments else {
        return Err(SqlError::unsupported("an operator without two operands"));
    };
    match (&left.field.data_type, &right.field.data_type, &result.data_type) {
        (SqlType::Decimal(_, s1), SqlType::Decimal(_, s2), SqlType::Decimal(precision, scale)) => {
            decimal::build(operator, *s1, *s2, (*precision, *scale))
        }
        (_, interval, data_type) if interval.is_interval() && !data_type.is_interval() => {
            shift(operator, data_type, interval)
        }
        (data_type, ..) if data_type.is_approximate() => float(operator),
        _ => {
            let checked = result.data_type.clone();
            kernel(move |call| integer(operator, call, &checked))
        }
    }
}

type Operator = fn(&dyn Datum, &dyn Datum) -> std::result::Result<ArrayRef, ArrowError>;

fn arrow_operator(operator: char) -> Operator {
    match operator {
        '+' => add_wrapping,
        '-' => sub_wrapping,
        '*' => mul_wrapping,
        '/' => div,
        _ => rem,
    }
}

fn integer(operator: char, call: &Arguments<'_>, result: &SqlType) -> Result<ArrayRef> {
    let function = arrow_operator(operator);
    let computed = match function(call.value(0)?, call.value(1)?) {
        // Java's Long.MIN_VALUE / -1 wraps; arrow refuses it.
        Err(ArrowError::ArithmeticOverflow(_)) => return wrapping_division(operator, call),
        Err(ArrowError::DivideByZero) => {
            return Err(Error::new(ErrorKind::Function, "java.lang.ArithmeticException: / by zero"));
        }
        other => other.map_err(arrow_error)?,
    };
    super::cast::narrow_integer(&computed, result)
}

fn wrapping_division(operator: char, call: &Arguments<'_>) -> Result<ArrayRef> {
    macro_rules! divide {
        ($kind:ty) => {{
            let (left, right) = (call.numbers::<$kind>(0)?, call.numbers::<$kind>(1)?);
            numbers::<$kind>(call.rows(), |row| {
                let both = left.get(row).zip(right.get(row));
                Ok(both.map(|(a, b)| if operator == '/' { a.wrapping_div(b) } else { a.wrapping_rem(b) }))
            })
        }};
    }
    match call.value(0)?.array().data_type() {
        DataType::Int8 => divide!(Int8Type),
        DataType::Int16 => divide!(Int16Type),
        DataType::Int32 => divide!(Int32Type),
        _ => divide!(Int64Type),
    }
}

/// Floats: never an error, as in Java; arrow refuses zeros of integers alone.
fn float(operator: char) -> SqlResult<Box<dyn Kernel>> {
    let function = arrow_operator(operator);
    kernel(move |call| function(call.value(0)?, call.value(1)?).map_err(arrow_error))
}

/// A date, time or timestamp, moved by an interval.
fn shift(operator: char, data_type: &SqlType, interval: &SqlType) -> SqlResult<Box<dyn Kernel>> {
    let sign = if operator == '-' { -1_i64 } else { 1 };
    let data_type = data_type.clone();
    if *interval == SqlType::IntervalDayTime {
        return kernel(move |call| {
            let millis = call.numbers::<Int64Type>(1)?;
            shifted(call, 0, &data_type, Step::Millis(sign), |row| millis.get(row))
        });
    }
    kernel(move |call| {
        let months = call.numbers::<Int32Type>(1)?;
        shifted(call, 0, &data_type, Step::Months(sign), |row| months.get(row).map(i64::from))
    })
}
