//! Where SQL is run: a session, and jobs made from its statements.

mod alter;
mod create;
mod database;
mod describe;
mod explain;
mod function;
mod job;
mod on_conflict;
mod optimizer;
mod refused;
mod result;
mod settings;
mod show;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use millstream_operators::Environment;

use crate::analysis::{analyze_insert, analyze_query};
use crate::catalog::{ObjectPath, Relation, Session, Table};
use crate::connectors::{table_sink, table_source};
use crate::error::{SqlError, SqlResult};
use crate::parser::ast::{Insert, ObjectKind, Query, Statement, StatementKind};
use crate::parser::parse_statement;
use crate::plan::changelog::{self, DeleteKind, ModifyKinds, UpdateKind};
use crate::plan::{LogicalPlan, PhysicalPlan, Scanned, check_lookups, refuse_processing_time, rules};
use crate::translate::Translator;

use refused::name_and_hint;

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
        if self.statement_set.is_some()
            && !matches!(statement.kind, StatementKind::Insert(_) | StatementKind::EndStatementSet)
        {
            return Err(
                SqlError::validation("Only INSERT statement is allowed in Statement Set.").at(statement.span)
            );
        }
        match &statement.kind {
            StatementKind::Query(query) => Ok(TableResult::Query(Box::new(self.query_job(query)?))),
            StatementKind::Insert(insert) => self.insert(insert),
            StatementKind::Execute(inner) => self.execute(inner),
            StatementKind::StatementSet(inserts) => {
                let plans =
                    inserts.iter().map(|insert| self.insert_plan(insert)).collect::<SqlResult<Vec<_>>>()?;
                let both = inserts.iter().zip(&plans);
                let warnings = both.filter_map(|(insert, plan)| on_conflict::warning(insert, plan)).collect();
                let job = InsertJob::new(self.session.clone(), plans).with_warnings(warnings);
                Ok(TableResult::Insert(job))
            }
            StatementKind::BeginStatementSet => {
                self.statement_set = Some(Vec::new());
                Ok(TableResult::Ok)
            }
            StatementKind::EndStatementSet => {
                let plans = self.statement_set.take().ok_or_else(|| {
                    SqlError::validation(
                        "No Statement Set to submit, \"END;\" command should be used after \"BEGIN STATEMENT SET;\".",
                    )
                    .at(statement.span)
                })?;
                if plans.is_empty() {
                    return Ok(TableResult::Ok);
                }
                Ok(TableResult::Insert(InsertJob::new(self.session.clone(), plans)))
            }
            StatementKind::CreateTable(create) => self.create_table(create),
            StatementKind::CreateView(create) => self.create_view(create),
            StatementKind::CreateDatabase(create) => self.create_database(create),
            StatementKind::CreateCatalog(create) => self.create_catalog(create),
            StatementKind::CreateFunction(create) => self.create_function(create),
            StatementKind::AlterTable(alter) => self.alter_table(alter, *statement.span),
            StatementKind::Alter(alter) if alter.kind == ObjectKind::View => self.alter_view(alter),
            StatementKind::Drop(drop) => match drop.kind {
                ObjectKind::Table | ObjectKind::View => self.drop_relation(drop),
                ObjectKind::Database => self.drop_database(drop),
                ObjectKind::Catalog => self.drop_catalog(drop),
                ObjectKind::Function | ObjectKind::SystemFunction => self.drop_function(drop),
                _ => Err(refused(statement)),
            },
            StatementKind::Show(show) => self.show(show, *statement.span),
            StatementKind::Describe(describe) => self.describe(describe),
            StatementKind::UseCatalog(name) => self.use_catalog(name),
            StatementKind::UseDatabase(name) => self.use_database(name),
            StatementKind::Set(option) => self.set_statement(option.as_ref()),
            StatementKind::Reset(key) => Ok(self.reset(key.as_ref())),
            StatementKind::Explain(explain) => self.explain(explain),
            StatementKind::AddJar(path) => Ok(TableResult::Warning(format!(
                "the JAR '{}' is not loaded: connectors, formats and functions are built in",
                path.value
            ))),
            _ => Err(refused(statement)),
        }
    }

    fn query_job(&self, query: &Query) -> SqlResult<QueryJob> {
        let plan = self.physical(analyze_query(&self.session, query)?)?;
        let plan = self.in_bundles(changelog::infer(plan, UpdateKind::BeforeAfter)?)?;
        self.check_operators(&plan)?;
        Ok(QueryJob::new(self.session.clone(), plan))
    }

    /// What no operator can run is refused now, not when the job is built.
    fn check_operators(&self, plan: &PhysicalPlan) -> SqlResult<()> {
        let nowhere = Environment::new();
        Translator::new(&self.session, &nowhere).stream(plan).map(drop)
    }

    fn physical(&self, plan: LogicalPlan) -> SqlResult<PhysicalPlan> {
        // Rows that replace others are known by their key, whether the query reads it or not.
        let plan = plan.with_keys_of(&|table| {
            let changelog = ModifyKinds::of(&table_source(&self.session, table)?.changelog_mode());
            SqlResult::Ok(!changelog.is_insert_only())
        })?;
        let plan = rules::optimize(plan, &self.session.build_context());
        let plan = match self.distinct_buckets()? {
            Some(buckets) => rules::split_distinct(plan, buckets),
            None => plan,
        };
        rules::refuse_row_numbers(&plan)?;
        refuse_processing_time(&plan)?;
        check_lookups(&plan)?;
        let plan = PhysicalPlan::of(plan, &|table| {
            let source = table_source(&self.session, table)?;
            let changelog = ModifyKinds::of(&source.changelog_mode());
            SqlResult::Ok(Scanned { changelog, makes_watermarks: source.makes_watermarks() })
        })?;
        Ok(match self.mini_batch()? {
            Some(mini_batch) => mini_batch.prepare(plan),
            None => plan,
        })
    }

    /// The plan with operators that collect rows, if they do.
    fn in_bundles(&self, plan: PhysicalPlan) -> SqlResult<PhysicalPlan> {
        Ok(match self.mini_batch()? {
            Some(mini_batch) => mini_batch.apply(plan),
            None => plan,
        })
    }

    fn insert(&mut self, insert: &Insert) -> SqlResult<TableResult> {
        let plan = self.insert_plan(insert)?;
        let warning = on_conflict::warning(insert, &plan);
        if let Some(set) = &mut self.statement_set {
            set.push(plan);
            return Ok(warning.map_or(TableResult::Ok, TableResult::Warning));
        }
        let job = InsertJob::new(self.session.clone(), vec![plan]);
        Ok(TableResult::Insert(job.with_warnings(warning.into_iter().collect())))
    }

    fn insert_plan(&self, insert: &Insert) -> SqlResult<PhysicalPlan> {
        let plan = self.in_bundles(self.inferred_insert(insert)?)?;
        plan.inputs.iter().try_for_each(|input| self.check_operators(input))?;
        Ok(plan)
    }

    fn inferred_insert(&self, insert: &Insert) -> SqlResult<PhysicalPlan> {
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
        if insert.on_conflict.is_none() && self.session.flag(on_conflict::REQUIRED)? {
            self.check_conflict(&plan, &table, taken).map_err(|error| error.at(insert.span))?;
        }
        if let Some(key) = self.materialized_key(&plan, &table, taken)? {
            let input = plan.inputs.into_iter().next();
            let input = input.ok_or_else(|| SqlError::validation("a sink without rows").at(insert.span))?;
            // Of several keys the shortest is the cheapest to look for.
            let row_key = changelog::upsert_keys(&input).into_iter().min_by_key(BTreeSet::len);
            let row_key = row_key.into_iter().flatten().collect();
            let plan = input.materialize(key, row_key).sink(table);
            return changelog::infer(plan, UpdateKind::BeforeAfter);
        }
        let key: BTreeSet<usize> = sink_key(&table);
        let known = plan.input().map(changelog::upsert_keys).unwrap_or_default();
        // The key of a row that is deleted is enough where the sink's is that of the query.
        let deletes = match taken.key_only_deletes && known.contains(&key) {
            true => DeleteKind::ByKey,
            false => DeleteKind::Full,
        };
        if query.update && !taken.update_before {
            // The sink finds rows by its key; where the query's changes are not known by it, it gets both.
            // Not if the sink's has more columns: what they were is not there any more after an update.
            if known.contains(&key)
                && let Ok(plan) = changelog::infer_with_deletes(plan.clone(), UpdateKind::OnlyAfter, deletes)
            {
                return Ok(plan);
            }
        }
        let deletes = if query.update { DeleteKind::Full } else { deletes };
        changelog::infer_with_deletes(plan, UpdateKind::BeforeAfter, deletes)
    }

    /// The primary key by which the rows of a query must be materialized before they get to their sink: as Flink's
    /// `table.exec.sink.upsert-materialize` says.
    fn materialized_key(
        &self,
        plan: &PhysicalPlan,
        table: &Table,
        taken: ModifyKinds,
    ) -> SqlResult<Option<Vec<usize>>> {
        let option = "table.exec.sink.upsert-materialize";
        let written = table.written_columns();
        let key: Option<Vec<usize>> =
            table.primary_key.iter().map(|key| written.iter().position(|column| column == key)).collect();
        let Some(key) = key.filter(|key| !key.is_empty()) else { return Ok(None) };
        let input = plan.input();
        let needed = match self.session.setting(option).map(str::to_ascii_uppercase).as_deref() {
            Some("FORCE") => true,
            Some("NONE") => false,
            None | Some("AUTO") => {
                let changes = changelog::infer(plan.clone(), UpdateKind::BeforeAfter)?.changelog;
                let columns: BTreeSet<usize> = key.iter().copied().collect();
                let known = input.map(changelog::upsert_keys).unwrap_or_default();
                !taken.is_insert_only()
                    && !changes.is_insert_only()
                    && !known.iter().any(|known| known.is_subset(&columns))
            }
            Some(other) => {
                return Err(SqlError::validation(format!(
                    "Invalid value '{other}' for option '{option}': it must be NONE, AUTO or FORCE"
                )));
            }
        };
        Ok(needed.then_some(key))
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

/// A statement that is right and is not run, by its name.
fn refused(statement: &Statement) -> SqlError {
    let (name, hint) = name_and_hint(&statement.kind);
    let error = SqlError::unsupported(format!("{name} is not supported")).at(statement.span);
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

/// The primary key of a sink among the columns that are written.
fn sink_key(table: &Table) -> BTreeSet<usize> {
    let written = table.written_columns();
    table.primary_key.iter().filter_map(|key| written.iter().position(|column| column == key)).collect()
}
