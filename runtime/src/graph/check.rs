//! Mistakes of the user that can be seen in a graph.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::builder::JobGraph;
use super::layout::PlannedEdge;
use super::node::Node;
use super::plan_settings::PlanSettings;
use crate::error::{Error, ErrorKind, Result};

/// Markers that come more often would measure themselves.
const LEAST_LATENCY_INTERVAL: Duration = Duration::from_millis(1);

pub(super) fn invalid(name: &str, problem: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidJob, problem).in_operator(name)
}

pub(super) fn display_name(node: &Node) -> &str {
    node.name.as_deref().unwrap_or(node.kind)
}

/// Fails with the first mistake that can be seen before operators are given their sizes.
pub(super) fn check(graph: &JobGraph, settings: &PlanSettings) -> Result<()> {
    if let Some(problem) = &graph.problem {
        return Err(Error::new(ErrorKind::InvalidJob, problem));
    }
    if graph.nodes.is_empty() {
        return Err(Error::new(ErrorKind::InvalidJob, "the job has no operators: add a source and a sink"));
    }
    if settings.channel_batches == 0 {
        return Err(Error::new(
            ErrorKind::InvalidJob,
            "channels with room for 0 batches: nothing would ever pass, make it at least 1",
        ));
    }
    if settings.latency_interval.is_some_and(|interval| interval < LEAST_LATENCY_INTERVAL) {
        return Err(Error::new(
            ErrorKind::InvalidJob,
            "latency markers every less than a millisecond: set a longer interval, or none",
        ));
    }
    check_names(graph)?;
    if let Some(node) = graph.nodes.iter().find(|node| node.needs_checkpoints && !settings.checkpoints) {
        return Err(invalid(
            display_name(node),
            "it waits for checkpoints, and the job takes none: call `checkpoint_every` on the environment",
        ));
    }
    check_resources(graph)?;
    check_timestamps(graph)
}

fn check_names(graph: &JobGraph) -> Result<()> {
    let (mut names, mut uids) = (BTreeSet::new(), BTreeSet::new());
    for node in &graph.nodes {
        if let Some(problem) = &node.problem {
            return Err(invalid(display_name(node), problem));
        }
        if let Some(name) = &node.name
            && !names.insert(name)
        {
            return Err(invalid(name, "this name is used for two operators: names must differ"));
        }
        if let Some(uid) = &node.uid
            && !uids.insert(uid)
        {
            let problem =
                format!("the uid `{uid}` is used twice: each operator's state needs one of its own");
            return Err(invalid(display_name(node), problem));
        }
    }
    Ok(())
}

fn check_resources(graph: &JobGraph) -> Result<()> {
    let mut users = BTreeMap::<&str, &Node>::new();
    for node in &graph.nodes {
        for resource in &node.resources {
            if let Some(other) = users.insert(resource, node) {
                let problem = format!("`{}` uses {resource} as well: give each its own", display_name(other));
                return Err(invalid(display_name(node), problem));
            }
        }
    }
    Ok(())
}

fn check_timestamps(graph: &JobGraph) -> Result<()> {
    let mut timed = Vec::<bool>::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        let counts = |input: usize| input == 0 || !node.first_input_has_time;
        let inputs = graph.edges.iter().filter(|edge| edge.to.0 == index && counts(edge.input));
        let inputs: Vec<_> = inputs.collect();
        let inputs_timed =
            !inputs.is_empty() && inputs.iter().all(|edge| timed.get(edge.from.0).copied() == Some(true));
        if node.needs_timestamps && !inputs_timed {
            return Err(invalid(
                display_name(node),
                "it works on event time, but its input has no timestamps: call \
                 `assign_timestamps_and_watermarks` on the stream before it",
            ));
        }
        timed.push(node.assigns_timestamps || inputs_timed);
    }
    Ok(())
}

/// Records that leave a chain must come out of their encoding as they went in, also where they
/// stay in the process: a job that runs in one process runs in several.
pub(super) fn check_records(graph: &JobGraph, edges: &[PlannedEdge]) -> Result<()> {
    for (edge, _) in graph.edges.iter().zip(edges).filter(|(_, planned)| !planned.chained) {
        let (Some(from), Some(to)) = (graph.nodes.get(edge.from.0), graph.nodes.get(edge.to.0)) else {
            continue;
        };
        let (from, to) = (display_name(from), display_name(to));
        let role = format_args!("the records from `{from}` to `{to}`");
        edge.typed.check_records(&role).map_err(|error| error.in_operator(from))?;
    }
    Ok(())
}
