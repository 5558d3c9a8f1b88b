//! Columns that nobody reads are not made: neither by sources nor on the way. Of a row that is read field by field, only
//! those fields are.

use std::collections::BTreeSet;

use crate::plan::{
    AggregateCall, ColumnPath, Expression, LogicalNode, LogicalPlan, Scan, SortKey, WindowFunction,
};
use crate::types::{NamedField, Schema};

/// The plan without what nobody reads. Its own columns stay.
pub(super) fn prune(plan: LogicalPlan) -> LogicalPlan {
    let all = (0..plan.schema.len()).map(ColumnPath::column).collect();
    let schema = plan.schema.clone();
    let (plan, _) = narrow(plan, all);
    LogicalPlan { schema, ..plan }
}

/// The plan with only what is required, and which path each of its columns is of what the plan had before: each
/// required path, or one that it begins with, in order.
fn narrow(plan: LogicalPlan, required: BTreeSet<ColumnPath>) -> (LogicalPlan, Vec<ColumnPath>) {
    let schema = plan.schema.clone();
    match plan.node {
        LogicalNode::Scan(scan) => {
            let mut required = required;
            if scan.keyed {
                let place =
                    |key: &usize| scan.columns.iter().position(|path| *path == ColumnPath::column(*key));
                required.extend(scan.table.primary_key.iter().filter_map(place).map(ColumnPath::column));
            }
            let provided = ColumnPath::outermost(required);
            let paths = provided.iter().filter_map(|path| {
                // Positions in the scan's columns become those in the columns of the table.
                let root = scan.columns.get(path.root())?;
                let mut path = path.clone();
                *path.0.first_mut()? = root.root();
                let mut whole = root.clone();
                whole.0.extend(path.fields());
                Some(whole)
            });
            let columns: Vec<_> = paths.collect();
            let schema = provided.iter().map(|path| path_field(&schema, path)).collect();
            let scan = Scan { table: scan.table, columns, keyed: scan.keyed };
            (LogicalPlan { node: LogicalNode::Scan(scan), schema }, provided)
        }
        LogicalNode::Project { input, expressions } => {
            let provided = ColumnPath::outermost(required);
            let chosen: Vec<Expression> = provided
                .iter()
                .filter_map(|path| {
                    let expression = expressions.get(path.root())?.clone();
                    path.fields().iter().try_fold(expression, |value, field| Expression::field(value, *field))
                })
                .collect();
            let mut below = BTreeSet::new();
            chosen.iter().for_each(|expression| ColumnPath::collect(expression, &mut below));
            let (input, from_below) = narrow(*input, below);
            let expressions =
                chosen.iter().filter_map(|expression| ColumnPath::rewrite(expression, &from_below)).collect();
            let schema = provided.iter().map(|path| path_field(&schema, path)).collect();
            (
                LogicalPlan { node: LogicalNode::Project { input: Box::new(input), expressions }, schema },
                provided,
            )
        }
        LogicalNode::Filter { input, condition } => {
            let mut below = required;
            ColumnPath::collect(&condition, &mut below);
            let (input, provided) = narrow(*input, below);
            let schema = input.schema.clone();
            let condition = ColumnPath::rewrite(&condition, &provided).unwrap_or(condition);
            (
                LogicalPlan { node: LogicalNode::Filter { input: Box::new(input), condition }, schema },
                provided,
            )
        }
        LogicalNode::Watermark { input, column, expression } => {
            let mut below = required;
            below.insert(ColumnPath::column(column));
            ColumnPath::collect(&expression, &mut below);
            let (input, provided) = narrow(*input, below);
            let expression = ColumnPath::rewrite(&expression, &provided).unwrap_or(expression);
            let position =
                provided.iter().position(|path| *path == ColumnPath::column(column)).unwrap_or_default();
            (input.watermark(position, expression), provided)
        }
        LogicalNode::Aggregate { input, keys, calls, ttl } => {
            let mut below: BTreeSet<_> = keys.iter().copied().map(ColumnPath::column).collect();
            let results =
                required.iter().map(ColumnPath::root).filter_map(|root| root.checked_sub(keys.len()));
            let mut kept: Vec<usize> = results.collect();
            kept.dedup();
            let calls: Vec<_> = kept.iter().filter_map(|call| calls.get(*call).cloned()).collect();
            let read = calls.iter().flat_map(|call| call.arguments.iter().chain(&call.filter));
            below.extend(read.copied().map(ColumnPath::column));
            let (input, provided) = narrow(*input, below);
            let place = |column: usize| {
                provided.iter().position(|path| *path == ColumnPath::column(column)).unwrap_or(column)
            };
            let columns: Vec<_> = (0..keys.len()).chain(kept.iter().map(|call| call + keys.len())).collect();
            let calls = calls.into_iter().map(|call| AggregateCall {
                arguments: call.arguments.iter().copied().map(place).collect(),
                filter: call.filter.map(place),
                ..call
            });
            let (calls, placed) = (calls.collect(), keys.iter().copied().map(place).collect());
            let plan = input.aggregate(placed, calls, schema.project(&columns)).with_group_ttl(ttl);
            (plan, columns.into_iter().map(ColumnPath::column).collect())
        }
        LogicalNode::Join { left, right, kind, condition, hints } => {
            // Both sides provide in the order of their columns, so that what the join provides is in order, too.
            let columns = left.schema.len();
            let mut below = required;
            ColumnPath::collect(&condition, &mut below);
            let mut shifted = below.split_off(&ColumnPath::column(columns));
            shifted = shifted.into_iter().map(|path| path.moved(|root| root - columns)).collect();
            let (left, from_left) = narrow(*left, below);
            let (right, from_right) = narrow(*right, shifted);
            let from_right = from_right.into_iter().map(|path| path.moved(|root| root + columns));
            let mut provided: Vec<_> = from_left.into_iter().chain(from_right).collect();
            let condition = ColumnPath::rewrite(&condition, &provided).unwrap_or(condition);
            if kind.is_left_only() {
                provided.truncate(left.schema.len());
            }
            let names = provided.iter().map(|path| path_field(&schema, path));
            let names: Schema = names.collect();
            let joined = left.join(right, kind, condition).with_join_hints(hints);
            (LogicalPlan { schema: names, ..joined }, provided)
        }
        LogicalNode::WindowTvf { input, function, columns } => {
            let before = input.schema.len();
            let (mut below, mut of_window) = (BTreeSet::new(), BTreeSet::new());
            for path in required {
                if path.root() < before {
                    below.insert(path)
                } else {
                    of_window.insert(path.root())
                };
            }
            below.insert(ColumnPath::column(function.time));
            below.extend(function.partition.iter().copied().map(ColumnPath::column));
            let (input, mut provided) = narrow(*input, below);
            let place = |column: usize| {
                provided.iter().position(|path| *path == ColumnPath::column(column)).unwrap_or(column)
            };
            let partition = function.partition.iter().copied().map(place).collect();
            let function = WindowFunction { time: place(function.time), partition, ..function };
            let kept = of_window.iter().filter_map(|column| columns.get(column - before).copied());
            let plan = input.windows(function, kept.collect());
            provided.extend(of_window.into_iter().map(ColumnPath::column));
            (plan, provided)
        }
        LogicalNode::RowNumber { input, partition, order } => {
            let number = input.schema.len();
            let (input, provided, place) = below_order(*input, required, &partition, &order, number);
            let partition = partition.into_iter().map(&place).collect();
            let order = order.into_iter().map(|key| key.at(place(key.column))).collect();
            let mut provided = provided;
            provided.push(ColumnPath::column(number));
            (input.row_number(partition, order), provided)
        }
        LogicalNode::Rank { input, partition, order, start, end, number, form } => {
            let (column, all) = (input.schema.len(), required);
            // A number that nobody reads is not made: then rows only enter and leave.
            let number = number && all.iter().any(|path| path.root() == column);
            let (input, mut provided, place) = below_order(*input, all, &partition, &order, column);
            let partition = partition.into_iter().map(&place).collect();
            let order = order.into_iter().map(|key| key.at(place(key.column))).collect();
            if number {
                provided.push(ColumnPath::column(column));
            }
            (input.rank(partition, order, (start, end), number, form), provided)
        }
        LogicalNode::Sort { input, order } => {
            let column = input.schema.len();
            let (input, provided, place) = below_order(*input, required, &[], &order, column);
            let order = order.into_iter().map(|key| key.at(place(key.column))).collect();
            (input.sort(order), provided)
        }
        // Its columns are those of groups, which are all needed.
        LogicalNode::ReplicateRows { input } => {
            let columns: Vec<_> = (0..input.schema.len()).collect();
            let node = LogicalNode::ReplicateRows { input: Box::new(only(*input, &columns)) };
            let provided = (0..schema.len()).map(ColumnPath::column).collect();
            (LogicalPlan { node, schema }, provided)
        }
        // It is put into a plan when nothing is pruned any more.
        LogicalNode::Expand { input, projections } => {
            let columns: Vec<_> = (0..input.schema.len()).collect();
            let node = LogicalNode::Expand { input: Box::new(only(*input, &columns)), projections };
            let provided = (0..schema.len()).map(ColumnPath::column).collect();
            (LogicalPlan { node, schema }, provided)
        }
        node @ (LogicalNode::Values(_) | LogicalNode::Union { .. }) => {
            let whole: BTreeSet<_> = required.iter().map(|path| ColumnPath::column(path.root())).collect();
            let provided = ColumnPath::outermost(whole);
            let columns: Vec<_> = provided.iter().map(ColumnPath::root).collect();
            let schema = schema.project(&columns);
            let node = match node {
                LogicalNode::Union { inputs } => {
                    let inputs = inputs.into_iter().map(|input| only(input, &columns)).collect();
                    LogicalNode::Union { inputs }
                }
                LogicalNode::Values(rows) => {
                    let rows = rows
                        .into_iter()
                        .map(|row| columns.iter().filter_map(|column| row.get(*column).cloned()).collect());
                    LogicalNode::Values(rows.collect())
                }
                other => other,
            };
            (LogicalPlan { node, schema }, provided)
        }
    }
}

/// The input of what orders its rows, with what is required of it and what it is ordered by; what it provides; and where
/// it has a column. `number` is the column that is not the input's.
fn below_order(
    input: LogicalPlan,
    mut required: BTreeSet<ColumnPath>,
    partition: &[usize],
    order: &[SortKey],
    number: usize,
) -> (LogicalPlan, Vec<ColumnPath>, impl Fn(usize) -> usize + use<>) {
    required.retain(|path| path.root() != number);
    let read = partition.iter().copied().chain(order.iter().map(|key| key.column));
    required.extend(read.map(ColumnPath::column));
    let (input, provided) = narrow(input, required);
    let columns = provided.clone();
    let place =
        move |column| columns.iter().position(|path| *path == ColumnPath::column(column)).unwrap_or(column);
    (input, provided, place)
}

/// The plan with these columns alone, whole.
fn only(plan: LogicalPlan, columns: &[usize]) -> LogicalPlan {
    let names = plan.schema.clone();
    let (plan, provided) = narrow(plan, columns.iter().copied().map(ColumnPath::column).collect());
    // The input of a filter has what the filter reads, too.
    let chosen = columns.iter().filter_map(|column| {
        let position = provided.iter().position(|path| *path == ColumnPath::column(*column))?;
        Some((names.get(*column)?.name.clone(), plan.column(position)))
    });
    let chosen: Vec<_> = chosen.collect();
    if chosen.len() == plan.schema.len() { plan } else { plan.project(chosen) }
}

/// The name and type of what is at a path.
fn path_field(schema: &Schema, path: &ColumnPath) -> NamedField {
    let root = Expression::column(path.root(), schema.field(path.root()));
    let mut name = schema.name(path.root()).to_owned();
    let mut value = root;
    for field in path.fields() {
        if let crate::types::SqlType::Row(fields) = &value.field.data_type
            && let Some(field) = fields.get(*field)
        {
            name = format!("{name}.{}", field.name);
        }
        match Expression::field(value.clone(), *field) {
            Some(inner) => value = inner,
            None => break,
        }
    }
    NamedField::new(name, value.field)
}
