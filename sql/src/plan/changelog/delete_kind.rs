//! The third visit: what is said of rows that are deleted, as Flink's `SatisfyDeleteKindTraitVisitor`.

use super::{DeleteKind, ModifyKinds, join_input_keys, keeps_upsert_key, upsert_keys};
use crate::plan::{JoinCondition, PhysicalNode, PhysicalPlan};

/// The plan in a form that says of deletions what `wanted` says, or more; `None` if there is none.
pub(super) fn delete_kind(plan: PhysicalPlan, wanted: DeleteKind) -> Option<PhysicalPlan> {
    match &plan.node {
        PhysicalNode::Scan { .. } if plan.changelog.key_only_deletes && wanted == DeleteKind::Full => {
            // Rows that are deleted have to be remembered.
            let key = upsert_keys(&plan).into_iter().next()?;
            let given = plan.changelog;
            let plan = plan.changelog_normalize(key.into_iter().collect());
            let update_before = given.update && given.update_before;
            Some(PhysicalPlan { changelog: ModifyKinds { update_before, ..plan.changelog }, ..plan })
        }
        PhysicalNode::Scan { .. } | PhysicalNode::Values(_) => Some(plan),
        // Of a row that is deleted, the condition could not see the other columns.
        PhysicalNode::Calc { .. } if wanted == DeleteKind::ByKey && !keeps_upsert_key(&plan) => None,
        PhysicalNode::Join { condition, .. } => {
            let by_key = [
                joins_by_key(condition, &plan.inputs, 0, wanted),
                joins_by_key(condition, &plan.inputs, 1, wanted),
            ];
            let inputs = plan.inputs.into_iter().zip(by_key).map(|(input, by_key)| {
                let preferred = by_key.then(|| delete_kind(input.clone(), DeleteKind::ByKey)).flatten();
                preferred.or_else(|| delete_kind(input, DeleteKind::Full))
            });
            let inputs = inputs.collect::<Option<_>>()?;
            Some(passing(PhysicalPlan { inputs, ..plan }))
        }
        PhysicalNode::Calc { .. }
        | PhysicalNode::Exchange { .. }
        | PhysicalNode::MiniBatchAssigner { .. }
        | PhysicalNode::DropUpdateBefore
        | PhysicalNode::Union
        | PhysicalNode::Sink { .. } => Some(passing(through(plan, wanted)?)),
        // It remembers rows itself.
        PhysicalNode::ChangelogNormalize { .. } => {
            let plan =
                through(plan.clone(), DeleteKind::ByKey).or_else(|| through(plan, DeleteKind::Full))?;
            Some(full(plan))
        }
        _ => Some(full(through(plan, DeleteKind::Full)?)),
    }
}

/// Whether an input of a join may delete rows by their key: they are found by it, and nothing else of them is looked at.
fn joins_by_key(
    condition: &JoinCondition,
    inputs: &[PhysicalPlan],
    index: usize,
    wanted: DeleteKind,
) -> bool {
    let of_input = |key: &crate::plan::JoinKey| if index == 0 { key.left } else { key.right };
    let columns = condition.keys.iter().map(of_input).collect();
    let keys = inputs.get(index).map(join_input_keys).unwrap_or_default();
    wanted == DeleteKind::ByKey
        && condition.residual.is_none()
        && keys.iter().any(|key| key.is_superset(&columns))
}

fn through(plan: PhysicalPlan, wanted: DeleteKind) -> Option<PhysicalPlan> {
    let inputs = plan.inputs.into_iter().map(|input| delete_kind(input, wanted)).collect::<Option<_>>()?;
    Some(PhysicalPlan { inputs, ..plan })
}

/// The plan of an operator that says of deletions what its inputs say.
fn passing(plan: PhysicalPlan) -> PhysicalPlan {
    let is = plan.inputs.iter().any(|input| input.changelog.delete && input.changelog.key_only_deletes);
    let key_only_deletes = plan.changelog.delete && is;
    PhysicalPlan { changelog: ModifyKinds { key_only_deletes, ..plan.changelog }, ..plan }
}

/// The plan of an operator that says of deletions what rows were.
fn full(plan: PhysicalPlan) -> PhysicalPlan {
    PhysicalPlan { changelog: ModifyKinds { key_only_deletes: false, ..plan.changelog }, ..plan }
}

#[cfg(test)]
mod tests;
