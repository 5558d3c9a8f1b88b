//! By which columns the rows of a changelog are known: as Flink's `FlinkRelMdUpsertKeys`.

use std::collections::BTreeSet;

use crate::plan::{ColumnPath, PhysicalNode, PhysicalPlan, WindowColumn, WindowKind};

/// Sets of columns of which each is a key: changes with equal values in it are changes of the same row, and no
/// exchange has let them overtake each other.
pub fn upsert_keys(plan: &PhysicalPlan) -> Vec<BTreeSet<usize>> {
    match &plan.node {
        PhysicalNode::Scan { table, columns, .. } => {
            let place = |column: &usize| columns.iter().position(|path| *path == ColumnPath::column(*column));
            let key: Option<BTreeSet<usize>> = table.primary_key.iter().map(place).collect();
            key.filter(|key| !key.is_empty()).into_iter().collect()
        }
        PhysicalNode::Values(_) | PhysicalNode::Union => Vec::new(),
        PhysicalNode::Calc { projection, .. } => {
            let mapped = |key: BTreeSet<usize>| -> Option<BTreeSet<usize>> {
                let place =
                    |column| projection.iter().position(|expression| expression.as_column() == Some(column));
                key.into_iter().map(place).collect()
            };
            of_input(plan).into_iter().filter_map(mapped).collect()
        }
        PhysicalNode::WatermarkAssigner { .. }
        | PhysicalNode::DropUpdateBefore
        | PhysicalNode::Sink { .. } => of_input(plan),
        // Rows that go to subtasks by other columns may overtake each other.
        PhysicalNode::Exchange { keys } => {
            let distribution: BTreeSet<usize> = keys.iter().copied().collect();
            of_input(plan).into_iter().filter(|key| distribution.is_subset(key)).collect()
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
        PhysicalNode::GroupAggregate { keys, .. } => vec![(0..keys.len()).collect()],
    }
}

fn of_input(plan: &PhysicalPlan) -> Vec<BTreeSet<usize>> {
    plan.input().map(upsert_keys).unwrap_or_default()
}
