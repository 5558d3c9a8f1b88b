//! The expressions of the `faker` connector: text that looks like names, addresses, times and the like.
//!
//! The language is that of [flink-faker](https://github.com/knaufk/flink-faker), which is the expression language of
//! Java's [datafaker](https://www.datafaker.net): text around any number of `#{Class.method 'argument','argument'}`.
//! Class and method are found in any case and with or without underscores, so `harry_potter.spell` is
//! `HarryPotter.spell`. The words are our own, so a value looks like datafaker's and is not the same.
//!
//! ```
//! use millstream_sql::connectors::faker::{Expression, Random};
//!
//! let expression = Expression::parse("#{Name.firstName} is #{number.numberBetween '20','30'}")?;
//! let text_of_row = |row| {
//!     let mut text = String::new();
//!     expression.generate(&mut Random::of_value(42, row, 0), 0, &mut text);
//!     text
//! };
//! let (name, age) = text_of_row(7).split_once(" is ").map(|(name, age)| (name.to_string(), age.to_string())).unwrap();
//! assert!(!name.is_empty());
//! assert!((20..30).contains(&age.parse::<i32>().unwrap()));
//! // A value depends on the seed, the row and the field, and on nothing else.
//! assert_eq!(text_of_row(7), text_of_row(7));
//!
//! let error = Expression::parse("#{Name.fristName}").unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "no method is called `Name.fristName`; did you mean `Name.firstName`? (column 3 of the expression)"
//! );
//! # Ok::<(), millstream_sql::connectors::faker::ExpressionError>(())
//! ```

mod arguments;
mod calendar;
mod catalog;
mod date_format;
mod error;
mod expression;
mod generator;
mod instants;
mod pattern;
mod providers;
mod syntax;
pub(super) mod table;

use super::random;

pub use catalog::method_names;
pub use error::ExpressionError;
pub use expression::Expression;
pub use random::Random;
