//! Names, texts and options.

use crate::parser::SourceSpan;

/// A name of one part, without its backticks. Flink's names are case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identifier {
    /// The name.
    pub name: String,
    /// Its place.
    pub span: SourceSpan,
}

/// A name of one or more parts: `catalog.database.table`, `alias.column.field`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectName {
    /// At least one.
    pub parts: Vec<Identifier>,
    /// Its place.
    pub span: SourceSpan,
}

/// Text in single quotes, where the grammar wants text and no other expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StringLiteral {
    /// The text, with doubled quotes made single.
    pub value: String,
    /// Its place, with the quotes.
    pub span: SourceSpan,
}

/// `'key' = 'value'`, as in WITH.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SqlOption {
    /// The key.
    pub key: StringLiteral,
    /// The value.
    pub value: StringLiteral,
    /// Its place.
    pub span: SourceSpan,
}
