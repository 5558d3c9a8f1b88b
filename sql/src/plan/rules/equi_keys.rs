//! What is equal in both inputs of a join is a column of each: rows are sent and kept by columns.

use std::sync::Arc;

use crate::functions::scalar_function;
use crate::plan::join::equality;
use crate::plan::{Expression, LogicalNode, LogicalPlan};
use crate::types::Field;

/// The plan with columns for what its joins find to be equal, as Flink's `JOIN_PUSH_EXPRESSIONS`.
pub(super) fn add_keys(plan: LogicalPlan) -> LogicalPlan {
    let plan = plan.map_inputs(&mut add_keys);
    match plan.node {
        LogicalNode::Join { left, right, kind, condition, hints } => {
            let (left_columns, right_columns) = (left.schema.len(), right.schema.len());
            let (mut lefts, mut rights) = (Computed::of(&left), Computed::of(&right));
            let mut equal = Vec::new();
            let mut rest = Vec::new();
            for conjunct in condition.clone().conjuncts() {
                match equality(&conjunct, left_columns) {
                    Some(found) => {
                        let right = found.right.over_moved(&|column| column.saturating_sub(left_columns));
                        equal.push((lefts.column(found.left), rights.column(&right), found.null_safe));
                    }
                    None => rest.push(conjunct),
                }
            }
            if lefts.added == 0 && rights.added == 0 {
                return LogicalPlan {
                    node: LogicalNode::Join { left, right, kind, condition, hints },
                    ..plan
                };
            }
            let shift = lefts.columns.len();
            let behind =
                |column: usize| if column < left_columns { column } else { column - left_columns + shift };
            let equal = equal.into_iter().filter_map(|(left, right, null_safe)| {
                let right = right.over_moved(&|column| column + shift);
                let nullable = !null_safe && (left.field.nullable || right.field.nullable);
                let function = scalar_function(if null_safe { "IS NOT DISTINCT FROM" } else { "=" })?;
                let field = Field::new(crate::types::SqlType::Boolean, nullable);
                Some(Expression::call(function, vec![left, right], field))
            });
            let rest = rest.iter().map(|condition| condition.over_moved(&behind));
            let condition = Expression::all(equal.chain(rest).collect::<Vec<_>>());
            let joined = left.project(lefts.columns).join(right.project(rights.columns), kind, condition);
            let joined = joined.with_join_hints(hints);
            let kept = (0..left_columns).chain(shift..shift + right_columns);
            let kept = kept.zip(plan.schema.iter());
            let kept: Vec<(Arc<str>, Expression)> = kept
                .map(|(column, field)| (field.name.clone(), Expression::column(column, field.field.clone())))
                .collect();
            joined.project(kept)
        }
        node => LogicalPlan { node, ..plan },
    }
}

/// The columns of an input, and those that are added to it.
struct Computed {
    columns: Vec<(Arc<str>, Expression)>,
    added: usize,
}

impl Computed {
    fn of(input: &LogicalPlan) -> Self {
        Self { columns: input.all_columns(), added: 0 }
    }

    /// The column that has the values of an expression.
    fn column(&mut self, expression: &Expression) -> Expression {
        let position = self.columns.iter().position(|(_, known)| known == expression);
        let position = position.unwrap_or_else(|| {
            self.columns.push((Arc::from(format!("$f{}", self.columns.len())), expression.clone()));
            self.added += 1;
            self.columns.len() - 1
        });
        Expression::column(position, expression.field.clone())
    }
}
