//! Evaluation of expressions, a chunk at a time.

mod arguments;
mod case;
mod kernel;
mod program;
mod value;

pub use arguments::{Arguments, Numbers, Texts};
pub use kernel::{Argument, BuildContext, EvalContext, Kernel};
pub use program::Program;
pub(crate) use program::row_field;
pub use value::Value;

#[cfg(test)]
mod tests;
