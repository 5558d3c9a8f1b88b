//! The text of test cases.
//!
//! A file is SQL that Flink's client can run, too: what a test needs besides stands in comments that begin with `--!`.
//!
//! ```sql
//! --! test  counts of keys
//! --! set   parallelism.default = 2
//! CREATE TABLE s (k INT) WITH ('connector' = 'values');
//! --! rows s
//! --! [1]
//! --! [1]
//! CREATE TABLE t (k INT, n BIGINT) WITH ('connector' = 'values', 'sink-insert-only' = 'false');
//! INSERT INTO t SELECT k, COUNT(*) FROM s GROUP BY k;
//! --! changelog t
//! --! +I[1, 1]
//! --! -U[1, 1]
//! --! +U[1, 2]
//! --! table t
//! --! +I[1, 2]
//! --! error ValidationException: not found
//! SELECT missing FROM s;
//! --! plan contains: GroupAggregate
//! SELECT COUNT(*) FROM s;
//! ```
//!
//! What stands before the first `test` belongs to every case. `restore` divides rows and expectations: the job is stopped
//! with a savepoint when it has read the rows above it, and what is expected above it must have come out by then.

mod parse;

/// A file of test cases.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// The cases, in order.
    pub cases: Vec<Case>,
}

/// A test case.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// The line of the file that it begins at, from 1 on.
    pub line: usize,
    pub(super) items: Vec<Item>,
}

impl Case {
    /// Whether processing time passes between its rows: then its jobs run by a clock that jumps.
    pub(super) fn passes_time(&self) -> bool {
        self.items.iter().any(|item| match item {
            Item::Rows { lines, .. } => {
                lines.iter().any(|line| line.starts_with('{') && line.contains("\"advance\""))
            }
            _ => false,
        })
    }
}

/// What a case says, in order.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// A statement is run.
    Statement { text: String, line: usize },
    /// A setting is made.
    Set { key: String, value: String, line: usize },
    /// A table of connector `values` has these rows.
    Rows { table: String, lines: Vec<String>, line: usize },
    /// The job is stopped with a savepoint and goes on from it.
    Restore,
    /// This must come out.
    Expect(Expectation),
    /// The next statement must fail.
    Error { class: String, message: String, line: usize },
    /// The plan of the next statement must have a text in it, or must not.
    Plan { text: String, is_there: bool, line: usize },
}

/// What must come out.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// What is compared.
    pub kind: ExpectationKind,
    /// The table; `None` for the rows of the query before it.
    pub table: Option<String>,
    /// The rows, as Flink prints them: `+I[1, Hi]`.
    pub rows: Vec<String>,
    /// The line of the directive, from 1 on; the rows stand in those below it.
    pub line: usize,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectationKind {
    /// Every change, in any order.
    Changelog,
    /// Every change, in this order.
    OrderedChangelog,
    /// What is left in the end.
    Table,
}

/// Why a file has no cases that can run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct CaseError {
    /// The line, from 1 on.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl CaseFile {
    /// Reads a file.
    ///
    /// # Errors
    /// If a directive is not known or lacks something.
    pub fn parse(text: &str) -> Result<Self, CaseError> {
        parse::parse(text)
    }

    /// The text of the file with other rows for some of its expectations.
    pub fn updated(text: &str, updates: &[Expectation]) -> String {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut updates: Vec<&Expectation> = updates.iter().collect();
        // From the end, so that places before stay where they are.
        updates.sort_by_key(|update| std::cmp::Reverse(update.line));
        updates.dedup_by_key(|update| update.line);
        for update in updates {
            let start = update.line.min(lines.len());
            let old = lines.iter().skip(start).take_while(|line| parse::content(line).is_some()).count();
            lines.splice(start..start + old, update.rows.iter().map(|row| format!("--! {row}")));
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests;
