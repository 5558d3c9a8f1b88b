//! DESCRIBE: the columns of a table, as Flink lists them.

use super::{TableEnvironment, TableResult};
use crate::catalog::Relation;
use crate::error::{SqlError, SqlResult};
use crate::parser::ast::{Describe, ObjectKind};

impl TableEnvironment {
    pub(super) fn describe(&self, describe: &Describe) -> SqlResult<TableResult> {
        match describe {
            Describe::Job(job) => Err(SqlError::unsupported(
                "DESCRIBE JOB is not supported: jobs run while their statement does",
            )
            .at(job.span)),
            Describe::Object { kind: ObjectKind::Table | ObjectKind::View, name, .. } => {
                Ok(columns(&self.described(name)?))
            }
            Describe::Object { kind: ObjectKind::Catalog, name, .. } => {
                let catalog = self.catalog_of(Some(name))?;
                let rows = [("name", &*catalog), ("type", "generic_in_memory"), ("comment", "")];
                let rows = rows.map(|(name, value)| vec![name.to_owned(), value.to_owned()]);
                Ok(TableResult::rows(["info name", "info value"], rows))
            }
            Describe::Object { name, .. } => {
                Err(SqlError::unsupported("DESCRIBE is not supported for this kind of object").at(name.span))
            }
        }
    }
}

/// A row for each column of a table or view.
pub(super) fn columns(relation: &Relation) -> TableResult {
    let mut names = ["name", "type", "null", "key", "extras", "watermark"].map(str::to_owned).to_vec();
    let (mut comments, mut rows) = (Vec::new(), Vec::new());
    for (index, column) in relation.schema().iter().enumerate() {
        let mut row = vec![
            Some(column.name.to_string()),
            Some(column.field.data_type.to_string()),
            Some(if column.field.nullable { "TRUE" } else { "FALSE" }.to_owned()),
            None,
            None,
            None,
        ];
        let mut comment = None;
        if let Relation::Table(table) = relation {
            if table.primary_key.contains(&index) {
                let key: Vec<&str> =
                    table.primary_key.iter().map(|column| table.column_name(*column)).collect();
                set(&mut row, 3, format!("PRI({})", key.join(", ")));
            }
            if let Some(column) = table.columns.get(index) {
                set(&mut row, 4, column.extras());
                comment.clone_from(&column.comment);
            }
            if let Some(watermark) = table.watermark.as_ref().filter(|watermark| watermark.column == index) {
                set(&mut row, 5, watermark.text.clone());
            }
        }
        rows.push(row);
        comments.push(comment);
    }
    if comments.iter().any(Option::is_some) {
        names.push("comment".to_owned());
        rows.iter_mut().zip(comments).for_each(|(row, comment)| row.push(comment));
    }
    // What is not there is no NULL that a reader should see.
    for cell in rows.iter_mut().flatten() {
        cell.get_or_insert_default();
    }
    TableResult::Rows { columns: names, rows }
}

fn set(row: &mut [Option<String>], index: usize, value: String) {
    if let Some(cell) = row.get_mut(index).filter(|_| !value.is_empty()) {
        *cell = Some(value);
    }
}
