//! What a source is asked for that reads no single fields of a row, where a query wants some.

use crate::catalog::Table;
use crate::plan::{ColumnPath, Expression};
use crate::types::Schema;

/// Whole columns, and what was wanted of them.
pub(super) struct WholeColumns {
    pub(super) columns: Vec<ColumnPath>,
    pub(super) schema: Schema,
    /// Over these columns.
    pub(super) wanted: Vec<Expression>,
}

impl WholeColumns {
    /// `None` if whole columns are wanted anyway.
    pub(super) fn of(table: &Table, paths: &[ColumnPath]) -> Option<Self> {
        if paths.iter().all(|path| path.fields().is_empty()) {
            return None;
        }
        let mut roots: Vec<usize> = paths.iter().map(ColumnPath::root).collect();
        roots.sort_unstable();
        roots.dedup();
        let schema = table.schema().project(&roots);
        let wanted = paths.iter().map(|path| {
            let position = roots.iter().position(|root| *root == path.root())?;
            let column = Expression::column(position, schema.field(position).clone());
            path.fields().iter().try_fold(column, |value, field| Expression::field(value, *field))
        });
        let wanted = wanted.collect::<Option<_>>()?;
        Some(Self { columns: roots.into_iter().map(ColumnPath::column).collect(), schema, wanted })
    }
}
