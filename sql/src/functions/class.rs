//! Functions that CREATE FUNCTION finds under the name of the Java class that has them elsewhere.

use arrow_array::types::Int64Type;
use millstream_runtime::{Error, ErrorKind};

use super::Parameter::Text;
use super::lift::{kernel, numbers};
use super::{Returns, ScalarFunction, Signature};
use crate::types::SqlType;

/// The function of a class; `None` if this engine has none under that name.
pub(crate) fn function_of_class(class: &str) -> Option<&'static ScalarFunction> {
    CLASSES.iter().find(|(name, _)| *name == class).map(|(_, function)| function)
}

/// The names of the classes whose functions there are.
pub(crate) fn class_names() -> impl Iterator<Item = &'static str> {
    CLASSES.iter().map(|(name, _)| *name)
}

static CLASSES: &[(&str, ScalarFunction)] = &[(
    "com.github.nexmark.flink.udf.CountChar",
    // How many bytes of a text are the first of another: 0 for NULL, and a failure without that byte.
    ScalarFunction::new(
        "COUNT_CHAR",
        Signature::of(&[Text, Text], Returns::Required(SqlType::BigInt)),
        |_, _, _| {
            kernel(|call| {
                let (values, characters) = (call.texts(0)?, call.texts(1)?);
                numbers::<Int64Type>(call.rows(), |row| {
                    let Some(text) = values.get(row) else { return Ok(Some(0)) };
                    let byte = characters.get(row).and_then(|character| character.bytes().next());
                    let byte = byte.ok_or_else(|| {
                        Error::new(ErrorKind::Function, "COUNT_CHAR is asked to count NULL or an empty text")
                    })?;
                    let count = memchr::memchr_iter(byte, text.as_bytes()).count();
                    Ok(Some(i64::try_from(count).unwrap_or(i64::MAX)))
                })
            })
        },
    )
    .on_demand(),
)];
