//! ALTER TABLE and ALTER VIEW: the statement that made the table is changed, and made into a table anew, so that the same
//! rules hold for both.

mod schema;

use std::sync::Arc;

use super::create::already_exists;
use super::{TableEnvironment, TableResult};
use crate::analysis::{analyze_query, create_table, statement_of};
use crate::catalog::{Relation, Table, View};
use crate::error::{SqlError, SqlResult};
use crate::parser::Span;
use crate::parser::ast::{AlterAction, AlterObject, AlterTable, AlterTableAction, CreateTable, ObjectName};

impl TableEnvironment {
    pub(super) fn alter_table(&mut self, alter: &AlterTable, span: Span) -> SqlResult<TableResult> {
        let path = self.session.path(&alter.name)?;
        let table = match self.session.relation(&path) {
            Some(Relation::Table(table)) => table.clone(),
            Some(Relation::View(_)) => {
                return Err(SqlError::validation(format!(
                    "ALTER TABLE for a view is not allowed: {} is a view",
                    path.quoted()
                ))
                .at(alter.name.span));
            }
            None if alter.if_exists => return Ok(TableResult::Ok),
            None => {
                return Err(SqlError::validation(format!(
                    "Table {} doesn't exist or is a temporary table.",
                    path.quoted()
                ))
                .at(alter.name.span));
            }
        };
        if let AlterTableAction::Rename(name) = &alter.action {
            return self.rename_table(&table, name);
        }
        let mut statement = statement_of(&table)?;
        apply(&mut statement, &alter.action, span)?;
        // Places in the table's own text mean nothing in this one.
        let altered = create_table(&self.session, &statement).map_err(|error| {
            error
                .moved_to(span)
                .map_message(|message| format!("Failed to execute ALTER TABLE statement.\n{message}"))
        })?;
        self.put(Relation::Table(Arc::new(Table { temporary: table.temporary, ..altered })))
    }

    fn rename_table(&mut self, table: &Arc<Table>, name: &ObjectName) -> SqlResult<TableResult> {
        let path = self.session.path(name)?;
        if self.session.relation(&path).is_some() {
            return Err(already_exists(&path, "Table (or view)").at(name.span));
        }
        self.session.remove(&table.path);
        self.put(Relation::Table(Arc::new(Table { path, ..(**table).clone() })))
    }

    pub(super) fn alter_view(&mut self, alter: &AlterObject) -> SqlResult<TableResult> {
        let path = self.session.path(&alter.name)?;
        let view = match self.session.relation(&path) {
            Some(Relation::View(view)) => view.clone(),
            _ if alter.if_exists => return Ok(TableResult::Ok),
            _ => {
                return Err(SqlError::validation(format!(
                    "View {} doesn't exist or is a temporary view.",
                    path.quoted()
                ))
                .at(alter.name.span));
            }
        };
        match &alter.action {
            AlterAction::Rename(name) => {
                let to = self.session.path(name)?;
                if self.session.relation(&to).is_some() {
                    return Err(already_exists(&to, "Table (or view)").at(name.span));
                }
                self.session.remove(&path);
                self.put(Relation::View(Arc::new(View { path: to, ..(*view).clone() })))
            }
            AlterAction::Query(query) => {
                let schema = analyze_query(&self.session, query)?.schema;
                let query_text = query.to_string();
                let query = Arc::new((**query).clone());
                let altered = View { query, text: query_text, schema, ..(*view).clone() };
                self.put(Relation::View(Arc::new(altered)))
            }
            _ => Err(SqlError::unsupported("this ALTER VIEW is not supported").at(alter.name.span)),
        }
    }
}

/// Changes the statement that makes a table.
fn apply(statement: &mut CreateTable, action: &AlterTableAction, span: Span) -> SqlResult<()> {
    let failed = |message: String| {
        SqlError::validation(format!("Failed to execute ALTER TABLE statement.\n{message}")).at(span)
    };
    match action {
        AlterTableAction::Set(options) => {
            for option in options {
                statement.options.retain(|known| known.key.value != option.key.value);
                statement.options.push(option.clone());
            }
            Ok(())
        }
        AlterTableAction::Reset(keys) => {
            if keys.is_empty() {
                return Err(SqlError::validation("ALTER TABLE RESET does not support empty key").at(span));
            }
            if let Some(connector) = keys.iter().find(|key| key.value == "connector") {
                return Err(SqlError::validation("ALTER TABLE RESET does not support changing 'connector'")
                    .at(connector.span));
            }
            statement.options.retain(|known| !keys.iter().any(|key| key.value == known.key.value));
            Ok(())
        }
        AlterTableAction::Add(elements) => schema::add(statement, elements).map_err(failed),
        AlterTableAction::Modify(elements) => schema::modify(statement, elements).map_err(failed),
        AlterTableAction::DropColumns(names) => schema::drop_columns(statement, names).map_err(failed),
        AlterTableAction::RenameColumn(from, to) => {
            schema::rename_column(statement, from, to).map_err(failed)
        }
        AlterTableAction::DropPrimaryKey => schema::drop_primary_key(statement, None).map_err(failed),
        AlterTableAction::DropConstraint(name) => {
            schema::drop_primary_key(statement, Some(&name.name)).map_err(failed)
        }
        AlterTableAction::DropWatermark => schema::drop_watermark(statement).map_err(failed),
        AlterTableAction::DropDistribution
        | AlterTableAction::AddPartitions { .. }
        | AlterTableAction::DropPartitions { .. } => {
            Err(SqlError::unsupported("this ALTER TABLE is not supported").at(span))
        }
        // The caller renames.
        AlterTableAction::Rename(_) => Ok(()),
    }
}
