//! Columns with names.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::{Field, SqlType};

/// A column of a table or a field of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NamedField {
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub field: Field,
}

impl NamedField {
    /// A column of this name.
    pub fn new(name: impl Into<Arc<str>>, field: Field) -> Self {
        Self { name: name.into(), field }
    }
}

impl fmt::Display for NamedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.name.replace('`', "``"), self.field)
    }
}

/// The columns of a table, in order. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema(Arc<[NamedField]>);

impl Schema {
    /// The types of the columns.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = &Field> {
        self.0.iter().map(|column| &column.field)
    }

    /// The names of the columns.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(|column| &*column.name)
    }

    /// The type of a column; NULL where there is no such column, which no correct plan asks for.
    pub fn field(&self, index: usize) -> Field {
        self.0.get(index).map_or(Field::nullable(SqlType::Null), |column| column.field.clone())
    }

    /// The name of a column; empty where there is no such column.
    pub fn name(&self, index: usize) -> &str {
        self.0.get(index).map_or("", |column| &column.name)
    }

    /// Where the column of this name is, which is compared as it stands, as in Flink.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|column| &*column.name == name)
    }

    /// These columns, in this order.
    #[must_use]
    pub fn project(&self, columns: &[usize]) -> Self {
        columns.iter().filter_map(|column| self.0.get(*column).cloned()).collect()
    }

    /// The columns of this and then those of another.
    #[must_use]
    pub fn concat(&self, other: &Self) -> Self {
        self.0.iter().chain(other.0.iter()).cloned().collect()
    }
}

impl FromIterator<NamedField> for Schema {
    fn from_iter<I: IntoIterator<Item = NamedField>>(columns: I) -> Self {
        Self(columns.into_iter().collect())
    }
}

impl Deref for Schema {
    type Target = [NamedField];

    fn deref(&self) -> &[NamedField] {
        &self.0
    }
}
