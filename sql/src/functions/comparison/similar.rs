//! SIMILAR TO: regular expressions of SQL, written as Java's. As Flink's `SqlLikeUtils`.

use millstream_runtime::{Error, ErrorKind, Result};

use super::super::Parameter::Text;
use super::super::lift::{booleans, kernel};
use super::super::string::{Pattern, PatternError, java_regex};
use super::super::{Argument, Returns, ScalarFunction, Signature, constant_text};
use crate::error::{SqlError, SqlResult};
use crate::eval::Kernel;
use crate::types::SqlType;

/// What SQL gives a meaning in a pattern.
const SPECIAL: &str = "[]()|^-+*_%?{}";
/// What Java gives one.
const JAVA_SPECIAL: &str = "[]()|^-+*?{}$\\.";

const CLASSES: &[(&str, &str)] = &[
    ("[:ALPHA:]", r"\p{Alpha}"),
    ("[:UPPER:]", r"\p{Upper}"),
    ("[:LOWER:]", r"\p{Lower}"),
    ("[:DIGIT:]", r"\d"),
    ("[:SPACE:]", " "),
    ("[:WHITESPACE:]", r"\s"),
    ("[:ALNUM:]", r"\p{Alnum}"),
];

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[ScalarFunction::new(
    "SIMILAR TO",
    Signature::optional(&[Text, Text, Text], 2, Returns::Type(SqlType::Boolean)),
    |arguments, _, _| build(arguments),
)
.on_demand()];

type Compiled = std::result::Result<Pattern, PatternError>;

fn compile(pattern: &str, escape: Option<&str>) -> Compiled {
    let invalid = |message| PatternError::Invalid(format!("java.lang.RuntimeException: {message}"));
    let java = to_java(pattern, escape).map_err(invalid)?;
    // Alone first: parentheses around it must not make it whole.
    java_regex(&java)?;
    java_regex(&format!(r"\A(?:{java})\z"))
}

fn build(arguments: &[Argument]) -> SqlResult<Box<dyn Kernel>> {
    let escape = arguments.get(2).map(constant_text);
    let constant = match (arguments.get(1).and_then(constant_text), escape) {
        (Some(pattern), None) => Some(compile(pattern, None)),
        (Some(pattern), Some(Some(escape))) => Some(compile(pattern, Some(escape))),
        _ => None,
    };
    if let (Some(Err(PatternError::Unsupported(what))), Some(pattern)) =
        (&constant, arguments.get(1).and_then(constant_text))
    {
        return Err(SqlError::unsupported(format!(
            "the pattern '{pattern}' has {what}, which is not supported"
        )));
    }
    kernel(move |call| {
        let (values, patterns) = (call.texts(0)?, call.texts(1)?);
        let escapes = if call.len() > 2 { Some(call.texts(2)?) } else { None };
        let mut last: Option<(String, Option<String>, Compiled)> = None;
        booleans(call.rows(), |row| {
            let (Some(text), Some(written)) = (values.get(row), patterns.get(row)) else { return Ok(None) };
            let escape = match &escapes {
                Some(escapes) => match escapes.get(row) {
                    None => return Ok(None),
                    escape => escape,
                },
                None => None,
            };
            if let Some(constant) = &constant {
                return matches(constant, written, text).map(Some);
            }
            let known = |known: &(String, Option<String>, Compiled)| {
                known.0 == written && known.1.as_deref() == escape
            };
            if !last.as_ref().is_some_and(known) {
                last = Some((written.to_owned(), escape.map(str::to_owned), compile(written, escape)));
            }
            last.as_ref().map(|(_, _, compiled)| matches(compiled, written, text)).transpose()
        })
    })
}

fn matches(pattern: &Compiled, written: &str, text: &str) -> Result<bool> {
    match pattern {
        Ok(pattern) => Ok(pattern.may_match(text) && pattern.regex.is_match(text)),
        Err(PatternError::Invalid(reason)) => {
            Err(Error::new(ErrorKind::Function, format!("the pattern '{written}' is none: {reason}")))
        }
        Err(PatternError::Unsupported(what)) => Err(Error::new(
            ErrorKind::Function,
            format!("the pattern '{written}' has {what}, which is not supported"),
        )),
    }
}

/// A pattern of SQL as one of Java.
fn to_java(pattern: &str, escape: Option<&str>) -> std::result::Result<String, String> {
    let escape = match escape {
        None => None,
        Some(text) if text.chars().count() == 1 => text.chars().next(),
        Some(text) => return Err(format!("Invalid escape character '{text}'")),
    };
    let mut out = String::with_capacity(pattern.len() * 2);
    let mut rest = pattern;
    while let Some(character) = rest.chars().next() {
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
        match character {
            _ if Some(character) == escape => rest = escaped(pattern, rest, character, &mut out)?,
            '_' => out.push('.'),
            '%' => out.push_str("(?s:.*)"),
            '[' => rest = class(pattern, rest, escape, &mut out)?,
            ']' => return Err(format!("Invalid regular expression '{pattern}'")),
            '\\' | '$' => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
    Ok(out)
}

/// What stands behind an escape, as itself.
fn escaped<'a>(
    pattern: &str,
    rest: &'a str,
    escape: char,
    out: &mut String,
) -> std::result::Result<&'a str, String> {
    match rest.chars().next() {
        Some(next) if SPECIAL.contains(next) || next == escape => {
            if JAVA_SPECIAL.contains(next) {
                out.push('\\');
            }
            out.push(next);
            Ok(rest.get(next.len_utf8()..).unwrap_or_default())
        }
        _ => {
            let place = pattern.len() - rest.len() - escape.len_utf8();
            Err(format!("Invalid escape sequence '{pattern}', {place}"))
        }
    }
}

/// Characters in brackets, from behind the first.
fn class<'a>(
    pattern: &str,
    mut rest: &'a str,
    escape: Option<char>,
    out: &mut String,
) -> std::result::Result<&'a str, String> {
    let invalid = || format!("Invalid regular expression '{pattern}'");
    out.push('[');
    loop {
        let character = rest.chars().next().ok_or_else(invalid)?;
        let behind = rest.get(character.len_utf8()..).unwrap_or_default();
        rest = match character {
            ']' => {
                out.push(']');
                return Ok(behind);
            }
            _ if Some(character) == escape => escaped(pattern, behind, character, out)?,
            '-' | '^' => {
                out.push(character);
                behind
            }
            '[' => {
                let known = CLASSES.iter().find_map(|(name, java)| {
                    let written = rest.get(..name.len())?;
                    let named = written == *name || written == name.to_ascii_lowercase();
                    named.then_some((*java, rest.get(name.len()..)?))
                });
                let (java, behind) = known.ok_or_else(invalid)?;
                out.push_str(java);
                behind
            }
            other if SPECIAL.contains(other) => return Err(invalid()),
            other => {
                out.push(other);
                behind
            }
        };
    }
}
