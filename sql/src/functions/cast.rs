//! CAST and TRY_CAST.

mod numeric;
mod write;

use super::lift::kernel;
use super::{Argument, ScalarFunction, Signature, Volatility};
use crate::error::{SqlError, SqlResult};
use crate::eval::Kernel;
use crate::types::{Field, SqlType};

pub(super) use numeric::narrow_integer;
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
    build,
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
    build,
};

/// TRY_CAST, which gives NULL for a value that has no counterpart.
pub fn try_cast_function() -> &'static ScalarFunction {
    &TRY_CAST
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

fn build(
    arguments: &[Argument],
    result: &Field,
    _: &crate::eval::BuildContext,
) -> SqlResult<Box<dyn Kernel>> {
    let from = arguments.first().map_or(SqlType::Null, |argument| argument.field.data_type.clone());
    let to = result.data_type.clone();
    if same_column(&from, &to) {
        return kernel(|call| call.array(0));
    }
    if from == SqlType::Null {
        return kernel(move |call| Ok(arrow_array::new_null_array(&to.arrow(), call.rows())));
    }
    if from.is_numeric() && to.is_numeric() {
        return kernel(move |call| numeric::numeric(&call.array(0)?, &from, &to));
    }
    Err(SqlError::unsupported(format!("CAST from {from} to {to} is not supported yet")))
}
