//! Names, texts, options.

use std::fmt::{self, Display, Formatter, Write};

use crate::parser::ast::{Identifier, Literal, ObjectName, SqlOption, StringLiteral};
use crate::parser::keywords;
use crate::parser::lexer::continues_word;

use super::Separated;

/// Words that may be names, but stand for something else in some of the places where names stand.
const AMBIGUOUS: &[&str] = &["CATALOG", "DESCRIPTOR", "FINAL", "KEY", "MAP", "MODEL", "UNBOUNDED", "VARIANT"];

/// A name, in backticks unless it may stand `bare` and has no sign that needs them.
pub(super) fn write_name(f: &mut Formatter<'_>, name: &str, bare: bool) -> fmt::Result {
    let regular = name.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && name.chars().all(continues_word);
    if bare && regular { f.write_str(name) } else { write_quoted(f, name, '`') }
}

/// Text between quotes, with the quotes in it doubled.
pub(super) fn write_quoted(f: &mut Formatter<'_>, text: &str, quote: char) -> fmt::Result {
    f.write_char(quote)?;
    for (index, part) in text.split(quote).enumerate() {
        if index > 0 {
            f.write_char(quote)?;
            f.write_char(quote)?;
        }
        f.write_str(part)?;
    }
    f.write_char(quote)
}

/// A text in single quotes.
pub(super) struct Text<'a>(pub &'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_quoted(f, self.0, '\'')
    }
}

impl Display for Identifier {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let bare = !keywords::is_reserved(&self.name) && !keywords::contains(AMBIGUOUS, &self.name);
        write_name(f, &self.name, bare)
    }
}

impl Display for ObjectName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Separated(&self.parts, ".").fmt(f)
    }
}

impl Display for StringLiteral {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Text(&self.value).fmt(f)
    }
}

impl Display for SqlOption {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.key, self.value)
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Boolean(true) => f.write_str("TRUE"),
            Self::Boolean(false) => f.write_str("FALSE"),
            Self::Unknown => f.write_str("UNKNOWN"),
            Self::Number(number) => f.write_str(number),
            Self::String { value, character_set: None } => Text(value).fmt(f),
            Self::String { value, character_set: Some(set) } if set == "N" => write!(f, "N{}", Text(value)),
            Self::String { value, character_set: Some(set) } => write!(f, "_{set}{}", Text(value)),
            Self::Binary(digits) => write!(f, "X'{digits}'"),
            Self::Date(text) => write!(f, "DATE {}", Text(text)),
            Self::Time(text) => write!(f, "TIME {}", Text(text)),
            Self::Timestamp(text) => write!(f, "TIMESTAMP {}", Text(text)),
            Self::TimestampWithLocalTimeZone(text) => {
                write!(f, "TIMESTAMP WITH LOCAL TIME ZONE {}", Text(text))
            }
        }
    }
}

/// `column = value` of a partition.
pub(super) struct PartitionValue<'a>(pub &'a (Identifier, Literal));

impl Display for PartitionValue<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (column, value) = self.0;
        write!(f, "{column} = {value}")
    }
}

/// ` PARTITION (…)`, and nothing if there are no values.
pub(super) struct PartitionClause<'a>(pub &'a [(Identifier, Literal)]);

impl Display for PartitionClause<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let values = self.0.iter().map(PartitionValue).collect::<Vec<_>>();
        super::Parenthesized(" PARTITION ", &values).fmt(f)
    }
}
