//! Patterns of `java.util.regex`, for the `regex` crate.
//!
//! The two differ in what classes as `\d` mean (ASCII in Java), in how characters are escaped, and in what `.` leaves
//! out. Look-around, back-references, possessive quantifiers and atomic groups have no counterpart: they are refused.
//! Two differences stay: `(?i)` is for all letters and not for those of ASCII alone, and `$` is the very end, also behind a
//! line end.

mod translate;

use memchr::memmem::Finder;
use millstream_runtime::{Error, ErrorKind, Result};
use regex::{CaptureLocations, Captures, Match, Regex};
use regex_syntax::hir::{Hir, HirKind};

use crate::error::{SqlError, SqlResult};
use crate::eval::Argument;
use crate::functions::constant_text;

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::functions) enum PatternError {
    /// Java refuses it, too; with what the compiler says.
    Invalid(String),
    /// Java knows it, this engine does not: what.
    Unsupported(String),
}

/// A pattern ready to be used.
#[derive(Clone, Debug)]
pub(in crate::functions) struct Pattern {
    pub(in crate::functions) regex: Regex,
    /// What every match contains: looked for first, since that is much faster than matching.
    literal: Option<Finder<'static>>,
}

/// Compiles a Java pattern.
pub(in crate::functions) fn java_regex(pattern: &str) -> std::result::Result<Pattern, PatternError> {
    let translated = translate::translate(pattern)?;
    let regex = Regex::new(&translated).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => {
            PatternError::Unsupported("a pattern whose repetitions make it too large".to_owned())
        }
        other => PatternError::Invalid(other.to_string()),
    })?;
    let literal = regex_syntax::parse(&translated).ok().and_then(|hir| required_literal(&hir));
    let literal = literal.map(|literal| Finder::new(&literal).into_owned());
    Ok(Pattern { regex, literal })
}

/// A Java pattern that a text must match as a whole, for options of tables.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn whole_java_regex(pattern: &str) -> std::result::Result<Regex, String> {
    // The pattern alone first: brackets that are put around it must not be closed by its own.
    let compiled = java_regex(pattern).and_then(|_| java_regex(&format!("\\A(?:{pattern})\\z")));
    compiled.map(|pattern| pattern.regex).map_err(|error| match error {
        PatternError::Invalid(problem) => problem,
        PatternError::Unsupported(what) => format!("not supported: {what}"),
    })
}

impl Pattern {
    /// Whether the text may have a match at all.
    #[inline]
    pub(in crate::functions) fn may_match(&self, text: &str) -> bool {
        self.literal.as_ref().is_none_or(|literal| literal.find(text.as_bytes()).is_some())
    }

    /// All matches. An empty one right behind another counts, as in Java and unlike in Rust.
    pub(in crate::functions) fn matches<'p, 't>(
        &'p self,
        text: &'t str,
    ) -> impl Iterator<Item = Match<'t>> + 'p
    where
        't: 'p,
    {
        let mut from = Some(0).filter(|_| self.may_match(text));
        std::iter::from_fn(move || {
            let found = self.regex.find_at(text, from?);
            from = found.and_then(|found| following(text, found));
            found
        })
    }

    /// The groups of all matches.
    pub(in crate::functions) fn captures<'p, 't>(
        &'p self,
        text: &'t str,
    ) -> impl Iterator<Item = Captures<'t>> + 'p
    where
        't: 'p,
    {
        let mut from = Some(0).filter(|_| self.may_match(text));
        std::iter::from_fn(move || {
            let groups = self.regex.captures_at(text, from?);
            from = groups.as_ref().and_then(|groups| following(text, groups.get(0)?));
            groups
        })
    }

    /// The groups of the first match.
    pub(in crate::functions) fn first_match(&self, text: &str, groups: &mut CaptureLocations) -> bool {
        self.may_match(text) && self.regex.captures_read(groups, text).is_some()
    }
}

/// Where to search after a match: behind it, and one character on if it is empty.
fn following(text: &str, found: Match<'_>) -> Option<usize> {
    if !found.is_empty() {
        return Some(found.end());
    }
    let next = text.get(found.end()..)?.chars().next()?;
    Some(found.end() + next.len_utf8())
}

/// The longest text that every match contains.
fn required_literal(hir: &Hir) -> Option<Vec<u8>> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(literal.0.to_vec()),
        HirKind::Capture(capture) => required_literal(&capture.sub),
        HirKind::Concat(parts) => parts.iter().filter_map(required_literal).max_by_key(Vec::len),
        HirKind::Repetition(repetition) if repetition.min > 0 => required_literal(&repetition.sub),
        _ => None,
    }
}

/// The pattern argument of a function: compiled once if it is a constant.
pub(in crate::functions) struct Patterns {
    constant: Option<(String, std::result::Result<Pattern, PatternError>)>,
}

impl Patterns {
    /// For a pattern that is this argument.
    ///
    /// # Errors
    /// If it is a constant that this engine does not support.
    pub(in crate::functions) fn of(argument: Option<&Argument>) -> SqlResult<Self> {
        let Some(text) = argument.and_then(constant_text) else { return Ok(Self { constant: None }) };
        let compiled = java_regex(text);
        if let Err(PatternError::Unsupported(what)) = &compiled {
            return Err(SqlError::unsupported(unsupported(text, what)));
        }
        Ok(Self { constant: Some((text.to_owned(), compiled)) })
    }

    /// What gives the pattern of each row.
    pub(in crate::functions) fn lookup(&self) -> Lookup<'_> {
        Lookup { patterns: self, last: None }
    }
}

/// Patterns row by row; one that stays the same is compiled once.
pub(in crate::functions) struct Lookup<'a> {
    patterns: &'a Patterns,
    last: Option<(String, std::result::Result<Pattern, PatternError>)>,
}

impl Lookup<'_> {
    /// The pattern of this text; `None` if it is none in Java either.
    ///
    /// # Errors
    /// If Java knows it and this engine does not.
    pub(in crate::functions) fn get(&mut self, text: &str) -> Result<Option<&Pattern>> {
        match self.compiled(text) {
            Ok(pattern) => Ok(Some(pattern)),
            Err(PatternError::Invalid(_)) => Ok(None),
            Err(PatternError::Unsupported(what)) => {
                Err(Error::new(ErrorKind::Function, unsupported(text, what)))
            }
        }
    }

    fn compiled(&mut self, text: &str) -> std::result::Result<&Pattern, &PatternError> {
        if let Some((known, compiled)) = &self.patterns.constant
            && known == text
        {
            return compiled.as_ref();
        }
        if self.last.as_ref().is_none_or(|(known, _)| known != text) {
            self.last = None;
        }
        self.last.get_or_insert_with(|| (text.to_owned(), java_regex(text))).1.as_ref()
    }
}

fn unsupported(pattern: &str, what: &str) -> String {
    format!("the regular expression '{pattern}' has {what}, which is not supported")
}

#[cfg(test)]
mod tests;
