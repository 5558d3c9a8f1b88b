//! Conditions on the numbers of rows are top-N queries: as Flink's `FlinkLogicalRankRule` and
//! `ConstantRankNumberColumnRemoveRule`.

use std::sync::Arc;

use arrow_array::Int64Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int8Type, Int16Type, Int32Type, Int64Type};

use crate::error::{SqlError, SqlResult};
use crate::plan::{Expression, ExpressionKind, LogicalNode, LogicalPlan, RankForm};
use crate::types::SqlType;

/// The plan with ranks for conditions on the numbers of rows.
pub(super) fn recognize(plan: LogicalPlan) -> LogicalPlan {
    let schema = plan.schema.clone();
    let node = match plan.node {
        LogicalNode::Filter { input, condition } => return filter(recognize(*input), condition),
        node => node,
    };
    LogicalPlan { node, schema }.map_inputs(&mut recognize)
}

/// A filter over what may be projections of numbered rows.
fn filter(input: LogicalPlan, condition: Expression) -> LogicalPlan {
    match ranked(&input, &condition) {
        Some((input, Some(rest))) => input.filter(rest),
        Some((input, None)) => input,
        None => input.filter(condition),
    }
}

/// The input of a filter with a rank in the place of the numbers, and what remains of the condition.
fn ranked(input: &LogicalPlan, condition: &Expression) -> Option<(LogicalPlan, Option<Expression>)> {
    match &input.node {
        LogicalNode::Project { input: below, expressions } => {
            let through = condition.replace_columns(&|column| expressions.get(column).cloned())?;
            let (below, _) = ranked(below, &through)?;
            // What remains of the condition is asked above: the columns are the same there.
            let rest = rest_of(condition, &|conjunct| {
                let through = conjunct.replace_columns(&|column| expressions.get(column).cloned())?;
                number_bounds(&through, number_of(input)?)
            });
            let (node, schema) = (
                LogicalNode::Project { input: Box::new(below), expressions: expressions.clone() },
                input.schema.clone(),
            );
            Some((LogicalPlan { node, schema }, rest))
        }
        LogicalNode::RowNumber { input: rows, partition, order } => {
            let number = rows.schema.len();
            let mut range: Option<(u64, u64)> = None;
            for conjunct in condition.clone().conjuncts() {
                if let Some((start, end)) = number_bounds(&conjunct, number) {
                    let (first, last) = range.unwrap_or((1, u64::MAX));
                    range = Some((first.max(start), last.min(end)));
                }
            }
            let (start, end) = range.filter(|(_, end)| *end < u64::MAX)?;
            let rest = rest_of(condition, &|conjunct| number_bounds(conjunct, number));
            let (rows, partition, order) = ((**rows).clone(), partition.clone(), order.clone());
            let schema = input.schema.clone();
            if start > end {
                return Some((LogicalPlan { node: LogicalNode::Values(Vec::new()), schema }, rest));
            }
            if start == end {
                // All rows have the same number: it need not be kept.
                let ranked = rows.rank(partition, order, (start, end), false, RankForm::Rank);
                let number = i64::try_from(start).ok()?;
                let number = Expression::constant(Arc::new(Int64Array::from(vec![number])), SqlType::BigInt);
                let mut columns = ranked.all_columns();
                columns.push((schema.last()?.name.clone(), number));
                return Some((ranked.project(columns), rest));
            }
            Some((rows.rank(partition, order, (start, end), true, RankForm::Rank), rest))
        }
        _ => None,
    }
}

/// The column of the numbers in what numbers the rows below projections.
fn number_of(plan: &LogicalPlan) -> Option<usize> {
    match &plan.node {
        LogicalNode::Project { input, .. } => number_of(input),
        LogicalNode::RowNumber { input, .. } => Some(input.schema.len()),
        _ => None,
    }
}

/// The conjuncts that are no bounds of the number.
fn rest_of(condition: &Expression, bounds: &dyn Fn(&Expression) -> Option<(u64, u64)>) -> Option<Expression> {
    let rest: Vec<_> =
        condition.clone().conjuncts().into_iter().filter(|conjunct| bounds(conjunct).is_none()).collect();
    (!rest.is_empty()).then(|| Expression::all(rest))
}

/// The first and last number for which a condition such as `number <= 10` holds.
fn number_bounds(condition: &Expression, number: usize) -> Option<(u64, u64)> {
    let ExpressionKind::Call { function, arguments } = &condition.kind else { return None };
    let [left, right] = arguments.as_slice() else { return None };
    let (constant, swapped) = match (is_number(left, number), is_number(right, number)) {
        (true, false) => (right, false),
        (false, true) => (left, true),
        _ => return None,
    };
    let value = u64::try_from(whole(constant)?.max(0)).ok()?;
    let operator = match (function.name, swapped) {
        ("<", true) => ">",
        ("<=", true) => ">=",
        (">", true) => "<",
        (">=", true) => "<=",
        (name, _) => name,
    };
    Some(match operator {
        "=" => (value.max(1), value),
        "<" => (1, value.saturating_sub(1)),
        "<=" => (1, value),
        ">" => (value.saturating_add(1), u64::MAX),
        ">=" => (value.max(1), u64::MAX),
        _ => return None,
    })
}

/// Whether an expression is the number, perhaps as another type.
fn is_number(expression: &Expression, number: usize) -> bool {
    match &expression.kind {
        ExpressionKind::Column(column) => *column == number,
        ExpressionKind::Call { function, arguments } if function.name == "CAST" => {
            expression.field.data_type.is_integer()
                && arguments.iter().all(|argument| is_number(argument, number))
        }
        _ => false,
    }
}

/// A constant that is a whole number.
fn whole(expression: &Expression) -> Option<i64> {
    if let ExpressionKind::Call { function, arguments } = &expression.kind
        && function.name == "CAST"
        && let [only] = arguments.as_slice()
    {
        return whole(only);
    }
    let constant = expression.as_constant().filter(|constant| !constant.is_null())?.array();
    macro_rules! number {
        ($($kind:ty),+) => {
            $(if let Some(values) = constant.as_primitive_opt::<$kind>() {
                return Some(i64::from(values.value(0)));
            })+
        };
    }
    number!(Int8Type, Int16Type, Int32Type, Int64Type);
    let decimal = constant.as_primitive_opt::<Decimal128Type>()?;
    (decimal.scale() == 0).then(|| i64::try_from(decimal.value(0)).ok()).flatten()
}

/// Refuses numbers of rows without a condition on them, or with one that has no end.
///
/// # Errors
/// If there are such.
pub(crate) fn refuse_row_numbers(plan: &LogicalPlan) -> SqlResult<()> {
    let mut found = false;
    let _ = plan.clone().map_inputs(&mut |input| {
        found |= refuse_row_numbers(&input).is_err();
        input
    });
    if found || matches!(plan.node, LogicalNode::RowNumber { .. }) {
        return Err(SqlError::unsupported(
            "Rank end is not specified. Currently rank only support TopN, which means the rank end must be specified.",
        )
        .with_hint("ROW_NUMBER() OVER … needs a condition such as `rn <= 10` in the query around it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
