//! The syntax tree: relational algebra before it is optimized.

use super::expression::{Format, calcite_type, text};
use super::{Tree, line, table_parts};
use crate::catalog::Table;
use crate::plan::{
    AggregateCall, Expression, JoinKind, LogicalNode, LogicalPlan, SortKey, WindowForm, WindowFunction,
};

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
        LogicalNode::Expand { input, projections } => {
            let rows = projections.iter().map(|columns| {
                let columns = columns.iter().map(syntax).collect::<Vec<_>>();
                format!("{{{}}}", columns.join(", "))
            });
            let projects = format!("[{}]", rows.collect::<Vec<_>>().join(", "));
            (line("LogicalExpand", &[("projects", projects)]), vec![&**input])
        }
        LogicalNode::ReplicateRows { input } => {
            let attributes = [("invocation", replicate_rows(input.schema.len()))];
            (line("LogicalTableFunctionScan", &attributes), vec![&**input])
        }
        LogicalNode::WindowTvf { input, function, .. } => {
            (window_function(plan, input.schema.len(), function), vec![&**input])
        }
        LogicalNode::Join { left, right, kind, condition, hints } => {
            if hints.lookup.is_some() {
                return snapshot(left, right, *kind, condition);
            }
            let attributes = [("condition", syntax(condition)), ("joinType", join_type(*kind).to_owned())];
            (line("LogicalJoin", &attributes), vec![&**left, &**right])
        }
        LogicalNode::RowNumber { input, partition, order } => {
            let mut columns: Vec<_> = plan.schema.names().map(|name| (name, String::new())).collect();
            let number = row_number(partition, order);
            for (index, (_, column)) in columns.iter_mut().enumerate() {
                *column = if index < input.schema.len() { format!("${index}") } else { number.clone() };
            }
            (line("LogicalProject", &columns), vec![&**input])
        }
        LogicalNode::Sort { input, order } => (limited(order, (1, u64::MAX)), vec![&**input]),
        // Before planning, only ORDER BY and LIMIT are such; ROW_NUMBER becomes one later.
        LogicalNode::Rank { input, order, start, end, .. } => {
            (limited(order, (*start, *end)), vec![&**input])
        }
    };
    Tree { line, inputs: inputs.into_iter().map(node).collect() }
}

/// A join with a table as it is when a row comes.
fn snapshot(left: &LogicalPlan, right: &LogicalPlan, kind: JoinKind, condition: &Expression) -> Tree {
    let attributes =
        [("condition", text(condition, &[], Format::Syntax)), ("joinType", join_type(kind).to_owned())];
    let snapshot = Tree { line: "LogicalSnapshot".to_owned(), inputs: vec![node(right)] };
    Tree { line: line("LogicalJoin", &attributes), inputs: vec![node(left), snapshot] }
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

/// A window table function, with the columns of its result.
fn window_function(plan: &LogicalPlan, before: usize, function: &WindowFunction) -> String {
    let mut arguments = vec![format!("DESCRIPTOR(${})", function.time)];
    arguments.extend(function.kind.arguments().into_iter().map(interval));
    if function.offset != 0 {
        arguments.push(interval(function.offset));
    }
    let name = function.kind.name();
    if matches!(function.form, WindowForm::Group(_)) {
        if let Some(time) = arguments.first_mut() {
            *time = format!("${}", function.time);
        }
        return line("LogicalProject", &[("$f0", format!("${name}({})", arguments.join(", ")))]);
    }
    let columns = plan.schema.iter().take(before + WindowFunction::COLUMNS.len());
    let columns = columns.map(|column| format!("{} {}", calcite_type(&column.field.data_type), column.name));
    let attributes = [
        ("invocation", format!("{name}({})", arguments.join(", "))),
        ("rowType", format!("RecordType({})", columns.collect::<Vec<_>>().join(", "))),
    ];
    line("LogicalTableFunctionScan", &attributes)
}

/// The call of the function by which rows are repeated: the number of times, and the other columns.
pub(super) fn replicate_rows(columns: usize) -> String {
    let columns: Vec<_> = (0..columns).map(|column| format!("${column}")).collect();
    format!("{REPLICATE_ROWS}({})", columns.join(", "))
}

/// What the function is called that repeats rows.
pub(super) const REPLICATE_ROWS: &str = "$REPLICATE_ROWS$1";

/// An interval in the largest unit of which it is a whole number: that is how it is usually written.
fn interval(millis: i64) -> String {
    const UNITS: [(i64, &str); 3] = [(86_400_000, "DAY"), (3_600_000, "HOUR"), (60_000, "MINUTE")];
    let unit = UNITS.into_iter().find(|(unit, _)| millis % unit == 0).map_or("SECOND", |(_, name)| name);
    format!("{millis}:INTERVAL {unit}")
}

const fn join_type(kind: JoinKind) -> &'static str {
    match kind {
        JoinKind::Inner => "inner",
        JoinKind::Left => "left",
        JoinKind::Right => "right",
        JoinKind::Full => "full",
        JoinKind::Semi => "semi",
        JoinKind::Anti => "anti",
    }
}

/// `ROW_NUMBER() OVER (PARTITION BY $0 ORDER BY $1 DESC NULLS LAST)`
fn row_number(partition: &[usize], order: &[SortKey]) -> String {
    let mut over = Vec::new();
    if !partition.is_empty() {
        let columns: Vec<_> = partition.iter().map(|column| format!("${column}")).collect();
        over.push(format!("PARTITION BY {}", columns.join(", ")));
    }
    let keys = order.iter().map(|key| {
        let direction = if key.descending { " DESC" } else { "" };
        format!("${}{direction} NULLS {}", key.column, if key.nulls_last { "LAST" } else { "FIRST" })
    });
    over.push(format!("ORDER BY {}", keys.collect::<Vec<_>>().join(", ")));
    format!("ROW_NUMBER() OVER ({})", over.join(" "))
}

/// ORDER BY, OFFSET and FETCH.
fn limited(order: &[SortKey], (start, end): (u64, u64)) -> String {
    let keys = order.iter().enumerate();
    let columns = keys.clone().map(|(index, key)| (format!("sort{index}"), format!("${}", key.column)));
    let directions = keys.map(|(index, key)| {
        let nulls = if key.nulls_last { "nulls-last" } else { "nulls-first" };
        (format!("dir{index}"), format!("{}-{nulls}", if key.descending { "DESC" } else { "ASC" }))
    });
    let mut attributes: Vec<_> = columns.chain(directions).collect();
    let offset = start.saturating_sub(1);
    if offset > 0 {
        attributes.push(("offset".to_owned(), offset.to_string()));
    }
    if end != u64::MAX {
        attributes.push(("fetch".to_owned(), end.saturating_sub(offset).to_string()));
    }
    let attributes: Vec<_> = attributes.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    line("LogicalSort", &attributes)
}
