//! From a physical plan to the operators of a job.

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
    BoundedRank, Calc, ChangelogNormalize, Deduplicate, DeduplicateFirst, DeduplicateSpecification,
    DropUpdateBefore, GroupAggregate, GroupAggregateSpecification, NotNullEnforcer, RankSpecification,
    RetractableRank, SinkUpsertMaterializer, Sort, SortSpecification, WatermarkAssigner,
};
use crate::plan::changelog::{describe, sorts_by_time};
use crate::plan::{ColumnPath, Expression, PhysicalNode, PhysicalPlan, RankStrategy, SortKey};
use crate::types::{Schema, TimeKind};

/// Builds the job of a plan.
pub(crate) struct Translator<'a> {
    pub(crate) session: &'a Session,
    pub(crate) environment: &'a Environment,
}

impl Translator<'_> {
    /// The rows of a plan.
    pub(crate) fn stream(&self, plan: &PhysicalPlan) -> SqlResult<Stream<Chunk>> {
        let rows = self.operator(plan)?;
        let goes_on = matches!(
            plan.node,
            PhysicalNode::Calc { .. }
                | PhysicalNode::WatermarkAssigner { .. }
                | PhysicalNode::DropUpdateBefore
        );
        // As in Flink, what follows the only subtask of an operator is one, too: in several, changes would overtake
        // each other.
        Ok(if goes_on && is_single(plan) { rows.parallelism(1) } else { rows })
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
            (PhysicalNode::Rank { .. }, [input]) => Ok(rank(plan, input)),
            (PhysicalNode::Sort { order }, [input]) => self.sort(order, &plan.schema, input),
            (PhysicalNode::ChangelogNormalize { key }, [input]) => {
                let (key, schema) = (key.clone(), plan.schema.clone());
                let update_before = plan.changelog.update_before;
                Ok(input.transform("ChangelogNormalize", move |_| {
                    ChangelogNormalize::new(&key, &schema, update_before)
                }))
            }
            (PhysicalNode::SinkUpsertMaterializer { key, row_key }, [input]) => {
                let (key, row_key, schema) = (key.clone(), row_key.clone(), plan.schema.clone());
                Ok(input.transform("SinkMaterializer", move |_| {
                    SinkUpsertMaterializer::new(&key, &row_key, &schema)
                }))
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
        let rows = self.not_null(self.stream(input)?, table, &plan.schema)?;
        let sink = table_sink(self.session, table)?;
        let sink = sink.consume(&rows, &plan.schema)?.name(format!("Sink: {}", table.path.name));
        drop(if is_single(input) { sink.parallelism(1) } else { sink });
        Ok(())
    }

    /// The rows without NULL where the table takes none.
    fn not_null(&self, rows: Stream<Chunk>, table: &Table, schema: &Schema) -> SqlResult<Stream<Chunk>> {
        let key = "table.exec.sink.not-null-enforcer";
        let drop = match self.session.setting(key).map(str::to_ascii_uppercase).as_deref() {
            None | Some("ERROR") => false,
            Some("DROP") => true,
            Some(other) => {
                return Err(SqlError::validation(format!(
                    "Invalid value '{other}' for option '{key}': it must be ERROR or DROP"
                )));
            }
        };
        let written = table.written_columns();
        let columns = written.iter().enumerate().filter_map(|(position, column)| {
            let column = table.columns.get(*column)?;
            let checked = !column.field.nullable && schema.field(position).nullable;
            checked.then(|| (position, column.name.to_string()))
        });
        let columns: Vec<_> = columns.collect();
        if columns.is_empty() {
            return Ok(rows);
        }
        let enforcer = NotNullEnforcer::new(columns, drop);
        Ok(rows.transform("ConstraintEnforcer", move |_| enforcer.clone()))
    }

    fn scan(&self, table: &Arc<Table>, columns: &[ColumnPath], schema: &Schema) -> SqlResult<Stream<Chunk>> {
        let source = table_source(self.session, table)?;
        let rows = source.scan(&ScanContext { table, environment: self.environment, columns, schema })?;
        Ok(rows.name(format!("Source: {}", table.path.name)))
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
        Ok(self.environment.from_source(CollectionSource::new(chunks)).parallelism(1).name("Values"))
    }

    /// All rows in order, as far as that can be known.
    fn sort(&self, order: &[SortKey], schema: &Schema, input: &Stream<Chunk>) -> SqlResult<Stream<Chunk>> {
        let by_time = sorts_by_time(schema, order);
        let kind = order.first().map(|first| schema.field(first.column).data_type.time_kind());
        if by_time && kind == Some(TimeKind::Proctime) {
            // Rows come in this order, and no two have the same time.
            return Ok(input.clone());
        }
        let is_batch = |key: &str, value: &str| {
            self.session.setting(key).is_some_and(|setting| setting.eq_ignore_ascii_case(value))
        };
        let at_end = is_batch("execution.runtime-mode", "batch")
            || is_batch("__table.exec.sort.non-temporal.enabled__", "true");
        if !by_time && !at_end {
            return Err(SqlError::unsupported("Sort on a non-time-attribute field is not supported.").with_hint(
                "order by a time attribute, ascending; add a LIMIT; or SET 'execution.runtime-mode' = 'batch', with \
                 which rows are sorted at the end of the input",
            ));
        }
        let specification = SortSpecification::new(order, schema, by_time);
        Ok(input.transform("Sort", move |_| Sort::new(&specification)).parallelism(1))
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

/// The first rows of each partition.
fn rank(plan: &PhysicalPlan, input: &Stream<Chunk>) -> Stream<Chunk> {
    let PhysicalNode::Rank { partition, order, start, end, number, strategy, .. } = &plan.node else {
        return input.clone();
    };
    let schema = plan.input().map_or_else(|| plan.schema.clone(), |input| input.schema.clone());
    let update_before = plan.changelog.update_before;
    let name = describe(&plan.node);
    let rank = RankSpecification::new(partition, order, &schema, (*start, *end), *number, update_before);
    let ranked = match (strategy, order.as_slice()) {
        (RankStrategy::Deduplicate, [time]) => {
            let specification = DeduplicateSpecification::new(
                partition,
                &schema,
                time.column,
                time.descending,
                update_before,
            );
            if specification.waits() {
                input.transform(name, move |_| DeduplicateFirst::new(&specification))
            } else {
                input.transform(name, move |_| Deduplicate::new(&specification))
            }
        }
        (RankStrategy::AppendFast, _) => input.transform(name, move |_| BoundedRank::new(&rank)),
        (RankStrategy::UpdateFast(key), _) => {
            let rank = rank.replacing(key);
            input.transform(name, move |_| BoundedRank::new(&rank))
        }
        _ => input.transform(name, move |_| RetractableRank::new(&rank)),
    };
    if partition.is_empty() { ranked.parallelism(1) } else { ranked }
}

/// Whether all rows of a plan come from one subtask.
pub(crate) fn is_single(plan: &PhysicalPlan) -> bool {
    match &plan.node {
        PhysicalNode::Values(_) | PhysicalNode::Sort { .. } => true,
        PhysicalNode::Rank { partition, .. } => partition.is_empty(),
        PhysicalNode::GroupAggregate { keys, .. } => keys.is_empty(),
        PhysicalNode::Calc { .. }
        | PhysicalNode::WatermarkAssigner { .. }
        | PhysicalNode::DropUpdateBefore => plan.input().is_some_and(is_single),
        _ => false,
    }
}
