//! Tables and views.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::parser::ast::Query;
use crate::plan::Expression;
use crate::types::{Field, NamedField, Schema};

/// The full name of something in a catalog.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectPath {
    /// The catalog.
    pub catalog: String,
    /// The database.
    pub database: String,
    /// The object.
    pub name: String,
}

impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.catalog, self.database, self.name)
    }
}

impl ObjectPath {
    /// The name as Flink writes it in messages, each part in backticks.
    pub fn quoted(&self) -> String {
        let parts = [&self.catalog, &self.database, &self.name];
        parts.map(|part| super::definition::identifier(part)).join(".")
    }
}

/// What may stand in FROM.
#[derive(Clone, Debug)]
pub enum Relation {
    /// A table.
    Table(Arc<Table>),
    /// A view.
    View(Arc<View>),
}

/// A table of CREATE TABLE.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its full name.
    pub path: ObjectPath,
    /// Its columns, in order.
    pub columns: Vec<TableColumn>,
    /// The watermark.
    pub watermark: Option<WatermarkStrategy>,
    /// The columns of the primary key, by position; empty if there is none.
    pub primary_key: Vec<usize>,
    /// The columns of PARTITIONED BY, by position.
    pub partition_keys: Vec<usize>,
    /// What WITH says.
    pub options: BTreeMap<String, String>,
    /// Its comment.
    pub comment: Option<String>,
    /// Whether it is TEMPORARY.
    pub temporary: bool,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct TableColumn {
    /// Its name.
    pub name: Arc<str>,
    /// Its type; that of a rowtime column says so.
    pub field: Field,
    /// Where its values come from.
    pub source: ColumnSource,
    /// Its comment.
    pub comment: Option<String>,
}

/// Where the values of a column come from.
#[derive(Clone, Debug)]
pub enum ColumnSource {
    /// From the row.
    Physical,
    /// From what the connector knows beside the row.
    Metadata {
        /// The connector's name for it.
        key: String,
        /// Whether it is only read, never written.
        is_virtual: bool,
    },
    /// From an expression over the columns of the table, by position.
    Computed {
        /// The expression.
        expression: Expression,
        /// Its text, as it was written.
        text: String,
    },
}

/// `WATERMARK FOR column AS expression`
#[derive(Clone, Debug)]
pub struct WatermarkStrategy {
    /// The column, by position.
    pub column: usize,
    /// The watermark of a row, over the columns of the table.
    pub expression: Expression,
    /// Its text, as it was written.
    pub text: String,
}

/// A view of CREATE VIEW.
#[derive(Clone, Debug)]
pub struct View {
    /// Its full name.
    pub path: ObjectPath,
    /// What gives its rows.
    pub query: Arc<Query>,
    /// The text of the query.
    pub text: String,
    /// Its columns.
    pub schema: Schema,
    /// Its comment.
    pub comment: Option<String>,
    /// Whether it is TEMPORARY.
    pub temporary: bool,
}

impl Table {
    /// All columns, as a query sees them.
    pub fn schema(&self) -> Schema {
        self.columns.iter().map(|column| NamedField::new(column.name.clone(), column.field.clone())).collect()
    }

    /// Which columns come out of the connector: those that are not computed.
    pub fn stored_columns(&self) -> Vec<usize> {
        self.positions(|source| !matches!(source, ColumnSource::Computed { .. }))
    }

    /// Which columns an INSERT writes.
    pub fn written_columns(&self) -> Vec<usize> {
        self.positions(|source| {
            matches!(source, ColumnSource::Physical | ColumnSource::Metadata { is_virtual: false, .. })
        })
    }

    fn positions(&self, choose: impl Fn(&ColumnSource) -> bool) -> Vec<usize> {
        let chosen = self.columns.iter().enumerate().filter(|(_, column)| choose(&column.source));
        chosen.map(|(index, _)| index).collect()
    }
}

impl Relation {
    /// The full name.
    pub fn path(&self) -> &ObjectPath {
        match self {
            Self::Table(table) => &table.path,
            Self::View(view) => &view.path,
        }
    }

    /// The columns.
    pub fn schema(&self) -> Schema {
        match self {
            Self::Table(table) => table.schema(),
            Self::View(view) => view.schema.clone(),
        }
    }
}
