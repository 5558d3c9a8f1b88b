//! What computes a function over columns, and what it is made from.

use arrow_array::ArrayRef;
use millstream_runtime::Result;

use super::{Arguments, Value};
use crate::error::{SqlError, SqlResult};
use crate::types::Field;
use crate::types::zone::Zone;

/// What may change from one chunk to the next.
#[derive(Clone, Copy, Debug, Default)]
pub struct EvalContext {
    /// The wall clock, in milliseconds since 1970-01-01 UTC.
    pub now: i64,
    /// The operator's watermark in milliseconds since 1970-01-01 UTC; `None` before the first.
    pub watermark: Option<i64>,
}

/// A function over columns, made for the types of its arguments.
pub trait Kernel: Send + Sync {
    /// The result for each of the rows.
    ///
    /// # Errors
    /// What fails the job: a division by zero, text that is no number.
    fn evaluate(&self, arguments: &Arguments<'_>, cx: &EvalContext) -> Result<Value>;
}

impl<F: Fn(&Arguments<'_>, &EvalContext) -> Result<ArrayRef> + Send + Sync> Kernel for F {
    fn evaluate(&self, arguments: &Arguments<'_>, cx: &EvalContext) -> Result<Value> {
        Ok(Value::Array(self(arguments, cx)?))
    }
}

/// What is known of an argument when the plan is made.
#[derive(Clone, Debug)]
pub struct Argument {
    /// Its type.
    pub field: Field,
    /// Its value, as an array of one, if it is the same for all rows.
    pub constant: Option<ArrayRef>,
}

/// What the session says, for functions that depend on it.
#[derive(Clone, Debug)]
pub struct BuildContext {
    /// `table.local-time-zone`
    pub time_zone: String,
}

impl BuildContext {
    /// The session's time zone.
    ///
    /// # Errors
    /// If there is no zone of this name.
    pub fn zone(&self) -> SqlResult<Zone> {
        Zone::of(&self.time_zone).map_err(|error| {
            let message = format!("Invalid value '{}' for option 'table.local-time-zone'", self.time_zone);
            SqlError::validation(message).with_hint(error.to_string())
        })
    }
}

impl Default for BuildContext {
    fn default() -> Self {
        Self { time_zone: "UTC".to_owned() }
    }
}
