//! By which columns the rows of a changelog are known: as Flink's `FlinkRelMdUpsertKeys`.

use std::collections::BTreeSet;

use crate::plan::{
    ColumnPath, JoinCondition, JoinKind, PhysicalNode, PhysicalPlan, WindowColumn, WindowKind,
};

/// Sets of columns of which each is a key: changes with equal values in it are changes of the same row, and no
/// exchange has let them overtake each other.
pub fn upsert_keys(plan: &PhysicalPlan) -> Vec<BTreeSet<usize>> {
    match &plan.node {
        PhysicalNode::Scan { table, columns, .. } => {
            let place = |column: &usize| columns.iter().position(|path| *path == ColumnPath::column(*column));
            let key: Option<BTreeSet<usize>> = table.primary_key.iter().map(place).collect();
            key.filter(|key| !key.is_empty()).into_iter().collect()
        }
        PhysicalNode::Values(_)
        | PhysicalNode::Union
        | PhysicalNode::ReplicateRows
        | PhysicalNode::Expand { .. } => Vec::new(),
        PhysicalNode::Calc { projection, .. } => {
            let mapped = |key: BTreeSet<usize>| -> Option<BTreeSet<usize>> {
                let place =
                    |column| projection.iter().position(|expression| expression.as_column() == Some(column));
                key.into_iter().map(place).collect()
            };
            of_input(plan).into_iter().filter_map(mapped).collect()
        }
        PhysicalNode::WatermarkAssigner { .. }
        | PhysicalNode::MiniBatchAssigner { .. }
        | PhysicalNode::DropUpdateBefore
        | PhysicalNode::Sink { .. } => of_input(plan),
        // Rows that go to subtasks by other columns may overtake each other.
        PhysicalNode::Exchange { keys } => {
            let distribution: BTreeSet<usize> = keys.iter().copied().collect();
            of_input(plan).into_iter().filter(|key| distribution.is_subset(key)).collect()
        }
        PhysicalNode::Join { kind, condition, .. } => of_join(plan, *kind, condition),
        // Where a row finds one at most, its own key is enough.
        PhysicalNode::LookupJoin(join) if join.is_unique() => of_input(plan),
        PhysicalNode::WindowJoin { .. } | PhysicalNode::LookupJoin(_) => Vec::new(),
        PhysicalNode::WindowRank { partition, start, end, number, .. } => {
            let mut key: BTreeSet<usize> = partition.iter().copied().collect();
            if start != end && *number {
                key.insert(plan.schema.len().saturating_sub(1));
            }
            if start == end || *number { vec![key] } else { Vec::new() }
        }
        // A window's rows are told apart by the window as well.
        PhysicalNode::WindowAggregate { keys, calls, columns, .. } => {
            let of_window = columns.iter().enumerate().filter(|(_, column)| **column != WindowColumn::Time);
            let of_window = of_window.map(|(index, _)| keys.len() + calls.len() + index);
            vec![(0..keys.len()).chain(of_window).collect()]
        }
        // Rows are multiplied by their windows.
        PhysicalNode::WindowTableFunction { function, columns } => {
            let before = plan.schema.len() - columns.len();
            let needed = [WindowColumn::Start, WindowColumn::End];
            let place = |needed: WindowColumn| columns.iter().position(|column| *column == needed);
            let of_window: Option<Vec<_>> =
                needed.into_iter().map(|needed| Some(before + place(needed)?)).collect();
            match (function.kind, of_window) {
                (WindowKind::Tumble { .. } | WindowKind::Session { .. }, _) => of_input(plan),
                (_, Some(of_window)) => {
                    let with =
                        |key: BTreeSet<usize>| key.into_iter().chain(of_window.iter().copied()).collect();
                    of_input(plan).into_iter().map(with).collect()
                }
                _ => Vec::new(),
            }
        }
        PhysicalNode::GroupAggregate { keys, .. } | PhysicalNode::GlobalGroupAggregate { keys, .. } => {
            vec![(0..keys.len()).collect()]
        }
        // Each bundle has the key again.
        PhysicalNode::LocalGroupAggregate { .. } => Vec::new(),
        PhysicalNode::Rank { partition, start, end, number, .. } => {
            let mut partition: BTreeSet<usize> = partition.iter().copied().collect();
            // A row that takes the place of another is an update of that place, and not of what the input's rows are
            // known by: of the row that was there nothing more is said.
            if start == end {
                return vec![partition];
            }
            match (*number, *start) {
                (true, _) => {
                    partition.insert(plan.schema.len().saturating_sub(1));
                    vec![partition]
                }
                // Rows go and others come.
                (false, 1) => of_input(plan),
                // The places have no number, but they move.
                (false, _) => Vec::new(),
            }
        }
        PhysicalNode::Sort { .. } => Vec::new(),
        PhysicalNode::ChangelogNormalize { key } | PhysicalNode::SinkUpsertMaterializer { key, .. } => {
            vec![key.iter().copied().collect()]
        }
    }
}

/// By which columns the rows of a join's input are known to the subtask that gets them.
///
/// An exchange lets the changes of a row overtake each other that go to different subtasks; those that come to one are
/// in order.
pub fn join_input_keys(input: &PhysicalPlan) -> Vec<BTreeSet<usize>> {
    match (&input.node, input.input()) {
        (PhysicalNode::Exchange { .. }, Some(below)) => upsert_keys(below),
        _ => upsert_keys(input),
    }
}

/// Of a pair, both rows are known. Where a row meets one row at most, its own key is enough.
fn of_join(plan: &PhysicalPlan, kind: JoinKind, condition: &JoinCondition) -> Vec<BTreeSet<usize>> {
    let [left, right] = plan.inputs.as_slice() else { return Vec::new() };
    let lefts = upsert_keys(left);
    if kind.is_left_only() {
        return lefts;
    }
    let shift = left.schema.len();
    let shifted =
        |key: BTreeSet<usize>| -> BTreeSet<usize> { key.into_iter().map(|column| column + shift).collect() };
    let rights: Vec<_> = upsert_keys(right).into_iter().map(shifted).collect();
    let is_unique = |input: &PhysicalPlan, columns: BTreeSet<usize>| {
        join_input_keys(input).iter().any(|key| key.is_subset(&columns))
    };
    let mut keys = Vec::new();
    if !kind.is_right_outer() && is_unique(right, condition.keys.iter().map(|key| key.right).collect()) {
        keys.extend(lefts.iter().cloned());
    }
    if !kind.is_left_outer() && is_unique(left, condition.keys.iter().map(|key| key.left).collect()) {
        keys.extend(rights.iter().cloned());
    }
    for left in &lefts {
        keys.extend(rights.iter().map(|right| left.union(right).copied().collect()));
    }
    keys
}

fn of_input(plan: &PhysicalPlan) -> Vec<BTreeSet<usize>> {
    plan.input().map(upsert_keys).unwrap_or_default()
}
