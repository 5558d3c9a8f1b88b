//! LPAD and RPAD.

use arrow_array::types::Int32Type;

use super::super::Parameter::{Int, Text};
use super::super::lift::{kernel, texts_of};
use super::super::{Build, Returns, ScalarFunction, Signature};
use super::{byte_of, length};
use crate::error::SqlResult;
use crate::eval::Kernel;
use crate::types::SqlType;

pub(in super::super) static FUNCTIONS: &[ScalarFunction] =
    &[padding("LPAD", |_, _, _| pad(true)), padding("RPAD", |_, _, _| pad(false))];

const fn padding(name: &'static str, build: Build) -> ScalarFunction {
    let signature = Signature::of(&[Text, Int, Text], Returns::Nullable(SqlType::STRING));
    // It takes as much memory as its argument says.
    ScalarFunction::new(name, signature, build).on_demand()
}

/// NULL for a negative length, and for nothing to pad with.
fn pad(left: bool) -> SqlResult<Box<dyn Kernel>> {
    kernel(move |call| {
        let (values, lengths, pads) = (call.texts(0)?, call.numbers::<Int32Type>(1)?, call.texts(2)?);
        texts_of(call.rows(), |row, out| {
            let (text, pad) = (values.get(row)?, pads.get(row)?);
            let wanted = usize::try_from(lengths.get(row)?).ok()?;
            if pad.is_empty() {
                return None;
            }
            let missing = wanted.saturating_sub(length(text));
            let kept = text.get(..byte_of(text, wanted))?;
            if !left {
                out.push_str(kept);
            }
            out.extend(pad.chars().cycle().take(missing));
            if left {
                out.push_str(kept);
            }
            Some(())
        })
    })
}
