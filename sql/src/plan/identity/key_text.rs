//! What a key column is, in terms of the columns that tables have: not how it is called on the way, so that other names of it
//! are no other key, and not its name alone, since what is computed has none that says what it is.
//!
//! Names of operators are made of this, and snapshots are found by those: what is written here must never change.

use crate::chunk::write_value;
use crate::plan::changelog::ModifyKinds;
use crate::plan::{Expression, ExpressionKind, LogicalOperator, LookupJoin, PhysicalNode, PhysicalPlan};

/// A column of what a plan gives.
pub(super) fn key_text(plan: &PhysicalPlan, column: usize) -> String {
    match (&plan.node, plan.inputs.as_slice()) {
        (
            PhysicalNode::Exchange { .. }
            | PhysicalNode::WatermarkAssigner { .. }
            | PhysicalNode::ChangelogNormalize { .. }
            | PhysicalNode::DropUpdateBefore,
            [input],
        ) => key_text(input, column),
        (PhysicalNode::ReplicateRows, [input]) => {
            let columns = input.schema.len();
            key_text(input, if column < columns { column } else { column + 1 - columns })
        }
        (PhysicalNode::LookupJoin(join), [input]) => match column.checked_sub(input.schema.len()) {
            None => key_text(input, column),
            Some(right) => format!("{}.{}", join.table.path, fetched(join, right)),
        },
        (PhysicalNode::Expand { .. }, [input]) if column < input.schema.len() => key_text(input, column),
        (PhysicalNode::Calc { projection, .. }, [input]) => match projection.get(column) {
            // Columns of constant rows have no names but those that they get.
            Some(expression) if expression.as_column().is_some() && is_constant(input) => {
                plan.schema.name(column).to_owned()
            }
            Some(expression) => text(expression, input),
            None => plan.schema.name(column).to_owned(),
        },
        // What is read may go by another name at once.
        (PhysicalNode::Scan { table, columns, .. }, _) => match columns.get(column) {
            Some(path) => {
                let name = table.columns.get(path.root()).map_or("", |column| &column.name);
                path.fields().iter().fold(name.to_owned(), |text, field| format!("{text}.{field}"))
            }
            None => plan.schema.name(column).to_owned(),
        },
        _ => plan.schema.name(column).to_owned(),
    }
}

/// A column of what is looked up: that of the table, or what is made of such.
fn fetched(join: &LookupJoin, column: usize) -> String {
    let Some(expression) = join.projection.get(column) else { return String::new() };
    // What is fetched is as if it were read.
    let table = PhysicalPlan::new(
        PhysicalNode::Scan {
            table: join.table.clone(),
            columns: join.columns.clone(),
            changelog: ModifyKinds::INSERT,
            watermark: None,
        },
        Vec::new(),
        join.fetched.clone(),
    );
    text(expression, &table)
}

/// Whether all rows are constants.
fn is_constant(plan: &PhysicalPlan) -> bool {
    match &plan.node {
        PhysicalNode::Values(_) => true,
        PhysicalNode::Calc { .. } => plan.input().is_some_and(is_constant),
        _ => false,
    }
}

/// An expression over the columns of what a plan gives.
fn text(expression: &Expression, input: &PhysicalPlan) -> String {
    let all =
        |values: &[Expression]| values.iter().map(|value| text(value, input)).collect::<Vec<_>>().join(",");
    match &expression.kind {
        ExpressionKind::Column(column) => key_text(input, *column),
        ExpressionKind::Constant(constant) => {
            let mut value = String::new();
            write_value(constant.array(), 0, &expression.field.data_type, &mut value);
            format!("{value:?}:{}", expression.field.data_type)
        }
        ExpressionKind::Field { value, index } => format!("{}.{index}", text(value, input)),
        ExpressionKind::Call { function, arguments } => {
            format!("{}({}):{}", function.name, all(arguments), expression.field.data_type)
        }
        ExpressionKind::Logical { operator, operands } => {
            let name = match operator {
                LogicalOperator::And => "AND",
                LogicalOperator::Or => "OR",
            };
            format!("{name}({})", all(operands))
        }
        ExpressionKind::Case { branches, otherwise } => {
            let branches = branches
                .iter()
                .map(|branch| format!("{}=>{}", text(&branch.condition, input), text(&branch.result, input)));
            let branches: Vec<_> = branches.collect();
            format!("CASE({};{})", branches.join(","), text(otherwise, input))
        }
    }
}
