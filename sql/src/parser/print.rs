//! The syntax tree as text: [`Display`](std::fmt::Display) of its nodes, on one line.
//!
//! What is written parses to an equal tree. Parentheses stand where precedence needs them, and names stand in
//! backticks where they would be read as keywords.

mod alter;
mod create;
mod data_type;
mod expression;
mod function;
mod match_recognize;
mod name;
mod query;
mod statement;
mod table;
mod table_reference;

use std::fmt;

/// Items with a text between them.
struct Separated<'a, T>(&'a [T], &'static str);

impl<T: fmt::Display> fmt::Display for Separated<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(self.1)?;
            }
            item.fmt(f)?;
        }
        Ok(())
    }
}

/// Items with commas between them.
fn commas<T: fmt::Display>(items: &[T]) -> Separated<'_, T> {
    Separated(items, ", ")
}

/// A text before a value, and nothing if there is no value.
struct Prefixed<'a, T>(&'static str, Option<&'a T>);

impl<T: fmt::Display> fmt::Display for Prefixed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(value) => write!(f, "{}{value}", self.0),
            None => Ok(()),
        }
    }
}

/// Items in parentheses with a text before them, and nothing if there are no items.
struct Parenthesized<'a, T>(&'static str, &'a [T]);

impl<T: fmt::Display> fmt::Display for Parenthesized<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1.is_empty() { Ok(()) } else { write!(f, "{}({})", self.0, commas(self.1)) }
    }
}

/// Items with a text before them, and nothing if there are no items.
struct Listed<'a, T>(&'static str, &'a [T]);

impl<T: fmt::Display> fmt::Display for Listed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1.is_empty() { Ok(()) } else { write!(f, "{}{}", self.0, commas(self.1)) }
    }
}

/// A keyword that is there or not.
fn flag(set: bool, keyword: &'static str) -> &'static str {
    if set { keyword } else { "" }
}
