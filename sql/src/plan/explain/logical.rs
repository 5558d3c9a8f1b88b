//! The syntax tree: relational algebra before it is optimized.

use super::expression::{Format, text};
use super::{Tree, line, table_parts};
use crate::catalog::Table;
use crate::plan::{AggregateCall, Expression, LogicalNode, LogicalPlan};

pub(super) fn tree(plan: &LogicalPlan, sink: Option<&Table>) -> Tree {
    match sink {
        None => node(plan),
        Some(table) => {
            let names: Vec<&str> = plan.schema.names().collect();
            let attributes = [("table", table.path.to_string()), ("fields", names.join(", "))];
            Tree { line: line("LogicalSink", &attributes), inputs: vec![node(plan)] }
        }
    }
}

fn node(plan: &LogicalPlan) -> Tree {
    let syntax = |expression: &Expression| text(expression, &[], Format::Syntax);
    let (line, inputs): (String, Vec<&LogicalPlan>) = match &plan.node {
        LogicalNode::Scan(scan) => {
            (line("LogicalTableScan", &[("table", format!("[{}]", table_parts(&scan.table)))]), Vec::new())
        }
        LogicalNode::Values(rows) => (line("LogicalValues", &[("tuples", tuples(rows))]), Vec::new()),
        // What an INSERT adds to a query whose columns fit is not there in Flink.
        LogicalNode::Project { input, expressions }
            if matches!(input.node, LogicalNode::Project { .. }) && is_identity(expressions, input) =>
        {
            return node(input);
        }
        LogicalNode::Project { input, expressions } => {
            let columns = plan.schema.names().zip(expressions);
            let columns: Vec<_> = columns.map(|(name, expression)| (name, syntax(expression))).collect();
            (line("LogicalProject", &columns), vec![&**input])
        }
        LogicalNode::Filter { input, condition } => {
            (line("LogicalFilter", &[("condition", syntax(condition))]), vec![&**input])
        }
        LogicalNode::Watermark { input, column, expression } => {
            let rowtime = plan.schema.name(*column).to_owned();
            let attributes = [("rowtime", rowtime), ("watermark", syntax(expression))];
            (line("LogicalWatermarkAssigner", &attributes), vec![&**input])
        }
        LogicalNode::Aggregate { input, keys, calls, .. } => {
            let group: Vec<_> = keys.iter().map(ToString::to_string).collect();
            let mut attributes = vec![("group", format!("{{{}}}", group.join(", ")))];
            for (index, call) in calls.iter().enumerate() {
                attributes.push((plan.schema.name(keys.len() + index), aggregate(call)));
            }
            (line("LogicalAggregate", &attributes), vec![&**input])
        }
        LogicalNode::Union { inputs } => {
            (line("LogicalUnion", &[("all", "true".to_owned())]), inputs.iter().collect())
        }
        #[allow(unreachable_patterns, reason = "operators are added in other places than this")]
        other => {
            (format!("{other:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned(), Vec::new())
        }
    };
    Tree { line, inputs: inputs.into_iter().map(node).collect() }
}

fn is_identity(expressions: &[Expression], input: &LogicalPlan) -> bool {
    expressions.len() == input.schema.len()
        && expressions.iter().enumerate().all(|(index, expression)| expression.as_column() == Some(index))
}

fn aggregate(call: &AggregateCall) -> String {
    let arguments: Vec<_> = call.arguments.iter().map(|column| format!("${column}")).collect();
    let distinct = if call.distinct { "DISTINCT " } else { "" };
    let filter = call.filter.map_or_else(String::new, |column| format!(" FILTER ${column}"));
    format!("{}({distinct}{}){filter}", call.function, arguments.join(", "))
}

/// Constant rows, as Calcite writes them.
pub(super) fn tuples(rows: &[Vec<Expression>]) -> String {
    let rows = rows.iter().map(|row| {
        let values: Vec<_> = row.iter().map(|value| text(value, &[], Format::Syntax)).collect();
        format!("{{ {} }}", values.join(", "))
    });
    format!("[{}]", rows.collect::<Vec<_>>().join(", "))
}
