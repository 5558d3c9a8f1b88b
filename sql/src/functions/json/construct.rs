//! JSON_STRING, JSON_OBJECT, JSON_ARRAY and JSON: values of SQL as JSON.

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use millstream_runtime::{Error, ErrorKind, Result};

use super::super::Parameter::Text;
use super::super::lift::{kernel, texts};
use super::super::{Argument, Call, Returns, ScalarFunction, Signature};
use super::convert::{is_convertible, is_null, put, write, write_fields};
use super::literal;
use super::parse::parse;
use crate::error::{SqlError, SqlResult};
use crate::eval::Kernel;
use crate::types::{Field, SqlType};

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    // They fail for numbers that JSON does not have.
    ScalarFunction::new(
        "JSON_STRING",
        Signature::Custom(|call| {
            call.expect_count(1, 1)?;
            expect_convertible(call, 0)?;
            Ok(Field::new(SqlType::STRING, call.any_nullable()))
        }),
        |arguments, _, _| {
            let data_type = arguments.first().map_or(SqlType::Null, |value| value.field.data_type.clone());
            kernel(move |call| {
                let values = call.array(0)?;
                texts(call.rows(), |row, out| {
                    let present = !is_null(&values, row);
                    if present {
                        write(&values, row, &data_type, out)?;
                    }
                    Ok(present)
                })
            })
        },
    )
    .on_demand(),
    // JSON_OBJECT(flags, key, value, …), JSON_ARRAY(flags, value, …): how the binder puts them
    ScalarFunction::new("JSON_OBJECT", Signature::Custom(|call| members(call, 2)), |arguments, _, _| object(arguments))
        .on_demand(),
    ScalarFunction::new("JSON_ARRAY", Signature::Custom(|call| members(call, 1)), |arguments, _, _| array(arguments))
        .on_demand(),
    ScalarFunction::new(
        "JSON",
        Signature::of(&[Text], Returns::Nullable(SqlType::STRING)),
        |_, _, _| {
            kernel(|call| {
                let values = call.texts(0)?;
                texts(call.rows(), |row, out| {
                    let Some(text) = values.get(row).filter(|text| !text.trim().is_empty()) else { return Ok(false) };
                    let value = parse(text).map_err(|error| {
                        Error::new(
                            ErrorKind::Function,
                            format!(
                                "org.apache.flink.table.api.TableRuntimeException: Invalid JSON string in JSON(value) \
                                 function: \"{text}\". Error: {error}"
                            ),
                        )
                    })?;
                    value.write(out);
                    Ok(true)
                })
            })
        },
    )
    .on_demand(),
];

/// What to do with NULLs, and which of the values are JSON already: `N` or `A`, and then `j` or `v` for each.
fn members(call: &mut Call, step: usize) -> SqlResult<Field> {
    call.expect(0, Text)?;
    for index in (1..call.arguments.len()).step_by(step) {
        if step == 2 {
            call.expect(index, Text)?;
            if call.is_nullable(index)
                && call.arguments.get(index).is_some_and(|key| key.as_constant().is_some())
            {
                return Err(SqlError::validation("a key of JSON_OBJECT must not be NULL"));
            }
        }
        expect_convertible(call, index + step - 1)?;
    }
    Ok(Field::required(SqlType::STRING))
}

fn expect_convertible(call: &Call, index: usize) -> SqlResult<()> {
    let data_type = call.data_type(index);
    if is_convertible(&data_type) {
        return Ok(());
    }
    Err(SqlError::validation(format!("Type '{data_type}' is not scalar or cannot be converted into JSON.")))
}

/// A value of an object or array.
struct Member {
    index: usize,
    /// Whether the key before it may be NULL.
    has_nullable_key: bool,
    data_type: SqlType,
    is_json: bool,
}

impl Member {
    fn all(arguments: &[Argument], step: usize) -> SqlResult<(bool, Vec<Self>)> {
        let flags = literal(arguments, 0, "the flags")?;
        let mut flags = flags.chars();
        let keeps_null = flags.next() == Some('N');
        let members = arguments.iter().enumerate().skip(step).step_by(step).zip(flags);
        let members = members.map(|((index, argument), flag)| Self {
            index,
            has_nullable_key: arguments.get(index - 1).is_some_and(|key| key.field.nullable),
            data_type: argument.field.data_type.clone(),
            is_json: flag == 'j',
        });
        Ok((keeps_null, members.collect()))
    }

    fn write(&self, values: &ArrayRef, row: usize, out: &mut String) -> Result<()> {
        if is_null(values, row) {
            out.push_str("null");
            return Ok(());
        }
        match values.as_string_view_opt() {
            Some(texts) if self.is_json => {
                out.push_str(texts.value(row));
                Ok(())
            }
            _ => write(values, row, &self.data_type, out),
        }
    }
}

fn object(arguments: &[Argument]) -> SqlResult<Box<dyn Kernel>> {
    let (keeps_null, members) = Member::all(arguments, 2)?;
    kernel(move |call| {
        let columns =
            members.iter().map(|member| Ok((call.texts(member.index - 1)?, call.array(member.index)?)));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        texts(call.rows(), |row, out| {
            let mut fields: Vec<(String, String)> = Vec::new();
            for (member, (keys, values)) in members.iter().zip(&columns) {
                if is_null(values, row) && !keeps_null {
                    continue;
                }
                let Some(key) = keys.get(row) else {
                    if !member.has_nullable_key {
                        return Ok(false);
                    }
                    let message = "a key of JSON_OBJECT is NULL: keys must not be";
                    return Err(Error::new(ErrorKind::Function, message));
                };
                let mut text = String::new();
                member.write(values, row, &mut text)?;
                put(&mut fields, key, text);
            }
            write_fields(&fields, out);
            Ok(true)
        })
    })
}

fn array(arguments: &[Argument]) -> SqlResult<Box<dyn Kernel>> {
    let (keeps_null, members) = Member::all(arguments, 1)?;
    kernel(move |call| {
        let columns = members.iter().map(|member| call.array(member.index)).collect::<Result<Vec<_>>>()?;
        texts(call.rows(), |row, out| {
            out.push('[');
            let start = out.len();
            for (member, values) in members.iter().zip(&columns) {
                if is_null(values, row) && !keeps_null {
                    continue;
                }
                if out.len() > start {
                    out.push(',');
                }
                member.write(values, row, out)?;
            }
            out.push(']');
            Ok(true)
        })
    })
}
