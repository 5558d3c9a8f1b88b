//! The files of `corpus/`: blocks with an empty line between them, each an input and what comes of it.
//!
//! ```text
//! # a comment
//! select a from t
//! => SELECT a FROM t
//!
//! SELECT a b c
//! ! 1:12 expected `;` or the end of the statement, found `c`
//! ? is a comma missing before `c`?
//! ```
//!
//! `=>` is the canonical text of the tree, `!` an error's place and message, `?` its hint. Files whose names begin with
//! `expression` hold expressions, the others statements. `MILLSTREAM_UPDATE_CORPUS=1` writes what comes of the inputs into the
//! files: read the difference before you commit it.

use std::fs;
use std::path::{Path, PathBuf};

use millstream_sql::parser::{ParseError, parse_expression, parse_statement, parse_statements};

/// An input and the lines that say what comes of it.
pub struct Case {
    pub file: String,
    pub line: usize,
    pub input: String,
    pub expected: Vec<String>,
}

impl Case {
    pub fn is_expression(&self) -> bool {
        self.file.starts_with("expression")
    }

    pub fn is_accepted(&self) -> bool {
        self.expected.first().is_some_and(|line| line.starts_with("=>"))
    }

    /// The canonical text of this or another input of the same kind.
    pub fn parse(&self, input: &str) -> Result<String, ParseError> {
        if self.is_expression() {
            parse_expression(input).map(|expression| expression.to_string())
        } else {
            parse_statement(input).map(|statement| statement.to_string())
        }
    }

    fn outcome(&self) -> Vec<String> {
        match self.parse(&self.input) {
            Ok(text) => vec![format!("=> {text}")],
            Err(error) => {
                let position = error.position();
                let mut lines = vec![format!("! {}:{} {}", position.line, position.column, error.message())];
                lines.extend(error.hint().map(|hint| format!("? {hint}")));
                lines
            }
        }
    }
}

fn folder(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parser").join(name);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn is_expectation(line: &str) -> bool {
    ["=> ", "! ", "? "].iter().any(|mark| line.starts_with(mark))
}

fn cases_of(path: &Path) -> Vec<Case> {
    let text = fs::read_to_string(path).unwrap();
    let file = path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut cases = Vec::new();
    let mut line = 1;
    for block in text.split("\n\n") {
        let (expected, input): (Vec<&str>, Vec<&str>) =
            block.lines().filter(|line| !line.starts_with('#')).partition(|line| is_expectation(line));
        if !input.is_empty() {
            let expected = expected.into_iter().map(str::to_owned).collect();
            cases.push(Case { file: file.clone(), line, input: input.join("\n"), expected });
        }
        line += block.lines().count() + 1;
    }
    cases
}

/// All cases of the corpus.
pub fn cases() -> Vec<Case> {
    folder("corpus").iter().flat_map(|path| cases_of(path)).collect()
}

/// The scripts of Nexmark, by name.
pub fn nexmark() -> Vec<(String, String)> {
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    folder("nexmark").iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

fn update(path: &Path) {
    let text = fs::read_to_string(path).unwrap();
    let cases = cases_of(path);
    let mut cases = cases.iter();
    let blocks = text.trim_end().split("\n\n").map(|block| {
        let kept: Vec<_> = block.lines().filter(|line| !is_expectation(line)).map(str::to_owned).collect();
        if kept.iter().all(|line| line.starts_with('#')) {
            return kept.join("\n");
        }
        [kept, cases.next().unwrap().outcome()].concat().join("\n")
    });
    let updated = blocks.collect::<Vec<_>>().join("\n\n") + "\n";
    fs::write(path, updated).unwrap();
}

#[test]
fn every_case_comes_out_as_its_file_says() {
    if std::env::var_os("MILLSTREAM_UPDATE_CORPUS").is_some() {
        folder("corpus").iter().for_each(|path| update(path));
    }
    let mut wrong = Vec::new();
    for case in cases() {
        let outcome = case.outcome();
        if outcome != case.expected {
            let (file, line, input) = (&case.file, case.line, &case.input);
            let (outcome, expected) = (outcome.join("\n"), case.expected.join("\n"));
            wrong.push(format!("{file}, line {line}:\n{input}\ngives\n{outcome}\nexpected\n{expected}\n"));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn canonical_text_parses_to_an_equal_tree() {
    for case in cases().iter().filter(|case| case.is_accepted()) {
        if case.is_expression() {
            let expression = parse_expression(&case.input).unwrap();
            assert_eq!(parse_expression(&expression.to_string()), Ok(expression), "{}", case.input);
        } else {
            let statement = parse_statement(&case.input).unwrap();
            assert_eq!(parse_statement(&statement.to_string()), Ok(statement), "{}", case.input);
        }
    }
}

#[test]
fn errors_are_inside_the_text() {
    for case in cases().iter().filter(|case| !case.is_accepted()) {
        let error = case.parse(&case.input).unwrap_err();
        let span = error.span();
        assert!(span.start <= span.end && span.end <= case.input.len(), "{error} in {}", case.input);
        assert!(error.render(&case.input).contains('^'));
    }
}

#[test]
fn nexmark_is_accepted() {
    let scripts = nexmark();
    assert_eq!(scripts.len(), 25, "the tables, and 24 queries");
    for (name, script) in scripts {
        let statements =
            parse_statements(&script).unwrap_or_else(|error| panic!("{name}: {}", error.render(&script)));
        for statement in statements {
            assert_eq!(parse_statement(&statement.to_string()), Ok(statement), "{name}");
        }
    }
}
