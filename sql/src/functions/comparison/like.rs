//! LIKE and ILIKE: `%` is any text, `_` is a character that does not end a line. There is no escape unless one is given.

mod pattern;

use millstream_runtime::{Error, ErrorKind, Result};

use self::pattern::LikePattern;
use super::super::Parameter::Text;
use super::super::lift::{booleans, kernel};
use super::super::{Argument, Build, Returns, ScalarFunction, Signature, constant_text};
use crate::error::SqlResult;
use crate::eval::Kernel;
use crate::types::SqlType;

const MATCH: Signature = Signature::optional(&[Text, Text, Text], 2, Returns::Type(SqlType::Boolean));

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    like("LIKE", |arguments, _, _| build(arguments, false)),
    like("ILIKE", |arguments, _, _| build(arguments, true)),
];

/// It fails for an escape that is none.
const fn like(name: &'static str, build: Build) -> ScalarFunction {
    let mut function = ScalarFunction::new(name, MATCH, build);
    function.eager = |arguments, _| arguments.len() == 2;
    function
}

/// A pattern with its escape, and what they were made from.
struct Compiled {
    written: String,
    escape: Option<String>,
    pattern: std::result::Result<LikePattern, String>,
}

impl Compiled {
    fn new(written: &str, escape: Option<&str>, ignore_case: bool) -> Self {
        let pattern = if ignore_case {
            LikePattern::parse(&written.to_ascii_lowercase(), escape)
        } else {
            LikePattern::parse(written, escape)
        };
        Self { written: written.to_owned(), escape: escape.map(str::to_owned), pattern }
    }

    fn is_for(&self, written: &str, escape: Option<&str>) -> bool {
        self.written == written && self.escape.as_deref() == escape
    }

    fn matches(&self, text: &str) -> Result<bool> {
        match &self.pattern {
            Ok(pattern) => Ok(pattern.matches(text)),
            Err(message) => Err(Error::new(
                ErrorKind::Function,
                format!("org.apache.flink.table.api.ValidationException: {message}"),
            )),
        }
    }
}

fn build(arguments: &[Argument], ignore_case: bool) -> SqlResult<Box<dyn Kernel>> {
    let escape = arguments.get(2).map(constant_text);
    let constant = match (arguments.get(1).and_then(constant_text), escape) {
        (Some(pattern), None) => Some(Compiled::new(pattern, None, ignore_case)),
        (Some(pattern), Some(Some(escape))) => Some(Compiled::new(pattern, Some(escape), ignore_case)),
        _ => None,
    };
    kernel(move |call| {
        let (values, patterns) = (call.texts(0)?, call.texts(1)?);
        let escapes = if call.len() > 2 { Some(call.texts(2)?) } else { None };
        let mut lowered = String::new();
        let mut last: Option<Compiled> = None;
        booleans(call.rows(), |row| {
            let (Some(text), Some(written)) = (values.get(row), patterns.get(row)) else { return Ok(None) };
            let escape = escapes.as_ref().map(|escapes| escapes.get(row));
            if escape == Some(None) {
                return Ok(None);
            }
            let escape = escape.flatten();
            let text = if ignore_case {
                lowered.clear();
                lowered.push_str(text);
                lowered.make_ascii_lowercase();
                &lowered
            } else {
                text
            };
            if let Some(constant) = &constant {
                return constant.matches(text).map(Some);
            }
            if last.as_ref().is_none_or(|last| !last.is_for(written, escape)) {
                last = Some(Compiled::new(written, escape, ignore_case));
            }
            last.as_ref().map(|last| last.matches(text)).transpose()
        })
    })
}
