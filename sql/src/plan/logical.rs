//! What a query means: relational algebra over typed expressions.

use std::sync::Arc;

use super::{
    AggregateCall, ColumnPath, Expression, JoinHints, JoinKind, RankForm, SortKey, StateTtl, WindowColumn,
    WindowFunction,
};
use crate::catalog::Table;
use crate::types::{Field, NamedField, Schema, SqlType};

/// An operator of relational algebra with its inputs.
#[derive(Clone, Debug)]
pub struct LogicalPlan {
    /// Which.
    pub node: LogicalNode,
    /// The columns of its result.
    pub schema: Schema,
}

/// The operators.
#[derive(Clone, Debug)]
pub enum LogicalNode {
    /// The rows of a table, as the connector gives them.
    Scan(Scan),
    /// Constant rows.
    Values(Vec<Vec<Expression>>),
    /// Expressions over each row.
    Project {
        /// The rows.
        input: Box<LogicalPlan>,
        /// One for each column of the result.
        expressions: Vec<Expression>,
    },
    /// The rows for which a condition holds.
    Filter {
        /// The rows.
        input: Box<LogicalPlan>,
        /// Of type BOOLEAN.
        condition: Expression,
    },
    /// Watermarks for a column of the input, which is a rowtime attribute from here on.
    Watermark {
        /// The rows.
        input: Box<LogicalPlan>,
        /// The column.
        column: usize,
        /// The watermark of a row.
        expression: Expression,
    },
    /// A row for each group of rows with equal keys.
    Aggregate {
        /// The rows.
        input: Box<LogicalPlan>,
        /// The columns that are equal in a group, by position.
        keys: Vec<usize>,
        /// What is computed of each group; their columns follow those of the keys.
        calls: Vec<AggregateCall>,
        /// How long groups are kept, if a hint says so.
        ttl: Option<StateTtl>,
    },
    /// Each row with the windows that it belongs to.
    WindowTvf {
        /// The rows.
        input: Box<LogicalPlan>,
        /// The windows.
        function: WindowFunction,
        /// What of the window is in the columns behind those of the input.
        columns: Vec<WindowColumn>,
    },
    /// The rows and, behind their columns, the number of each in the order of its partition: ROW_NUMBER.
    RowNumber {
        /// The rows.
        input: Box<LogicalPlan>,
        /// The columns that are equal in a partition.
        partition: Vec<usize>,
        /// The order in a partition.
        order: Vec<SortKey>,
    },
    /// The first rows of each partition.
    Rank {
        /// The rows.
        input: Box<LogicalPlan>,
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
    },
    /// All rows in order.
    Sort {
        /// The rows.
        input: Box<LogicalPlan>,
        /// The order.
        order: Vec<SortKey>,
    },
    /// The rows of all inputs, which have the same types.
    Union {
        /// At least two.
        inputs: Vec<LogicalPlan>,
    },
    /// Each row as often as its first column says; behind its columns are those but the first once more. What INTERSECT ALL
    /// and EXCEPT ALL end in.
    ReplicateRows {
        /// The rows.
        input: Box<LogicalPlan>,
    },
    /// Several rows for each row.
    Expand {
        /// The rows.
        input: Box<LogicalPlan>,
        /// For each of those rows, its columns.
        projections: Vec<Vec<Expression>>,
    },
    /// The rows of two inputs that belong together.
    Join {
        /// The left input.
        left: Box<LogicalPlan>,
        /// The right input.
        right: Box<LogicalPlan>,
        /// What becomes of rows that belong to none.
        kind: JoinKind,
        /// Of type BOOLEAN, over the columns of the left input and then those of the right one.
        condition: Expression,
        /// What is said of how it is done.
        hints: JoinHints,
    },
}

/// A table that is read.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The table, with options of hints.
    pub table: Arc<Table>,
    /// The columns of the table that are read, or the fields in them.
    pub columns: Vec<ColumnPath>,
    /// Whether its primary key is read in any case: rows are known by it alone.
    pub keyed: bool,
}

impl LogicalPlan {
    /// The stored columns of a table.
    pub fn scan(table: Arc<Table>, columns: Vec<usize>) -> Self {
        let schema = table.schema().project(&columns);
        // What a rowtime column is before its watermark: an ordinary timestamp.
        let schema = schema.iter().map(|column| {
            let field = Field::new(column.field.data_type.clone().materialized(), column.field.nullable);
            NamedField::new(column.name.clone(), field)
        });
        let schema = schema.collect();
        let columns = columns.into_iter().map(ColumnPath::column).collect();
        Self { schema, node: LogicalNode::Scan(Scan { table, columns, keyed: false }) }
    }

    /// Expressions over each row of this plan, with their names.
    #[must_use]
    pub fn project(self, columns: Vec<(Arc<str>, Expression)>) -> Self {
        let schema =
            columns.iter().map(|(name, expression)| NamedField::new(name.clone(), expression.field.clone()));
        let schema = schema.collect();
        let expressions = columns.into_iter().map(|(_, expression)| expression).collect();
        Self { schema, node: LogicalNode::Project { input: Box::new(self), expressions } }
    }

    /// The rows of this plan for which a condition holds.
    #[must_use]
    pub fn filter(self, condition: Expression) -> Self {
        Self { schema: self.schema.clone(), node: LogicalNode::Filter { input: Box::new(self), condition } }
    }

    /// This plan with watermarks for a column.
    #[must_use]
    pub fn watermark(self, column: usize, expression: Expression) -> Self {
        let schema = self.schema.iter().enumerate().map(|(index, field)| {
            if index != column {
                return field.clone();
            }
            let rowtime = field.field.data_type.clone().with_time_kind(crate::types::TimeKind::Rowtime);
            NamedField::new(field.name.clone(), Field::new(rowtime, field.field.nullable))
        });
        let schema = schema.collect();
        Self { schema, node: LogicalNode::Watermark { input: Box::new(self), column, expression } }
    }

    /// A row for each group of this plan's rows; `schema` has the keys and then the calls.
    #[must_use]
    pub fn aggregate(self, keys: Vec<usize>, calls: Vec<AggregateCall>, schema: Schema) -> Self {
        Self { schema, node: LogicalNode::Aggregate { input: Box::new(self), keys, calls, ttl: None } }
    }

    /// The plan, if it ends in an aggregate, with how long its groups are kept.
    #[must_use]
    pub fn with_group_ttl(mut self, of_hint: Option<StateTtl>) -> Self {
        if let LogicalNode::Aggregate { ttl, .. } = &mut self.node {
            *ttl = of_hint;
        }
        self
    }

    /// Each row of this plan with the windows that it belongs to.
    #[must_use]
    pub fn windows(self, function: WindowFunction, columns: Vec<WindowColumn>) -> Self {
        let appended = columns.iter().map(|column| column.column(&function.attribute));
        let schema = self.schema.iter().cloned().chain(appended).collect();
        Self { schema, node: LogicalNode::WindowTvf { input: Box::new(self), function, columns } }
    }

    /// The rows of this plan with their numbers, in the last column.
    #[must_use]
    pub fn row_number(self, partition: Vec<usize>, order: Vec<SortKey>) -> Self {
        let schema = self.schema.concat(&row_number_column());
        Self { schema, node: LogicalNode::RowNumber { input: Box::new(self), partition, order } }
    }

    /// The rows of this plan with numbers from `start` to `end`; with their numbers in the last column, if those are
    /// asked for.
    #[must_use]
    pub fn rank(
        self,
        partition: Vec<usize>,
        order: Vec<SortKey>,
        (start, end): (u64, u64),
        number: bool,
        form: RankForm,
    ) -> Self {
        let schema = if number { self.schema.concat(&row_number_column()) } else { self.schema.clone() };
        let input = Box::new(self);
        Self { schema, node: LogicalNode::Rank { input, partition, order, start, end, number, form } }
    }

    /// The rows of this plan in order.
    #[must_use]
    pub fn sort(self, order: Vec<SortKey>) -> Self {
        Self { schema: self.schema.clone(), node: LogicalNode::Sort { input: Box::new(self), order } }
    }

    /// Each row of this plan as often as its first column says, which is a BIGINT; behind its columns are those but the
    /// first once more.
    #[must_use]
    pub fn replicate(self) -> Self {
        let mut columns: Vec<NamedField> = self.schema.iter().cloned().collect();
        for column in self.schema.iter().skip(1) {
            let numbered = (0_u32..).map(|number| Arc::<str>::from(format!("{}{number}", column.name)));
            let free = |name: &Arc<str>| columns.iter().all(|known| known.name != *name);
            let name = numbered.into_iter().find(free).unwrap_or_else(|| column.name.clone());
            columns.push(NamedField::new(name, column.field.clone()));
        }
        let node = LogicalNode::ReplicateRows { input: Box::new(self) };
        Self { node, schema: columns.into_iter().collect() }
    }

    /// Several rows for each row of this plan, with its columns and one behind them.
    #[must_use]
    pub fn expand(self, projections: Vec<Vec<Expression>>, last: &str) -> Self {
        let names = self.schema.iter().map(|column| column.name.clone()).chain([Arc::from(last)]);
        let columns = names.enumerate().filter_map(|(index, name)| {
            let mut fields = projections.iter().filter_map(|columns| Some(&columns.get(index)?.field));
            let data_type = fields.clone().next()?.data_type.clone();
            let nullable = fields.any(|field| field.nullable);
            Some(NamedField::new(name, Field::new(data_type, nullable)))
        });
        let schema = columns.collect();
        Self { node: LogicalNode::Expand { input: Box::new(self), projections }, schema }
    }

    /// The plan in which the primary keys of these tables are read in any case.
    pub fn with_keys_of<E>(self, is_keyed: &impl Fn(&Arc<Table>) -> Result<bool, E>) -> Result<Self, E> {
        let mut failed = None;
        let mut plan = self.map_inputs(&mut |input| {
            let schema = input.schema.clone();
            input.with_keys_of(is_keyed).unwrap_or_else(|error| {
                failed.get_or_insert(error);
                Self { node: LogicalNode::Values(Vec::new()), schema }
            })
        });
        if let Some(error) = failed {
            return Err(error);
        }
        if let LogicalNode::Scan(scan) = &mut plan.node {
            scan.keyed = is_keyed(&scan.table)?;
        }
        Ok(plan)
    }

    /// A column of the result, as an expression of what stands above.
    pub fn column(&self, index: usize) -> Expression {
        Expression::column(index, self.schema.field(index))
    }

    /// All columns of the result with their names.
    pub fn all_columns(&self) -> Vec<(Arc<str>, Expression)> {
        self.schema
            .iter()
            .enumerate()
            .map(|(index, column)| (column.name.clone(), self.column(index)))
            .collect()
    }

    /// What it reads.
    pub fn inputs(&self) -> Vec<&Self> {
        match &self.node {
            LogicalNode::Scan(_) | LogicalNode::Values(_) => Vec::new(),
            LogicalNode::Project { input, .. }
            | LogicalNode::Filter { input, .. }
            | LogicalNode::Watermark { input, .. }
            | LogicalNode::Aggregate { input, .. }
            | LogicalNode::WindowTvf { input, .. }
            | LogicalNode::RowNumber { input, .. }
            | LogicalNode::Rank { input, .. }
            | LogicalNode::Sort { input, .. }
            | LogicalNode::Expand { input, .. }
            | LogicalNode::ReplicateRows { input } => vec![input],
            LogicalNode::Join { left, right, .. } => vec![left, right],
            LogicalNode::Union { inputs } => inputs.iter().collect(),
        }
    }

    /// The plan with each of its inputs replaced by what `map` makes of it.
    #[must_use]
    pub fn map_inputs(self, map: &mut impl FnMut(Self) -> Self) -> Self {
        let mut boxed = |input: Box<Self>| Box::new(map(*input));
        let node = match self.node {
            node @ (LogicalNode::Scan(_) | LogicalNode::Values(_)) => node,
            LogicalNode::Project { input, expressions } => {
                LogicalNode::Project { input: boxed(input), expressions }
            }
            LogicalNode::Filter { input, condition } => {
                LogicalNode::Filter { input: boxed(input), condition }
            }
            LogicalNode::Watermark { input, column, expression } => {
                LogicalNode::Watermark { input: boxed(input), column, expression }
            }
            LogicalNode::Aggregate { input, keys, calls, ttl } => {
                LogicalNode::Aggregate { input: boxed(input), keys, calls, ttl }
            }
            LogicalNode::Join { left, right, kind, condition, hints } => {
                LogicalNode::Join { left: boxed(left), right: boxed(right), kind, condition, hints }
            }
            LogicalNode::WindowTvf { input, function, columns } => {
                LogicalNode::WindowTvf { input: boxed(input), function, columns }
            }
            LogicalNode::RowNumber { input, partition, order } => {
                LogicalNode::RowNumber { input: boxed(input), partition, order }
            }
            LogicalNode::Rank { input, partition, order, start, end, number, form } => {
                LogicalNode::Rank { input: boxed(input), partition, order, start, end, number, form }
            }
            LogicalNode::Sort { input, order } => LogicalNode::Sort { input: boxed(input), order },
            LogicalNode::ReplicateRows { input } => LogicalNode::ReplicateRows { input: boxed(input) },
            LogicalNode::Expand { input, projections } => {
                LogicalNode::Expand { input: boxed(input), projections }
            }
            LogicalNode::Union { inputs } => {
                LogicalNode::Union { inputs: inputs.into_iter().map(map).collect() }
            }
        };
        Self { node, schema: self.schema }
    }

    /// The plan with each expression of its operator, not of the inputs, replaced by what `map` makes of it.
    #[must_use]
    pub fn map_expressions(self, map: &mut impl FnMut(Expression) -> Expression) -> Self {
        let node = match self.node {
            node @ (LogicalNode::Scan(_)
            | LogicalNode::Union { .. }
            | LogicalNode::Aggregate { .. }
            | LogicalNode::ReplicateRows { .. }
            | LogicalNode::WindowTvf { .. }) => node,
            node @ (LogicalNode::RowNumber { .. } | LogicalNode::Rank { .. } | LogicalNode::Sort { .. }) => {
                node
            }
            LogicalNode::Values(rows) => LogicalNode::Values(
                rows.into_iter().map(|row| row.into_iter().map(&mut *map).collect()).collect(),
            ),
            LogicalNode::Project { input, expressions } => {
                LogicalNode::Project { input, expressions: expressions.into_iter().map(map).collect() }
            }
            LogicalNode::Filter { input, condition } => {
                LogicalNode::Filter { input, condition: map(condition) }
            }
            LogicalNode::Expand { input, projections } => {
                let each =
                    |columns: Vec<Expression>| -> Vec<_> { columns.into_iter().map(&mut *map).collect() };
                LogicalNode::Expand { input, projections: projections.into_iter().map(each).collect() }
            }
            LogicalNode::Watermark { input, column, expression } => {
                LogicalNode::Watermark { input, column, expression: map(expression) }
            }
            LogicalNode::Join { left, right, kind, condition, hints } => {
                LogicalNode::Join { left, right, kind, condition: map(condition), hints }
            }
        };
        Self { node, schema: self.schema }
    }
}

/// The column that has the number of a row; called as Flink calls it.
fn row_number_column() -> Schema {
    std::iter::once(NamedField::new("w0$o0", Field::required(SqlType::BigInt))).collect()
}
