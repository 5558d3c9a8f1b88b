//! What is wrong with a text, where, and what helps.

use std::fmt;

use super::span::Span;

/// The classes of mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseErrorKind {
    /// Something else was expected where this token stands.
    Unexpected,
    /// A reserved word stands where a name was expected, without backticks.
    ReservedWord,
    /// The text does not begin as any statement does.
    UnknownStatement,
    /// Text in single quotes is not closed.
    UnterminatedString,
    /// A name in backticks is not closed.
    UnterminatedName,
    /// A comment is not closed.
    UnterminatedComment,
    /// Double quotes, which Flink SQL does not have.
    DoubleQuotes,
    /// A character or operator that Flink SQL does not have.
    InvalidCharacter,
    /// A name that cannot be one.
    InvalidName,
    /// A number, text or precision that is out of its bounds.
    InvalidLiteral,
    /// Each part is right, but not together.
    Invalid,
    /// More levels of nesting than [`MAXIMUM_DEPTH`](super::MAXIMUM_DEPTH).
    TooDeep,
}

/// A place in the text as a human counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The character of the line, from 1.
    pub column: usize,
}

impl Position {
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let in_line = before.get(line_start..).unwrap_or("");
        Self { line: before.matches('\n').count() + 1, column: in_line.chars().count() + 1 }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Why a text is no statement of Flink SQL.
///
/// Its [`Display`](fmt::Display) is one line; [`render`](Self::render) also shows the line of the text.
///
/// ```
/// use millstream_sql::parser::parse_statement;
///
/// let text = "SELECT a\nFROM t WHERE a = \"x\"";
/// let error = parse_statement(text).unwrap_err();
/// assert_eq!(
///     error.render(text),
///     "double quotes have no meaning in Flink SQL at line 2, column 18
///   |
/// 2 | FROM t WHERE a = \"x\"
///   |                  ^^^
/// write `x` for a name, 'x' for text"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at {position}")]
pub struct ParseError {
    kind: ParseErrorKind,
    message: String,
    hint: Option<String>,
    span: Span,
    position: Position,
}

impl ParseError {
    /// At this place of a text that [`located`](Self::located) will be given.
    pub(super) fn new(kind: ParseErrorKind, message: impl Into<String>, span: Span) -> Self {
        Self { kind, message: message.into(), hint: None, span, position: Position { line: 1, column: 1 } }
    }

    pub(super) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// With the position that its span has in this text.
    pub(super) fn located(self, text: &str) -> Self {
        Self { position: Position::of(text, self.span.start), ..self }
    }

    /// The class of the mistake.
    pub fn kind(&self) -> ParseErrorKind {
        self.kind
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to write instead, if the mistake is a usual one.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The bytes of the text that are wrong; empty at the end of the text.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Where the span begins.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The error over several lines: message, the line of `text`, which must be the text that was parsed, with a mark
    /// under the place, and the hint.
    pub fn render(&self, text: &str) -> String {
        render_mistake(&self.message, self.hint(), self.span, text)
    }
}

/// A message with its place, the line of the text with a mark under it, and the hint.
pub(crate) fn render_mistake(message: &str, hint: Option<&str>, span: Span, text: &str) -> String {
    let position = Position::of(text, span.start);
    let start = span.start.min(text.len());
    let line_start = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let line = text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or("");
    // A tab is as wide under the line as in it.
    let indent = line.chars().take(position.column - 1);
    let indent = indent.map(|character| if character == '\t' { '\t' } else { ' ' }).collect::<String>();
    let marked = text.get(span.range()).and_then(|marked| marked.lines().next()).unwrap_or("");
    let carets = "^".repeat(marked.chars().count().max(1));
    let number = position.line.to_string();
    let margin = " ".repeat(number.len());
    let hint = hint.map_or_else(String::new, |hint| format!("\n{hint}"));
    format!("{message} at {position}\n{margin} |\n{number} | {line}\n{margin} | {indent}{carets}{hint}")
}
