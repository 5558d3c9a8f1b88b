//! Patterns of `java.util.regex`, for the `regex` crate.
//!
//! The two differ in what classes as `\d` mean (ASCII in Java), in how characters are escaped, and in what `.` leaves
//! out. Look-around, back-references, possessive quantifiers and atomic groups have no counterpart: they are refused.

use std::iter::Peekable;
use std::str::Chars;

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
    let translated = Translator::translate(pattern)?;
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

const LINE_ENDS: &str = r"[^\n\r\x{85}\x{2028}\x{2029}]";
const WORD: &str = "A-Za-z0-9_";
const SPACE: &str = r" \t\n\x0B\f\r";
const HORIZONTAL: &str = r" \t\x{A0}\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}";
const VERTICAL: &str = r"\n\x0B\f\r\x{85}\x{2028}\x{2029}";

struct Translator<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
    /// How many classes are open.
    classes: usize,
    /// Whether `.` matches the ends of lines, here and in the groups around.
    dot_all: Vec<bool>,
    /// Whether something that can be repeated stands before, and is repeated already.
    repeated: bool,
}

type Translated<T = ()> = std::result::Result<T, PatternError>;

impl<'a> Translator<'a> {
    fn translate(pattern: &'a str) -> Translated<String> {
        let mut translator = Self {
            rest: pattern.chars().peekable(),
            out: String::with_capacity(pattern.len() + 16),
            classes: 0,
            dot_all: vec![false],
            repeated: false,
        };
        while let Some(character) = translator.rest.next() {
            if translator.classes > 0 {
                translator.in_class(character)?;
            } else {
                translator.outside(character)?;
            }
        }
        Ok(translator.out)
    }

    fn outside(&mut self, character: char) -> Translated {
        let was_repeated = std::mem::take(&mut self.repeated);
        match character {
            '\\' => return self.escape(),
            '[' => self.open_class(),
            '(' => return self.group(),
            ')' => {
                if self.dot_all.len() > 1 {
                    self.dot_all.pop();
                }
                self.out.push(')');
            }
            '.' if self.dot_all.last() == Some(&true) => self.out.push_str("(?s:.)"),
            '.' => self.out.push_str(LINE_ENDS),
            '+' if was_repeated => {
                return Err(PatternError::Unsupported("a possessive quantifier".to_owned()));
            }
            '*' | '+' | '?' => {
                self.repeated = !was_repeated;
                self.out.push(character);
            }
            '{' => {
                self.out.push('{');
                for inside in self.rest.by_ref() {
                    self.out.push(inside);
                    if inside == '}' {
                        break;
                    }
                }
                self.repeated = true;
            }
            other => self.out.push(other),
        }
        Ok(())
    }

    fn open_class(&mut self) {
        self.classes += 1;
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        if self.rest.next_if_eq(&']').is_some() {
            self.out.push_str(r"\]");
        }
    }

    fn in_class(&mut self, character: char) -> Translated {
        match character {
            '\\' => return self.escape(),
            '[' => {
                self.open_class();
                // `[:alpha:]` is a class of these characters in Java.
                if self.rest.next_if_eq(&':').is_some() {
                    self.out.push_str(r"\:");
                }
            }
            ']' => {
                self.classes -= 1;
                self.out.push(']');
            }
            '-' | '~' if self.rest.peek() == Some(&character) => {
                self.out.push('\\');
                self.out.push(character);
            }
            other => self.out.push(other),
        }
        Ok(())
    }

    fn group(&mut self) -> Translated {
        let dot_all = self.dot_all.last().copied().unwrap_or_default();
        self.out.push('(');
        if self.rest.next_if_eq(&'?').is_none() {
            self.dot_all.push(dot_all);
            return Ok(());
        }
        let refuse = |what: &str| Err(PatternError::Unsupported(what.to_owned()));
        self.out.push('?');
        match self.rest.peek() {
            Some('=' | '!') => refuse("a look-ahead"),
            Some('>') => refuse("an atomic group"),
            Some('<') => {
                self.rest.next();
                if matches!(self.rest.peek(), Some('=' | '!')) {
                    return refuse("a look-behind");
                }
                self.out.push('<');
                self.dot_all.push(dot_all);
                Ok(())
            }
            _ => self.flags(dot_all),
        }
    }

    /// `(?i)`, `(?s-i:`, `(?:`
    fn flags(&mut self, mut dot_all: bool) -> Translated {
        let mut on = true;
        let mut kept = String::new();
        while let Some(flag) = self.rest.next() {
            match flag {
                '-' => {
                    on = false;
                    kept.push('-');
                }
                's' => {
                    dot_all = on;
                }
                'i' | 'm' | 'x' => kept.push(flag),
                // How upper and lower case are told apart, and how lines end.
                'd' | 'u' | 'U' => {}
                ':' | ')' => {
                    let kept = kept.strip_suffix('-').unwrap_or(&kept);
                    if flag == ':' {
                        self.dot_all.push(dot_all);
                        self.out.push_str(kept);
                        self.out.push(':');
                    } else {
                        if let Some(current) = self.dot_all.last_mut() {
                            *current = dot_all;
                        }
                        if kept.is_empty() {
                            self.out.truncate(self.out.len() - 2);
                        } else {
                            self.out.push_str(kept);
                            self.out.push(')');
                        }
                    }
                    return Ok(());
                }
                other => return Err(PatternError::Invalid(format!("unknown inline modifier {other}"))),
            }
        }
        Err(PatternError::Invalid("an unclosed group".to_owned()))
    }

    fn escape(&mut self) -> Translated {
        let Some(character) = self.rest.next() else {
            return Err(PatternError::Invalid("a backslash at the end".to_owned()));
        };
        match character {
            'd' => self.class("0-9"),
            'D' => self.out.push_str("[^0-9]"),
            'w' => self.class(WORD),
            'W' => self.negated_class(WORD),
            's' => self.class(SPACE),
            'S' => self.negated_class(SPACE),
            'h' => self.class(HORIZONTAL),
            'H' => self.negated_class(HORIZONTAL),
            'v' => self.class(VERTICAL),
            'V' => self.negated_class(VERTICAL),
            'R' => self.out.push_str(r"(?:\r\n|[\n\x0B\f\r\x{85}\x{2028}\x{2029}])"),
            'p' | 'P' => return self.property(character == 'P'),
            'Q' => self.quoted(),
            'Z' | 'z' => self.out.push_str(r"\z"),
            'b' | 'B' | 'A' | 't' | 'n' | 'r' | 'f' | 'a' => {
                self.out.push('\\');
                self.out.push(character);
            }
            'e' => self.out.push_str(r"\x1B"),
            'x' if self.rest.peek() == Some(&'{') => self.out.push_str(r"\x"),
            'x' => return self.hexadecimal(2),
            'u' => return self.hexadecimal(4),
            '0' => return self.octal(),
            '1'..='9' | 'k' => return Err(PatternError::Unsupported("a back-reference".to_owned())),
            'G' => return Err(PatternError::Unsupported(r"\G".to_owned())),
            'X' => return Err(PatternError::Unsupported(r"\X".to_owned())),
            other if other.is_ascii_alphabetic() => {
                return Err(PatternError::Invalid(format!(r"an illegal escape \{other}")));
            }
            other => self.literal(other),
        }
        Ok(())
    }

    fn class(&mut self, inside: &str) {
        if self.classes > 0 {
            self.out.push_str(inside);
        } else {
            self.out.push('[');
            self.out.push_str(inside);
            self.out.push(']');
        }
    }

    fn negated_class(&mut self, inside: &str) {
        self.out.push_str("[^");
        self.out.push_str(inside);
        self.out.push(']');
    }

    /// A character that means itself.
    fn literal(&mut self, character: char) {
        if character.is_ascii_punctuation() && !matches!(character, '<' | '>' | '_') {
            self.out.push('\\');
        }
        self.out.push(character);
    }

    fn quoted(&mut self) {
        while let Some(character) = self.rest.next() {
            if character == '\\' && self.rest.next_if_eq(&'E').is_some() {
                return;
            }
            self.literal(character);
        }
    }

    fn hexadecimal(&mut self, digits: usize) -> Translated {
        let code: String = self.rest.by_ref().take(digits).collect();
        if code.len() != digits || !code.chars().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(PatternError::Invalid(format!("illegal digits {code}")));
        }
        self.out.push_str(&format!(r"\x{{{code}}}"));
        Ok(())
    }

    fn octal(&mut self) -> Translated {
        let mut code = 0;
        let mut digits = 0;
        while digits < 3
            && let Some(digit) = self.rest.peek().and_then(|digit| digit.to_digit(8))
            && code * 8 + digit <= 0o377
        {
            self.rest.next();
            code = code * 8 + digit;
            digits += 1;
        }
        if digits == 0 {
            return Err(PatternError::Invalid("an illegal octal escape".to_owned()));
        }
        self.out.push_str(&format!(r"\x{{{code:x}}}"));
        Ok(())
    }

    /// `\p{Alpha}`, `\pL`
    fn property(&mut self, negated: bool) -> Translated {
        let name: String = match self.rest.next() {
            Some('{') => self.rest.by_ref().take_while(|character| *character != '}').collect(),
            Some(letter) => letter.to_string(),
            None => return Err(PatternError::Invalid(r"\p without a name".to_owned())),
        };
        let posix = match name.as_str() {
            "Lower" => Some("a-z"),
            "Upper" => Some("A-Z"),
            "ASCII" => Some(r"\x00-\x7F"),
            "Alpha" => Some("A-Za-z"),
            "Digit" => Some("0-9"),
            "Alnum" => Some("A-Za-z0-9"),
            "Punct" => Some(r"!-/:-@\[-`{-~"),
            "Graph" => Some("!-~"),
            "Print" => Some(" -~"),
            "Blank" => Some(r" \t"),
            "Cntrl" => Some(r"\x00-\x1F\x7F"),
            "XDigit" => Some("0-9a-fA-F"),
            "Space" => Some(SPACE),
            _ => None,
        };
        match posix {
            Some(inside) if negated => self.negated_class(inside),
            Some(inside) => self.class(inside),
            None if name.starts_with("java") || name.starts_with("In") => {
                return Err(PatternError::Unsupported(format!(r"\p{{{name}}}")));
            }
            None => {
                let name = name.strip_prefix("Is").unwrap_or(&name);
                self.out.push_str(if negated { r"\P{" } else { r"\p{" });
                self.out.push_str(name);
                self.out.push('}');
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
