//! An outer join whose rows with NULLs are filtered out again is none: as Calcite's `RelOptUtil.simplifyJoin`.

use crate::plan::{Expression, ExpressionKind, JoinKind, LogicalOperator};

/// What a join is of which only rows are wanted for which these conditions hold.
pub(super) fn reduced(kind: JoinKind, conditions: &[Expression], left_columns: usize) -> JoinKind {
    let rejects = |of_left: bool| {
        let is_null = |column: usize| (column < left_columns) == of_left;
        conditions.iter().any(|condition| is_never_true(condition, &is_null))
    };
    match kind {
        JoinKind::Left if rejects(false) => JoinKind::Inner,
        JoinKind::Right if rejects(true) => JoinKind::Inner,
        JoinKind::Full => match (rejects(true), rejects(false)) {
            (true, true) => JoinKind::Inner,
            // No row has NULLs for the left input: what is left without a partner is the left input's.
            (true, false) => JoinKind::Left,
            (false, true) => JoinKind::Right,
            (false, false) => JoinKind::Full,
        },
        kind => kind,
    }
}

/// Whether a condition does not hold where these columns are NULL.
fn is_never_true(condition: &Expression, is_null: &impl Fn(usize) -> bool) -> bool {
    match &condition.kind {
        ExpressionKind::Logical { operator: LogicalOperator::And, operands } => {
            operands.iter().any(|operand| is_never_true(operand, is_null))
        }
        ExpressionKind::Logical { operator: LogicalOperator::Or, operands } => {
            operands.iter().all(|operand| is_never_true(operand, is_null))
        }
        ExpressionKind::Call { function, arguments }
            if matches!(function.name, "IS NOT NULL" | "IS TRUE" | "IS FALSE") =>
        {
            arguments.iter().any(|argument| is_always_null(argument, is_null))
        }
        _ => is_always_null(condition, is_null),
    }
}

/// Whether an expression is NULL where these columns are.
fn is_always_null(expression: &Expression, is_null: &impl Fn(usize) -> bool) -> bool {
    match &expression.kind {
        ExpressionKind::Column(column) => is_null(*column),
        ExpressionKind::Field { value, .. } => is_always_null(value, is_null),
        ExpressionKind::Call { function, arguments } => {
            let propagates = matches!(
                function.name,
                "=" | "<>" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "/" | "%" | "NOT" | "LIKE" | "CAST"
            );
            propagates && arguments.iter().any(|argument| is_always_null(argument, is_null))
        }
        _ => false,
    }
}
