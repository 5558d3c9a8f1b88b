//! CAST and TRY_CAST: a value of one type as one of another.
//!
//! Follows the rules in Flink's `org.apache.flink.table.planner.functions.casting`, and fails with its messages.

mod boolean;
mod from_text;
mod length;
mod nested;
mod numeric;
mod temporal;
mod to_text;
mod write;

use arrow_array::{Array, ArrayRef, new_null_array};
use arrow_select::concat::concat;
use millstream_runtime::Result;

use super::lift::kernel;
use super::{Argument, ScalarFunction, Signature, Volatility};
use crate::chunk::arrow_error;
use crate::error::{SqlError, SqlResult};
use crate::eval::{BuildContext, Kernel};
use crate::types::zone::Zone;
use crate::types::{Field, SqlType};

pub(super) use numeric::narrow_integer;
pub(super) use temporal::{from_millis, from_ticks, ticks};
pub use write::{write_cast_text, write_display_text};

static CAST: ScalarFunction = ScalarFunction {
    name: "CAST",
    signature: Signature::Custom(|call| Err(call.mismatch())),
    volatility: Volatility::Never,
    eager: |arguments, result| {
        let [value] = arguments else { return false };
        value.field.data_type.is_numeric() && result.data_type.is_numeric()
            || same_column(&value.field.data_type, &result.data_type)
    },
    build: |arguments, result, cx| build(arguments, result, cx, OnFailure::Fail),
};

/// CAST, which fails the job for a value that has no counterpart.
pub fn cast_function() -> &'static ScalarFunction {
    &CAST
}

static TRY_CAST: ScalarFunction = ScalarFunction {
    name: "TRY_CAST",
    signature: Signature::Custom(|call| Err(call.mismatch())),
    volatility: Volatility::Never,
    eager: |_, _| false,
    build: |arguments, result, cx| build(arguments, result, cx, OnFailure::Null),
};

/// TRY_CAST, which gives NULL for a value that has no counterpart.
pub fn try_cast_function() -> &'static ScalarFunction {
    &TRY_CAST
}

/// What becomes of a value that has no counterpart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnFailure {
    /// The job fails.
    Fail,
    /// It becomes NULL.
    Null,
}

/// Turns a column of one type into a column of another.
type Conversion = Box<dyn Fn(&ArrayRef) -> Result<ArrayRef> + Send + Sync>;

fn build(
    arguments: &[Argument],
    result: &Field,
    cx: &BuildContext,
    on_failure: OnFailure,
) -> SqlResult<Box<dyn Kernel>> {
    let from = arguments.first().map_or(SqlType::Null, |argument| argument.field.data_type.clone());
    let zone = cx.zone()?;
    let convert = match on_failure {
        OnFailure::Null if is_nested(&from) => {
            or_null(conversion(&from, &result.data_type, &zone, OnFailure::Fail)?)
        }
        _ => conversion(&from, &result.data_type, &zone, on_failure)?,
    };
    kernel(move |call| convert(&call.array(0)?))
}

/// Whether a column of one type is one of the other as it stands.
fn same_column(from: &SqlType, to: &SqlType) -> bool {
    let longer = match (from, to) {
        (SqlType::Char(a) | SqlType::VarChar(a), SqlType::VarChar(b))
        | (SqlType::Binary(a) | SqlType::VarBinary(a), SqlType::VarBinary(b)) => a <= b,
        _ => false,
    };
    longer || from.clone().materialized() == to.clone().materialized()
}

const fn is_nested(data_type: &SqlType) -> bool {
    matches!(data_type, SqlType::Array(_) | SqlType::Map(..) | SqlType::Multiset(_) | SqlType::Row(_))
}

/// A column of numbers as another numeric type.
pub(crate) fn convert_numbers(values: &ArrayRef, from: &SqlType, to: &SqlType) -> Result<ArrayRef> {
    if same_column(from, to) { Ok(values.clone()) } else { numeric::numeric(values, from, to) }
}

fn conversion(from: &SqlType, to: &SqlType, zone: &Zone, on_failure: OnFailure) -> SqlResult<Conversion> {
    if same_column(from, to) {
        return Ok(Box::new(|values| Ok(values.clone())));
    }
    let (source, target) = (from.clone(), to.clone());
    Ok(match (from, to) {
        (SqlType::Null, _) => Box::new(move |values| Ok(new_null_array(&target.arrow(), values.len()))),
        (from, to) if from.is_text() && to.is_text() => length::texts(to),
        (from, to) if from.is_binary() && to.is_binary() => length::binaries(to),
        (from, to) if from.is_text() && to.is_binary() => to_text::text_to_binary(to),
        (from, _) if from.is_text() => from_text::conversion(to, zone, on_failure)?,
        (from, to) if to.is_text() => to_text::conversion(from, to, zone),
        (from, to) if from.is_numeric() && to.is_numeric() => {
            Box::new(move |values| numeric::numeric(values, &source, &target))
        }
        (SqlType::Boolean, to) if to.is_numeric() => {
            Box::new(move |values| boolean::to_number(values, &target))
        }
        (from, SqlType::Boolean) if from.is_numeric() => Box::new(boolean::from_number),
        (from, to) if temporal::is_temporal(from) && temporal::is_temporal(to) => {
            temporal::conversion(from, to, zone, on_failure)
        }
        (from, to) if is_nested(from) && is_nested(to) => nested::conversion(from, to, zone)?,
        _ => return Err(SqlError::unsupported(format!("CAST from {from} to {to} is not supported"))),
    })
}

/// NULL for a row that fails. Where none does, that costs nothing.
fn or_null(convert: Conversion) -> Conversion {
    Box::new(move |values| {
        let error = match convert(values) {
            Ok(converted) => return Ok(converted),
            Err(error) => error,
        };
        let rows: Vec<_> = (0..values.len()).map(|row| convert(&values.slice(row, 1)).ok()).collect();
        let Some(data_type) = rows.iter().flatten().next().map(|row| row.data_type().clone()) else {
            // Not a row is left to tell the type.
            return convert(&values.slice(0, 0))
                .map_or(Err(error), |none| Ok(new_null_array(none.data_type(), values.len())));
        };
        let null = new_null_array(&data_type, 1);
        let rows: Vec<&dyn Array> = rows.iter().map(|row| row.as_ref().unwrap_or(&null).as_ref()).collect();
        concat(&rows).map_err(arrow_error)
    })
}

#[cfg(test)]
mod tests;
