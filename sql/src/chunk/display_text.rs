//! Values as Flink's SQL client shows them: as CAST to STRING gives them.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Time32MillisecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef};

use super::{Chunk, write_value};
use crate::eval::{BuildContext, EvalContext, Program};
use crate::plan::Expression;
use crate::types::text::timestamp::{write_time, write_timestamp};
use crate::types::{Field, Schema, SqlType};

/// Makes texts of the values of chunks of one schema.
#[derive(Clone)]
pub struct DisplayText {
    columns: Vec<(Field, Option<Program>)>,
}

impl DisplayText {
    /// For chunks of these columns, in this session's time zone.
    pub fn new(schema: &Schema, cx: &BuildContext) -> Self {
        let columns = schema.fields().enumerate().map(|(index, field)| {
            // Where there is no such cast, values are written as rows have them.
            let text = Expression::column(index, field.clone()).cast_to(&SqlType::STRING);
            (field.clone(), Program::compile([&text], cx).ok())
        });
        Self { columns: columns.collect() }
    }

    /// The values of a chunk: those of each row; `None` for NULL.
    pub fn rows(&self, chunk: &Chunk) -> Vec<Vec<Option<String>>> {
        let texts = self.columns.iter().map(|(_, program)| {
            let program = program.as_ref().filter(|_| !chunk.is_empty())?;
            let texts = program.evaluate_columns(chunk.columns(), chunk.rows(), &EvalContext::default());
            texts.ok()?.pop()
        });
        let texts: Vec<Option<ArrayRef>> = texts.collect();
        let cells = |row: usize| {
            let columns = chunk.columns().iter().zip(&self.columns).zip(&texts);
            columns.map(move |((values, (field, _)), texts)| {
                let cast = texts.as_ref().and_then(|texts| texts.as_string_view_opt());
                if values.is_null(row) || field.data_type == SqlType::Null {
                    return None;
                }
                Some(match cast.filter(|texts| texts.is_valid(row)) {
                    Some(texts) => texts.value(row).to_owned(),
                    None => text(values, row, &field.data_type),
                })
            })
        };
        (0..chunk.rows()).map(|row| cells(row).collect()).collect()
    }
}

/// A value where there is no cast.
fn text(values: &ArrayRef, row: usize, data_type: &SqlType) -> String {
    let mut text = String::new();
    let written = match data_type {
        SqlType::Boolean => {
            write_value(values, row, data_type, &mut text);
            text.make_ascii_uppercase();
            Some(())
        }
        SqlType::Time(precision) => values
            .as_primitive_opt::<Time32MillisecondType>()
            .map(|values| write_time(values.value(row), *precision, &mut text)),
        SqlType::Timestamp(precision, _) | SqlType::TimestampLtz(precision, _) => {
            timestamp(values, row, *precision).map(|value| write_timestamp(value, *precision, &mut text))
        }
        _ => None,
    };
    if written.is_none() {
        write_value(values, row, data_type, &mut text);
    }
    text
}

fn timestamp(values: &ArrayRef, row: usize, precision: u8) -> Option<i64> {
    Some(match precision {
        0..=3 => values.as_primitive_opt::<TimestampMillisecondType>()?.value(row),
        4..=6 => values.as_primitive_opt::<TimestampMicrosecondType>()?.value(row),
        _ => values.as_primitive_opt::<TimestampNanosecondType>()?.value(row),
    })
}
