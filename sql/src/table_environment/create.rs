//! CREATE TABLE, CREATE VIEW, and DROP.

use std::sync::Arc;

use super::{InsertJob, TableEnvironment, TableResult};
use crate::analysis::{analyze_query, create_and_insert, create_table, merge_like, statement_of};
use crate::catalog::{ObjectPath, Relation, View};
use crate::error::{SqlError, SqlResult};
use crate::parser::ast::{CreateTable, CreateView, Drop, ObjectKind, TableCreation, TableLike};

impl TableEnvironment {
    pub(super) fn create_table(&mut self, create: &CreateTable) -> SqlResult<TableResult> {
        let merged = match &create.like {
            Some(like) => merge_like(self.base_of(like)?, create.clone(), like)?,
            None => create.clone(),
        };
        let (statement, insert) = match &merged.query {
            Some(query) => create_and_insert(&merged, &analyze_query(&self.session, query)?.schema)?,
            None => (merged, None),
        };
        let table = create_table(&self.session, &statement)?;
        let old = self.session.relation(&table.path).cloned();
        match create.creation {
            TableCreation::Create if old.is_some() && create.if_not_exists => return Ok(TableResult::Ok),
            TableCreation::Create if old.is_some() => {
                return Err(already_exists(&table.path, "Table").at(create.name.span));
            }
            TableCreation::Replace if old.is_none() => {
                return Err(does_not_exist(&table.path, "Table").at(create.name.span));
            }
            _ => {}
        }
        let path = table.path.clone();
        let created =
            self.put(Relation::Table(Arc::new(table))).map_err(|error| error.at(create.name.span))?;
        let Some(insert) = insert else { return Ok(created) };
        match self.insert_plan(&insert) {
            Ok(plan) => Ok(TableResult::Insert(InsertJob::new(self.session.clone(), vec![plan]))),
            Err(error) => {
                // A table that cannot be filled is not created either.
                self.session.remove(&path);
                if let Some(old) = old {
                    self.session.put(old);
                }
                Err(error)
            }
        }
    }

    /// The statement of the table that another is to be like.
    fn base_of(&self, like: &TableLike) -> SqlResult<CreateTable> {
        let path = self.session.path(&like.table)?;
        match self.session.relation(&path) {
            Some(Relation::Table(table)) => statement_of(table),
            Some(Relation::View(_)) => Err(SqlError::validation(format!(
                "Source table '{}' of the LIKE clause can not be a VIEW",
                path.quoted()
            ))
            .at(like.table.span)),
            None => Err(SqlError::validation(format!(
                "Source table '{}' of the LIKE clause not found in the catalog",
                path.quoted()
            ))
            .at(like.table.span)),
        }
    }

    pub(super) fn put(&mut self, relation: Relation) -> SqlResult<TableResult> {
        let path = relation.path();
        if !self.session.has_database(&path.catalog, &path.database) {
            return Err(SqlError::validation(format!(
                "Database {}.{} does not exist",
                path.catalog, path.database
            )));
        }
        self.session.put(relation);
        Ok(TableResult::Ok)
    }

    pub(super) fn create_view(&mut self, create: &CreateView) -> SqlResult<TableResult> {
        let path = self.session.path(&create.name)?;
        if self.session.relation(&path).is_some() && !create.or_replace {
            if create.if_not_exists {
                return Ok(TableResult::Ok);
            }
            return Err(already_exists(&path, "Table (or view)").at(create.name.span));
        }
        let plan = analyze_query(&self.session, &create.query)?;
        let plan = crate::analysis::renamed(plan, &create.columns, *create.name.span)?;
        self.put(Relation::View(Arc::new(View {
            path,
            query: Arc::new((*create.query).clone()),
            text: create.query.to_string(),
            schema: plan.schema,
            comment: create.comment.as_ref().map(|comment| comment.value.clone()),
            temporary: create.temporary,
        })))
    }

    /// DROP of a table or view.
    pub(super) fn drop_relation(&mut self, drop: &Drop) -> SqlResult<TableResult> {
        let wants_view = drop.kind == ObjectKind::View;
        let path = self.session.path(&drop.name)?;
        let what = if wants_view { "View" } else { "Table" };
        match self.session.relation(&path) {
            Some(relation) if matches!(relation, Relation::View(_)) == wants_view => {
                self.session.remove(&path);
                Ok(TableResult::Ok)
            }
            _ if drop.if_exists => Ok(TableResult::Ok),
            _ => Err(does_not_exist(&path, what).at(drop.name.span)),
        }
    }
}

pub(super) fn already_exists(path: &ObjectPath, what: &str) -> SqlError {
    SqlError::validation(format!("{what} with identifier '{path}' already exists."))
}

fn does_not_exist(path: &ObjectPath, what: &str) -> SqlError {
    SqlError::validation(format!("{what} with identifier '{path}' does not exist."))
}
