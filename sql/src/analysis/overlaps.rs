//! `(start, end) OVERLAPS (start, end)`: comparisons of both.

use super::expression::{case, logical};
use crate::error::{SqlError, SqlResult};
use crate::functions::operator;
use crate::plan::{CaseBranch, Expression, LogicalOperator};

/// Whether two periods have a point in time in common. The second part of each is its end or its length, and the ends
/// may be in any order. As Calcite rewrites it.
pub(super) fn overlaps(left: &[Expression], right: &[Expression]) -> SqlResult<Expression> {
    let ((left_start, left_end), (right_start, right_end)) = (period(left)?, period(right)?);
    let first = operator(">=")?.call(vec![left_end, right_start])?;
    let second = operator(">=")?.call(vec![right_end, left_start])?;
    Ok(logical(LogicalOperator::And, vec![first, second]))
}

/// The earlier and the later end.
fn period(parts: &[Expression]) -> SqlResult<(Expression, Expression)> {
    let [start, end] = parts else {
        return Err(SqlError::validation(
            "a period of OVERLAPS has two parts: its start, and its end or length",
        ));
    };
    let end = if end.field.data_type.is_interval() {
        operator("+")?.call(vec![start.clone(), end.clone()])?
    } else {
        end.clone()
    };
    let condition = operator("<=")?.call(vec![start.clone(), end.clone()])?;
    let branch = |result: &Expression| CaseBranch { condition: condition.clone(), result: result.clone() };
    let earlier = case(vec![branch(start)], end.clone())?;
    let later = case(vec![branch(&end)], start.clone())?;
    Ok((earlier, later))
}
