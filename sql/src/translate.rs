//! From a physical plan to the operators of a job.

mod whole_columns;
mod window_aggregate;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use millstream_operators::source::CollectionSource;
use millstream_operators::{Environment, Stream, parse_duration};
use millstream_state::rows::Ttl;

use self::whole_columns::WholeColumns;
use crate::analysis::unsupported_plan;
use crate::catalog::{Session, Table};
use crate::chunk::{Chunk, KeyLayout, exchange};
use crate::connectors::{
    ScanContext, TableSource, WatermarkOptions, WatermarkStrategy, keeps_keys_together, table_sink,
    table_source, watermark_options,
};
use crate::error::{SqlError, SqlResult};
use crate::eval::{EvalContext, Program};
use crate::operators::{
    BoundedRank, Bundled, Calc, ChangelogCheck, ChangelogCheckSpecification, ChangelogNormalize,
    ClockMarkers, Deduplicate, DeduplicateFirst, DeduplicateSpecification, DropUpdateBefore, Expand,
    GroupAggregate, GroupAggregateSpecification, Join, JoinSpecification, LocalGroupAggregate, LookupJoin,
    LookupJoinSpecification, NotNullEnforcer, RankSpecification, ReplicateRows, RetractableRank,
    SideSpecification, SinkUpsertMaterializer, Sort, SortSpecification, UniqueKey, WatermarkAssigner,
    WatermarkExpression, WatermarkMarkers, WindowJoin, WindowJoinSpecification, WindowRank,
    WindowRankSpecification, WindowSide, WindowTableFunction,
};
use crate::plan::changelog::{describe, join_input_keys, sorts_by_time, upsert_keys};
use crate::plan::identity::{Identities, RESULT, call_texts};
use crate::plan::{
    AttachedWindow, ColumnPath, Expression, JoinCondition, JoinKind, JoinStateTtl, PhysicalNode,
    PhysicalPlan, RankStrategy, SortKey, StateTtl,
};
use crate::types::zone::Zone;
use crate::types::{Schema, SqlType, TimeKind};

/// Builds the job of one or more plans.
pub(crate) struct Translator<'a> {
    session: &'a Session,
    environment: &'a Environment,
    /// The names that have been given, and how often.
    names: RefCell<BTreeMap<String, usize>>,
    identities: RefCell<Identities>,
    /// Where the rows of the plan that is translated go.
    target: RefCell<String>,
    /// Whether equal parts of plans run once.
    reuses: bool,
    /// The rows of the parts of plans, by the text of the part.
    parts: RefCell<BTreeMap<String, Stream<Chunk>>>,
}

impl<'a> Translator<'a> {
    /// For plans of this session.
    pub(crate) fn new(session: &'a Session, environment: &'a Environment) -> Self {
        let (identities, target) = (RefCell::default(), RefCell::new(RESULT.to_owned()));
        let reuses = session.reuses_sub_plans();
        let (names, parts) = (RefCell::default(), RefCell::default());
        Self { session, environment, names, identities, target, reuses, parts }
    }

    /// The name, with a number behind it if it has been given: a table may be read twice, and names must differ.
    fn unique(&self, name: String) -> String {
        let mut names = self.names.borrow_mut();
        let count = names.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 { name } else { format!("{name} ({count})") }
    }

    /// The rows of a plan. Operators with state are known to snapshots by names that changes of the query leave alone.
    ///
    /// A part that occurs several times in the plan of an INSERT runs once, as in Flink, unless
    /// `table.optimizer.reuse-sub-plan-enabled` says no, or it would give other rows each time.
    pub(crate) fn stream(&self, plan: &PhysicalPlan) -> SqlResult<Stream<Chunk>> {
        if !self.reuses || !plan.is_deterministic() {
            return self.new_stream(plan);
        }
        let part = plan.part();
        let known = self.parts.borrow().get(&part).cloned();
        if let Some(rows) = known {
            return Ok(rows);
        }
        let rows = self.new_stream(plan)?;
        self.parts.borrow_mut().insert(part, rows.clone());
        Ok(rows)
    }

    fn new_stream(&self, plan: &PhysicalPlan) -> SqlResult<Stream<Chunk>> {
        let rows = self.operator(plan)?;
        let goes_on = matches!(
            plan.node,
            PhysicalNode::Calc { .. }
                | PhysicalNode::WatermarkAssigner { .. }
                | PhysicalNode::MiniBatchAssigner { .. }
                | PhysicalNode::LocalGroupAggregate { .. }
                | PhysicalNode::WindowTableFunction { .. }
                | PhysicalNode::ReplicateRows
                | PhysicalNode::Expand { .. }
                | PhysicalNode::DropUpdateBefore
                | PhysicalNode::LookupJoin(_)
        );
        // As in Flink, what follows the only subtask of an operator is one, too: in several, changes would overtake
        // each other.
        let rows = if goes_on && is_single(plan) { rows.parallelism(1) } else { rows };
        let rows = match self.identity(plan) {
            Some(uid) => rows.uid(uid),
            None => rows,
        };
        Ok(if self.session.check_changelogs { checked(plan, &rows) } else { rows })
    }

    fn identity(&self, plan: &PhysicalPlan) -> Option<String> {
        self.identities.borrow_mut().name(plan, &self.target.borrow())
    }

    fn operator(&self, plan: &PhysicalPlan) -> SqlResult<Stream<Chunk>> {
        if matches!(plan.node, PhysicalNode::WindowAggregate { .. }) {
            return self.window_aggregate(plan);
        }
        let inputs = plan.inputs.iter().map(|input| self.stream(input)).collect::<SqlResult<Vec<_>>>()?;
        match (&plan.node, inputs.as_slice()) {
            (PhysicalNode::Scan { table, columns, watermark, .. }, _) => {
                let rows = self.scan(table, columns, watermark.as_ref(), &plan.schema)?;
                Ok(if is_single(plan) { rows.parallelism(1) } else { rows })
            }
            (PhysicalNode::Values(rows), _) => self.values(rows, &plan.schema),
            (PhysicalNode::Calc { condition, projection }, [input]) => {
                let calc = Calc::new(condition.as_ref(), projection, &self.session.build_context())?;
                Ok(input.transform("Calc", move |_| calc.clone()))
            }
            (PhysicalNode::WatermarkAssigner { column, expression }, [input]) => {
                let interval = self.auto_watermark_interval()?;
                let assigner =
                    WatermarkAssigner::new(*column, expression, interval, &self.session.build_context())?;
                let assigner = assigner.idle_after(self.idle_timeout()?);
                Ok(input.transform("WatermarkAssigner", move |_| assigner.clone()))
            }
            (PhysicalNode::MiniBatchAssigner { interval, by_event_time }, [input]) => {
                let (name, interval) = (describe(&plan.node), *interval);
                Ok(if *by_event_time {
                    input.transform(name, move |_| WatermarkMarkers::new(interval))
                } else {
                    input.transform(name, move |_| ClockMarkers::new(interval))
                })
            }
            (PhysicalNode::Exchange { keys }, [input]) => {
                let fields = keys.iter().map(|key| plan.schema.field(*key)).collect();
                Ok(exchange(input, KeyLayout::new(keys.clone(), fields)))
            }
            (PhysicalNode::GroupAggregate { keys, calls, ttl }, [input]) => {
                let retracts = plan.inputs.iter().any(|input| !input.changelog.is_insert_only());
                let schema = plan.input().map_or_else(|| plan.schema.clone(), |input| input.schema.clone());
                let update_before = plan.changelog.update_before;
                let specification =
                    GroupAggregateSpecification::new(keys, calls, &schema, retracts, update_before)?
                        .described(call_texts(calls, plan.input().unwrap_or(plan)))
                        .with_ttl(self.state_ttl(ttl.as_ref())?, plan.changelog.update)
                        .collecting(plan.bundle);
                let grouped = input.transform("GroupAggregate", move |_| GroupAggregate::new(&specification));
                Ok(if keys.is_empty() { grouped.parallelism(1) } else { grouped })
            }
            (PhysicalNode::LocalGroupAggregate { keys, calls, retracts }, [input]) => {
                let schema = plan.input().map_or_else(|| plan.schema.clone(), |input| input.schema.clone());
                let specification = GroupAggregateSpecification::new(keys, calls, &schema, *retracts, false)?;
                let rows = plan.bundle.unwrap_or(1);
                Ok(input
                    .transform(describe(&plan.node), move |_| LocalGroupAggregate::new(&specification, rows)))
            }
            (PhysicalNode::GlobalGroupAggregate { keys, calls, input: schema, retracts, ttl }, [input]) => {
                let update_before = plan.changelog.update_before;
                let specification =
                    GroupAggregateSpecification::new(keys, calls, schema, *retracts, update_before)?;
                let first = plan.input().and_then(PhysicalPlan::input).and_then(PhysicalPlan::input);
                let specification = specification
                    .described(call_texts(calls, first.unwrap_or(plan)))
                    .with_ttl(self.state_ttl(ttl.as_ref())?, plan.changelog.update)
                    .merging()
                    .collecting(Some(plan.bundle.unwrap_or(1)));
                let name = describe(&plan.node);
                let grouped = input.transform(name, move |_| GroupAggregate::new(&specification));
                Ok(if keys.is_empty() { grouped.parallelism(1) } else { grouped })
            }
            (PhysicalNode::Join { kind, condition, ttl }, [left, right]) => {
                let specification = self.join(plan, *kind, condition, ttl)?.collecting(plan.bundle);
                let joined = left.connect(right).transform("Join", move |_| Join::new(&specification));
                Ok(if condition.keys.is_empty() { joined.parallelism(1) } else { joined })
            }
            (PhysicalNode::LookupJoin(join), [input]) => {
                let left = plan.input().map_or_else(|| plan.schema.clone(), |input| input.schema.clone());
                let specification = LookupJoinSpecification::new(join, &left, self.session)?;
                Ok(input.transform(describe(&plan.node), move |_| LookupJoin::new(&specification)))
            }
            (PhysicalNode::WindowJoin { kind, condition, windows }, [left, right]) => {
                let specification = self.window_join(plan, *kind, condition, windows)?;
                let joined =
                    left.connect(right).transform("WindowJoin", move |_| WindowJoin::new(&specification));
                Ok(if condition.keys.is_empty() { joined.parallelism(1) } else { joined })
            }
            (
                PhysicalNode::WindowRank { partition, order, start, end, number, window, deduplicates },
                [input],
            ) => {
                let latest = *deduplicates && order.iter().all(|key| key.descending);
                let schema = plan.input().map_or_else(|| plan.schema.clone(), |input| input.schema.clone());
                let specification = WindowRankSpecification::new(
                    partition,
                    (window.start, window.end),
                    order,
                    (*start, *end),
                    (*number, latest),
                    &schema,
                    &self.zone_of(&window.attribute)?,
                );
                let name = describe(&plan.node);
                let ranked = input.transform(name, move |_| WindowRank::new(&specification));
                Ok(if is_single(plan) { ranked.parallelism(1) } else { ranked })
            }
            (PhysicalNode::WindowTableFunction { function, columns }, [input]) => {
                let operator = WindowTableFunction::new(function, columns, &self.zone()?)?;
                Ok(input.transform("WindowTableFunction", move |_| operator.clone()))
            }
            (PhysicalNode::Rank { .. }, [input]) => Ok(rank(plan, input, self.state_ttl(None)?)),
            (PhysicalNode::Sort { order }, [input]) => self.sort(order, &plan.schema, input),
            (PhysicalNode::ChangelogNormalize { key }, [input]) => {
                let (key, schema) = (key.clone(), plan.schema.clone());
                let (name, update_before) = (describe(&plan.node), plan.changelog.update_before);
                let ttl = self.state_ttl(None)?;
                Ok(match plan.bundle {
                    Some(rows) => input.transform(name, move |_| {
                        ChangelogNormalize::bundled(&key, &schema, update_before, ttl, rows)
                    }),
                    None => input
                        .transform(name, move |_| ChangelogNormalize::new(&key, &schema, update_before, ttl)),
                })
            }
            (PhysicalNode::SinkUpsertMaterializer { key, row_key }, [input]) => {
                let (key, row_key, schema) = (key.clone(), row_key.clone(), plan.schema.clone());
                let ttl = self.state_ttl(None)?;
                Ok(input.transform("SinkMaterializer", move |_| {
                    SinkUpsertMaterializer::new(&key, &row_key, &schema, ttl)
                }))
            }
            (PhysicalNode::Expand { projections }, [input]) => {
                let expand = Expand::new(projections, &self.session.build_context())?;
                Ok(input.transform("Expand", move |_| expand.clone()))
            }
            (PhysicalNode::ReplicateRows, [input]) => {
                Ok(input.transform(describe(&plan.node), |_| ReplicateRows))
            }
            (PhysicalNode::DropUpdateBefore, [input]) => {
                Ok(input.transform("DropUpdateBefore", |_| DropUpdateBefore))
            }
            (PhysicalNode::Union, inputs) => {
                // What goes on with the rows has as many subtasks as there may be: changes of one go to one of them.
                let ordered = plan.inputs.iter().zip(inputs).map(|(plan, rows)| {
                    let one = is_single(plan) && !plan.changelog.is_insert_only();
                    if one { rows.global() } else { rows.clone() }
                });
                match ordered.collect::<Vec<_>>().as_slice() {
                    [first, others @ ..] => Ok(first.union_all(others)),
                    [] => unsupported_plan("a union of nothing"),
                }
            }
            _ => unsupported_plan("this operator"),
        }
    }

    /// Writes the rows of a plan into its table.
    pub(crate) fn sink(&self, plan: &PhysicalPlan) -> SqlResult<()> {
        let (PhysicalNode::Sink { table }, [input]) = (&plan.node, plan.inputs.as_slice()) else {
            return unsupported_plan("a plan without a sink");
        };
        self.target.replace(table.path.to_string());
        // The state of one INSERT is not found by the name of another.
        self.parts.borrow_mut().clear();
        let rows = self.not_null(self.stream(input)?, table, &plan.schema, is_single(input))?;
        let sink = table_sink(self.session, table)?;
        let written =
            sink.consume(&rows, &plan.schema)?.name(self.unique(format!("Sink: {}", table.path.name)));
        let is_set = table.options.contains_key("sink.parallelism");
        let written = if is_single(input) && !is_set { written.parallelism(1) } else { written };
        if let Some(uid) = self.identity(plan) {
            written.uid(uid);
        }
        Ok(())
    }

    /// The rows without NULL where the table takes none.
    fn not_null(
        &self,
        rows: Stream<Chunk>,
        table: &Table,
        schema: &Schema,
        is_single: bool,
    ) -> SqlResult<Stream<Chunk>> {
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
        let rows = rows.transform("ConstraintEnforcer", move |_| enforcer.clone());
        Ok(if is_single { rows.parallelism(1) } else { rows })
    }

    fn scan(
        &self,
        table: &Arc<Table>,
        columns: &[ColumnPath],
        watermark: Option<&Expression>,
        schema: &Schema,
    ) -> SqlResult<Stream<Chunk>> {
        let source = table_source(self.session, table)?;
        let options = watermark_options(table)?;
        if options.alignment.is_some() && !source.aligns_watermarks() {
            return Err(SqlError::unsupported(format!(
                "'scan.watermark.alignment.*' of table {} is not supported by its connector",
                table.path.quoted()
            ))
            .with_hint("leave the options out: they change how much is buffered, not what comes out"));
        }
        let whole = if source.reads_fields() { None } else { WholeColumns::of(table, columns) };
        let (columns, schema, watermark) = match &whole {
            None => (columns, schema, watermark.cloned()),
            Some(whole) => {
                let over_whole = |expression: &Expression| {
                    expression.replace_columns(&|column| whole.wanted.get(column).cloned())
                };
                (whole.columns.as_slice(), &whole.schema, watermark.and_then(over_whole))
            }
        };
        let watermarks =
            watermark.map(|expression| self.watermarks(&*source, options, &expression)).transpose()?;
        let (environment, watermarks) = (self.environment, watermarks.as_ref());
        let rows = source.scan(&ScanContext { table, environment, columns, schema, watermarks })?;
        let rows = rows.name(self.unique(format!("Source: {}", table.path.name)));
        let Some(whole) = &whole else { return Ok(rows) };
        let calc = Calc::new(None, &whole.wanted, &self.session.build_context())?;
        Ok(rows.transform("Calc", move |_| calc.clone()).name(self.unique("Calc".to_owned())))
    }

    /// How a source makes the watermarks of its table.
    fn watermarks(
        &self,
        source: &dyn TableSource,
        options: WatermarkOptions,
        expression: &Expression,
    ) -> SqlResult<WatermarkStrategy> {
        let expression = WatermarkExpression::new(expression, &self.session.build_context())?;
        let emission = options.emission.unwrap_or_else(|| source.watermark_emission());
        let idle_timeout = match options.idle_timeout {
            Some(timeout) => timeout,
            None => self.idle_timeout()?,
        };
        let idle_timeout = (!idle_timeout.is_zero()).then_some(idle_timeout);
        Ok(WatermarkStrategy::new(expression, emission, idle_timeout).aligned(options.alignment))
    }

    /// After how long without rows a source is idle; zero stands for never.
    fn idle_timeout(&self) -> SqlResult<Duration> {
        Ok(self.session.duration("table.exec.source.idle-timeout")?.unwrap_or_default())
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
            .name(self.unique("Values".to_owned())))
    }

    fn join(
        &self,
        plan: &PhysicalPlan,
        kind: JoinKind,
        condition: &JoinCondition,
        ttl: &JoinStateTtl,
    ) -> SqlResult<JoinSpecification> {
        let [left, right] = plan.inputs.as_slice() else {
            return unsupported_plan("a join of other than two");
        };
        let side = |input: &PhysicalPlan, columns: Vec<usize>, ttl: Option<&StateTtl>| {
            let unique_key = join_unique_key(input, &columns.into_iter().collect());
            let mut side =
                SideSpecification::new(input.schema.clone(), unique_key, input.changelog.is_insert_only());
            side.upserts = input.changelog.update && !input.changelog.update_before;
            side.ttl = self.state_ttl(ttl)?;
            Ok::<_, SqlError>(side)
        };
        let left = side(left, condition.keys.iter().map(|key| key.left).collect(), ttl.left.as_ref())?;
        let right = side(right, condition.keys.iter().map(|key| key.right).collect(), ttl.right.as_ref())?;
        JoinSpecification::new(kind, condition, left, right, &self.session.build_context())
    }

    /// How long state is kept, as a hint says, or all of the job; `None` for ever.
    fn state_ttl(&self, hint: Option<&StateTtl>) -> SqlResult<Option<Ttl>> {
        let key = "table.exec.state.ttl";
        let ttl = match (hint, self.session.setting(key)) {
            (Some(hint), _) => hint.duration,
            (None, None) => return Ok(None),
            (None, Some(value)) => parse_duration(value).ok_or_else(|| {
                SqlError::validation(format!(
                    "Invalid value '{value}' for option '{key}': it must be a duration such as '1 d'"
                ))
            })?,
        };
        // What is kept for part of a second is kept for one.
        let seconds = ttl.as_millis().div_ceil(1000);
        Ok((seconds > 0).then(|| Ttl { seconds: u32::try_from(seconds).unwrap_or(u32::MAX) }))
    }

    fn window_join(
        &self,
        plan: &PhysicalPlan,
        kind: JoinKind,
        condition: &JoinCondition,
        [left_window, right_window]: &[AttachedWindow; 2],
    ) -> SqlResult<WindowJoinSpecification> {
        let [left, right] = plan.inputs.as_slice() else {
            return unsupported_plan("a join of other than two");
        };
        let side = |plan: &PhysicalPlan, window: &AttachedWindow| {
            WindowSide::new(plan.schema.clone(), (window.start, window.end))
        };
        let (left, right) = (side(left, left_window), side(right, right_window));
        let zone = self.zone_of(&left_window.attribute)?;
        WindowJoinSpecification::new(kind, condition, left, right, &zone, &self.session.build_context())
    }

    /// The time zone of windows of a time attribute.
    fn zone_of(&self, attribute: &SqlType) -> SqlResult<Zone> {
        if matches!(attribute, SqlType::TimestampLtz(..)) { self.zone() } else { Ok(Zone::UTC) }
    }

    /// The time zone of the session.
    fn zone(&self) -> SqlResult<Zone> {
        let id = self.session.build_context().time_zone;
        Zone::of(&id).map_err(|error| SqlError::validation(error.to_string()))
    }

    /// All rows in order, as far as that can be known.
    fn sort(&self, order: &[SortKey], schema: &Schema, input: &Stream<Chunk>) -> SqlResult<Stream<Chunk>> {
        let by_time = sorts_by_time(schema, order);
        let kind = order.first().map(|first| schema.field(first.column).data_type.time_kind());
        if by_time && kind == Some(TimeKind::Proctime) {
            // Rows come in this order, and no two have the same time.
            let columns = schema.fields().enumerate();
            let columns = columns.map(|(index, field)| Expression::column(index, field.clone()));
            let columns: Vec<_> = columns.collect();
            let calc = Calc::new(None, &columns, &self.session.build_context())?;
            return Ok(input.transform("Sort", move |_| calc.clone()).parallelism(1));
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
        let set = self.session.duration("pipeline.auto-watermark-interval")?;
        Ok(set.unwrap_or(Duration::from_millis(200)))
    }
}

/// The rows, with a look at whether their changes are those that the plan says.
fn checked(plan: &PhysicalPlan, rows: &Stream<Chunk>) -> Stream<Chunk> {
    // What a table holds is the affair of whoever wrote it.
    if matches!(plan.node, PhysicalNode::Scan { .. }) {
        return rows.clone();
    }
    let keys = upsert_keys(plan).into_iter().map(|key| key.into_iter().collect());
    let edge = describe(&plan.node);
    let specification = ChangelogCheckSpecification::new(edge, plan.changelog, &plan.schema, keys);
    let checked = rows.transform("ChangelogCheck", move |_| ChangelogCheck::new(&specification));
    if is_single(plan) { checked.parallelism(1) } else { checked }
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

/// The first rows of each partition.
fn rank(plan: &PhysicalPlan, input: &Stream<Chunk>, ttl: Option<Ttl>) -> Stream<Chunk> {
    let PhysicalNode::Rank { partition, order, start, end, number, strategy, .. } = &plan.node else {
        return input.clone();
    };
    let schema = plan.input().map_or_else(|| plan.schema.clone(), |input| input.schema.clone());
    let update_before = plan.changelog.update_before;
    let name = describe(&plan.node);
    let rank = RankSpecification::new(partition, order, &schema, (*start, *end), *number, update_before)
        .with_ttl(ttl);
    let ranked = match (strategy, order.as_slice()) {
        (RankStrategy::Deduplicate, [time]) => {
            let specification = DeduplicateSpecification::new(
                partition,
                &schema,
                time.column,
                time.descending,
                update_before,
            )
            .with_ttl(ttl);
            if let Some(rows) = plan.bundle {
                input.transform(name, move |_| {
                    Bundled::new(specification.bundle(rows), Deduplicate::new(&specification))
                })
            } else if specification.waits() {
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
        // Of a row that changes, all changes are read by one.
        PhysicalNode::Scan { changelog, table, .. } => {
            !changelog.is_insert_only() && !keeps_keys_together(table)
        }
        PhysicalNode::Rank { partition, .. } => partition.is_empty(),
        PhysicalNode::GroupAggregate { keys, .. }
        | PhysicalNode::GlobalGroupAggregate { keys, .. }
        | PhysicalNode::WindowAggregate { keys, .. } => keys.is_empty(),
        PhysicalNode::Join { condition, .. } | PhysicalNode::WindowJoin { condition, .. } => {
            condition.keys.is_empty()
        }
        PhysicalNode::WindowRank { partition, window, .. } => {
            partition.iter().all(|column| [window.start, window.end].contains(column))
        }
        PhysicalNode::Calc { .. }
        | PhysicalNode::WatermarkAssigner { .. }
        | PhysicalNode::MiniBatchAssigner { .. }
        | PhysicalNode::LocalGroupAggregate { .. }
        | PhysicalNode::WindowTableFunction { .. }
        | PhysicalNode::ReplicateRows
        | PhysicalNode::Expand { .. }
        | PhysicalNode::LookupJoin(_)
        | PhysicalNode::DropUpdateBefore => plan.input().is_some_and(is_single),
        _ => false,
    }
}
