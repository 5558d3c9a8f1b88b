//! Tables, and what happens to their rows.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::choices::Choices;

/// How many tables there are: `t0`, `t1`, `t2`.
pub(crate) const TABLES: usize = 3;
/// The types of their columns `c0`, `c1`, …; `c0` is the primary key.
pub(crate) const TYPES: [&str; 4] = ["BIGINT NOT NULL", "BIGINT", "BIGINT", "STRING"];
/// Whether a column of the tables is a text.
pub(crate) const IS_TEXT: [bool; 4] = [false, false, false, true];

/// What a connector says of updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// There are none.
    Append,
    /// What a row was comes before what it is.
    Retract,
    /// What a row is comes alone.
    Upsert,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Number(i64),
    Text(&'static str),
}

impl Value {
    /// As a literal of SQL, or of JSON with `quote` `"`.
    fn literal(self, quote: char) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => format!("{quote}{text}{quote}"),
        }
    }
}

pub(crate) type Row = [Value; 4];

/// A table and its changes.
pub(crate) struct Table {
    mode: Mode,
    /// `+I`, `-U`, `+U` or `-D`, and the row.
    changes: Vec<(&'static str, Row)>,
    /// How many changes come before the savepoint.
    cut: usize,
}

impl Table {
    pub(crate) fn generate(choices: &mut Choices<'_>) -> Self {
        let mode = choices.pick(&[Mode::Append, Mode::Retract, Mode::Upsert, Mode::Retract]);
        let mut rows = BTreeMap::<i64, Row>::new();
        let mut changes = Vec::new();
        for step in 0..choices.below(25) {
            let id = if mode == Mode::Append { step } else { choices.below(7) };
            let id = i64::try_from(id).unwrap();
            let mut number = || match choices.below(8) {
                0 => Value::Null,
                number => Value::Number(i64::try_from(number).unwrap() - 3),
            };
            let row = [Value::Number(id), number(), number(), text(choices)];
            let delete = choices.once_in(4) && mode != Mode::Append;
            match (rows.get(&id).copied(), delete) {
                (Some(last), true) => {
                    changes.push(("-D", last));
                    rows.remove(&id);
                }
                (None, true) => {}
                (Some(last), false) => {
                    if mode == Mode::Retract {
                        changes.push(("-U", last));
                    }
                    changes.push(("+U", row));
                    rows.insert(id, row);
                }
                (None, false) => {
                    changes.push(("+I", row));
                    rows.insert(id, row);
                }
            }
        }
        let mut cut = choices.below(changes.len() + 1);
        // A savepoint between what a row was and what it is would be one between two tables.
        if changes.get(cut).is_some_and(|(kind, _)| *kind == "+U") && mode == Mode::Retract {
            cut -= 1;
        }
        Self { mode, changes, cut }
    }

    /// The statement that creates the table.
    pub(crate) fn create(&self, index: usize) -> String {
        let mut text = format!("CREATE TABLE t{index} (");
        for (column, data_type) in TYPES.iter().enumerate() {
            let _ = write!(text, "c{column} {data_type}, ");
        }
        let mode = match self.mode {
            Mode::Append => "I",
            Mode::Retract => "I,UA,UB,D",
            Mode::Upsert => "I,UA,D",
        };
        let _ = write!(
            text,
            "PRIMARY KEY (c0) NOT ENFORCED)\n  WITH ('connector' = 'values', 'changelog-mode' = '{mode}');\n"
        );
        text
    }

    /// The lines of a case that give the table its changes, those before the savepoint or those behind it.
    pub(crate) fn rows(&self, index: usize, before: bool) -> String {
        let (first, rest) = self.changes.split_at(self.cut);
        let mut text = format!("--! rows t{index}\n");
        for (kind, row) in if before { first } else { rest } {
            let values: Vec<String> = row.iter().map(|value| value.literal('"')).collect();
            let _ = writeln!(text, "--! [\"{kind}\", {}]", values.join(", "));
        }
        text
    }

    /// What is in the table at the savepoint, or in the end.
    pub(crate) fn contents(&self, at_savepoint: bool) -> Vec<Row> {
        let changes = if at_savepoint { &self.changes[..self.cut] } else { &self.changes };
        let mut rows = BTreeMap::new();
        for (kind, row) in changes {
            let Value::Number(id) = row[0] else { unreachable!("keys are numbers") };
            if kind.starts_with('+') {
                rows.insert(id, *row);
            } else {
                rows.remove(&id);
            }
        }
        rows.into_values().collect()
    }
}

fn text(choices: &mut Choices<'_>) -> Value {
    choices.pick(&[Value::Null, Value::Text("a"), Value::Text("b"), Value::Text("ab"), Value::Text("")])
}
