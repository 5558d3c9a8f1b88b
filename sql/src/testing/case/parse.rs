//! Reads the text of test cases.

use super::{Case, CaseError, CaseFile, Expectation, ExpectationKind, Item};
use crate::parser::split_statements;

/// What a line of a directive says; `None` for a line of SQL.
fn directive(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("--!").map(str::trim)
}

/// A line that belongs to the directive above it: a row, or a change.
pub(super) fn content(line: &str) -> Option<&str> {
    directive(line).filter(|text| text.starts_with(['[', '{', '+', '-']))
}

pub(super) fn parse(text: &str) -> Result<CaseFile, CaseError> {
    let mut reader = Reader::default();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let number = index + 1;
        let Some(directive) = directive(line) else {
            reader.sql(line, number);
            continue;
        };
        reader.flush();
        if directive.is_empty() {
            continue;
        }
        if content(line).is_some() {
            return Err(CaseError {
                line: number,
                message: "a row without `rows`, `changelog` or `table` above it".to_owned(),
            });
        }
        let mut rows = Vec::new();
        while let Some(row) = lines.peek().and_then(|(_, line)| content(line)) {
            rows.push(row.to_owned());
            lines.next();
        }
        reader.directive(directive, rows, number)?;
    }
    reader.flush();
    let Reader { preamble, mut cases, .. } = reader;
    if cases.is_empty() {
        cases.push(Case { name: "all".to_owned(), line: 1, items: Vec::new() });
    }
    for case in &mut cases {
        case.items.splice(0..0, preamble.iter().cloned());
    }
    Ok(CaseFile { cases })
}

#[derive(Default)]
struct Reader {
    /// What stands before the first case.
    preamble: Vec<Item>,
    cases: Vec<Case>,
    /// SQL that has been read since the last directive, and its first line.
    pending: String,
    pending_line: usize,
}

impl Reader {
    fn sql(&mut self, line: &str, number: usize) {
        if self.pending.is_empty() {
            self.pending_line = number;
        }
        self.pending.push_str(line);
        self.pending.push('\n');
    }

    /// Makes statements of the SQL before a directive.
    fn flush(&mut self) {
        let text = std::mem::take(&mut self.pending);
        for statement in split_statements(&text) {
            let before = text.get(..statement.span.start).unwrap_or_default().matches('\n').count();
            let line = self.pending_line + before;
            self.add(Item::Statement { text: statement.text.to_owned(), line });
        }
    }

    fn add(&mut self, item: Item) {
        self.cases.last_mut().map_or(&mut self.preamble, |case| &mut case.items).push(item);
    }

    fn directive(&mut self, text: &str, rows: Vec<String>, line: usize) -> Result<(), CaseError> {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        let wrong = |message: &str| Err(CaseError { line, message: message.to_owned() });
        let takes_rows = matches!(word, "rows" | "changelog" | "table");
        if !takes_rows && !rows.is_empty() {
            return wrong(&format!("`{word}` has no rows"));
        }
        let table = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        match word {
            "test" if rest.is_empty() => return wrong("`test` needs a name"),
            "test" => self.cases.push(Case { name: rest.to_owned(), line, items: Vec::new() }),
            "set" => {
                let Some((key, value)) = rest.split_once('=') else {
                    return wrong("write `set key = value`");
                };
                let bare = |text: &str| text.trim().trim_matches('\'').to_owned();
                let key = match &*bare(key) {
                    "parallelism" => "parallelism.default".to_owned(),
                    key => key.to_owned(),
                };
                self.add(Item::Set { key, value: bare(value), line });
            }
            "rows" if rest.is_empty() => return wrong("`rows` needs the name of a table"),
            "rows" => self.add(Item::Rows { table: rest.to_owned(), lines: rows, line }),
            "restore" => self.add(Item::Restore),
            "changelog" => {
                let (rest, kind) = match rest.strip_suffix("ordered") {
                    Some(rest) => (rest.trim(), ExpectationKind::OrderedChangelog),
                    None => (rest, ExpectationKind::Changelog),
                };
                self.add(Item::Expect(Expectation { kind, table: table(rest), rows, line }));
            }
            "table" => {
                let kind = ExpectationKind::Table;
                self.add(Item::Expect(Expectation { kind, table: table(rest), rows, line }));
            }
            "error" => {
                let (class, message) = rest.split_once(':').unwrap_or((rest, ""));
                self.add(Item::Error {
                    class: class.trim().to_owned(),
                    message: message.trim().to_owned(),
                    line,
                });
            }
            "plan" => {
                let (is_there, text) = match (rest.strip_prefix("contains:"), rest.strip_prefix("lacks:")) {
                    (Some(text), _) => (true, text),
                    (None, Some(text)) => (false, text),
                    (None, None) => return wrong("write `plan contains: text` or `plan lacks: text`"),
                };
                self.add(Item::Plan { text: text.trim().to_owned(), is_there, line });
            }
            _ => {
                let known = ["test", "set", "rows", "restore", "changelog", "table", "error", "plan"];
                let hint = crate::suggestion::nearest(word, &known);
                let hint = hint.map_or_else(
                    || format!("there are: {}", known.join(", ")),
                    |known| format!("did you mean `{known}`?"),
                );
                return wrong(&format!("there is no directive `{word}`; {hint}"));
            }
        }
        Ok(())
    }
}
