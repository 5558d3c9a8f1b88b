//! The tokens of a text, and how the grammar walks over them.

use super::error::{ParseError, ParseErrorKind};
use super::keywords;
use super::lexer::Lexer;
use super::span::Span;
use super::token::{Symbol, Token, TokenKind};

/// How many productions of the grammar may be open at once. An expression in parentheses or a call takes two or three of
/// them, a subquery three or four.
///
/// Chains of operators nest the tree, but not the productions: twice as many operators may stand in one. AND and OR have all
/// operands of a chain in one node, so that theirs may be of any length. At the limit, parsing takes less than half a
/// megabyte of stack, or one and a half when compiled without optimisation; walking over the tree takes less.
pub const MAXIMUM_DEPTH: usize = 100;

/// How high a syntax tree may be.
const MAXIMUM_HEIGHT: usize = 2 * MAXIMUM_DEPTH;

/// Reserved words that connect the parts of queries and expressions: where an operand is missing, the next part begins
/// with one of them. Sorted.
const CONNECTIVES: &[&str] = &[
    "AND",
    "AS",
    "BY",
    "ELSE",
    "EXCEPT",
    "FROM",
    "GROUP",
    "HAVING",
    "INTERSECT",
    "INTO",
    "JOIN",
    "LIMIT",
    "NOT",
    "ON",
    "OR",
    "ORDER",
    "SELECT",
    "SET",
    "THEN",
    "UNION",
    "USING",
    "WHEN",
    "WHERE",
    "WITH",
];

/// What a production gives.
pub(super) type Parsed<T> = Result<T, ParseError>;

/// A text being parsed. The productions of the grammar are methods of it, in `grammar/`.
pub(super) struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    position: usize,
    /// Why the last token is [`TokenKind::Invalid`].
    lexical_error: Option<ParseError>,
    /// The productions that are begun, and the height of the highest tree that was finished in the innermost of them.
    depth: usize,
    height: usize,
    /// Where the last list with commas ended.
    list_end: usize,
}

impl<'a> Parser<'a> {
    /// Reads the tokens up to the first that is none.
    pub fn new(text: &'a str) -> Self {
        let mut lexer = Lexer::new(text);
        let mut tokens = Vec::new();
        let mut lexical_error = None;
        loop {
            match lexer.next_token() {
                Ok(token) => {
                    let last = token.kind == TokenKind::End;
                    tokens.push(token);
                    if last {
                        break;
                    }
                }
                Err(error) => {
                    tokens.push(Token { kind: TokenKind::Invalid, span: error.span() });
                    lexical_error = Some(error);
                    break;
                }
            }
        }
        Self { text, tokens, position: 0, lexical_error, depth: 0, height: 0, list_end: 0 }
    }

    /// The kind of the token `ahead` tokens from here.
    pub fn kind_at(&self, ahead: usize) -> &TokenKind {
        self.tokens
            .get(self.position + ahead)
            .or(self.tokens.last())
            .map_or(&TokenKind::End, |token| &token.kind)
    }

    fn span_at(&self, ahead: usize) -> Span {
        let end = Span::new(self.text.len(), self.text.len());
        self.tokens.get(self.position + ahead).or(self.tokens.last()).map_or(end, |token| token.span)
    }

    /// The place of the next token.
    pub fn span(&self) -> Span {
        self.span_at(0)
    }

    /// From the start of `first` to the end of the last token that was taken.
    pub fn since(&self, first: Span) -> Span {
        let last = self.position.checked_sub(1).and_then(|last| self.tokens.get(last));
        first.to(last.map_or(first, |token| token.span))
    }

    /// The text of a place.
    pub fn text_of(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// The word that is the token `ahead` tokens from here.
    pub fn word_at(&self, ahead: usize) -> Option<&'a str> {
        matches!(self.kind_at(ahead), TokenKind::Word).then(|| self.text_of(self.span_at(ahead)))
    }

    /// The word that was taken last.
    pub fn word_before(&self) -> Option<&'a str> {
        let before = self.tokens.get(self.position.checked_sub(1)?)?;
        (before.kind == TokenKind::Word).then(|| self.text_of(before.span))
    }

    /// Takes the next token. The end of the text is never taken.
    pub fn advance(&mut self) -> Span {
        let span = self.span();
        if !matches!(self.kind_at(0), TokenKind::End | TokenKind::Invalid) {
            self.position += 1;
        }
        span
    }

    /// Whether the token `ahead` tokens from here is this keyword.
    pub fn keyword_at(&self, ahead: usize, keyword: &str) -> bool {
        self.word_at(ahead).is_some_and(|word| word.eq_ignore_ascii_case(keyword))
    }

    /// Whether these keywords are next.
    pub fn at(&self, keywords: &[&str]) -> bool {
        keywords.iter().enumerate().all(|(ahead, keyword)| self.keyword_at(ahead, keyword))
    }

    /// The one of these keywords that is next.
    pub fn which(&self, keywords: &[&'static str]) -> Option<&'static str> {
        keywords.iter().copied().find(|keyword| self.keyword_at(0, keyword))
    }

    /// Takes these keywords if all of them are next.
    pub fn eat(&mut self, keywords: &[&str]) -> bool {
        let found = self.at(keywords);
        if found {
            self.position += keywords.len();
        }
        found
    }

    /// Takes these keywords, which must be next.
    pub fn expect(&mut self, keywords: &[&str]) -> Parsed<()> {
        for keyword in keywords {
            if !self.eat(&[keyword]) {
                return self.unexpected(keyword);
            }
        }
        Ok(())
    }

    /// Whether the token `ahead` tokens from here is this symbol.
    pub fn symbol_at(&self, ahead: usize, symbol: Symbol) -> bool {
        *self.kind_at(ahead) == TokenKind::Symbol(symbol)
    }

    /// Takes this symbol if it is next.
    pub fn eat_symbol(&mut self, symbol: Symbol) -> bool {
        let found = self.symbol_at(0, symbol);
        if found {
            self.position += 1;
        }
        found
    }

    /// Takes this symbol, which must be next.
    pub fn expect_symbol(&mut self, symbol: Symbol) -> Parsed<()> {
        if self.eat_symbol(symbol) { Ok(()) } else { self.unexpected(&format!("`{symbol}`")) }
    }

    /// Parses with `parse`, and goes back to where it began if that gives nothing.
    pub fn attempt<T>(&mut self, parse: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let begun = self.position;
        let parsed = parse(self);
        if parsed.is_none() {
            self.position = begun;
        }
        parsed
    }

    /// One or more, with commas between them.
    pub fn comma_separated<T>(&mut self, mut parse: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = vec![parse(self)?];
        while self.eat_symbol(Symbol::Comma) {
            let item = self.position;
            items.push(parse(self).map_err(|error| self.explain_comma(item, error))?);
        }
        self.list_end = self.position;
        Ok(items)
    }

    /// Adds to the error of an item, which was to begin behind a comma, that there is none.
    fn explain_comma(&self, item: usize, error: ParseError) -> ParseError {
        let closes = matches!(
            self.kind_at(0),
            TokenKind::Symbol(Symbol::RightParenthesis | Symbol::RightBracket | Symbol::Semicolon)
                | TokenKind::End
        );
        let follows = self.word_at(0).is_some_and(|word| keywords::contains(CONNECTIVES, word));
        let missing =
            self.position == item && error.kind() == ParseErrorKind::Unexpected && error.hint().is_none();
        if missing && (closes || follows) {
            error.with_hint("is the comma before it one too many?")
        } else {
            error
        }
    }

    /// `( … )`
    pub fn parenthesized<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.enclosed(Symbol::LeftParenthesis, Symbol::RightParenthesis, parse)
    }

    /// Something between two symbols.
    pub fn enclosed<T>(
        &mut self,
        open: Symbol,
        close: Symbol,
        parse: impl FnOnce(&mut Self) -> Parsed<T>,
    ) -> Parsed<T> {
        let opened = self.span();
        self.expect_symbol(open)?;
        let inner = parse(self)?;
        self.close(opened, close)?;
        Ok(inner)
    }

    /// Takes the symbol that closes what was opened at `opened`.
    pub fn close(&mut self, opened: Span, close: Symbol) -> Parsed<()> {
        if self.eat_symbol(close) {
            return Ok(());
        }
        let in_list = self.list_end == self.position;
        let expected = if in_list { format!("`,` or `{close}`") } else { format!("`{close}`") };
        let error = self.mistake(&expected);
        let ended = matches!(self.kind_at(0), TokenKind::End | TokenKind::Symbol(Symbol::Semicolon));
        let starts_item =
            self.name_at(0) || matches!(self.kind_at(0), TokenKind::String { .. } | TokenKind::Number);
        Err(match error.kind() {
            ParseErrorKind::Unexpected if ended => {
                let opener = self.text_of(opened);
                let line = self.line_of(opened);
                error.with_hint(format!("the `{opener}` of line {line} is not closed"))
            }
            ParseErrorKind::Unexpected if in_list && starts_item && error.hint().is_none() => {
                error.with_hint(format!("is a comma missing before {}?", self.found()))
            }
            _ => error,
        })
    }

    /// The line that a place is on.
    pub fn line_of(&self, span: Span) -> usize {
        self.text.get(..span.start).map_or(1, |before| before.matches('\n').count() + 1)
    }

    /// Runs a production that may contain itself, unless that goes too deep.
    pub fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        let beside = std::mem::take(&mut self.height);
        self.depth += 1;
        let parsed = if self.depth > MAXIMUM_DEPTH { Err(self.too_deep(MAXIMUM_DEPTH)) } else { parse(self) };
        self.depth -= 1;
        self.height = beside.max(self.height + 1);
        parsed
    }

    /// Notes that what was parsed since the innermost production began becomes part of one more node.
    pub fn wrap(&mut self) -> Parsed<()> {
        self.height += 1;
        if self.depth + self.height > MAXIMUM_HEIGHT { Err(self.too_deep(MAXIMUM_HEIGHT)) } else { Ok(()) }
    }

    fn too_deep(&self, limit: usize) -> ParseError {
        let message = format!("this is nested more than {limit} levels deep");
        ParseError::new(ParseErrorKind::TooDeep, message, self.span())
            .with_hint("split it with WITH or a view; long chains of AND and OR are one level")
    }

    /// What the next token is, for messages.
    pub fn found(&self) -> String {
        let text = self.text_of(self.span());
        match self.kind_at(0) {
            TokenKind::End => "the end of the text".into(),
            TokenKind::Word if keywords::is_reserved(text) => {
                format!("the reserved word {}", text.to_ascii_uppercase())
            }
            _ if text.chars().count() > 40 => format!("{}…", text.chars().take(40).collect::<String>()),
            TokenKind::QuotedIdentifier(_) | TokenKind::String { .. } => text.into(),
            _ => format!("`{text}`"),
        }
    }

    /// The error that something else is expected here.
    pub fn mistake(&self, expected: &str) -> ParseError {
        if let (TokenKind::Invalid, Some(error)) = (self.kind_at(0), &self.lexical_error) {
            return error.clone();
        }
        let message = format!("expected {expected}, found {}", self.found());
        ParseError::new(ParseErrorKind::Unexpected, message, self.span())
    }

    /// Fails with [`mistake`](Self::mistake).
    pub fn unexpected<T>(&self, expected: &str) -> Parsed<T> {
        Err(self.mistake(expected))
    }

    /// The error that an operand is expected here; for a reserved word that may be meant as a name, how to make it one.
    pub fn missing_operand(&self, expected: &str) -> ParseError {
        match self.word_at(0) {
            Some(word) if keywords::contains(CONNECTIVES, word) => self.mistake(expected),
            _ => self.missing_name(expected),
        }
    }

    /// The error that a name is expected here; for a reserved word, how to make it one.
    pub fn missing_name(&self, expected: &str) -> ParseError {
        let error = self.mistake(expected);
        match self.word_at(0) {
            Some(word) if keywords::is_reserved(word) => {
                ParseError::new(ParseErrorKind::ReservedWord, error.message(), error.span())
                    .with_hint(format!("to use it as a name, write it in backticks: `{word}`"))
            }
            _ => error,
        }
    }
}
