//! What a session knows by name: catalogs, databases, tables, views, and its settings.

pub(crate) mod definition;
mod function;
mod options;
mod session;
mod store_options;
mod table;

pub(crate) use function::FunctionScope;
pub use function::Functions;
pub use options::{ConfigOption, OPTIONS, OptionKind, OptionStatus, check_setting};
pub use session::{DEFAULT_CATALOG, DEFAULT_DATABASE, Session};
pub use table::{ColumnSource, ObjectPath, Relation, Table, TableColumn, View, WatermarkStrategy};
