//! JSON_VALUE: scalars.

use arrow_array::Array;
use arrow_array::types::{Float64Type, Int32Type};
use millstream_runtime::Result;

use super::super::Parameter::Text;
use super::super::lift::{booleans, kernel, numbers, texts};
use super::super::{Argument, ScalarFunction, Signature};
use super::access::{JsonPath, Otherwise, failure, not_as_required, runtime};
use super::value::Json;
use crate::error::SqlResult;
use crate::eval::Kernel;
use crate::types::{Field, SqlType};

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    // JSON_VALUE(text, path, on empty, default, on error, default), where a default is of the result's type
    ScalarFunction::new(
        "JSON_VALUE",
        Signature::Custom(|call| {
            call.expect_count(6, 6)?;
            [0, 1, 2, 4].into_iter().try_for_each(|index| call.expect(index, Text))?;
            Ok(Field::nullable(call.data_type(3)))
        }),
        |arguments, result, _| json_value(arguments, result),
    )
    .on_demand(),
];

/// The scalar of a row, or the argument that has it instead.
enum Scalar {
    Value(Json),
    Argument(usize),
    Null,
}

struct ValueKernel {
    path: JsonPath,
    on_empty: Otherwise,
    on_error: Otherwise,
}

impl ValueKernel {
    fn scalar(&self, text: Option<&str>) -> Result<Scalar> {
        let Some(text) = text else { return Ok(Scalar::Null) };
        let (behavior, message) = match self.path.find(text) {
            Ok(Some(value)) if value.is_scalar() => return Ok(Scalar::Value(value)),
            Ok(Some(value)) if self.path.is_strict() => (self.on_error, not_as_required("scalar", &value)),
            Ok(_) => (self.on_empty, runtime("Empty result of JSON_VALUE function is not allowed")),
            Err(message) => (self.on_error, message),
        };
        match behavior {
            Otherwise::Error => Err(failure(&message)),
            Otherwise::Default(index) => Ok(Scalar::Argument(index)),
            _ => Ok(Scalar::Null),
        }
    }

    /// For results of a type that JSON has, too: only values of that very type are taken, as in Flink.
    fn exact<T>(
        &self,
        text: Option<&str>,
        class: &str,
        take: impl Fn(&Json) -> Option<T>,
        default: impl Fn(usize) -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        match self.scalar(text)? {
            Scalar::Null => Ok(None),
            Scalar::Argument(index) => default(index),
            Scalar::Value(value) => match take(&value) {
                Some(taken) => Ok(Some(taken)),
                None => {
                    let found = value.class();
                    Err(failure(&format!(
                        "java.lang.ClassCastException: class {found} cannot be cast to class {class} ({found} and {class} \
                         are in module java.base of loader 'bootstrap')"
                    )))
                }
            },
        }
    }
}

fn json_value(arguments: &[Argument], result: &Field) -> SqlResult<Box<dyn Kernel>> {
    let values = ValueKernel {
        path: JsonPath::of(arguments)?,
        on_empty: Otherwise::of(arguments, 2)?,
        on_error: Otherwise::of(arguments, 4)?,
    };
    match result.data_type {
        SqlType::Boolean => kernel(move |call| {
            let (input, defaults) = (call.texts(0)?, [call.booleans(3)?, call.booleans(5)?]);
            booleans(call.rows(), |row| {
                let default = |index: usize| {
                    let default = defaults.get(usize::from(index == 5));
                    Ok(default.filter(|default| default.is_valid(row)).map(|default| default.value(row)))
                };
                let take = |value: &Json| match value {
                    Json::Boolean(value) => Some(*value),
                    _ => None,
                };
                values.exact(input.get(row), "java.lang.Boolean", take, default)
            })
        }),
        SqlType::Int => kernel(move |call| {
            let input = call.texts(0)?;
            numbers::<Int32Type>(call.rows(), |row| {
                let default = |index: usize| Ok(call.numbers::<Int32Type>(index)?.get(row));
                let take = |value: &Json| match value {
                    Json::Integer(digits) => digits.parse().ok(),
                    _ => None,
                };
                values.exact(input.get(row), "java.lang.Integer", take, default)
            })
        }),
        SqlType::Double => kernel(move |call| {
            let input = call.texts(0)?;
            numbers::<Float64Type>(call.rows(), |row| {
                let default = |index: usize| Ok(call.numbers::<Float64Type>(index)?.get(row));
                let take = |value: &Json| match value {
                    Json::Decimal(digits) => digits.parse().ok(),
                    _ => None,
                };
                values.exact(input.get(row), "java.math.BigDecimal", take, default)
            })
        }),
        _ => kernel(move |call| {
            let input = call.texts(0)?;
            texts(call.rows(), |row, out| {
                match values.scalar(input.get(row))? {
                    Scalar::Value(value) => value.write_java(out),
                    Scalar::Argument(index) => match call.texts(index)?.get(row) {
                        Some(default) => out.push_str(default),
                        None => return Ok(false),
                    },
                    Scalar::Null => return Ok(false),
                }
                Ok(true)
            })
        }),
    }
}
