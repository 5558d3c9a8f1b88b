//! EXPLAIN.

use std::sync::Arc;

use super::{TableEnvironment, TableResult};
use crate::analysis::{analyze_insert, analyze_query};
use crate::catalog::Table;
use crate::error::{SqlError, SqlResult};
use crate::parser::ast::{Explain, ExplainDetail, Insert, Statement, StatementKind};
use crate::plan::explain::{ExplainOptions, Explained, explain};
use crate::plan::{LogicalPlan, PhysicalPlan};

/// A statement before and after planning.
struct Planned {
    logical: LogicalPlan,
    physical: PhysicalPlan,
    sink: Option<Arc<Table>>,
}

impl TableEnvironment {
    pub(super) fn explain(&self, explain: &Explain) -> SqlResult<TableResult> {
        let has = |detail| explain.details.contains(&detail);
        let parallelism = self.session.integer("parallelism.default")?;
        let options = ExplainOptions {
            changelog_mode: has(ExplainDetail::ChangelogMode),
            json_execution_plan: has(ExplainDetail::JsonExecutionPlan)
                .then(|| parallelism.and_then(|value| u32::try_from(value).ok()).unwrap_or(1)),
        };
        self.explain_statement(&explain.statement, options).map(TableResult::Text)
    }

    /// The plans of a query, an INSERT or a statement set.
    ///
    /// # Errors
    /// If the statement is another, or cannot be planned.
    pub fn explain_statement(&self, statement: &Statement, options: ExplainOptions) -> SqlResult<String> {
        let planned = match &statement.kind {
            StatementKind::Query(query) => {
                let logical = analyze_query(&self.session, query)?;
                let physical = self.query_job(query)?.plan().clone();
                vec![Planned { logical, physical, sink: None }]
            }
            StatementKind::Insert(insert) => vec![self.planned(insert)?],
            StatementKind::StatementSet(inserts) => {
                inserts.iter().map(|insert| self.planned(insert)).collect::<SqlResult<_>>()?
            }
            StatementKind::Execute(inner) => return self.explain_statement(inner, options),
            StatementKind::Explain(inner) => return self.explain_statement(&inner.statement, options),
            _ => {
                return Err(SqlError::unsupported(
                    "Unsupported operation to explain: a query, an INSERT or a statement set can be explained",
                )
                .at(statement.span));
            }
        };
        let plans: Vec<_> = planned
            .iter()
            .map(|plan| Explained {
                logical: &plan.logical,
                physical: &plan.physical,
                sink: plan.sink.as_deref(),
            })
            .collect();
        Ok(explain(&plans, options, self.session.reuses_sub_plans()))
    }

    fn planned(&self, insert: &Insert) -> SqlResult<Planned> {
        let (logical, table) = analyze_insert(&self.session, insert)?;
        Ok(Planned { logical, physical: self.insert_plan(insert)?, sink: Some(table) })
    }
}
