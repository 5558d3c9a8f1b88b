//! By which columns the rows of a changelog are known: as Flink's `FlinkRelMdUpsertKeys`.

use std::collections::BTreeSet;

use crate::plan::{ColumnPath, PhysicalNode, PhysicalPlan};

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
        PhysicalNode::GroupAggregate { keys, .. } => vec![(0..keys.len()).collect()],
        PhysicalNode::Rank { partition, start, end, number, .. } => {
            let mut partition: BTreeSet<usize> = partition.iter().copied().collect();
            let mut keys = Vec::new();
            if start == end {
                // One row a partition.
                keys.push(partition);
            } else if *number {
                partition.insert(plan.schema.len().saturating_sub(1));
                keys.push(partition);
            }
            keys.extend(of_input(plan));
            keys
        }
        PhysicalNode::Sort { .. } => Vec::new(),
        PhysicalNode::ChangelogNormalize { key } | PhysicalNode::SinkUpsertMaterializer { key, .. } => {
            vec![key.iter().copied().collect()]
        }
    }
}

fn of_input(plan: &PhysicalPlan) -> Vec<BTreeSet<usize>> {
    plan.input().map(upsert_keys).unwrap_or_default()
}
