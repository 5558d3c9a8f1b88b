//! The syntax of expressions: text, and directives `#{name 'argument','argument'}`.

use super::arguments::Argument;
use super::error::ExpressionError;

/// A part of an expression.
pub(super) enum Part<'a> {
    /// Stands in every value as it is.
    Text(&'a str),
    /// Is replaced with what a method generates.
    Directive(Directive<'a>),
}

/// A call of a method.
pub(super) struct Directive<'a> {
    /// The method as it is written.
    pub(super) name: &'a str,
    /// Where the name begins, in bytes of the expression.
    pub(super) offset: usize,
    /// The arguments.
    pub(super) arguments: Vec<Argument>,
}

/// Splits an expression into its parts.
pub(super) fn parts(expression: &str) -> Result<Vec<Part<'_>>, ExpressionError> {
    let mut parts = Vec::new();
    let mut rest = expression;
    while let Some((text, after)) = rest.split_once("#{") {
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        let offset = expression.len() - after.len();
        let mut scanner = Scanner { expression, rest: after };
        parts.push(Part::Directive(scanner.directive(offset)?));
        rest = scanner.rest;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    Ok(parts)
}

struct Scanner<'a> {
    expression: &'a str,
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    fn offset(&self) -> usize {
        self.expression.len() - self.rest.len()
    }

    /// Takes one character.
    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let character = characters.next();
        self.rest = characters.as_str();
        character
    }

    /// Takes characters while they are such.
    fn take_while(&mut self, such: impl Fn(char) -> bool) -> &'a str {
        let length = self.rest.find(|character| !such(character)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Takes the rest of a directive that began at this offset, with its closing brace.
    fn directive(&mut self, opened: usize) -> Result<Directive<'a>, ExpressionError> {
        self.take_while(char::is_whitespace);
        let offset = self.offset();
        let name = self.take_while(|character| character.is_alphanumeric() || matches!(character, '_' | '.'));
        let mut arguments = Vec::new();
        loop {
            // Commas are not counted, as in datafaker, and a bracket that closes nothing is in a known exercise.
            self.take_while(|character| character.is_whitespace() || matches!(character, ',' | ')'));
            let here = self.offset();
            match self.next() {
                Some('}') => break,
                Some('\'') => arguments.push(self.argument(here)?),
                None => {
                    let message = "`#{` is not closed: write `}` behind the arguments";
                    return Err(ExpressionError::new(message, opened.saturating_sub(2)));
                }
                Some(character) => {
                    let message = format!(
                        "`{character}` is not expected here: write #{{Class.method 'argument','argument'}}, every argument in single quotes"
                    );
                    return Err(ExpressionError::new(message, here));
                }
            }
        }
        if name.is_empty() {
            return Err(ExpressionError::new("the name of a method is missing behind `#{`", offset));
        }
        Ok(Directive { name, offset, arguments })
    }

    /// Takes the rest of an argument whose opening quote is at this offset. Two quotes are one in the text.
    fn argument(&mut self, opened: usize) -> Result<Argument, ExpressionError> {
        let offset = self.offset();
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|character| character != '\''));
            if self.next().is_none() {
                return Err(ExpressionError::new(
                    "an argument is not closed: a single quote is missing",
                    opened,
                ));
            }
            if !self.rest.starts_with('\'') {
                return Ok(Argument { text, offset });
            }
            self.next();
            text.push('\'');
        }
    }
}
