//! How a query runs: operators over chunks.

use std::sync::Arc;

use super::{ColumnPath, Expression, ExpressionKind, LogicalNode, LogicalPlan};
use crate::catalog::Table;
use crate::types::Schema;

/// An operator over chunks with its inputs.
#[derive(Clone, Debug)]
pub struct PhysicalPlan {
    /// Which.
    pub node: PhysicalNode,
    /// What it reads.
    pub inputs: Vec<PhysicalPlan>,
    /// The columns of its result.
    pub schema: Schema,
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
    /// The rows of all inputs.
    Union,
    /// A table, written by its connector.
    Sink {
        /// The table.
        table: Arc<Table>,
    },
}

impl PhysicalPlan {
    fn new(node: PhysicalNode, inputs: Vec<Self>, schema: Schema) -> Self {
        Self { node, inputs, schema }
    }

    /// How a plan runs.
    pub fn of(plan: LogicalPlan) -> Self {
        let schema = plan.schema;
        match plan.node {
            LogicalNode::Scan(scan) => {
                Self::new(PhysicalNode::Scan { table: scan.table, columns: scan.columns }, Vec::new(), schema)
            }
            LogicalNode::Values(rows) => Self::new(PhysicalNode::Values(rows), Vec::new(), schema),
            LogicalNode::Project { input, expressions } => {
                Self::of(*input).calc(None, Some(expressions), schema)
            }
            LogicalNode::Filter { input, condition } => Self::of(*input).calc(Some(condition), None, schema),
            LogicalNode::Watermark { input, column, expression } => {
                let node = PhysicalNode::WatermarkAssigner { column, expression };
                Self::new(node, vec![Self::of(*input)], schema)
            }
            LogicalNode::Union { inputs } => {
                Self::new(PhysicalNode::Union, inputs.into_iter().map(Self::of).collect(), schema)
            }
        }
    }

    /// The rows written into a table.
    pub fn sink(self, table: Arc<Table>) -> Self {
        let schema = self.schema.clone();
        Self::new(PhysicalNode::Sink { table }, vec![self], schema)
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
            Some(node) => Self { node, inputs: self.inputs, schema },
            None => {
                let projection = projection.unwrap_or_else(|| all_columns(&self.schema));
                Self::new(PhysicalNode::Calc { condition, projection }, vec![self], schema)
            }
        }
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
