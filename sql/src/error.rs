//! Why a statement cannot be run, where it is wrong, and what helps.

use std::fmt;

use crate::parser::{ParseError, Position, Span, render_mistake};

/// The classes of errors, which are Flink's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlErrorKind {
    /// The text is no statement.
    Parse,
    /// It is one, but does not fit the catalog or the types.
    Validation,
    /// It is right, but this engine does not run it.
    Unsupported,
}

/// Why a statement cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SqlError {
    kind: SqlErrorKind,
    message: String,
    hint: Option<String>,
    span: Option<Span>,
}

/// The result of what looks at statements.
pub type SqlResult<T> = Result<T, SqlError>;

impl SqlError {
    /// The statement does not fit the catalog or the types.
    pub fn validation(message: impl Into<String>) -> Self {
        Self { kind: SqlErrorKind::Validation, message: message.into(), hint: None, span: None }
    }

    /// The statement is right, but this engine does not run it.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self { kind: SqlErrorKind::Unsupported, message: message.into(), hint: None, span: None }
    }

    /// With what to write instead.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// At this place of the statement, unless it has one that is more exact.
    #[must_use]
    pub fn at(self, span: impl Into<Span>) -> Self {
        Self { span: self.span.or(Some(span.into())), ..self }
    }

    /// At this place, whatever place it had: for an error in text that is not that of the statement.
    #[must_use]
    pub fn moved_to(self, span: impl Into<Span>) -> Self {
        Self { span: Some(span.into()), ..self }
    }

    /// With another message, which the old one is a part of.
    #[must_use]
    pub fn map_message(self, map: impl FnOnce(&str) -> String) -> Self {
        Self { message: map(&self.message), ..self }
    }

    /// The class.
    pub const fn kind(&self) -> SqlErrorKind {
        self.kind
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to write instead, where that is known.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The place in the statement's text.
    pub const fn span(&self) -> Option<Span> {
        self.span
    }

    /// For a statement that begins `offset` bytes into a script: the place in the script's text.
    #[must_use]
    pub fn shifted(self, offset: usize) -> Self {
        let span = self.span.map(|span| Span::new(span.start + offset, span.end + offset));
        Self { span, ..self }
    }

    /// The line and column in the text.
    pub fn position(&self, text: &str) -> Option<Position> {
        Some(Position::of(text, self.span?.start))
    }

    /// The error over several lines: message, the line of the text with a mark under the place, and the hint.
    pub fn render(&self, text: &str) -> String {
        match self.span {
            Some(span) => render_mistake(&self.message, self.hint(), span, text),
            None => {
                let hint = self.hint.as_ref().map_or_else(String::new, |hint| format!("\n{hint}"));
                format!("{}{hint}", self.message)
            }
        }
    }
}

impl From<ParseError> for SqlError {
    fn from(error: ParseError) -> Self {
        Self {
            kind: SqlErrorKind::Parse,
            message: error.message().to_owned(),
            hint: error.hint().map(str::to_owned),
            span: Some(error.span()),
        }
    }
}

impl fmt::Display for SqlErrorKind {
    /// The class that Flink throws.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parse => "org.apache.flink.sql.parser.impl.ParseException",
            Self::Validation => "org.apache.flink.table.api.ValidationException",
            Self::Unsupported => "org.apache.flink.table.api.TableException",
        })
    }
}
