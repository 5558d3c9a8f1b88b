//! Where SQL is run: a session, and jobs made from its statements.

mod job;
mod result;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::analysis::{analyze_insert, analyze_query, create_table};
use crate::catalog::{ObjectPath, Relation, Session, Table, View};
use crate::connectors::{table_sink, table_source};
use crate::error::{SqlError, SqlResult};
use crate::parser::ast::{
    CreateView, Drop, Insert, ObjectKind, Query, Statement, StatementKind, TableCreation,
};
use crate::parser::parse_statement;
use crate::plan::changelog::{self, ModifyKinds, UpdateKind};
use crate::plan::{LogicalPlan, PhysicalPlan, rules};

pub use job::{InsertJob, QueryJob};
pub use result::TableResult;

/// Where SQL is run. As Flink's `TableEnvironment`.
#[derive(Clone, Debug, Default)]
pub struct TableEnvironment {
    /// What has been created and set.
    pub session: Session,
    /// The INSERTs since BEGIN STATEMENT SET.
    statement_set: Option<Vec<PhysicalPlan>>,
}

impl TableEnvironment {
    /// A session in which nothing has been created.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs the statement of a text. Queries and INSERTs are planned; their jobs are run by whoever gets them.
    ///
    /// # Errors
    /// If the text is no statement, does not fit what has been created, or is not supported.
    pub fn execute_sql(&mut self, text: &str) -> SqlResult<TableResult> {
        self.execute(&parse_statement(text)?)
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// If the statement does not fit what has been created, or is not supported.
    pub fn execute(&mut self, statement: &Statement) -> SqlResult<TableResult> {
        match &statement.kind {
            StatementKind::Query(query) => Ok(TableResult::Query(self.query_job(query)?)),
            StatementKind::Insert(insert) => self.insert(insert),
            StatementKind::Execute(inner) => self.execute(inner),
            StatementKind::StatementSet(inserts) => {
                let plans =
                    inserts.iter().map(|insert| self.insert_plan(insert)).collect::<SqlResult<_>>()?;
                Ok(TableResult::Insert(InsertJob::new(self.session.clone(), plans)))
            }
            StatementKind::BeginStatementSet => {
                if self.statement_set.is_some() {
                    return Err(
                        SqlError::validation("a statement set has been begun already").at(statement.span)
                    );
                }
                self.statement_set = Some(Vec::new());
                Ok(TableResult::Ok)
            }
            StatementKind::EndStatementSet => {
                let plans = self.statement_set.take().ok_or_else(|| {
                    SqlError::validation("END without BEGIN STATEMENT SET").at(statement.span)
                })?;
                if plans.is_empty() {
                    return Err(SqlError::validation("NO statements in statement set").at(statement.span));
                }
                Ok(TableResult::Insert(InsertJob::new(self.session.clone(), plans)))
            }
            StatementKind::CreateTable(create) => {
                let table = create_table(&self.session, create)?;
                let exists = self.session.relation(&table.path).is_some();
                match create.creation {
                    TableCreation::Create if exists && create.if_not_exists => return Ok(TableResult::Ok),
                    TableCreation::Create if exists => {
                        return Err(already_exists(&table.path, "Table").at(create.name.span));
                    }
                    TableCreation::Replace if !exists => {
                        return Err(does_not_exist(&table.path, "Table").at(create.name.span));
                    }
                    _ => {}
                }
                self.put(Relation::Table(Arc::new(table)))
            }
            StatementKind::CreateView(create) => self.create_view(create),
            StatementKind::Drop(drop) => self.drop(drop),
            StatementKind::Set(Some(option)) => {
                self.session.settings.insert(option.key.value.clone(), option.value.value.clone());
                Ok(TableResult::Ok)
            }
            StatementKind::Set(None) => {
                let rows = self.session.settings.iter().map(|(key, value)| vec![format!("{key} = {value}")]);
                Ok(TableResult::rows(["settings"], rows))
            }
            StatementKind::Reset(key) => {
                match key {
                    Some(key) => drop(self.session.settings.remove(&key.value)),
                    None => self.session.settings.clear(),
                }
                Ok(TableResult::Ok)
            }
            _ => Err(SqlError::unsupported("this statement is not supported yet").at(statement.span)),
        }
    }

    fn put(&mut self, relation: Relation) -> SqlResult<TableResult> {
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

    fn query_job(&self, query: &Query) -> SqlResult<QueryJob> {
        let plan = self.physical(analyze_query(&self.session, query)?)?;
        Ok(QueryJob::new(self.session.clone(), changelog::infer(plan, UpdateKind::BeforeAfter)?))
    }

    fn physical(&self, plan: LogicalPlan) -> SqlResult<PhysicalPlan> {
        let plan = rules::optimize(plan, &self.session.build_context());
        rules::refuse_row_numbers(&plan)?;
        PhysicalPlan::of(plan, &|table| {
            Ok(ModifyKinds::of(&table_source(&self.session, table)?.changelog_mode()))
        })
    }

    fn insert(&mut self, insert: &Insert) -> SqlResult<TableResult> {
        let plan = self.insert_plan(insert)?;
        if let Some(set) = &mut self.statement_set {
            set.push(plan);
            return Ok(TableResult::Ok);
        }
        Ok(TableResult::Insert(InsertJob::new(self.session.clone(), vec![plan])))
    }

    fn insert_plan(&self, insert: &Insert) -> SqlResult<PhysicalPlan> {
        let (plan, table) = analyze_insert(&self.session, insert)?;
        let sink = table_sink(&self.session, &table)?;
        let plan = self.physical(plan)?.sink(table.clone());
        // What the query gives, if nobody minds, and what the sink makes of that.
        let query = changelog::infer(plan.clone(), UpdateKind::BeforeAfter)?.changelog;
        let taken = ModifyKinds::of(&sink.changelog_mode(&query.mode()));
        for (given, takes, what) in
            [(query.update, taken.update, "update"), (query.delete, taken.delete, "delete")]
        {
            if given && !takes {
                return Err(SqlError::unsupported(format!(
                    "Table sink '{}' doesn't support consuming {what} changes which is produced by node {}",
                    table.path,
                    plan.input().map_or("", |input| changelog::describe(&input.node))
                ))
                .with_hint("a sink that takes updates: 'print', or one with a PRIMARY KEY that upserts")
                .at(insert.span));
            }
        }
        if query.update && !taken.update_before {
            // The sink finds rows by its key; where the query's changes are not known by it, it gets both.
            let key: BTreeSet<usize> = sink_key(&table);
            let known = plan.input().map(changelog::upsert_keys).unwrap_or_default();
            if known.iter().any(|known| known.is_subset(&key))
                && let Ok(plan) = changelog::infer(plan.clone(), UpdateKind::OnlyAfter)
            {
                return Ok(plan);
            }
        }
        changelog::infer(plan, UpdateKind::BeforeAfter)
    }

    fn create_view(&mut self, create: &CreateView) -> SqlResult<TableResult> {
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

    fn drop(&mut self, drop: &Drop) -> SqlResult<TableResult> {
        let wants_view = match drop.kind {
            ObjectKind::Table => false,
            ObjectKind::View => true,
            _ => return Err(SqlError::unsupported("this DROP is not supported yet").at(drop.name.span)),
        };
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

    /// The table of this name, for those who put rows into it from outside.
    pub fn table(&self, name: &str) -> Option<&Arc<Table>> {
        let path = ObjectPath {
            catalog: self.session.current_catalog.clone(),
            database: self.session.current_database.clone(),
            name: name.to_owned(),
        };
        match self.session.relation(&path)? {
            Relation::Table(table) => Some(table),
            Relation::View(_) => None,
        }
    }
}

fn already_exists(path: &ObjectPath, what: &str) -> SqlError {
    SqlError::validation(format!("{what} with identifier '{path}' already exists"))
}

fn does_not_exist(path: &ObjectPath, what: &str) -> SqlError {
    SqlError::validation(format!("{what} with identifier '{path}' does not exist"))
}

/// The primary key of a sink among the columns that are written.
fn sink_key(table: &Table) -> BTreeSet<usize> {
    let written = table.written_columns();
    table.primary_key.iter().filter_map(|key| written.iter().position(|column| column == key)).collect()
}
