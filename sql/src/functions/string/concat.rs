//! Functions that put texts together: `||`, CONCAT, CONCAT_WS, REPEAT, ELT.

use arrow_array::types::{Int32Type, Int64Type};
use arrow_select::interleave::interleave;
use millstream_runtime::Result;

use super::super::Parameter::{BigInt, Int, Text};
use super::super::lift::{kernel, texts_of};
use super::super::{Call, Returns, ScalarFunction, Signature};
use crate::chunk::arrow_error;
use crate::error::SqlResult;
use crate::eval::{Arguments, Texts};
use crate::types::{Field, MAXIMUM_LENGTH, SqlType};

const TEXTS: Signature =
    Signature::Repeated { parameter: Text, required: 1, returns: Returns::Type(SqlType::STRING) };

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("||", Signature::of(&[Text, Text], Returns::Computed(joined)), |_, _, _| {
        kernel(|call| concatenate(&[call.texts(0)?, call.texts(1)?], call.rows()))
    }),
    ScalarFunction::new("CONCAT", TEXTS, |_, _, _| {
        kernel(|call| concatenate(&all_texts(call, 0)?, call.rows()))
    }),
    ScalarFunction::new("CONCAT_WS", TEXTS, |_, _, _| {
        kernel(|call| {
            let (separators, values) = (call.texts(0)?, all_texts(call, 1)?);
            texts_of(call.rows(), |row, out| {
                let separator = separators.get(row)?;
                for (index, value) in values.iter().filter_map(|value| value.get(row)).enumerate() {
                    if index > 0 {
                        out.push_str(separator);
                    }
                    out.push_str(value);
                }
                Some(())
            })
        })
    }),
    // It may take long, and as much memory as its argument says.
    ScalarFunction::new("REPEAT", Signature::of(&[Text, Int], Returns::Type(SqlType::STRING)), |_, _, _| {
        kernel(|call| {
            let (values, counts) = (call.texts(0)?, call.numbers::<Int32Type>(1)?);
            texts_of(call.rows(), |row, out| {
                let (text, count) = (values.get(row)?, counts.get(row)?);
                (0..count).for_each(|_| out.push_str(text));
                Some(())
            })
        })
    })
    .on_demand(),
    ScalarFunction::new("ELT", Signature::Custom(chosen), |_, result, _| {
        let nothing = arrow_array::new_null_array(&result.data_type.arrow(), 1);
        kernel(move |call| {
            let positions = call.numbers::<Int64Type>(0)?;
            let choices: Vec<_> = (1..call.len()).map(|index| call.array(index)).collect::<Result<_>>()?;
            let mut arrays: Vec<&dyn arrow_array::Array> = choices.iter().map(|choice| &**choice).collect();
            arrays.push(&nothing);
            let none = (choices.len(), 0);
            let chosen = (0..call.rows()).map(|row| {
                let position = positions.get(row).and_then(|position| usize::try_from(position).ok());
                match position {
                    Some(position) if (1..=choices.len()).contains(&position) => (position - 1, row),
                    _ => none,
                }
            });
            interleave(&arrays, &chosen.collect::<Vec<_>>()).map_err(arrow_error)
        })
    }),
];

/// All arguments from this one on.
fn all_texts<'a>(call: &Arguments<'a>, from: usize) -> Result<Vec<Texts<'a>>> {
    (from..call.len()).map(|index| call.texts(index)).collect()
}

fn concatenate(values: &[Texts<'_>], rows: usize) -> Result<arrow_array::ArrayRef> {
    texts_of(rows, |row, out| {
        values.iter().try_for_each(|value| {
            out.push_str(value.get(row)?);
            Some(())
        })
    })
}

/// As long as both; CHAR only if both are.
fn joined(call: &Call) -> Field {
    let length = call.text_length(0).saturating_add(call.text_length(1)).min(MAXIMUM_LENGTH);
    let fixed = matches!((call.data_type(0), call.data_type(1)), (SqlType::Char(_), SqlType::Char(_)));
    Field::new(if fixed { SqlType::Char(length) } else { SqlType::VarChar(length) }, call.any_nullable())
}

fn chosen(call: &mut Call) -> SqlResult<Field> {
    call.expect_count(2, usize::MAX)?;
    call.expect(0, BigInt)?;
    let common = call.expect_common(1)?;
    if !common.is_text() && !common.is_binary() {
        return Err(call.mismatch());
    }
    Ok(Field::nullable(common))
}
