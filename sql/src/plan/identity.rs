//! By what names snapshots know the operators of a query, so that the query can be changed and keep its state.
//!
//! A name is made of what an operator's state depends on: the table that is written in the end, the kind of the operator,
//! the names of its key columns, and the operators with names that it reads from. Columns that are only passed on,
//! filters, and other INSERTs of the job are no part of it.

use std::collections::BTreeMap;

use millstream_state::OperatorId;

use super::changelog::describe;
use super::{PhysicalNode, PhysicalPlan};
use crate::types::Schema;

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
    let input = |index: usize| plan.inputs.get(index).map_or(&plan.schema, |input| &input.schema);
    let keys = match &plan.node {
        PhysicalNode::Calc { .. }
        | PhysicalNode::MiniBatchAssigner { .. }
        | PhysicalNode::LocalGroupAggregate { .. }
        | PhysicalNode::Exchange { .. }
        | PhysicalNode::Union
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

fn names(columns: impl Iterator<Item = usize>, input: &Schema) -> String {
    columns.map(|column| input.name(column)).collect::<Vec<_>>().join(",")
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
