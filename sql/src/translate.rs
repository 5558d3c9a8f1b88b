//! From a physical plan to the operators of a job.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use millstream_operators::source::CollectionSource;
use millstream_operators::{Environment, Stream};
use millstream_state::rows::Ttl;

use crate::analysis::unsupported_plan;
use crate::catalog::{Session, Table};
use crate::chunk::{Chunk, KeyLayout, exchange};
use crate::connectors::{ScanContext, parse_duration, table_sink, table_source};
use crate::error::{SqlError, SqlResult};
use crate::eval::{EvalContext, Program};
use crate::operators::{
    Calc, DropUpdateBefore, GroupAggregate, GroupAggregateSpecification, Join, JoinSpecification,
    SessionAggregate, SideSpecification, UniqueKey, WatermarkAssigner, WindowAggregate,
    WindowAggregateSpecification, WindowTableFunction,
};
use crate::plan::changelog::join_input_keys;
use crate::plan::{ColumnPath, Expression, JoinCondition, JoinKind, PhysicalNode, PhysicalPlan};
use crate::types::Schema;
use crate::types::zone::Zone;

/// Builds the job of a plan.
pub(crate) struct Translator<'a> {
    pub(crate) session: &'a Session,
    pub(crate) environment: &'a Environment,
    /// The names that have been given, and how often.
    names: RefCell<BTreeMap<String, usize>>,
}

impl<'a> Translator<'a> {
    /// For plans of a session.
    pub(crate) fn new(session: &'a Session, environment: &'a Environment) -> Self {
        Self { session, environment, names: RefCell::default() }
    }

    /// The name, with a number behind it if it has been given: a table may be read twice, and names must differ.
    fn unique(&self, name: String) -> String {
        let mut names = self.names.borrow_mut();
        let count = names.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 { name } else { format!("{name} ({count})") }
    }

    /// The rows of a plan.
    pub(crate) fn stream(&self, plan: &PhysicalPlan) -> SqlResult<Stream<Chunk>> {
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
            (PhysicalNode::Join { kind, condition }, [left, right]) => {
                let specification = self.join(plan, *kind, condition)?;
                let joined = left.connect(right).transform("Join", move |_| Join::new(&specification));
                Ok(if condition.keys.is_empty() { joined.parallelism(1) } else { joined })
            }
            (PhysicalNode::WindowAggregate { keys, calls, windowing, columns }, [input]) => {
                let retracts = plan.inputs.iter().any(|input| !input.changelog.is_insert_only());
                let schema = plan.input().map_or_else(|| plan.schema.clone(), |input| input.schema.clone());
                let zone = self.zone()?;
                let specification = WindowAggregateSpecification::new(
                    windowing, keys, calls, &schema, retracts, columns, &zone,
                )?;
                let windows = match specification.is_session() {
                    true => {
                        input.transform("WindowAggregate", move |_| SessionAggregate::new(&specification))
                    }
                    false => {
                        input.transform("WindowAggregate", move |_| WindowAggregate::new(&specification))
                    }
                };
                Ok(if keys.is_empty() { windows.parallelism(1) } else { windows })
            }
            (PhysicalNode::WindowTableFunction { function, columns }, [input]) => {
                let operator = WindowTableFunction::new(function, columns, &self.zone()?)?;
                Ok(input.transform("WindowTableFunction", move |_| operator.clone()))
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
        let rows = self.stream(input)?;
        let sink = table_sink(self.session, table)?;
        sink.consume(&rows, &plan.schema)?.name(self.unique(format!("Sink: {}", table.path.name)));
        Ok(())
    }

    fn scan(&self, table: &Arc<Table>, columns: &[ColumnPath], schema: &Schema) -> SqlResult<Stream<Chunk>> {
        let source = table_source(self.session, table)?;
        let rows = source.scan(&ScanContext { table, environment: self.environment, columns, schema })?;
        Ok(rows.name(self.unique(format!("Source: {}", table.path.name))))
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
        Ok(self.environment.from_source(CollectionSource::new(chunks)).parallelism(1).name(self.unique("Values".to_owned())))
    }

    fn join(
        &self,
        plan: &PhysicalPlan,
        kind: JoinKind,
        condition: &JoinCondition,
    ) -> SqlResult<JoinSpecification> {
        let [left, right] = plan.inputs.as_slice() else { return unsupported_plan("a join of other than two") };
        let ttl = self.state_ttl()?;
        let side = |input: &PhysicalPlan, columns: Vec<usize>| {
            let unique_key = join_unique_key(input, &columns.into_iter().collect());
            let mut side =
                SideSpecification::new(input.schema.clone(), unique_key, input.changelog.is_insert_only());
            side.ttl = ttl;
            side
        };
        let left = side(left, condition.keys.iter().map(|key| key.left).collect());
        let right = side(right, condition.keys.iter().map(|key| key.right).collect());
        JoinSpecification::new(kind, condition, left, right, &self.session.build_context())
    }

    /// How long state is kept; `None` for ever.
    fn state_ttl(&self) -> SqlResult<Option<Ttl>> {
        let key = "table.exec.state.ttl";
        let Some(value) = self.session.setting(key) else { return Ok(None) };
        let ttl = parse_duration(value).ok_or_else(|| {
            SqlError::validation(format!(
                "Invalid value '{value}' for option '{key}': it must be a duration such as '1 d'"
            ))
        })?;
        // What is kept for part of a second is kept for one.
        let seconds = ttl.as_millis().div_ceil(1000);
        Ok((seconds > 0).then(|| Ttl { seconds: u32::try_from(seconds).unwrap_or(u32::MAX) }))
    }

    /// The time zone of the session.
    fn zone(&self) -> SqlResult<Zone> {
        let id = self.session.build_context().time_zone;
        Zone::of(&id).map_err(|error| SqlError::validation(error.to_string()))
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

/// By what the rows of a join's input are told from each other, as Flink's `JoinUtil.analyzeJoinInput`.
fn join_unique_key(input: &PhysicalPlan, join_key: &BTreeSet<usize>) -> UniqueKey {
    let keys = join_input_keys(input);
    if keys.iter().any(|key| key.is_subset(join_key)) {
        return UniqueKey::InJoinKey;
    }
    let smallest = keys.into_iter().min_by_key(BTreeSet::len);
    smallest.map_or(UniqueKey::None, |key| UniqueKey::Columns(key.into_iter().collect()))
}
