//! Where the statements of a text end, for clients that read it bit by bit.

use super::error::ParseErrorKind;
use super::lexer::Lexer;
use super::span::Span;
use super::token::{Symbol, TokenKind};

/// A statement found by [`split_statements`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementText<'a> {
    /// Its text, without blanks and comments around it and without the semicolon.
    pub text: &'a str,
    /// Where in the whole it stands.
    pub span: Span,
    /// Whether a semicolon follows. Without one, more may be to come.
    pub complete: bool,
}

/// Cuts a text at the semicolons that end statements: not at those in quotes, comments, or between the BEGIN and END of
/// a statement set. Empty statements are left out. Nothing is parsed, so mistakes are not noticed here.
///
/// ```
/// use millstream_sql::parser::split_statements;
///
/// let statements = split_statements("SET 'a' = ';'; -- all;\nSELECT 1");
/// let texts: Vec<_> = statements.iter().map(|statement| (statement.text, statement.complete)).collect();
/// assert_eq!(texts, [("SET 'a' = ';'", true), ("SELECT 1", false)]);
/// ```
pub fn split_statements(text: &str) -> Vec<StatementText<'_>> {
    let mut splitter =
        Splitter { text, statements: Vec::new(), current: None, recent: Vec::new(), in_set: false };
    let mut lexer = Lexer::new(text);
    loop {
        match lexer.next_token() {
            Ok(token) if token.kind == TokenKind::End => break,
            Ok(token) => splitter.token(&token.kind, token.span),
            Err(error) => match error.kind() {
                ParseErrorKind::UnterminatedString | ParseErrorKind::UnterminatedName => {
                    splitter.extend(Span::new(error.span().start, text.trim_end().len()));
                }
                // A comment alone is no statement.
                ParseErrorKind::UnterminatedComment => {}
                _ => splitter.token(&TokenKind::Invalid, error.span()),
            },
        }
    }
    splitter.finish(false);
    splitter.statements
}

struct Splitter<'a> {
    text: &'a str,
    statements: Vec<StatementText<'a>>,
    current: Option<Span>,
    /// The last three tokens, as words in upper case or `;`.
    recent: Vec<String>,
    in_set: bool,
}

impl Splitter<'_> {
    fn token(&mut self, kind: &TokenKind, span: Span) {
        let ends = *kind == TokenKind::Symbol(Symbol::Semicolon);
        let text = match kind {
            TokenKind::Word => self.text.get(span.range()).unwrap_or("").to_ascii_uppercase(),
            _ if ends => ";".into(),
            _ => String::new(),
        };
        if self.in_set {
            // The END of a CASE does not stand behind a semicolon, that of a set always does.
            self.in_set =
                !(text == "END" && matches!(self.recent.last().map(String::as_str), Some(";" | "BEGIN")));
        } else {
            self.in_set = text == "BEGIN" && self.recent.ends_with(&["STATEMENT".into(), "SET".into()]);
        }
        self.recent.push(text);
        if self.recent.len() > 3 {
            self.recent.remove(0);
        }
        if ends && !self.in_set {
            self.finish(true);
        } else {
            self.extend(span);
        }
    }

    fn extend(&mut self, span: Span) {
        self.current = Some(self.current.map_or(span, |current| current.to(span)));
    }

    fn finish(&mut self, complete: bool) {
        if let Some(span) = self.current.take() {
            let text = self.text.get(span.range()).unwrap_or("");
            self.statements.push(StatementText { text, span, complete });
        }
        self.recent.clear();
        self.in_set = false;
    }
}

#[cfg(test)]
mod tests {
    use super::split_statements;

    fn texts(text: &str) -> Vec<(&str, bool)> {
        split_statements(text).iter().map(|statement| (statement.text, statement.complete)).collect()
    }

    #[test]
    fn semicolons_in_quotes_and_comments_end_nothing() {
        assert_eq!(texts("a ';' `;` /* ; */ b; -- c;\n// d;\n"), [("a ';' `;` /* ; */ b", true)]);
        assert_eq!(texts(";;a;;b"), [("a", true), ("b", false)]);
        assert_eq!(texts(" \n -- nothing\n"), []);
    }

    #[test]
    fn a_statement_set_is_one_statement() {
        let set = "EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT CASE WHEN x THEN 1 END; INSERT INTO b SELECT 2; END";
        assert_eq!(texts(&format!("{set}; SELECT 1;")), [(set, true), ("SELECT 1", true)]);
        assert_eq!(
            texts("execute statement set begin insert;"),
            [("execute statement set begin insert;", false)]
        );
        let begun = texts("BEGIN STATEMENT SET; INSERT INTO a SELECT 1; END;");
        assert_eq!(begun, [("BEGIN STATEMENT SET", true), ("INSERT INTO a SELECT 1", true), ("END", true)]);
    }

    #[test]
    fn what_is_not_closed_is_not_complete() {
        assert_eq!(texts("SELECT 'a; b"), [("SELECT 'a; b", false)]);
        assert_eq!(texts("SELECT 1 /* ; "), [("SELECT 1", false)]);
        assert_eq!(texts("SELECT \"a;b\"; SELECT 2;"), [("SELECT \"a;b\"", true), ("SELECT 2", true)]);
    }
}
