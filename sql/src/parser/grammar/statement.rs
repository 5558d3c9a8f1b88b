//! Statements: which one it is, and what ends it.

use crate::parser::ast::{Statement, StatementKind};
use crate::parser::cursor::{Parsed, Parser};
use crate::parser::error::{ParseError, ParseErrorKind};
use crate::parser::token::{Symbol, TokenKind};
use crate::suggestion::nearest;

/// The words that statements begin with.
const BEGINNINGS: &[&str] = &[
    "SELECT", "WITH", "VALUES", "TABLE", "INSERT", "UPSERT", "UPDATE", "DELETE", "BEGIN", "END", "EXECUTE",
    "COMPILE", "EXPLAIN", "CREATE", "REPLACE", "ALTER", "DROP", "SHOW", "DESCRIBE", "DESC", "USE", "LOAD",
    "UNLOAD", "SET", "RESET", "ADD", "REMOVE", "TRUNCATE", "ANALYZE", "CALL", "STOP",
];

/// The words that begin the parts of a query, for suggestions.
const CLAUSES: &[&str] = &[
    "FROM", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "UNION", "JOIN", "LEFT", "RIGHT", "INNER", "CROSS",
    "WINDOW",
];

impl Parser<'_> {
    /// Statements up to the end of the text.
    pub fn statements(&mut self) -> Parsed<Vec<Statement>> {
        let mut statements = Vec::new();
        loop {
            while self.eat_symbol(Symbol::Semicolon) {}
            if *self.kind_at(0) == TokenKind::End {
                return Ok(statements);
            }
            let statement = self.statement()?;
            self.end_of_statement(&statement)?;
            statements.push(statement);
        }
    }

    /// One statement and nothing behind it.
    pub fn single_statement(&mut self) -> Parsed<Statement> {
        let statement = self.statement()?;
        self.end_of_statement(&statement)?;
        self.eat_symbol(Symbol::Semicolon);
        match self.kind_at(0) {
            TokenKind::End => Ok(statement),
            _ => self.unexpected("the end of the text: this is one statement"),
        }
    }

    fn end_of_statement(&self, statement: &Statement) -> Parsed<()> {
        match self.kind_at(0) {
            TokenKind::End | TokenKind::Symbol(Symbol::Semicolon) => return Ok(()),
            _ => {}
        }
        let expected = "`;` or the end of the statement";
        let error = self.mistake(expected);
        if error.kind() != ParseErrorKind::Unexpected {
            return Err(error);
        }
        let query = matches!(statement.kind, StatementKind::Query(_) | StatementKind::Insert(_));
        // A clause that is misspelled was taken for an alias, or stands here.
        let words = [self.word_before(), self.word_at(0)];
        let misspelled =
            words.into_iter().flatten().find_map(|word| Some((word, misspelled(word, CLAUSES)?)));
        Err(match (self.kind_at(0), misspelled) {
            (_, Some((word, clause))) if query => {
                error.with_hint(format!("did you mean {clause} instead of `{word}`?"))
            }
            (TokenKind::Symbol(Symbol::RightParenthesis), _) => {
                error.with_hint("this `)` closes nothing: is a `(` missing, or is it one too many?")
            }
            (TokenKind::Word | TokenKind::QuotedIdentifier(_), _) if query => {
                let missing = self.missing_operand(expected);
                if missing.hint().is_some() || !self.name_at(0) {
                    missing
                } else {
                    error.with_hint(format!("is a comma missing before {}?", self.found()))
                }
            }
            _ => error,
        })
    }

    /// A statement, without the semicolon.
    pub fn statement(&mut self) -> Parsed<Statement> {
        self.nested(|parser| {
            let start = parser.span();
            let kind = parser.statement_kind()?;
            Ok(Statement { kind, span: parser.since(start).into() })
        })
    }

    fn statement_kind(&mut self) -> Parsed<StatementKind> {
        if self.symbol_at(0, Symbol::LeftParenthesis) {
            return Ok(StatementKind::Query(Box::new(self.query()?)));
        }
        let Some(keyword) = self.which(BEGINNINGS) else { return Err(self.unknown_statement()) };
        match keyword {
            "SELECT" | "WITH" | "VALUES" | "TABLE" => Ok(StatementKind::Query(Box::new(self.query()?))),
            "INSERT" | "UPSERT" => Ok(StatementKind::Insert(Box::new(self.insert()?))),
            "UPDATE" => Ok(StatementKind::Update(Box::new(self.update()?))),
            "DELETE" => Ok(StatementKind::Delete(Box::new(self.delete()?))),
            "BEGIN" => {
                self.expect(&["BEGIN", "STATEMENT", "SET"])?;
                Ok(StatementKind::BeginStatementSet)
            }
            "END" => {
                self.advance();
                Ok(StatementKind::EndStatementSet)
            }
            "EXECUTE" => self.execute(),
            "COMPILE" => self.compile(),
            "EXPLAIN" => self.explain(),
            "CREATE" | "REPLACE" => self.create(),
            "ALTER" => self.alter(),
            "DROP" => self.drop_object(),
            "SHOW" => self.show(),
            "DESCRIBE" | "DESC" => self.describe(),
            _ => self.session_statement(keyword),
        }
    }

    fn unknown_statement(&self) -> ParseError {
        let error = self.mistake("a statement");
        if error.kind() != ParseErrorKind::Unexpected || !matches!(self.kind_at(0), TokenKind::Word) {
            return error;
        }
        let word = self.text_of(self.span());
        let message = format!("no statement begins with `{word}`");
        let unknown = ParseError::new(ParseErrorKind::UnknownStatement, message, error.span());
        match misspelled(word, BEGINNINGS) {
            Some(keyword) => unknown.with_hint(format!("did you mean {keyword}?")),
            None => unknown,
        }
    }

    /// Fails because none of these words is next.
    pub fn expected_one_of<T>(&self, words: &[&'static str]) -> Parsed<T> {
        let (last, others) = words.split_last().map_or(("", words), |(last, others)| (*last, others));
        let listed = if others.is_empty() { last.into() } else { format!("{} or {last}", others.join(", ")) };
        let error = self.mistake(&listed);
        let alone = words.iter().copied().filter(|word| !word.contains(' ')).collect::<Vec<_>>();
        match self.word_at(0).and_then(|word| misspelled(word, &alone)) {
            Some(word) => Err(error.with_hint(format!("did you mean {word}?"))),
            None => Err(error),
        }
    }
}

/// The keyword that a word is a misspelling of; a keyword in lower case is none.
fn misspelled<'a>(word: &str, keywords: &[&'a str]) -> Option<&'a str> {
    nearest(word, keywords).filter(|keyword| !keyword.eq_ignore_ascii_case(word))
}
