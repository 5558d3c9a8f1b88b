//! What a session knows by name: catalogs, databases, tables, views, and its settings.

mod session;
mod table;

pub use session::{DEFAULT_CATALOG, DEFAULT_DATABASE, Session};
pub use table::{ColumnSource, ObjectPath, Relation, Table, TableColumn, View, WatermarkStrategy};
