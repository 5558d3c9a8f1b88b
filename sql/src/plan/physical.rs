//! How a query runs: operators over chunks.

use std::sync::Arc;

use super::changelog::ModifyKinds;
use super::window::{window_aggregate, window_join};
use super::{
    AggregateCall, AttachedWindow, ColumnPath, Expression, ExpressionKind, JoinCondition, JoinKind,
    JoinStateTtl, LogicalNode, LogicalPlan, LookupJoin, RankForm, RankStrategy, SortKey, StateTtl,
    WindowColumn, WindowForm, WindowFunction, Windowing,
};
use crate::catalog::Table;
use crate::types::{Schema, TimeKind};

/// An operator over chunks with its inputs.
#[derive(Clone, Debug)]
pub struct PhysicalPlan {
    /// Which.
    pub node: PhysicalNode,
    /// What it reads.
    pub inputs: Vec<PhysicalPlan>,
    /// The columns of its result.
    pub schema: Schema,
    /// Which changes its result has; [inferred](super::changelog::infer) when the whole plan is there.
    pub changelog: ModifyKinds,
    /// How many rows it collects before it works on them; `None` if it works on each.
    pub bundle: Option<u64>,
}

/// The operators.
#[derive(Clone, Debug)]
pub enum PhysicalNode {
    /// A table, read by its connector.
    Scan {
        /// The table.
        table: Arc<Table>,
        /// What is read of it.
        columns: Vec<ColumnPath>,
        /// Which changes the connector gives.
        changelog: ModifyKinds,
        /// The watermark of a row, where the connector makes watermarks itself.
        watermark: Option<Expression>,
    },
    /// Constant rows.
    Values(Vec<Vec<Expression>>),
    /// Rows for which a condition holds, and expressions over them.
    Calc {
        /// Of type BOOLEAN.
        condition: Option<Expression>,
        /// One for each column of the result.
        projection: Vec<Expression>,
    },
    /// Watermarks from a column.
    WatermarkAssigner {
        /// The column, which is a rowtime attribute from here on.
        column: usize,
        /// The watermark of a row.
        expression: Expression,
    },
    /// Markers that tell the operators behind it to work on what they have collected: watermarks, of the clock or of event
    /// time.
    MiniBatchAssigner {
        /// How far they are apart, in milliseconds.
        interval: u64,
        /// Whether they are the watermarks of the input, one for each interval.
        by_event_time: bool,
    },
    /// The rows of all inputs.
    Union,
    /// Each row goes to the subtask that owns its key; without columns, to the only one.
    Exchange {
        /// The columns of the key, by position.
        keys: Vec<usize>,
    },
    /// A row for each group, and how it changes.
    GroupAggregate {
        /// The columns of the key, by position.
        keys: Vec<usize>,
        /// What is computed of each group.
        calls: Vec<AggregateCall>,
        /// How long groups are kept, if a hint says so.
        ttl: Option<StateTtl>,
    },
    /// What rows add up to for each group, where they are: the first phase of an aggregate in two.
    LocalGroupAggregate {
        /// The columns of the key, by position.
        keys: Vec<usize>,
        /// What is computed of each group.
        calls: Vec<AggregateCall>,
        /// Whether rows may be taken back.
        retracts: bool,
    },
    /// A row for each group, and how it changes: the second phase of an aggregate in two. The key stands first in its input.
    GlobalGroupAggregate {
        /// The columns of the key in the input of the first phase.
        keys: Vec<usize>,
        /// What is computed of each group.
        calls: Vec<AggregateCall>,
        /// The columns of the input of the first phase.
        input: Schema,
        /// Whether rows may be taken back.
        retracts: bool,
        /// How long groups are kept, if a hint says so.
        ttl: Option<StateTtl>,
    },
    /// The rows of two inputs that belong together, kept on both sides.
    Join {
        /// What becomes of rows that belong to none.
        kind: JoinKind,
        /// Which belong together.
        condition: JoinCondition,
        /// How long rows are kept, if a hint says so.
        ttl: JoinStateTtl,
    },
    /// Each row with the rows of a table that its connector finds for it.
    LookupJoin(Box<LookupJoin>),
    /// A row for each window and group, when the window is over.
    WindowAggregate {
        /// The columns of the key besides those of the window, by position.
        keys: Vec<usize>,
        /// What is computed of each group.
        calls: Vec<AggregateCall>,
        /// Where the window of a row comes from.
        windowing: Windowing,
        /// Where the query says it.
        form: WindowForm,
        /// What of the window is in the result, behind keys and calls.
        columns: Vec<WindowColumn>,
    },
    /// The rows of two inputs that belong together and are in the same window, when the window is over.
    WindowJoin {
        /// What becomes of rows that belong to none.
        kind: JoinKind,
        /// Which belong together.
        condition: JoinCondition,
        /// Where the windows of both inputs are.
        windows: [AttachedWindow; 2],
    },
    /// The first rows of each partition of a window, when the window is over.
    WindowRank {
        /// The columns that are equal in a partition, those of the window among them.
        partition: Vec<usize>,
        /// The order in a partition.
        order: Vec<SortKey>,
        /// The number of the first row that is in the result, from 1.
        start: u64,
        /// The number of the last row that is in the result.
        end: u64,
        /// Whether the number of a row is in the result, behind its columns.
        number: bool,
        /// Where the window is.
        window: AttachedWindow,
        /// Whether it is the first or last row by time.
        deduplicates: bool,
    },
    /// Each row with each window that it belongs to.
    WindowTableFunction {
        /// The windows.
        function: WindowFunction,
        /// What of the window is in the result, behind the columns of the input.
        columns: Vec<WindowColumn>,
    },
    /// The first rows of each partition.
    Rank {
        /// The columns that are equal in a partition.
        partition: Vec<usize>,
        /// The order in a partition.
        order: Vec<SortKey>,
        /// The number of the first row that is in the result, from 1.
        start: u64,
        /// The number of the last row that is in the result.
        end: u64,
        /// Whether the number of a row is in the result, behind its columns.
        number: bool,
        /// What it was in the query.
        form: RankForm,
        /// How rows are kept.
        strategy: RankStrategy,
    },
    /// All rows in order: by a time attribute as time goes on, otherwise at the end of the input.
    Sort {
        /// The order.
        order: Vec<SortKey>,
    },
    /// Each row as often as its first column says, and its columns but the first once more behind it; as Flink's `Correlate`
    /// with `$REPLICATE_ROWS$1`.
    ReplicateRows,
    /// Several rows for each row, next to each other.
    Expand {
        /// For each of those rows, its columns.
        projections: Vec<Vec<Expression>>,
    },
    /// The last row of each key is kept, so that what it was before is known.
    ChangelogNormalize {
        /// The columns of the key.
        key: Vec<usize>,
    },
    /// The rows of a query by the primary key of the sink, where the query knows them by another one.
    SinkUpsertMaterializer {
        /// The primary key.
        key: Vec<usize>,
        /// The columns by which the query knows its rows; empty if there is no such key.
        row_key: Vec<usize>,
    },
    /// Rows as they were before an update are left out.
    DropUpdateBefore,
    /// A table, written by its connector.
    Sink {
        /// The table.
        table: Arc<Table>,
    },
}

/// What a table's connector does when it is read.
#[derive(Clone, Copy, Debug)]
pub struct Scanned {
    /// Which changes it gives.
    pub changelog: ModifyKinds,
    /// Whether it makes watermarks itself.
    pub makes_watermarks: bool,
}

impl PhysicalPlan {
    /// What tells it from other plans.
    pub(crate) fn part(&self) -> String {
        format!("{self:?}")
    }

    /// Whether it gives the same rows whenever it runs over the same ones.
    pub fn is_deterministic(&self) -> bool {
        let expressions: Vec<&Expression> = match &self.node {
            PhysicalNode::Calc { condition, projection } => condition.iter().chain(projection).collect(),
            PhysicalNode::WatermarkAssigner { expression, .. } => vec![expression],
            PhysicalNode::Values(rows) | PhysicalNode::Expand { projections: rows } => {
                rows.iter().flatten().collect()
            }
            _ => Vec::new(),
        };
        expressions.into_iter().all(Expression::is_deterministic)
            && self.inputs.iter().all(Self::is_deterministic)
    }

    /// An operator over inputs.
    pub fn new(node: PhysicalNode, inputs: Vec<Self>, schema: Schema) -> Self {
        Self { node, inputs, schema, changelog: ModifyKinds::INSERT, bundle: None }
    }

    /// How a plan runs. `scanned` says what the connector of a table does.
    ///
    /// # Errors
    /// What `scanned` fails with.
    pub fn of<E>(plan: LogicalPlan, scanned: &impl Fn(&Arc<Table>) -> Result<Scanned, E>) -> Result<Self, E> {
        let schema = plan.schema;
        Ok(match plan.node {
            LogicalNode::Scan(scan) => {
                let changelog = scanned(&scan.table)?.changelog;
                let (table, columns, watermark) = (scan.table, scan.columns, None);
                let node = PhysicalNode::Scan { table, columns, changelog, watermark };
                Self::new(node, Vec::new(), schema)
            }
            LogicalNode::Values(rows) => Self::new(PhysicalNode::Values(rows), Vec::new(), schema),
            LogicalNode::Project { input, expressions } => {
                Self::of(*input, scanned)?.calc(None, Some(expressions), schema)
            }
            LogicalNode::Filter { input, condition } => {
                Self::of(*input, scanned)?.calc(Some(condition), None, schema)
            }
            LogicalNode::Watermark { input, column, expression } => {
                if let Some((table, watermark)) = over_scan(&input, &expression)
                    && scanned(table)?.makes_watermarks
                {
                    let plan = Self::of(*input, scanned)?;
                    return Ok(Self { schema, ..plan.with_watermark(watermark) });
                }
                let node = PhysicalNode::WatermarkAssigner { column, expression };
                Self::new(node, vec![Self::of(*input, scanned)?], schema)
            }
            LogicalNode::Aggregate { input, keys, calls, ttl } => {
                if let Some(window) = window_aggregate(&input, &keys, &calls, &schema) {
                    let keys = window.keys;
                    let input = Self::of(window.input, scanned)?.exchange(keys.clone());
                    let node = PhysicalNode::WindowAggregate {
                        keys,
                        calls: window.calls,
                        windowing: window.windowing,
                        form: window.form,
                        columns: window.columns,
                    };
                    let aggregate = Self::new(node, vec![input], window.schema);
                    return Ok(aggregate.calc(None, Some(window.projection), schema));
                }
                let input = Self::of(*input, scanned)?.exchange(keys.clone());
                Self::new(PhysicalNode::GroupAggregate { keys, calls, ttl }, vec![input], schema)
            }
            LogicalNode::Join { left, right, kind, condition, hints } => {
                // `check_lookups` has looked for those that cannot run.
                if let Some(lookup) = hints.lookup
                    && let Ok(join) = LookupJoin::of(left.schema.len(), &right, kind, &condition, lookup)
                {
                    let input = Self::of(*left, scanned)?;
                    return Ok(Self::new(PhysicalNode::LookupJoin(Box::new(join)), vec![input], schema));
                }
                let ttl = hints.ttl;
                if let Some(joined) = window_join(&left, &right, &condition) {
                    let lefts = joined.condition.keys.iter().map(|key| key.left).collect();
                    let rights = joined.condition.keys.iter().map(|key| key.right).collect();
                    let left = Self::of(*left, scanned)?.exchange(lefts);
                    let right = Self::of(*right, scanned)?.exchange(rights);
                    let (condition, windows) = (joined.condition, joined.windows);
                    let node = PhysicalNode::WindowJoin { kind, condition, windows };
                    return Ok(Self::new(node, vec![left, right], schema));
                }
                let condition = JoinCondition::of(&condition, left.schema.len());
                let lefts = condition.keys.iter().map(|key| key.left).collect();
                let rights = condition.keys.iter().map(|key| key.right).collect();
                let left = Self::of(*left, scanned)?.exchange(lefts);
                let right = Self::of(*right, scanned)?.exchange(rights);
                Self::new(PhysicalNode::Join { kind, condition, ttl }, vec![left, right], schema)
            }
            LogicalNode::WindowTvf { input, function, columns } => {
                let mut input = Self::of(*input, scanned)?;
                if matches!(function.kind, super::WindowKind::Session { .. }) {
                    input = input.exchange(function.partition.clone());
                }
                let node = PhysicalNode::WindowTableFunction { function, columns };
                Self::new(node, vec![input], schema)
            }
            // `refuse_row_numbers` has looked for those without a condition.
            LogicalNode::RowNumber { input, partition, order } => {
                let input = Self::of(*input, scanned)?;
                input.rank(partition, order, (1, u64::MAX), true, RankForm::Rank, schema)
            }
            LogicalNode::Rank { input, partition, order, start, end, number, form } => {
                if let (RankForm::Rank, Some(window)) = (form, AttachedWindow::among(&input, &partition)) {
                    let by_time = order
                        .iter()
                        .all(|key| input.schema.field(key.column).data_type.time_kind() == TimeKind::Rowtime);
                    let deduplicates = by_time && order.len() == 1 && (start, end, number) == (1, 1, false);
                    let of_window = [window.start, window.end];
                    let keys = partition.iter().copied().filter(|key| !of_window.contains(key)).collect();
                    let input = Self::of(*input, scanned)?.exchange(keys);
                    let node = PhysicalNode::WindowRank {
                        partition,
                        order,
                        start,
                        end,
                        number,
                        window,
                        deduplicates,
                    };
                    return Ok(Self::new(node, vec![input], schema));
                }
                let input = Self::of(*input, scanned)?;
                input.rank(partition, order, (start, end), number, form, schema)
            }
            LogicalNode::Sort { input, order } => {
                let input = Self::of(*input, scanned)?.exchange(Vec::new());
                Self::new(PhysicalNode::Sort { order }, vec![input], schema)
            }
            LogicalNode::ReplicateRows { input } => {
                Self::new(PhysicalNode::ReplicateRows, vec![Self::of(*input, scanned)?], schema)
            }
            LogicalNode::Expand { input, projections } => {
                let input = Self::of(*input, scanned)?;
                Self::new(PhysicalNode::Expand { projections }, vec![input], schema)
            }
            LogicalNode::Union { inputs } => {
                let inputs =
                    inputs.into_iter().map(|input| Self::of(input, scanned)).collect::<Result<_, E>>()?;
                Self::new(PhysicalNode::Union, inputs, schema)
            }
        })
    }

    /// The plan whose table is scanned with watermarks.
    fn with_watermark(mut self, expression: Expression) -> Self {
        if let PhysicalNode::Scan { watermark, .. } = &mut self.node {
            *watermark = Some(expression);
            return self;
        }
        let inputs = self.inputs.into_iter().map(|input| input.with_watermark(expression.clone()));
        self.inputs = inputs.collect();
        self
    }

    /// The rows written into a table.
    #[must_use]
    pub fn sink(self, table: Arc<Table>) -> Self {
        let schema = self.schema.clone();
        Self::new(PhysicalNode::Sink { table }, vec![self], schema)
    }

    /// The rows, each with the subtask that owns its key.
    #[must_use]
    pub fn exchange(self, keys: Vec<usize>) -> Self {
        let schema = self.schema.clone();
        Self::new(PhysicalNode::Exchange { keys }, vec![self], schema)
    }

    /// The first rows of each partition.
    fn rank(
        self,
        partition: Vec<usize>,
        order: Vec<SortKey>,
        (start, end): (u64, u64),
        number: bool,
        form: RankForm,
        schema: Schema,
    ) -> Self {
        let input = self.exchange(partition.clone());
        let strategy = RankStrategy::Undecided;
        Self::new(
            PhysicalNode::Rank { partition, order, start, end, number, form, strategy },
            vec![input],
            schema,
        )
    }

    /// The rows with what they were before, of which the input gives only the key and what they are.
    #[must_use]
    pub fn changelog_normalize(self, key: Vec<usize>) -> Self {
        let (schema, given) = (self.schema.clone(), self.changelog);
        let input = Self { changelog: given, ..self.exchange(key.clone()) };
        let changelog = ModifyKinds { update: given.update, delete: given.delete, ..ModifyKinds::ALL };
        Self { changelog, ..Self::new(PhysicalNode::ChangelogNormalize { key }, vec![input], schema) }
    }

    /// The rows by the primary key of a sink, where the query knows them by the columns of `row_key`, or, if there is
    /// none, by all.
    #[must_use]
    pub fn materialize(self, key: Vec<usize>, row_key: Vec<usize>) -> Self {
        let schema = self.schema.clone();
        let input = self.exchange(key.clone());
        Self::new(PhysicalNode::SinkUpsertMaterializer { key, row_key }, vec![input], schema)
    }

    /// The rows without those that were before an update.
    #[must_use]
    pub fn drop_update_before(self) -> Self {
        let schema = self.schema.clone();
        let changelog = self.changelog.without_update_before();
        Self { changelog, ..Self::new(PhysicalNode::DropUpdateBefore, vec![self], schema) }
    }

    /// The only input, if there is one only.
    pub fn input(&self) -> Option<&Self> {
        match self.inputs.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// A filter and a projection of this plan; a plan that ends in such becomes one with them.
    fn calc(
        self,
        condition: Option<Expression>,
        projection: Option<Vec<Expression>>,
        schema: Schema,
    ) -> Self {
        let PhysicalNode::Calc { condition: below, projection: columns } = &self.node else {
            let projection = projection.unwrap_or_else(|| all_columns(&self.schema));
            if condition.is_none() && is_identity(&projection, self.schema.len()) {
                return Self { schema, ..self };
            }
            return Self::new(PhysicalNode::Calc { condition, projection }, vec![self], schema);
        };
        let through =
            |expression: &Expression| expression.replace_columns(&|column| columns.get(column).cloned());
        let merged = columns.iter().all(Expression::is_deterministic).then(|| {
            let condition = match &condition {
                Some(condition) => Some(through(condition)?),
                None => None,
            };
            let projection = match &projection {
                Some(projection) => projection.iter().map(through).collect::<Option<_>>()?,
                None => columns.clone(),
            };
            let conditions: Vec<_> = below.iter().cloned().chain(condition).collect();
            let condition = (!conditions.is_empty())
                .then(|| Expression::all(conditions.into_iter().flat_map(Expression::conjuncts)));
            Some(PhysicalNode::Calc { condition, projection })
        });
        match merged.flatten() {
            Some(node) => Self { node, schema, ..self },
            None => {
                let projection = projection.unwrap_or_else(|| all_columns(&self.schema));
                Self::new(PhysicalNode::Calc { condition, projection }, vec![self], schema)
            }
        }
    }
}

/// The table whose columns an expression is over, and the expression over what is scanned; `None` if there is more than a
/// projection in between, or one that may give another value each time.
fn over_scan<'p>(plan: &'p LogicalPlan, expression: &Expression) -> Option<(&'p Arc<Table>, Expression)> {
    match &plan.node {
        LogicalNode::Scan(scan) => Some((&scan.table, expression.clone())),
        LogicalNode::Project { input, expressions } => {
            let LogicalNode::Scan(scan) = &input.node else { return None };
            let below = expression.replace_columns(&|column| {
                expressions.get(column).filter(|expression| expression.is_deterministic()).cloned()
            })?;
            Some((&scan.table, below))
        }
        _ => None,
    }
}

fn all_columns(schema: &Schema) -> Vec<Expression> {
    schema.fields().enumerate().map(|(index, field)| Expression::column(index, field.clone())).collect()
}

fn is_identity(projection: &[Expression], columns: usize) -> bool {
    projection.len() == columns
        && projection.iter().enumerate().all(|(index, expression)| {
            matches!(expression.kind, ExpressionKind::Column(column) if column == index)
        })
}
