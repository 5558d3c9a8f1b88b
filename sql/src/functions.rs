//! The built-in scalar functions: how a call is checked, and what computes it.
//!
//! A function is data: its name, its signature, and what makes a kernel for the types of a call. Operators are
//! functions, too. See Flink's
//! [built-in functions](https://nightlies.apache.org/flink/flink-docs-stable/docs/sql/functions/built-in-functions/).

mod arithmetic;
mod cast;
mod class;
mod collection;
mod comparison;
mod conditional;
mod decimal;
mod hash;
mod hash_code;
mod json;
mod lift;
mod logical;
mod math;
mod signature;
mod string;
mod time;

use arrow_array::Array;

use crate::error::{SqlError, SqlResult};
use crate::eval::{Argument, BuildContext, Kernel};
use crate::plan::Expression;
use crate::types::Field;

pub(crate) use cast::convert_numbers;
pub use cast::{cast_function, try_cast_function, write_cast_text, write_display_text};
pub(crate) use class::{class_names, function_of_class};
pub(crate) use comparison::has_set_of;
pub(crate) use decimal::average as average_decimal;
pub(crate) use hash_code::hash_code_function;
pub use logical::kleene_function;
pub use signature::{Call, Parameter, Returns, Signature};
pub(crate) use string::whole_java_regex;

/// A scalar function.
pub struct ScalarFunction {
    /// Its name, in upper case; a sign for an operator.
    pub name: &'static str,
    /// What a call must look like.
    pub signature: Signature,
    /// How often its value may be another for the same arguments.
    pub volatility: Volatility,
    /// Whether a call neither fails nor takes long: it may be worked out for rows that do not need it.
    pub eager: fn(&[Expression], &Field) -> bool,
    /// Makes what computes calls with these arguments and this result.
    pub build: Build,
}

/// Makes a kernel for the arguments and result of a call.
pub type Build = fn(&[Argument], &Field, &BuildContext) -> SqlResult<Box<dyn Kernel>>;

/// How often the value of a function may be another for the same arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volatility {
    /// Never.
    Never,
    /// With each chunk: the time.
    PerChunk,
    /// With each row: random numbers.
    PerRow,
}

impl ScalarFunction {
    /// A function that depends on its arguments alone, never fails, and is quick.
    pub const fn new(name: &'static str, signature: Signature, build: Build) -> Self {
        Self { name, signature, volatility: Volatility::Never, eager: |_, _| true, build }
    }

    /// It may fail or take long: it is worked out only for rows that need it.
    #[must_use]
    pub const fn on_demand(mut self) -> Self {
        self.eager = |_, _| false;
        self
    }

    /// With this volatility.
    #[must_use]
    pub const fn volatile(mut self, volatility: Volatility) -> Self {
        self.volatility = volatility;
        self
    }

    /// Checks a call, casts its arguments, and gives it a type.
    ///
    /// # Errors
    /// If the arguments do not fit.
    pub fn call(&'static self, arguments: Vec<Expression>) -> SqlResult<Expression> {
        let mut call = Call::new(self.name, arguments);
        let field = self.signature.check(&mut call)?;
        Ok(Expression::call(self, call.arguments, field))
    }
}

impl std::fmt::Debug for ScalarFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for ScalarFunction {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

const CATEGORIES: &[&[&[ScalarFunction]]] = &[
    &[arithmetic::FUNCTIONS, conditional::FUNCTIONS, hash::FUNCTIONS, logical::FUNCTIONS],
    collection::FAMILIES,
    comparison::FAMILIES,
    json::FAMILIES,
    math::FAMILIES,
    string::FAMILIES,
    &[
        time::add::FUNCTIONS,
        time::clock::FUNCTIONS,
        time::extract::FUNCTIONS,
        time::format::FUNCTIONS,
        time::parse::FUNCTIONS,
        time::round::FUNCTIONS,
        time::unix::FUNCTIONS,
    ],
];

fn all_functions() -> impl Iterator<Item = &'static ScalarFunction> {
    CATEGORIES.iter().copied().flatten().copied().flatten()
}

/// Other names of functions.
const SYNONYMS: &[(&str, &str)] = &[
    ("CHARACTER_LENGTH", "CHAR_LENGTH"),
    ("CEILING", "CEIL"),
    ("SUBSTR", "SUBSTRING"),
    ("TRANSLATE3", "TRANSLATE"),
];

/// The function of this name, in whatever case it is written.
pub fn scalar_function(name: &str) -> Option<&'static ScalarFunction> {
    let name = name.to_ascii_uppercase();
    let name = SYNONYMS.iter().find(|(synonym, _)| *synonym == name).map_or(&*name, |(_, name)| name);
    all_functions().find(|function| function.name == name)
}

/// The names of all functions that are not operators.
pub fn scalar_function_names() -> impl Iterator<Item = &'static str> {
    let functions = all_functions().map(|function| function.name);
    let named = functions.filter(|name| name.starts_with(|first: char| first.is_ascii_alphabetic()));
    named.chain(SYNONYMS.iter().map(|(synonym, _)| *synonym))
}

/// The operator of this sign, for the planner, which asks for those that exist.
pub(crate) fn operator(sign: &str) -> SqlResult<&'static ScalarFunction> {
    scalar_function(sign)
        .ok_or_else(|| SqlError::unsupported(format!("the operator {sign} is not supported")))
}

#[allow(dead_code, reason = "for functions whose patterns are compiled once")]
/// The constant text of an argument, if it is one and not NULL.
pub(crate) fn constant_text(argument: &Argument) -> Option<&str> {
    use arrow_array::cast::AsArray;
    let constant = argument.constant.as_ref().filter(|constant| constant.is_valid(0))?;
    Some(constant.as_string_view_opt()?.value(0))
}

/// AND, OR: their signs in plans.
pub(crate) const fn logical_name(operator: crate::plan::LogicalOperator) -> &'static str {
    match operator {
        crate::plan::LogicalOperator::And => "AND",
        crate::plan::LogicalOperator::Or => "OR",
    }
}

#[cfg(test)]
mod tests;
