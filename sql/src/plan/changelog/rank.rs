//! How a rank keeps its rows: as Flink's `RankProcessStrategy` and `RankUtil`.

use std::collections::BTreeSet;

use super::{UpdateKind, through, upsert_keys};
use crate::plan::{AggregateFunction, PhysicalNode, PhysicalPlan, RankForm, RankStrategy, SortKey};
use crate::types::TimeKind;

/// Whether a rank over insertions is the first or last row by a time attribute.
pub(super) fn is_deduplicate(plan: &PhysicalPlan) -> bool {
    time_order(plan).is_some()
}

/// Whether a rank over insertions is the first row by a time attribute, which never changes. One that collects rows does
/// not wait for watermarks, as in Flink: an earlier row may come.
pub(super) fn keeps_first(plan: &PhysicalPlan) -> bool {
    plan.bundle.is_none() && time_order(plan).is_some_and(|order| !order.descending)
}

fn time_order(plan: &PhysicalPlan) -> Option<SortKey> {
    let PhysicalNode::Rank { order, start: 1, end: 1, number: false, form: RankForm::Rank, .. } = &plan.node
    else {
        return None;
    };
    let [only] = order.as_slice() else { return None };
    let input = plan.input()?;
    let kind = input.schema.field(only.column).data_type.time_kind();
    (kind != TimeKind::Regular && input.changelog.is_insert_only()).then_some(*only)
}

/// The rank with the first strategy for which its input can give what it needs.
pub(super) fn decide(plan: PhysicalPlan) -> Option<PhysicalPlan> {
    let is_append = plan.input().is_some_and(|input| input.changelog.is_insert_only());
    if is_append {
        let strategy =
            if is_deduplicate(&plan) { RankStrategy::Deduplicate } else { RankStrategy::AppendFast };
        return Some(with_strategy(through(plan, UpdateKind::None)?, strategy));
    }
    if let Some(key) = fast_key(&plan)
        && let Some(fast) = through(plan.clone(), UpdateKind::OnlyAfter)
    {
        return Some(with_strategy(fast, RankStrategy::UpdateFast(key)));
    }
    Some(with_strategy(through(plan, UpdateKind::BeforeAfter)?, RankStrategy::Retract))
}

fn with_strategy(mut plan: PhysicalPlan, decided: RankStrategy) -> PhysicalPlan {
    if let PhysicalNode::Rank { strategy, .. } = &mut plan.node {
        *strategy = decided;
    }
    plan
}

/// The key of an input whose rows are only replaced by such that come earlier in the order.
fn fast_key(plan: &PhysicalPlan) -> Option<Vec<usize>> {
    let (PhysicalNode::Rank { partition, order, .. }, Some(input)) = (&plan.node, plan.input()) else {
        return None;
    };
    if input.changelog.delete || order.is_empty() {
        return None;
    }
    let partition: BTreeSet<usize> = partition.iter().copied().collect();
    let key = upsert_keys(input).into_iter().find(|key| partition.is_subset(key))?;
    let improves = |key: &SortKey| match (monotonicity(input, key.column)?, key.descending) {
        (Monotonicity::Constant, _)
        | (Monotonicity::Increasing, true)
        | (Monotonicity::Decreasing, false) => Some(()),
        _ => None,
    };
    order.iter().map(improves).collect::<Option<Vec<()>>>()?;
    Some(key.into_iter().collect())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Monotonicity {
    Constant,
    Increasing,
    Decreasing,
}

/// How the values of a column change with the updates of a row: as Flink's `FlinkRelMdModifiedMonotonicity`, of which
/// this has what needs no statistics.
fn monotonicity(plan: &PhysicalPlan, column: usize) -> Option<Monotonicity> {
    match &plan.node {
        PhysicalNode::Exchange { .. } | PhysicalNode::DropUpdateBefore => monotonicity(plan.input()?, column),
        PhysicalNode::Calc { projection, .. } => {
            monotonicity(plan.input()?, projection.get(column)?.as_column()?)
        }
        PhysicalNode::GroupAggregate { keys, calls, .. } if plan.input()?.changelog.is_insert_only() => {
            let Some(call) = column.checked_sub(keys.len()) else { return Some(Monotonicity::Constant) };
            match calls.get(call)?.function {
                AggregateFunction::Count | AggregateFunction::Maximum => Some(Monotonicity::Increasing),
                AggregateFunction::Minimum => Some(Monotonicity::Decreasing),
                _ => None,
            }
        }
        _ => None,
    }
}
