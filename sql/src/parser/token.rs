//! What the lexer makes of the text.

use std::fmt;

use super::span::Span;

/// A token and its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

/// What a token is. Words and numbers are read from the text by their span.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    /// A keyword or a name without quotes.
    Word,
    /// A name in backticks, without them.
    QuotedIdentifier(String),
    /// `'text'` or `_charset'text'`, with doubled quotes made single.
    String {
        value: String,
        character_set: Option<String>,
    },
    /// `U&'text'`, with its escapes still in it.
    UnicodeString(String),
    /// The digits of `X'…'`.
    Binary(String),
    Number,
    Symbol(Symbol),
    /// `/*+`
    HintStart,
    /// `*/`, which outside of comments only ends a hint.
    HintEnd,
    /// Text that is no token: the lexer's error tells why.
    Invalid,
    End,
}

/// A token of one or two signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    Comma,
    Dot,
    Semicolon,
    LeftParenthesis,
    RightParenthesis,
    LeftBracket,
    RightBracket,
    LeftBrace,
    RightBrace,
    Plus,
    Minus,
    Asterisk,
    Slash,
    Percent,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Concatenate,
    Bar,
    Caret,
    Question,
    Colon,
    Arrow,
}

/// Longer ones first, so that the first that fits is the right one.
pub(super) const SYMBOLS: &[(&str, Symbol)] = &[
    ("<>", Symbol::NotEqual),
    ("<=", Symbol::LessOrEqual),
    (">=", Symbol::GreaterOrEqual),
    ("=>", Symbol::Arrow),
    ("||", Symbol::Concatenate),
    (",", Symbol::Comma),
    (".", Symbol::Dot),
    (";", Symbol::Semicolon),
    ("(", Symbol::LeftParenthesis),
    (")", Symbol::RightParenthesis),
    ("[", Symbol::LeftBracket),
    ("]", Symbol::RightBracket),
    ("{", Symbol::LeftBrace),
    ("}", Symbol::RightBrace),
    ("+", Symbol::Plus),
    ("-", Symbol::Minus),
    ("*", Symbol::Asterisk),
    ("/", Symbol::Slash),
    ("%", Symbol::Percent),
    ("=", Symbol::Equal),
    ("<", Symbol::Less),
    (">", Symbol::Greater),
    ("|", Symbol::Bar),
    ("^", Symbol::Caret),
    ("?", Symbol::Question),
    (":", Symbol::Colon),
];

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = SYMBOLS.iter().find(|(_, symbol)| symbol == self).map_or("", |(text, _)| *text);
        f.write_str(text)
    }
}
