//! Conditions stand as far down as they can: rows that nobody wants are neither sent nor kept.
//!
//! As Flink's `FILTER_INTO_JOIN`, `JOIN_CONDITION_PUSH`, `FILTER_PROJECT_TRANSPOSE`, `FILTER_SET_OP_TRANSPOSE` and
//! `FILTER_AGGREGATE_TRANSPOSE`. They do not go through watermarks: a row that is filtered out still says how far time is.
//! They do go through window functions, unless they say something of the window, or would take rows out of sessions.

use super::reduce_outer::reduced;
use crate::plan::join::{Side, is_true};
use crate::plan::{
    Expression, JoinHints, JoinKind, LogicalNode, LogicalPlan, WindowKind, is_window_aggregate,
    window_properties,
};

/// The plan with its conditions further down.
pub(super) fn push_filters(plan: LogicalPlan) -> LogicalPlan {
    push(plan, Vec::new())
}

/// The rows of a plan for which all conditions hold, which depend on the rows alone.
fn push(plan: LogicalPlan, conditions: Vec<Expression>) -> LogicalPlan {
    let schema = plan.schema.clone();
    let rewritten = match plan.node {
        LogicalNode::Filter { input, condition } => {
            let (movable, fixed): (Vec<_>, Vec<_>) =
                condition.conjuncts().into_iter().partition(Expression::is_deterministic);
            if fixed.is_empty() {
                push(*input, movable.into_iter().chain(conditions).collect())
            } else {
                filtered(filtered(push(*input, movable), fixed), conditions)
            }
        }
        LogicalNode::Project { input, expressions } => {
            let below = |condition: &Expression| {
                condition.replace_columns(&|column| {
                    expressions.get(column).filter(|expression| expression.is_deterministic()).cloned()
                })
            };
            let (moved, kept) = split(conditions, below);
            let input = Box::new(push(*input, moved));
            let plan =
                LogicalPlan { node: LogicalNode::Project { input, expressions }, schema: schema.clone() };
            filtered(plan, kept)
        }
        LogicalNode::Aggregate { input, keys, calls, ttl } => {
            // Where windows are aggregated, they are not in the rows: a condition on them stays above.
            let windows = is_window_aggregate(&input, &keys).then(|| window_properties(&input)).flatten();
            let is_of_window = |key: usize| windows.as_ref().is_some_and(|windows| windows.of(key).is_some());
            let below = |condition: &Expression| {
                let key = |column: usize| keys.get(column).filter(|key| !is_of_window(**key));
                condition.replace_columns(&|column| key(column).map(|key| input.column(*key)))
            };
            let (moved, kept) = split(conditions, below);
            let plan = push(*input, moved).aggregate(keys, calls, schema.clone()).with_group_ttl(ttl);
            filtered(plan, kept)
        }
        LogicalNode::WindowTvf { input, function, columns } => {
            let before = input.schema.len();
            // Sessions are made of all rows of a partition.
            let is_free = |column: usize| match function.kind {
                WindowKind::Session { .. } => function.partition.contains(&column),
                _ => column < before,
            };
            let below = |condition: &Expression| {
                let mut free = true;
                condition.visit_columns(&mut |column| free &= is_free(column));
                free.then(|| condition.clone())
            };
            let (moved, kept) = split(conditions, below);
            let plan = LogicalNode::WindowTvf { input: Box::new(push(*input, moved)), function, columns };
            filtered(LogicalPlan { node: plan, schema: schema.clone() }, kept)
        }
        LogicalNode::ReplicateRows { input } => {
            let before = input.schema.len();
            // How often a row is there stays above; what is of the row alone is the same of each of its copies.
            let below = |condition: &Expression| {
                condition.replace_columns(&|column| match column.checked_sub(before) {
                    Some(copy) => Some(input.column(copy + 1)),
                    None => (column > 0).then(|| input.column(column)),
                })
            };
            let (moved, kept) = split(conditions, below);
            let node = LogicalNode::ReplicateRows { input: Box::new(push(*input, moved)) };
            filtered(LogicalPlan { node, schema: schema.clone() }, kept)
        }
        LogicalNode::Union { inputs } => {
            let inputs = inputs.into_iter().map(|input| push(input, conditions.clone())).collect();
            LogicalPlan { node: LogicalNode::Union { inputs }, schema: schema.clone() }
        }
        LogicalNode::Join { left, right, kind, condition, hints } => {
            push_into_join(*left, *right, kind, condition, conditions, hints)
        }
        node => {
            let plan = LogicalPlan { node, schema: schema.clone() };
            filtered(plan.map_inputs(&mut push_filters), conditions)
        }
    };
    // That a condition leaves no NULLs is not said of the columns: those above have been bound to what they were.
    LogicalPlan { schema, ..rewritten }
}

fn push_into_join(
    left: LogicalPlan,
    right: LogicalPlan,
    kind: JoinKind,
    condition: Expression,
    above: Vec<Expression>,
    hints: JoinHints,
) -> LogicalPlan {
    let columns = left.schema.len();
    let kind = reduced(kind, &above, columns);
    let (mut to_left, mut to_right, mut on, mut kept) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for condition in above {
        match Side::of(&condition, columns) {
            Some(Side::Left) if !kind.is_right_outer() => to_left.push(condition),
            Some(Side::Right) if !kind.is_left_outer() => to_right.push(condition),
            _ if kind == JoinKind::Inner => on.push(condition),
            _ => kept.push(condition),
        }
    }
    for condition in condition.conjuncts().into_iter().filter(|condition| !is_true(condition)) {
        let side = Side::of(&condition, columns).filter(|_| condition.is_deterministic());
        match side {
            // Rows for which it does not hold are in no pair; where such rows are in the result, they have to come.
            Some(Side::Left) if !kind.is_left_outer() && kind != JoinKind::Anti => to_left.push(condition),
            Some(Side::Right) if !kind.is_right_outer() => to_right.push(condition),
            _ => on.push(condition),
        }
    }
    let to_right =
        to_right.iter().map(|condition| condition.over_moved(&|column| column.saturating_sub(columns)));
    let (left, right) = (push(left, to_left), push(right, to_right.collect()));
    filtered(left.join(right, kind, Expression::all(on)).with_join_hints(hints), kept)
}

/// Those conditions that can be said below, as they are there, and the others.
fn split(
    conditions: Vec<Expression>,
    below: impl Fn(&Expression) -> Option<Expression>,
) -> (Vec<Expression>, Vec<Expression>) {
    let (mut moved, mut kept) = (Vec::new(), Vec::new());
    for condition in conditions {
        let mut has_columns = false;
        condition.visit_columns(&mut |_| has_columns = true);
        match below(&condition).filter(|_| has_columns) {
            Some(condition) => moved.push(condition),
            None => kept.push(condition),
        }
    }
    (moved, kept)
}

fn filtered(plan: LogicalPlan, conditions: Vec<Expression>) -> LogicalPlan {
    if conditions.is_empty() { plan } else { plan.filter(Expression::all(conditions)) }
}

#[cfg(test)]
mod tests;
