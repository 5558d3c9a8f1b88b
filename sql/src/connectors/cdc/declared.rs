//! What is declared of a table, compared with what it is in the database.

use std::sync::Arc;

use millstream_connectors::cdc::{CapturedColumn, CapturedTable};
use millstream_runtime::{Error, ErrorKind, Result};

use super::Dialect;
use super::value::ValueKind;
use crate::catalog::{ColumnSource, Table};
use crate::error::{SqlError, SqlResult};
use crate::suggestion::nearest;
use crate::types::SqlType;

/// What is declared of a table.
pub(in crate::connectors) struct Declared {
    columns: Vec<(Arc<str>, SqlType)>,
    /// The primary key, where rows replace each other by it.
    key: Option<Vec<Arc<str>>>,
}

impl Declared {
    /// What a table says; `needs_key` if rows replace each other by its primary key.
    ///
    /// # Errors
    /// If a column has a type that no column of the database is read as.
    pub(in crate::connectors) fn new<D: Dialect>(table: &Table, needs_key: bool) -> SqlResult<Self> {
        let physical = table.columns.iter().filter(|column| matches!(column.source, ColumnSource::Physical));
        let columns = physical.map(|column| {
            let data_type = &column.field.data_type;
            if ValueKind::of(data_type).is_none() || !D::reads(data_type) {
                return Err(SqlError::unsupported(format!(
                    "column '{}' is {data_type}, and no column of {} is read as one",
                    column.name,
                    D::NAME
                ))
                .with_hint("a STRING has the text of any type"));
            }
            Ok((column.name.clone(), data_type.clone()))
        });
        let columns = columns.collect::<SqlResult<Vec<_>>>()?;
        let name = |position: &usize| table.columns.get(*position).map(|column| column.name.clone());
        let key = needs_key.then(|| table.primary_key.iter().filter_map(name).collect());
        Ok(Self { columns, key })
    }

    /// Compares it with the table as the database has it.
    ///
    /// # Errors
    /// If a column is missing, its values do not all fit, or the primary key is another where it counts.
    pub(in crate::connectors) fn check<D: Dialect>(
        &self,
        table: &CapturedTable<D::ColumnType>,
    ) -> Result<()> {
        for (name, data_type) in &self.columns {
            let found = table.columns.iter().find(|column| column.name == **name);
            let found = found.ok_or_else(|| missing::<D>(table, name))?;
            if !D::takes(data_type, &found.data_type) {
                return Err(invalid(format!(
                    "column `{name}` of table {table} is {}, which does not fit into the {data_type} that is declared: {}",
                    D::described(&found.data_type),
                    D::remedy(&found.data_type)
                )));
            }
        }
        let Some(declared) = &self.key else { return Ok(()) };
        let is_key = |column: &&CapturedColumn<D::ColumnType>| column.is_primary_key;
        let key: Vec<&str> = table.columns.iter().filter(is_key).map(|column| column.name.as_str()).collect();
        if key.len() == declared.len() && declared.iter().all(|name| key.contains(&&**name)) {
            return Ok(());
        }
        let has = if key.is_empty() { "none".to_owned() } else { format!("({})", key.join(", ")) };
        Err(invalid(format!(
            "table {table} is declared with the primary key ({}), and the one in the database is {has}: with \
             'changelog-mode' = 'upsert' both must be the same",
            declared.join(", ")
        )))
    }
}

fn invalid(problem: String) -> Error {
    Error::new(ErrorKind::InvalidJob, problem)
}

fn missing<D: Dialect>(table: &CapturedTable<D::ColumnType>, name: &str) -> Error {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let remedy = match nearest(name, &names) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("its columns are {}", names.join(", ")),
    };
    let generated =
        if D::LEAVES_OUT_GENERATED { " (generated columns are not in the stream of changes)" } else { "" };
    invalid(format!("table {table} has no column `{name}`: {remedy}{generated}"))
}
