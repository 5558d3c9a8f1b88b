//! Expressions, compiled.

#[cfg(test)]
mod cookbook;
#[cfg(test)]
pub(super) mod tests;

use super::catalog;
use super::error::ExpressionError;
use super::generator::Generator;
use super::random::Random;
use super::syntax::{self, Part};

/// A compiled expression of a field, such as `#{Name.firstName} #{Name.lastName}`.
///
/// Text without `#{` is a constant.
#[derive(Clone, Debug)]
pub struct Expression {
    parts: Vec<CompiledPart>,
}

#[derive(Clone, Debug)]
enum CompiledPart {
    Text(Box<str>),
    Method(Generator),
}

impl Expression {
    /// Compiles an expression.
    ///
    /// # Errors
    ///
    /// The first mistake, with its place: the syntax is wrong, no method has this name, or the method does not take
    /// these arguments.
    ///
    /// ```
    /// use millstream_sql::connectors::faker::Expression;
    ///
    /// let error = Expression::parse("user_#{numerify '##'").unwrap_err();
    /// assert_eq!(error.column(), 6);
    /// ```
    pub fn parse(expression: &str) -> Result<Self, ExpressionError> {
        let compile = |part| match part {
            Part::Text(text) => Ok(CompiledPart::Text(text.into())),
            Part::Directive(directive) => catalog::compile(&directive).map(CompiledPart::Method),
        };
        let parts = syntax::parts(expression).and_then(|parts| parts.into_iter().map(compile).collect());
        parts.map(|parts| Self { parts }).map_err(|error: ExpressionError| error.located(expression))
    }

    /// Appends a value to `out`.
    ///
    /// `now_millis` is the time from which `date.past` and its kind count, in milliseconds since 1970-01-01 00:00:00
    /// of the zone in which their text is to be: an instant gives text in UTC.
    ///
    /// ```
    /// use millstream_sql::connectors::faker::{Expression, Random};
    ///
    /// let expression = Expression::parse("/#{Options.option 'a','b'}.html")?;
    /// let mut text = String::new();
    /// expression.generate(&mut Random::of_value(0, 0, 0), 0, &mut text);
    /// assert!(text == "/a.html" || text == "/b.html");
    /// # Ok::<(), millstream_sql::connectors::faker::ExpressionError>(())
    /// ```
    pub fn generate(&self, random: &mut Random, now_millis: i64, out: &mut String) {
        for part in &self.parts {
            match part {
                CompiledPart::Text(text) => out.push_str(text),
                CompiledPart::Method(generator) => generator.generate(random, now_millis, out),
            }
        }
    }
}
