//! The parser of Flink SQL: text in, [syntax tree](ast) or [error](ParseError) out.
//!
//! It is a lexer and a recursive descent over its tokens, with precedence climbing for expressions. The grammar is that
//! of Flink 2.x: Calcite's with the extensions of Flink's `parserImpls.ftl`, under Flink's conformance level (so `!=`,
//! `MINUS` and `LIMIT start, count` are refused). What Flink parses is parsed, also where this engine cannot run it.
//!
//! ```
//! use millstream_sql::parser::parse_statement;
//!
//! let statement = parse_statement("select a, count(*) as n from t group by a")?;
//! assert_eq!(statement.to_string(), "SELECT a, count(*) AS n FROM t GROUP BY a");
//!
//! let error = parse_statement("SELECT value FROM t").unwrap_err();
//! assert_eq!((error.position().line, error.position().column), (1, 8));
//! # Ok::<(), millstream_sql::parser::ParseError>(())
//! ```
//!
//! No text makes the parser panic, and nesting beyond [`MAXIMUM_DEPTH`] is an error rather than an overflow of the stack.

pub mod ast;
mod cursor;
mod error;
mod grammar;
mod keywords;
mod lexer;
mod print;

mod span;
mod split;
pub(crate) mod suggestion;
mod token;

pub use cursor::MAXIMUM_DEPTH;
pub use error::{ParseError, ParseErrorKind, Position};
pub use keywords::{is_reserved, keywords};
pub use span::{SourceSpan, Span};
pub use split::{StatementText, split_statements};

use ast::{Expression, Statement};
use cursor::Parser;

/// Parses a script: statements, each but the last with a semicolon behind it.
///
/// # Errors
///
/// The first mistake in the text.
pub fn parse_statements(text: &str) -> Result<Vec<Statement>, ParseError> {
    Parser::new(text).statements().map_err(|error| error.located(text))
}

/// Parses one statement, with or without a semicolon behind it.
///
/// # Errors
///
/// The first mistake in the text; no statement, or more than one.
pub fn parse_statement(text: &str) -> Result<Statement, ParseError> {
    Parser::new(text).single_statement().map_err(|error| error.located(text))
}

/// Parses an expression, for example the text of a computed column.
///
/// ```
/// use millstream_sql::parser::parse_expression;
///
/// assert_eq!(parse_expression("1+2 * x")?.to_string(), "1 + 2 * x");
/// # Ok::<(), millstream_sql::parser::ParseError>(())
/// ```
///
/// # Errors
///
/// The first mistake in the text, and anything behind the expression.
pub fn parse_expression(text: &str) -> Result<Expression, ParseError> {
    Parser::new(text).single_expression().map_err(|error| error.located(text))
}
