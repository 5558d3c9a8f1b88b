//! From a physical plan to the operators of a job.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use millstream_operators::source::CollectionSource;
use millstream_operators::{Environment, Stream};

use crate::analysis::unsupported_plan;
use crate::catalog::{Session, Table};
use crate::chunk::{Chunk, KeyLayout, exchange};
use crate::connectors::{ScanContext, parse_duration, table_sink, table_source};
use crate::error::{SqlError, SqlResult};
use crate::eval::{EvalContext, Program};
use crate::operators::{
    Calc, DropUpdateBefore, GroupAggregate, GroupAggregateSpecification, WatermarkAssigner,
};
use crate::plan::identity::{Identities, RESULT};
use crate::plan::{ColumnPath, Expression, PhysicalNode, PhysicalPlan};
use crate::types::Schema;

/// Builds the job of one or more plans.
pub(crate) struct Translator<'a> {
    session: &'a Session,
    environment: &'a Environment,
    identities: RefCell<Identities>,
    /// How often each name has been given: those of a job must differ.
    names: RefCell<BTreeMap<String, usize>>,
    /// Where the rows of the plan that is translated go.
    target: RefCell<String>,
}

impl<'a> Translator<'a> {
    /// For plans of this session.
    pub(crate) fn new(session: &'a Session, environment: &'a Environment) -> Self {
        let target = RefCell::new(RESULT.to_owned());
        Self { session, environment, identities: RefCell::default(), names: RefCell::default(), target }
    }

    /// A name for people, with a number where it has been given before.
    fn name(&self, name: String) -> String {
        let mut names = self.names.borrow_mut();
        let count = names.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 { name } else { format!("{name} #{count}") }
    }

    /// The rows of a plan. Operators with state are known to snapshots by names that changes of the query leave alone.
    pub(crate) fn stream(&self, plan: &PhysicalPlan) -> SqlResult<Stream<Chunk>> {
        let rows = self.operator(plan)?;
        Ok(match self.identity(plan) {
            Some(uid) => rows.uid(uid),
            None => rows,
        })
    }

    fn identity(&self, plan: &PhysicalPlan) -> Option<String> {
        self.identities.borrow_mut().name(plan, &self.target.borrow())
    }

    fn operator(&self, plan: &PhysicalPlan) -> SqlResult<Stream<Chunk>> {
        let inputs = plan.inputs.iter().map(|input| self.stream(input)).collect::<SqlResult<Vec<_>>>()?;
        match (&plan.node, inputs.as_slice()) {
            (PhysicalNode::Scan { table, columns, .. }, _) => self.scan(table, columns, &plan.schema),
            (PhysicalNode::Values(rows), _) => self.values(rows, &plan.schema),
            (PhysicalNode::Calc { condition, projection }, [input]) => {
                let calc = Calc::new(condition.as_ref(), projection, &self.session.build_context())?;
                Ok(input.transform("Calc", move |_| calc.clone()))
            }
            (PhysicalNode::WatermarkAssigner { column, expression }, [input]) => {
                let interval = self.auto_watermark_interval()?;
                let assigner =
                    WatermarkAssigner::new(*column, expression, interval, &self.session.build_context())?;
                Ok(input.transform("WatermarkAssigner", move |_| assigner.clone()))
            }
            (PhysicalNode::Exchange { keys }, [input]) => {
                let fields = keys.iter().map(|key| plan.schema.field(*key)).collect();
                Ok(exchange(input, KeyLayout::new(keys.clone(), fields)))
            }
            (PhysicalNode::GroupAggregate { keys, calls }, [input]) => {
                let retracts = plan.inputs.iter().any(|input| !input.changelog.is_insert_only());
                let schema = plan.input().map_or_else(|| plan.schema.clone(), |input| input.schema.clone());
                let update_before = plan.changelog.update_before;
                let specification =
                    GroupAggregateSpecification::new(keys, calls, &schema, retracts, update_before)?;
                let grouped = input.transform("GroupAggregate", move |_| GroupAggregate::new(&specification));
                Ok(if keys.is_empty() { grouped.parallelism(1) } else { grouped })
            }
            (PhysicalNode::DropUpdateBefore, [input]) => {
                Ok(input.transform("DropUpdateBefore", |_| DropUpdateBefore))
            }
            (PhysicalNode::Union, [first, others @ ..]) => Ok(first.union_all(others)),
            _ => unsupported_plan("this operator"),
        }
    }

    /// Writes the rows of a plan into its table.
    pub(crate) fn sink(&self, plan: &PhysicalPlan) -> SqlResult<()> {
        let (PhysicalNode::Sink { table }, [input]) = (&plan.node, plan.inputs.as_slice()) else {
            return unsupported_plan("a plan without a sink");
        };
        self.target.replace(table.path.to_string());
        let rows = self.stream(input)?;
        let sink = table_sink(self.session, table)?;
        let written =
            sink.consume(&rows, &plan.schema)?.name(self.name(format!("Sink: {}", table.path.name)));
        if let Some(uid) = self.identity(plan) {
            written.uid(uid);
        }
        Ok(())
    }

    fn scan(&self, table: &Arc<Table>, columns: &[ColumnPath], schema: &Schema) -> SqlResult<Stream<Chunk>> {
        let source = table_source(self.session, table)?;
        let rows = source.scan(&ScanContext { table, environment: self.environment, columns, schema })?;
        Ok(rows.name(self.name(format!("Source: {}", table.path.name))))
    }

    /// Constant rows: one subtask, one chunk.
    fn values(&self, rows: &[Vec<Expression>], schema: &Schema) -> SqlResult<Stream<Chunk>> {
        let cx = self.session.build_context();
        let evaluated = rows.iter().map(|row| {
            let program = Program::compile(row, &cx)?;
            let columns = program.evaluate_columns(&[], 1, &EvalContext::default());
            let columns = columns.map_err(|error| SqlError::validation(error.to_string()))?;
            Ok(Chunk::new(columns, 1))
        });
        let evaluated = evaluated.collect::<SqlResult<Vec<_>>>()?;
        let chunk = Chunk::concat(&evaluated).map_err(|error| SqlError::validation(error.to_string()))?;
        let chunk = chunk.unwrap_or_else(|| Chunk::empty(schema));
        let chunks: Vec<_> = (!chunk.is_empty()).then_some(chunk).into_iter().collect();
        Ok(self
            .environment
            .from_source(CollectionSource::new(chunks))
            .parallelism(1)
            .name(self.name("Values".to_owned())))
    }

    fn auto_watermark_interval(&self) -> SqlResult<Duration> {
        let key = "pipeline.auto-watermark-interval";
        match self.session.setting(key) {
            None => Ok(Duration::from_millis(200)),
            Some(value) => parse_duration(value).ok_or_else(|| {
                SqlError::validation(format!(
                    "Invalid value '{value}' for option '{key}': it must be a duration such as '200 ms'"
                ))
            }),
        }
    }
}
