//! By what names snapshots know the operators of a query, so that the query can be changed and keep its state.
//!
//! A name is made of what an operator's state depends on: the table that is written in the end, the kind of the operator,
//! what its key columns are, and the operators with names that it reads from. Columns that are only passed on,
//! filters, and other INSERTs of the job are no part of it.

mod key_text;

use std::collections::BTreeMap;

use millstream_state::OperatorId;

use self::key_text::key_text;
use super::changelog::describe;
use super::{AggregateCall, PhysicalNode, PhysicalPlan};

/// What stands for the table that is written where a query's rows are the result.
pub const RESULT: &str = "result";

/// Gives out the names of a job's operators.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    given: BTreeMap<String, usize>,
}

impl Identities {
    /// The name of the operator on top of a plan whose rows go to `sink`; `None` for operators that are known by those
    /// around them: they have no state.
    pub fn name(&mut self, plan: &PhysicalPlan, sink: &str) -> Option<String> {
        let name = identity(plan, sink)?;
        // Equal operators of one table are told apart by their order.
        let count = self.given.entry(name.clone()).or_default();
        *count += 1;
        Some(if *count == 1 { name } else { format!("{name}#{count}") })
    }
}

/// The name of the operator on top of a plan, without what tells it from an equal one.
fn identity(plan: &PhysicalPlan, sink: &str) -> Option<String> {
    let input = |index: usize| plan.inputs.get(index).unwrap_or(plan);
    let keys = match &plan.node {
        PhysicalNode::Calc { .. }
        | PhysicalNode::MiniBatchAssigner { .. }
        | PhysicalNode::LocalGroupAggregate { .. }
        | PhysicalNode::Exchange { .. }
        | PhysicalNode::LookupJoin(_)
        | PhysicalNode::Union
        | PhysicalNode::ReplicateRows
        | PhysicalNode::Expand { .. }
        | PhysicalNode::DropUpdateBefore => return None,
        PhysicalNode::Scan { table, .. } | PhysicalNode::Sink { table } => table.path.to_string(),
        PhysicalNode::WatermarkAssigner { column, .. } => plan.schema.name(*column).to_owned(),
        PhysicalNode::GroupAggregate { keys, .. }
        | PhysicalNode::WindowAggregate { keys, .. }
        | PhysicalNode::Rank { partition: keys, .. }
        | PhysicalNode::WindowRank { partition: keys, .. }
        | PhysicalNode::ChangelogNormalize { key: keys }
        | PhysicalNode::SinkUpsertMaterializer { key: keys, .. } => names(keys.iter().copied(), input(0)),
        PhysicalNode::GlobalGroupAggregate { keys, .. } => names(0..keys.len(), input(0)),
        PhysicalNode::Join { condition, .. } | PhysicalNode::WindowJoin { condition, .. } => {
            let left = names(condition.keys.iter().map(|key| key.left), input(0));
            format!("{left};{}", names(condition.keys.iter().map(|key| key.right), input(1)))
        }
        _ => String::new(),
    };
    let origins = plan.inputs.iter().map(|input| origins(input, sink).join("+"));
    let origins: Vec<_> = origins.collect();
    // An aggregate has the same state in one phase and in two.
    let kind = match &plan.node {
        PhysicalNode::GlobalGroupAggregate { .. } => "GroupAggregate",
        node => describe(node),
    };
    Some(format!("{sink}/{kind}[{keys}]({})", origins.join(",")))
}

fn names(columns: impl Iterator<Item = usize>, input: &PhysicalPlan) -> String {
    columns.map(|column| key_text(input, column)).collect::<Vec<_>>().join(",")
}

/// What aggregate functions are called with, in terms of the columns that tables have: for the description of their state.
pub fn call_texts(calls: &[AggregateCall], input: &PhysicalPlan) -> Vec<String> {
    let text = |call: &AggregateCall| {
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        let arguments = call.arguments.iter().map(|argument| {
            format!("{} {}", key_text(input, *argument), input.schema.field(*argument).data_type)
        });
        let arguments = arguments.collect::<Vec<_>>().join(", ");
        let filter = call.filter.map(|filter| format!(" FILTER {}", key_text(input, filter)));
        format!("{}({distinct}{arguments}){}", call.function, filter.unwrap_or_default())
    };
    calls.iter().map(text).collect()
}

/// The nearest operators with names that the rows of a plan come from.
fn origins(plan: &PhysicalPlan, sink: &str) -> Vec<String> {
    match identity(plan, sink) {
        // The hash keeps names short, however deep the plan.
        Some(name) => vec![OperatorId::from_uid(&name).to_string()],
        None => plan.inputs.iter().flat_map(|input| origins(input, sink)).collect(),
    }
}

#[cfg(test)]
mod tests;
