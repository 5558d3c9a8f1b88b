//! Aggregation in two phases: rows are added up where they are, and what they add up to goes to the subtask of the key.

use crate::plan::changelog::ModifyKinds;
use crate::plan::{AggregateFunction, PartialColumn, PhysicalNode, PhysicalPlan};
use crate::types::{Field, NamedField, Schema, SqlType};

/// The plan with a local and a global aggregate for each group aggregate that can be in two, if `is_on`.
pub(super) fn apply(mut plan: PhysicalPlan, is_on: bool) -> PhysicalPlan {
    plan.inputs = plan.inputs.into_iter().map(|input| apply(input, is_on)).collect();
    if !is_on || !can_be_split(&plan) {
        return plan;
    }
    split(plan)
}

/// Whether all results of a group can be put together of those of parts of its rows.
fn can_be_split(plan: &PhysicalPlan) -> bool {
    let PhysicalNode::GroupAggregate { calls, .. } = &plan.node else { return false };
    let is_exchanged = plan.input().is_some_and(|input| matches!(input.node, PhysicalNode::Exchange { .. }));
    let retracts = plan.input().is_some_and(|input| !input.changelog.is_insert_only());
    let merges = |function| match function {
        // Which value is first or last is not known of parts of the rows, nor which is the only one while one takes the
        // place of another.
        AggregateFunction::FirstValue | AggregateFunction::LastValue | AggregateFunction::SingleValue => {
            false
        }
        // The value that is taken back may be in another part.
        AggregateFunction::ListAggregate => !retracts,
        _ => true,
    };
    is_exchanged && calls.iter().all(|call| merges(call.function))
}

fn names(columns: &[usize], input: &Schema) -> String {
    columns.iter().map(|column| input.name(*column)).collect::<Vec<_>>().join("$")
}

fn split(mut plan: PhysicalPlan) -> PhysicalPlan {
    let exchange = plan.inputs.pop();
    let rows = exchange.and_then(|mut exchange| exchange.inputs.pop());
    let (PhysicalNode::GroupAggregate { keys, calls, ttl }, Some(rows)) = (plan.node.clone(), rows) else {
        return plan;
    };
    let retracts = !rows.changelog.is_insert_only();
    let input = rows.schema.clone();
    let partials = PartialColumn::of(&calls, retracts);
    let key_columns = keys.iter().filter_map(|key| input.get(*key).cloned());
    let partial_columns = partials.iter().map(|partial| {
        let (name, data_type) = match partial {
            PartialColumn::Accumulator(call) => (format!("accumulator${call}"), SqlType::BYTES),
            PartialColumn::RowCount => ("count1".to_owned(), SqlType::BigInt),
            PartialColumn::Distinct(arguments) => {
                (format!("distinct${}", names(arguments, &input)), SqlType::BYTES)
            }
        };
        NamedField::new(name, Field::required(data_type))
    });
    let schema: Schema = key_columns.chain(partial_columns).collect();
    let of_keys: Vec<usize> = (0..keys.len()).collect();
    let node = PhysicalNode::LocalGroupAggregate { keys: keys.clone(), calls: calls.clone(), retracts };
    let local = PhysicalPlan::new(node, vec![rows], schema);
    let local = PhysicalPlan { changelog: ModifyKinds::INSERT, ..local };
    let exchange = local.exchange(of_keys);
    let node = PhysicalNode::GlobalGroupAggregate { keys, calls, input, retracts, ttl };
    PhysicalPlan { node, inputs: vec![exchange], ..plan }
}
