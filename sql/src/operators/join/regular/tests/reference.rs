//! The join of Flink's documentation, row by row: how many partners a row has is counted each time.

use super::{Input, Known};
use crate::plan::JoinKind;

/// A row of either input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) key: Option<i64>,
    pub(super) id: i64,
    pub(super) value: u8,
}

impl Row {
    fn values(self) -> String {
        let key = self.key.map_or("null".to_owned(), |key| key.to_string());
        format!("{key}, {}, v{}", self.id, self.value)
    }

    pub(super) fn text(self, kind: &str) -> String {
        format!("{kind}[{}]", self.values())
    }
}

/// The rows of both inputs, in the order in which they came; equal ones stand beside each other where they count as one.
pub(super) struct Reference {
    kind: JoinKind,
    known: Known,
    null_safe: bool,
    has_residual: bool,
    left: Vec<Row>,
    right: Vec<Row>,
}

impl Reference {
    pub(super) fn new(kind: JoinKind, known: Known, null_safe: bool, has_residual: bool) -> Self {
        Self { kind, known, null_safe, has_residual, left: Vec::new(), right: Vec::new() }
    }

    pub(super) fn known(&self) -> Known {
        self.known
    }

    pub(super) fn present(&self, input: Input) -> Vec<Row> {
        self.rows(input).clone()
    }

    fn rows(&self, input: Input) -> &Vec<Row> {
        match input {
            Input::Left => &self.left,
            Input::Right => &self.right,
        }
    }

    fn rows_mut(&mut self, input: Input) -> &mut Vec<Row> {
        match input {
            Input::Left => &mut self.left,
            Input::Right => &mut self.right,
        }
    }

    /// Whether another row has what a row is known by.
    pub(super) fn is_taken(&self, input: Input, row: Row) -> bool {
        self.rows(input).iter().any(|other| match self.known {
            Known::Appended | Known::Counted => false,
            Known::ById => other.id == row.id,
            Known::ByKey => other.key == row.key,
        })
    }

    fn belong(&self, left: Row, right: Row) -> bool {
        let keys = left.key == right.key && (self.null_safe || left.key.is_some());
        keys && (!self.has_residual || left.id <= right.id)
    }

    fn partners(&self, input: Input, row: Row) -> Vec<Row> {
        let others = match input {
            Input::Left => &self.right,
            Input::Right => &self.left,
        };
        let belong = |other: &&Row| match input {
            Input::Left => self.belong(row, **other),
            Input::Right => self.belong(**other, row),
        };
        others.iter().filter(belong).copied().collect()
    }

    /// What a change of an input gives.
    pub(super) fn change(&mut self, input: Input, kind: &str, row: Row) -> Vec<String> {
        let other_input = if input == Input::Left { Input::Right } else { Input::Left };
        let partners = self.partners(input, row);
        // How many rows of this input each partner belongs to before the change.
        let degrees: Vec<_> = partners.iter().map(|other| self.partners(other_input, *other).len()).collect();
        let adds = kind.starts_with('+');
        if adds {
            self.add(input, row);
        } else {
            let rows = self.rows_mut(input);
            let position = rows.iter().position(|other| *other == row).unwrap();
            rows.remove(position);
        }
        if self.kind.is_left_only() {
            return self.left_only(input, kind, row, &partners, &degrees);
        }
        let outer = |input| match input {
            Input::Left => self.kind.is_left_outer(),
            Input::Right => self.kind.is_right_outer(),
        };
        let (own_outer, other_outer) = (outer(input), outer(other_input));
        let alone = |input: Input, row: Row| match input {
            Input::Left => format!("[{}, null, null, null]", row.values()),
            Input::Right => format!("[null, null, null, {}]", row.values()),
        };
        let mut given = Vec::new();
        if partners.is_empty() && own_outer {
            given.push(format!("{}{}", if adds { "+I" } else { "-D" }, alone(input, row)));
        }
        for (other, degree) in partners.iter().zip(degrees) {
            if adds && other_outer && degree == 0 {
                given.push(format!("-D{}", alone(other_input, *other)));
            }
            let pair = match input {
                Input::Left => format!("[{}, {}]", row.values(), other.values()),
                Input::Right => format!("[{}, {}]", other.values(), row.values()),
            };
            // The kind of the input is passed on unless a side of the join is outer; for what is taken away, unless
            // this side is.
            let kind = match (adds, own_outer, other_outer) {
                (true, false, false) | (false, false, _) => kind,
                (true, ..) => "+I",
                (false, ..) => "-D",
            };
            given.push(format!("{kind}{pair}"));
            if !adds && other_outer && degree == 1 {
                given.push(format!("+I{}", alone(other_input, *other)));
            }
        }
        given
    }

    fn left_only(
        &self,
        input: Input,
        kind: &str,
        row: Row,
        partners: &[Row],
        degrees: &[usize],
    ) -> Vec<String> {
        let anti = self.kind == JoinKind::Anti;
        if input == Input::Left {
            return if partners.is_empty() == anti { vec![row.text(kind)] } else { Vec::new() };
        }
        let adds = kind.starts_with('+');
        let last = if adds { 0 } else { 1 };
        let changed = partners.iter().zip(degrees).filter(|(_, degree)| **degree == last);
        let kind = match (anti, adds) {
            (false, _) => kind,
            (true, true) => "-D",
            (true, false) => "+I",
        };
        changed.map(|(row, _)| row.text(kind)).collect()
    }

    fn add(&mut self, input: Input, row: Row) {
        let counted = self.known == Known::Counted;
        let rows = self.rows_mut(input);
        match rows.iter().position(|other| counted && *other == row) {
            Some(position) => rows.insert(position, row),
            None => rows.push(row),
        }
    }
}
