//! IS JSON, JSON_EXISTS, JSON_VALUE and JSON_QUERY, as Flink's `SqlJsonUtils`.
//!
//! How they behave is in constant arguments behind those that are written: the binder puts them there.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::types::{Float64Type, Int32Type};
use millstream_runtime::{Error, ErrorKind, Result};

use super::super::Parameter::{Any, Text};
use super::super::lift::{booleans, booleans_of, kernel, numbers, texts};
use super::super::string::list_builder;
use super::super::{Argument, Returns, ScalarFunction, Signature};
use super::literal;
use super::parse::parse;
use super::path::{Path, PathError};
use super::value::Json;
use crate::error::{SqlError, SqlResult};
use crate::eval::{Arguments, Kernel};
use crate::types::{Field, SqlType};

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    // IS JSON(text, kind)
    ScalarFunction::new(
        "IS JSON",
        Signature::of(&[Text, Text], Returns::Required(SqlType::Boolean)),
        |arguments, _, _| {
            let holds: fn(&Json) -> bool = match literal(arguments, 1, "the kind")? {
                "OBJECT" => |value| matches!(value, Json::Object(_)),
                "ARRAY" => |value| matches!(value, Json::Array(_)),
                "SCALAR" => Json::is_scalar,
                _ => |_| true,
            };
            kernel(move |call| {
                let values = call.texts(0)?;
                booleans_of(call.rows(), |row| {
                    Some(values.get(row).is_some_and(|text| parse(text).is_ok_and(|value| holds(&value))))
                })
            })
        },
    )
    .on_demand(),
    // JSON_EXISTS(text, path, on error)
    ScalarFunction::new(
        "JSON_EXISTS",
        Signature::of(&[Text, Text, Text], Returns::Nullable(SqlType::Boolean)),
        |arguments, _, _| {
            let path = JsonPath::of(arguments)?;
            let on_error = match literal(arguments, 2, "the behavior")? {
                "TRUE" => Some(Some(true)),
                "UNKNOWN" => Some(None),
                "ERROR" => None,
                _ => Some(Some(false)),
            };
            kernel(move |call| {
                let values = call.texts(0)?;
                booleans(call.rows(), |row| {
                    let Some(text) = values.get(row) else { return Ok(None) };
                    match (path.find(text), on_error) {
                        (Ok(found), _) => Ok(Some(found.is_some())),
                        (Err(_), Some(answer)) => Ok(answer),
                        (Err(message), None) => Err(failure(&message)),
                    }
                })
            })
        },
    )
    .on_demand(),
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

fn failure(message: &str) -> Error {
    Error::new(ErrorKind::Function, message)
}

/// The path of a call.
struct JsonPath(std::result::Result<Path, String>);

impl JsonPath {
    /// A path that is none is an error of each row, as in Flink: ON ERROR may say what to do.
    fn of(arguments: &[Argument]) -> SqlResult<Self> {
        let text = literal(arguments, 1, "the path")?;
        match Path::compile(text) {
            Ok(path) => Ok(Self(Ok(path))),
            Err(PathError::Unsupported(what)) => {
                Err(SqlError::unsupported(format!("{what} is not supported: '{text}'")))
            }
            Err(PathError::Invalid(reason)) => Ok(Self(Err(format!(
                "org.apache.flink.table.api.TableRuntimeException: Illegal jsonpath spec ''{text}'', format of the spec \
                 should be: ''<lax|strict> $'{{'expr'}}''': {reason}"
            )))),
        }
    }

    fn is_strict(&self) -> bool {
        self.0.as_ref().is_ok_and(|path| path.strict)
    }

    /// The value of a text; `None` if there is none, which is an error where the path is strict.
    fn find(&self, text: &str) -> std::result::Result<Option<Json>, String> {
        let path = self.0.as_ref().map_err(Clone::clone)?;
        let root = match parse(text) {
            Ok(root) => root,
            Err(error) if path.strict => return Err(error.to_string()),
            Err(_) => return Ok(None),
        };
        match path.find(&root) {
            Ok(found) if *found != Json::Null => Ok(Some(found.into_owned())),
            Ok(_) if path.strict => {
                Err(runtime("Strict jsonpath mode requires a non empty returned value, but is null"))
            }
            Err(message) if path.strict => Err(message),
            _ => Ok(None),
        }
    }
}

fn runtime(message: &str) -> String {
    format!("org.apache.flink.table.api.TableRuntimeException: {message}")
}

/// What a function gives instead of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Otherwise {
    Null,
    Error,
    /// The argument at this place.
    Default(usize),
    EmptyArray,
    EmptyObject,
}

impl Otherwise {
    fn of(arguments: &[Argument], index: usize) -> SqlResult<Self> {
        Ok(match literal(arguments, index, "the behavior")? {
            "ERROR" => Self::Error,
            "DEFAULT" => Self::Default(index + 1),
            "EMPTY ARRAY" => Self::EmptyArray,
            "EMPTY OBJECT" => Self::EmptyObject,
            _ => Self::Null,
        })
    }
}

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

fn not_as_required(required: &str, value: &Json) -> String {
    let mut text = String::new();
    value.write_java(&mut text);
    runtime(&format!("Strict jsonpath mode requires {required} value, and the actual value is: ''{text}''"))
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
                use arrow_array::Array;
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
            Ok(Some(value)) if !value.is_scalar() && !(self.is_array && matches!(value, Json::Object(_))) => {
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

    fn wrapped(&self, value: Json) -> Json {
        match self.wrapper {
            Wrapper::Always => Json::Array(vec![value]),
            Wrapper::Conditional if !matches!(value, Json::Array(_)) => Json::Array(vec![value]),
            _ => value,
        }
    }
}
