//! IS JSON and JSON_EXISTS, and what JSON_VALUE and JSON_QUERY share with them. As Flink's `SqlJsonUtils`.
//!
//! How they behave is in constant arguments behind those that are written: the binder puts them there.

use millstream_runtime::{Error, ErrorKind};

use super::super::Parameter::Text;
use super::super::lift::{booleans, booleans_of, kernel};
use super::super::{Argument, Returns, ScalarFunction, Signature};
use super::literal;
use super::parse::parse;
use super::path::{Path, PathError};
use super::value::Json;
use crate::error::{SqlError, SqlResult};
use crate::types::SqlType;

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
];

pub(super) fn failure(message: &str) -> Error {
    Error::new(ErrorKind::Function, message)
}

/// The path of a call.
pub(super) struct JsonPath(std::result::Result<Path, String>);

impl JsonPath {
    /// A path that is none is an error of each row, as in Flink: ON ERROR may say what to do.
    pub(super) fn of(arguments: &[Argument]) -> SqlResult<Self> {
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

    pub(super) fn is_strict(&self) -> bool {
        self.0.as_ref().is_ok_and(|path| path.strict)
    }

    /// The value of a text; `None` if there is none, which is an error where the path is strict.
    pub(super) fn find(&self, text: &str) -> std::result::Result<Option<Json>, String> {
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

pub(super) fn runtime(message: &str) -> String {
    format!("org.apache.flink.table.api.TableRuntimeException: {message}")
}

/// What a function gives instead of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Otherwise {
    Null,
    Error,
    /// The argument at this place.
    Default(usize),
    EmptyArray,
    EmptyObject,
}

impl Otherwise {
    pub(super) fn of(arguments: &[Argument], index: usize) -> SqlResult<Self> {
        Ok(match literal(arguments, index, "the behavior")? {
            "ERROR" => Self::Error,
            "DEFAULT" => Self::Default(index + 1),
            "EMPTY ARRAY" => Self::EmptyArray,
            "EMPTY OBJECT" => Self::EmptyObject,
            _ => Self::Null,
        })
    }
}

/// The error of a value of the wrong kind where the path is strict.
pub(super) fn not_as_required(required: &str, value: &Json) -> String {
    let mut text = String::new();
    value.write_java(&mut text);
    runtime(&format!("Strict jsonpath mode requires {required} value, and the actual value is: ''{text}''"))
}
