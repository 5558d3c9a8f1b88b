//! Why a value is none of its column, and which of its parts is to blame.

use std::fmt;

/// Why a value is none of its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    /// The part that is to blame, from the column on: `address.lines[2]`; empty for the value as a whole.
    path: String,
    problem: String,
    /// The column, where only its number is known.
    column: Option<usize>,
}

impl ValueError {
    /// Of the value as a whole.
    pub fn new(problem: impl Into<String>) -> Self {
        Self { path: String::new(), problem: problem.into(), column: None }
    }

    /// Of a field of this name.
    #[must_use]
    pub fn in_field(self, name: &str) -> Self {
        let separator = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        Self { path: format!("{name}{separator}{}", self.path), ..self }
    }

    /// Of an element, counted from 1 as in SQL.
    #[must_use]
    pub fn in_element(self, index: usize) -> Self {
        let separator = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        Self { path: format!("[{index}]{separator}{}", self.path), ..self }
    }

    /// Of the column at this place, whose name [`named`](Self::named) knows.
    #[must_use]
    pub(super) fn in_column(self, column: usize) -> Self {
        Self { column: Some(column), ..self }
    }

    /// With the name of the column, if only its place was known.
    #[must_use]
    pub fn named<'a>(self, name: impl FnOnce(usize) -> Option<&'a str>) -> Self {
        match self.column.and_then(name) {
            Some(name) => Self { column: None, ..self }.in_field(name),
            None => self,
        }
    }

    /// The part that is to blame, from the column on; `None` if that is not known.
    pub fn path(&self) -> Option<&str> {
        (!self.path.is_empty()).then_some(&*self.path)
    }

    /// What is wrong with it.
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path() {
            Some(path) => write!(f, "column `{path}`: {}", self.problem),
            None => f.write_str(&self.problem),
        }
    }
}

impl std::error::Error for ValueError {}
