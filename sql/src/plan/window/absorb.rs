//! A window function that an aggregate takes over: the plan below it without the window's columns, so that rows are not
//! multiplied by their windows. As Flink's `PullUpWindowTableFunctionIntoWindowAggregateRule`.

use super::{WindowColumn, WindowFunction, WindowKind};
use crate::plan::{Expression, LogicalNode, LogicalPlan};

/// A plan without a window's columns.
pub(super) struct Absorbed {
    /// The rows that the function reads.
    pub(super) plan: LogicalPlan,
    /// The function, over the columns of that plan.
    pub(super) function: WindowFunction,
    /// What the columns of the plan before were.
    pub(super) columns: Vec<Source>,
}

/// What a column was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The column at this position of the plan without window columns.
    Kept(usize),
    /// A column of the window.
    Window(WindowColumn),
}

/// The plan without its window function; `None` if there is none below filters and projections, or they compute
/// something of the window.
pub(super) fn absorb(plan: &LogicalPlan) -> Option<Absorbed> {
    match &plan.node {
        LogicalNode::WindowTvf { input, function, columns } => {
            let kept = (0..input.schema.len()).map(Source::Kept);
            let columns = kept.chain(columns.iter().copied().map(Source::Window)).collect();
            Some(Absorbed { plan: (**input).clone(), function: function.clone(), columns })
        }
        LogicalNode::Filter { input, condition } => {
            let below = absorb(input)?;
            // Sessions are made of all rows, also of those that are left out afterwards.
            if matches!(below.function.kind, WindowKind::Session { .. }) {
                return None;
            }
            let condition = over(condition, &below.columns)?;
            Some(Absorbed { plan: below.plan.filter(condition), ..below })
        }
        LogicalNode::Project { input, expressions } => project(plan, absorb(input)?, expressions),
        _ => None,
    }
}

fn project(plan: &LogicalPlan, below: Absorbed, expressions: &[Expression]) -> Option<Absorbed> {
    let (mut kept, mut columns) = (Vec::new(), Vec::new());
    for (index, expression) in expressions.iter().enumerate() {
        let source = expression.as_column().and_then(|column| below.columns.get(column).copied());
        columns.push(match source {
            Some(Source::Window(what)) => Source::Window(what),
            _ => {
                kept.push((plan.schema.get(index)?.name.clone(), over(expression, &below.columns)?));
                Source::Kept(kept.len() - 1)
            }
        });
    }
    // What the function itself reads must go through.
    let mut place = |column: usize| {
        let position = kept.iter().position(|(_, expression)| expression.as_column() == Some(column));
        position.unwrap_or_else(|| {
            kept.push((below.plan.schema.name(column).into(), below.plan.column(column)));
            kept.len() - 1
        })
    };
    let time = place(below.function.time);
    let partition = below.function.partition.iter().map(|column| place(*column)).collect();
    let function = WindowFunction { time, partition, ..below.function };
    Some(Absorbed { plan: below.plan.project(kept), function, columns })
}

/// An expression over the plan without window columns; `None` if it reads one of the window.
fn over(expression: &Expression, columns: &[Source]) -> Option<Expression> {
    let field_of = |column: usize, expression: &Expression| {
        let mut found = None;
        find_field(expression, column, &mut found);
        found
    };
    expression.replace_columns(&|column| match columns.get(column)? {
        Source::Kept(position) => Some(Expression::column(*position, field_of(column, expression)?)),
        Source::Window(_) => None,
    })
}

fn find_field(expression: &Expression, column: usize, found: &mut Option<crate::types::Field>) {
    if expression.as_column() == Some(column) {
        *found = Some(expression.field.clone());
        return;
    }
    for child in expression.children() {
        if found.is_none() {
            find_field(child, column, found);
        }
    }
}
