//! Expressions of constants are worked out once, by the evaluators that would work them out for each chunk.

use crate::eval::{BuildContext, EvalContext, Program};
use crate::plan::{Expression, ExpressionKind, LogicalPlan};

/// The plan with expressions of constants replaced by their values.
pub(super) fn fold(plan: LogicalPlan, cx: &BuildContext) -> LogicalPlan {
    plan.map_inputs(&mut |input| fold(input, cx)).map_expressions(&mut |value| expression(&value, cx))
}

fn expression(value: &Expression, cx: &BuildContext) -> Expression {
    let folded = value.map_children(&|child| Some(expression(child, cx))).unwrap_or_else(|| value.clone());
    let is_constant = !matches!(folded.kind, ExpressionKind::Constant(_) | ExpressionKind::Column(_))
        && folded.is_deterministic()
        && folded.children().into_iter().all(|child| child.as_constant().is_some());
    if !is_constant {
        return folded;
    }
    // What fails now would fail for each row, or for none, if there is none: that is left to the job.
    let Ok(program) = Program::compile([&folded], cx) else { return folded };
    let Ok(mut values) = program.evaluate_columns(&[], 1, &EvalContext::default()) else { return folded };
    match values.pop() {
        Some(value) => {
            let field = folded.field.clone();
            Expression { field, ..Expression::constant(value, folded.field.data_type) }
        }
        None => folded,
    }
}
