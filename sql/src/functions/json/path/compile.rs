//! Reads a path.

use super::filter::Condition;
use super::{Path, Step};

/// Why a path cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum PathError {
    /// It is none.
    Invalid(String),
    /// It is one, but not supported: what.
    Unsupported(String),
}

pub(super) type Compiled<T> = Result<T, PathError>;

pub(super) fn invalid<T>(message: impl Into<String>) -> Compiled<T> {
    Err(PathError::Invalid(message.into()))
}

impl Path {
    /// A path with or without its mode: `lax $.a`, `strict $.a`, `$.a`, which is strict.
    pub(in super::super) fn compile(text: &str) -> Compiled<Self> {
        let trimmed = text.trim_start();
        let mode = |mode: &str| {
            let (word, rest) = trimmed.split_at_checked(mode.len())?;
            let is_mode = word.eq_ignore_ascii_case(mode) && rest.starts_with(char::is_whitespace);
            is_mode.then(|| rest.trim_start()).filter(|rest| !rest.is_empty())
        };
        let (strict, path) = match (mode("lax"), mode("strict")) {
            (Some(path), _) => (false, path),
            (_, Some(path)) => (true, path),
            _ => (true, text),
        };
        let path = path.trim();
        // What does not begin at the root begins with the name of a field.
        let from_root = match path.strip_prefix('$') {
            Some(rest) => rest.to_owned(),
            None if path.is_empty() => return invalid("an empty path"),
            None => format!(".{path}"),
        };
        let mut reader = Reader { rest: &from_root };
        let (steps, length) = reader.steps()?;
        if !reader.rest.is_empty() {
            return invalid(format!("'{}' cannot stand here", reader.rest));
        }
        Ok(Self { strict, steps, length })
    }

    /// Steps only, from the current value or the root: in a condition.
    pub(super) const fn relative(steps: Vec<Step>) -> Self {
        Self { strict: false, steps, length: false }
    }
}

pub(super) struct Reader<'a> {
    pub(super) rest: &'a str,
}

impl<'a> Reader<'a> {
    pub(super) fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|next| !belongs(next)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// The steps that stand here, and whether a length is asked for behind them.
    pub(super) fn steps(&mut self) -> Compiled<(Vec<Step>, bool)> {
        let mut steps = Vec::new();
        loop {
            if self.eat("..") {
                steps.push(Step::Descend);
                if self.rest.is_empty() {
                    return invalid("a path must not end with '..'");
                }
                if !self.rest.starts_with('[') && self.name(&mut steps)? {
                    return Ok((steps, true));
                }
            } else if self.eat(".") {
                if self.rest.starts_with('[') {
                    continue;
                }
                if self.name(&mut steps)? {
                    return Ok((steps, true));
                }
            } else if self.eat("[") {
                steps.push(self.bracket()?);
            } else {
                return Ok((steps, false));
            }
        }
    }

    /// A name behind a point; whether it was that of the function `length`.
    fn name(&mut self, steps: &mut Vec<Step>) -> Compiled<bool> {
        if self.eat("*") {
            steps.push(Step::Any);
            return Ok(false);
        }
        let name = self.take_while(|next| {
            !matches!(
                next,
                '.' | '[' | ']' | '(' | ')' | ' ' | '&' | '|' | '=' | '<' | '>' | '!' | ',' | '$' | '@' | '~'
            )
        });
        if self.eat("(") {
            return match name {
                "length" | "size" if self.eat(")") => Ok(true),
                "length" | "size" => invalid("length() takes no arguments"),
                other => Err(PathError::Unsupported(format!("the function {other}() in a path"))),
            };
        }
        if name.is_empty() {
            return invalid("a point without a name behind it");
        }
        if self.rest.starts_with(' ')
            && !self.rest.trim_start().starts_with(['&', '|', '=', '<', '>', '!', ')', 'i', 'n'])
        {
            return invalid("a name that contains a blank: write it in brackets");
        }
        steps.push(Step::Fields(vec![name.to_owned()]));
        Ok(false)
    }

    fn bracket(&mut self) -> Compiled<Step> {
        self.blanks();
        let step = if self.eat("*") {
            Step::Any
        } else if self.eat("?") {
            self.blanks();
            if !self.eat("(") {
                return invalid("a filter without parentheses");
            }
            let condition = Condition::read(self)?;
            self.blanks();
            if !self.eat(")") {
                return invalid("a filter without ) at its end");
            }
            Step::Filter(condition)
        } else if self.rest.starts_with(['\'', '"']) {
            Step::Fields(self.separated(Self::quoted)?)
        } else {
            self.numbers()?
        };
        self.blanks();
        if self.eat("]") { Ok(step) } else { invalid("a bracket is not closed") }
    }

    fn separated<T>(&mut self, item: impl Fn(&mut Self) -> Compiled<T>) -> Compiled<Vec<T>> {
        let mut items = vec![item(self)?];
        loop {
            self.blanks();
            if !self.eat(",") {
                return Ok(items);
            }
            self.blanks();
            items.push(item(self)?);
        }
    }

    /// A text in quotes of either kind; a backslash takes the meaning of what follows.
    pub(super) fn quoted(&mut self) -> Compiled<String> {
        let mut characters = self.rest.chars();
        let quote = characters.next();
        let mut out = String::new();
        while let Some(character) = characters.next() {
            if Some(character) == quote {
                self.rest = characters.as_str();
                return Ok(out);
            }
            let character = if character == '\\' { characters.next() } else { Some(character) };
            out.extend(character);
        }
        invalid("a text without a quote at its end")
    }

    fn number(&mut self) -> Compiled<Option<i64>> {
        let text = self.take_while(|next| next.is_ascii_digit() || next == '-');
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).or_else(|_| invalid(format!("'{text}' is no index")))
    }

    /// `0`, `0,1`, `1:`, `:2`, `1:2`
    fn numbers(&mut self) -> Compiled<Step> {
        let first = self.number()?;
        self.blanks();
        if self.eat(":") {
            self.blanks();
            return Ok(Step::Slice(first, self.number()?));
        }
        let Some(first) = first else { return invalid("a bracket without an index or a name") };
        let mut places = vec![first];
        while self.eat(",") {
            self.blanks();
            match self.number()? {
                Some(place) => places.push(place),
                None => return invalid("a comma without an index behind it"),
            }
            self.blanks();
        }
        Ok(Step::Items(places))
    }
}
