//! PRINTF: a format of `java.util.Formatter`, in the locale of the United States. What Java throws at gives NULL.
//!
//! Texts can be formatted by `%s` and `%S` alone: Flink hands its own strings to Java. So can DECIMALs.

mod spec;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use arrow_array::{Array, ArrayRef};
use millstream_runtime::Result;

use self::spec::Piece;
use super::super::Parameter::Text;
use super::super::lift::{kernel, texts_of};
use super::super::{Call, ScalarFunction, Signature, constant_text};
use crate::error::{SqlError, SqlResult};
use crate::types::text::decimal::write_decimal;
use crate::types::text::number::write_double;
use crate::types::{Field, SqlType};

pub(in super::super) static FUNCTIONS: &[ScalarFunction] =
    // It takes as much memory as its format says.
    &[ScalarFunction::new("PRINTF", Signature::Custom(check), |arguments, _, _| {
            let types: Vec<_> =
                arguments.iter().skip(1).map(|argument| argument.field.data_type.clone()).collect();
            // A conversion that is not supported is found now, if that can be.
            if let Some(Err(spec::FormatError::Unsupported(what))) =
                arguments.first().and_then(constant_text).map(spec::parse)
            {
                return Err(SqlError::unsupported(format!(
                    "the conversion {what} of PRINTF is not supported"
                )));
            }
            kernel(move |call| {
                let formats = call.texts(0)?;
                let columns = (1..call.len()).map(|index| call.array(index)).collect::<Result<Vec<_>>>()?;
                let mut last: Option<(String, Option<Vec<Piece>>)> = None;
                texts_of(call.rows(), |row, out| {
                    let format = formats.get(row)?;
                    if last.as_ref().is_none_or(|(known, _)| known != format) {
                        last = Some((format.to_owned(), spec::parse(format).ok()));
                    }
                    let pieces = last.as_ref()?.1.as_ref()?;
                    let values: Vec<_> = columns
                        .iter()
                        .zip(&types)
                        .map(|(column, data_type)| value(column, row, data_type))
                        .collect();
                    spec::write(pieces, &values, out)
                })
            })
        })
        .on_demand()];

fn check(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(1, usize::MAX)?;
    call.expect(0, Text)?;
    for index in 1..call.arguments.len() {
        let data_type = call.data_type(index);
        let taken = data_type.is_text()
            || data_type.is_numeric()
            || matches!(data_type, SqlType::Boolean | SqlType::Null);
        if !taken {
            return Err(SqlError::unsupported(format!(
                "PRINTF of a value of type {data_type} is not supported"
            )));
        }
    }
    Ok(Field::nullable(SqlType::STRING))
}

/// A value as Java's formatter gets it.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Null,
    Boolean(bool),
    /// An integer of so many bits.
    Integer(i64, u32),
    Float(f64),
    /// What has a text alone.
    Opaque(String),
}

fn value(column: &ArrayRef, row: usize, data_type: &SqlType) -> Value {
    if column.is_null(row) || *data_type == SqlType::Null {
        return Value::Null;
    }
    macro_rules! integer {
        ($kind:ty, $bits:expr) => {
            column.as_primitive_opt::<$kind>().map(|values| Value::Integer(values.value(row).into(), $bits))
        };
    }
    let value = match data_type {
        SqlType::Boolean => column.as_boolean_opt().map(|values| Value::Boolean(values.value(row))),
        SqlType::TinyInt => integer!(Int8Type, 8),
        SqlType::SmallInt => integer!(Int16Type, 16),
        SqlType::Int => integer!(Int32Type, 32),
        SqlType::BigInt => integer!(Int64Type, 64),
        SqlType::Float => {
            column.as_primitive_opt::<Float32Type>().map(|values| Value::Float(shortest(values.value(row))))
        }
        SqlType::Double => {
            column.as_primitive_opt::<Float64Type>().map(|values| Value::Float(values.value(row)))
        }
        SqlType::Decimal(_, scale) => column.as_primitive_opt::<Decimal128Type>().map(|values| {
            let mut text = String::new();
            write_decimal(values.value(row), *scale, &mut text);
            Value::Opaque(text)
        }),
        _ => column.as_string_view_opt().map(|values| Value::Opaque(values.value(row).to_owned())),
    };
    value.unwrap_or(Value::Null)
}

/// The DOUBLE with the digits of a FLOAT, which is what Java formats.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| value.into())
}

impl Value {
    /// Java's `String.valueOf`.
    fn text(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Boolean(value) => value.to_string(),
            Self::Integer(value, _) => value.to_string(),
            Self::Float(value) => {
                let mut text = String::new();
                write_double(*value, &mut text);
                text
            }
            Self::Opaque(text) => text.clone(),
        }
    }
}
