//! Aggregates in two phases, with what the first hands to the second.

use super::physical::{aggregate, state_ttl_hint};
use crate::plan::{AggregateCall, AggregateFunction, PhysicalNode, PhysicalPlan};
use crate::types::Schema;

/// What an aggregate of one phase does; empty for other operators.
pub(super) fn attributes(plan: &PhysicalPlan) -> Vec<(&'static str, String)> {
    let (keys, calls, input, retracts, is_local) = match (&plan.node, plan.input()) {
        (PhysicalNode::LocalGroupAggregate { keys, calls, retracts }, Some(input)) => {
            (keys, calls, &input.schema, *retracts, true)
        }
        (PhysicalNode::GlobalGroupAggregate { keys, calls, input, retracts, .. }, _) => {
            (keys, calls, input, *retracts, false)
        }
        _ => return Vec::new(),
    };
    let names: Vec<&str> = keys.iter().map(|key| input.name(*key)).collect();
    let mut select: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut buffers = Buffers::default();
    let distinct = distinct_arguments(calls);
    for (index, call) in calls.iter().enumerate() {
        let accumulated = buffers.of(call, retracts);
        let shared = distinct.iter().position(|known| call.distinct && **known == call.arguments);
        let shared = shared.map_or_else(String::new, |number| format!("distinct${number} "));
        if is_local {
            let text =
                aggregate(&AggregateCall { distinct: false, ..call.clone() }, &columns(input), retracts);
            let text = text.replacen('(', &format!("({shared}"), 1);
            select.push(format!("{text} AS {accumulated}"));
        } else {
            let retraction = if retracts { "_RETRACT" } else { "" };
            let result = plan.schema.name(keys.len() + index);
            select.push(format!("{}{retraction}({shared}{accumulated}) AS {result}", call.function));
        }
    }
    let count_star = retracts.then(|| buffers.next("count1"));
    if is_local {
        select.extend(count_star.as_ref().map(|name| format!("COUNT_RETRACT(*) AS {name}")));
        let distinct = distinct.iter().enumerate();
        select.extend(distinct.map(|(number, arguments)| {
            let arguments: Vec<&str> = arguments.iter().map(|argument| input.name(*argument)).collect();
            format!("DISTINCT({}) AS distinct${number}", arguments.join(", "))
        }));
    }
    let mut attributes = Vec::new();
    if !names.is_empty() {
        attributes.push(("groupBy", names.join(", ")));
    }
    attributes.push(("select", select.join(", ")));
    if !is_local && retracts {
        attributes.push(("indexOfCountStar", calls.len().to_string()));
    }
    if let PhysicalNode::GlobalGroupAggregate { ttl: Some(ttl), .. } = &plan.node {
        attributes.push(("stateTtlHints", state_ttl_hint(ttl)));
    }
    attributes
}

fn columns(input: &Schema) -> Vec<&str> {
    input.names().collect()
}

/// The arguments of which different values count, each once.
fn distinct_arguments(calls: &[AggregateCall]) -> Vec<&Vec<usize>> {
    let mut distinct: Vec<&Vec<usize>> = Vec::new();
    for call in calls.iter().filter(|call| call.distinct) {
        if !distinct.contains(&&call.arguments) {
            distinct.push(&call.arguments);
        }
    }
    distinct
}

/// Gives names to what calls accumulate, as Flink does.
#[derive(Default)]
struct Buffers {
    given: usize,
}

impl Buffers {
    fn next(&mut self, name: &str) -> String {
        self.given += 1;
        format!("{name}${}", self.given - 1)
    }

    /// What a call accumulates: one name, or several in parentheses.
    fn of(&mut self, call: &AggregateCall, retracts: bool) -> String {
        let names: &[&str] = match call.function {
            AggregateFunction::Count if call.arguments.is_empty() => &["count1"],
            AggregateFunction::Count => &["count"],
            AggregateFunction::Sum if retracts => &["sum", "count"],
            AggregateFunction::Sum => &["sum"],
            AggregateFunction::Average => &["sum", "count"],
            AggregateFunction::Minimum => &["min"],
            AggregateFunction::Maximum => &["max"],
            AggregateFunction::FirstValue => &["first_value"],
            AggregateFunction::LastValue => &["last_value"],
            AggregateFunction::ListAggregate if retracts || call.arguments.len() > 1 => &["listagg"],
            AggregateFunction::ListAggregate => &["accDelimiter", "concatAcc"],
            AggregateFunction::SingleValue => &["value", "count"],
        };
        let names: Vec<String> = names.iter().map(|name| self.next(name)).collect();
        match names.as_slice() {
            [only] => only.clone(),
            _ => format!("({})", names.join(", ")),
        }
    }
}
