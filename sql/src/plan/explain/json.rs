//! The job of a plan as JSON, in the form of Flink's `StreamGraph.getStreamingPlanAsJSON`, which plan visualizers read.

use std::fmt::Write;

use super::physical::{name, operator, written_inputs};
use crate::plan::{PhysicalNode, PhysicalPlan};
use crate::translate::is_single;

/// The operators of jobs, each with those that it reads from.
pub fn execution_plan_json(plans: &[&PhysicalPlan], parallelism: u32) -> String {
    let mut nodes = Nodes { written: Vec::new(), parallelism };
    for plan in plans {
        nodes.add(plan);
    }
    format!("{{\n  \"nodes\" : [ {} ]\n}}", nodes.written.join(", "))
}

struct Nodes {
    written: Vec<String>,
    parallelism: u32,
}

/// What an operator reads from, and how rows get there.
struct Edge {
    from: usize,
    strategy: &'static str,
}

impl Nodes {
    /// Adds an operator behind those that it reads from. An exchange is no operator but a way to one.
    fn add(&mut self, plan: &PhysicalPlan) -> Option<Edge> {
        let inputs: Vec<Edge> = written_inputs(plan).filter_map(|input| self.add(input)).collect();
        if let PhysicalNode::Exchange { keys } = &plan.node {
            let strategy = if keys.is_empty() { "GLOBAL" } else { "HASH" };
            return inputs.into_iter().next().map(|edge| Edge { strategy, ..edge });
        }
        let id = self.written.len() + 1;
        let (kind, pact) = match &plan.node {
            PhysicalNode::Scan { table, .. } => (format!("Source: {}[{id}]", table.path.name), "Data Source"),
            PhysicalNode::Values(_) => (format!("Source: Values[{id}]"), "Data Source"),
            PhysicalNode::Sink { table } => (format!("Sink: {}[{id}]", table.path.name), "Data Sink"),
            _ => (format!("{}[{id}]", name(plan)), "Operator"),
        };
        let parallelism = if is_single(plan) { 1 } else { self.parallelism };
        let mut text = format!(
            "{{\n    \"id\" : {id},\n    \"type\" : {},\n    \"pact\" : \"{pact}\",\n    \"contents\" : {},\n    \"parallelism\" : {parallelism}",
            quoted(&kind),
            quoted(&format!("[{id}]:{}", operator(plan)))
        );
        if !inputs.is_empty() {
            let edges = inputs.iter().map(|edge| {
                format!(
                    "{{\n      \"id\" : {},\n      \"ship_strategy\" : \"{}\",\n      \"side\" : \"second\"\n    }}",
                    edge.from, edge.strategy
                )
            });
            // Appending to a string does not fail.
            let _ = write!(text, ",\n    \"predecessors\" : [ {} ]", edges.collect::<Vec<_>>().join(", "));
        }
        text.push_str("\n  }");
        self.written.push(text);
        Some(Edge { from: id, strategy: "FORWARD" })
    }
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
