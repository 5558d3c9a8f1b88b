//! JSON_QUERY: objects and arrays.

use std::sync::Arc;

use arrow_array::ArrayRef;
use millstream_runtime::Result;

use super::super::Parameter::{Any, Text};
use super::super::lift::{kernel, texts};
use super::super::string::list_builder;
use super::super::{Argument, ScalarFunction, Signature};
use super::access::{JsonPath, Otherwise, failure, not_as_required, runtime};
use super::literal;
use super::value::Json;
use crate::error::SqlResult;
use crate::eval::{Arguments, Kernel};
use crate::types::{Field, SqlType};

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    // JSON_QUERY(text, path, wrapper, on empty, on error, a NULL of the result's type)
    ScalarFunction::new(
        "JSON_QUERY",
        Signature::Custom(|call| {
            call.expect_count(6, 6)?;
            (0..5).try_for_each(|index| call.expect(index, Text))?;
            call.expect(5, Any)?;
            Ok(Field::nullable(call.data_type(5)))
        }),
        |arguments, result, _| json_query(arguments, result),
    )
    .on_demand(),
];

struct QueryKernel {
    path: JsonPath,
    wrapper: Wrapper,
    on_empty: Otherwise,
    on_error: Otherwise,
    is_array: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrapper {
    Never,
    /// Unless it is an array already.
    Conditional,
    Always,
}

fn json_query(arguments: &[Argument], result: &Field) -> SqlResult<Box<dyn Kernel>> {
    let queries = QueryKernel {
        path: JsonPath::of(arguments)?,
        wrapper: match literal(arguments, 2, "the wrapper")? {
            "CONDITIONAL" => Wrapper::Conditional,
            "UNCONDITIONAL" => Wrapper::Always,
            _ => Wrapper::Never,
        },
        on_empty: Otherwise::of(arguments, 3)?,
        on_error: Otherwise::of(arguments, 4)?,
        is_array: matches!(result.data_type, SqlType::Array(_)),
    };
    if queries.is_array {
        kernel(move |call| queries.arrays(call))
    } else {
        kernel(move |call| queries.texts(call))
    }
}

impl QueryKernel {
    fn texts(&self, call: &Arguments<'_>) -> Result<ArrayRef> {
        let values = call.texts(0)?;
        texts(call.rows(), |row, out| {
            let Some(found) = self.value(values.get(row))? else { return Ok(false) };
            found.write(out);
            Ok(true)
        })
    }

    fn arrays(&self, call: &Arguments<'_>) -> Result<ArrayRef> {
        let values = call.texts(0)?;
        let (mut lists, mut text) = (list_builder(), String::new());
        for row in 0..call.rows() {
            let found = self.value(values.get(row))?;
            if let Some(Json::Array(items)) = &found {
                for item in items {
                    text.clear();
                    if item.is_scalar() {
                        item.write_java(&mut text)
                    } else {
                        item.write(&mut text)
                    }
                    lists.values().append_option((*item != Json::Null).then_some(&text));
                }
            }
            lists.append(found.is_some());
        }
        Ok(Arc::new(lists.finish()))
    }

    fn value(&self, text: Option<&str>) -> Result<Option<Json>> {
        let Some(text) = text else { return Ok(None) };
        let found = self.path.find(text).map(|found| found.map(|value| self.wrapped(value)));
        let (behavior, message) = match found {
            Ok(Some(value)) if self.fits(&value) => {
                return Ok(Some(value));
            }
            Ok(Some(value)) if !value.is_scalar() => (
                self.on_error,
                "java.lang.ClassCastException: an object cannot be cast to an array".to_owned(),
            ),
            Ok(Some(value)) if self.path.is_strict() => {
                (self.on_error, not_as_required("array or object", &value))
            }
            Ok(_) => (self.on_empty, runtime("Empty result of JSON_QUERY function is not allowed")),
            Err(message) => (self.on_error, message),
        };
        match behavior {
            Otherwise::Error => Err(failure(&message)),
            Otherwise::EmptyArray => Ok(Some(Json::Array(Vec::new()))),
            Otherwise::EmptyObject => Ok(Some(Json::Object(Vec::new()))),
            _ => Ok(None),
        }
    }

    /// Whether it is of the kind that is wanted: no scalar, and an array if the result is one.
    const fn fits(&self, value: &Json) -> bool {
        match value {
            Json::Array(_) => true,
            Json::Object(_) => !self.is_array,
            _ => false,
        }
    }

    fn wrapped(&self, value: Json) -> Json {
        match self.wrapper {
            Wrapper::Always => Json::Array(vec![value]),
            Wrapper::Conditional if !matches!(value, Json::Array(_)) => Json::Array(vec![value]),
            _ => value,
        }
    }
}
