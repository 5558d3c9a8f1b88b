//! How operators are known in snapshots: by their uid, or by their place among those with state.
//!
//! Operators without state do not count, so that they can come, go and be fused while the others
//! keep theirs.

use std::collections::{BTreeMap, BTreeSet};

use millstream_state::OperatorId;

use super::builder::JobGraph;
use super::check::{display_name, invalid};
use crate::error::Result;

/// Gives every operator its identifier: of its uid, or of its kind, of the nearest operators with
/// state that its records come from, and of how many there are like it before it.
///
/// # Errors
/// If two operators would have the same.
pub(super) fn identify(graph: &JobGraph) -> Result<Vec<OperatorId>> {
    let mut places = BTreeMap::<String, usize>::new();
    let mut identifiers = Vec::<OperatorId>::new();
    // The nearest operators with state that records come from after each.
    let mut origins = Vec::<BTreeSet<OperatorId>>::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        let mut inputs = BTreeMap::<usize, BTreeSet<OperatorId>>::new();
        for edge in graph.edges.iter().filter(|edge| edge.to.0 == index) {
            inputs.entry(edge.input).or_default().extend(origins.get(edge.from.0).into_iter().flatten());
        }
        let identifier = OperatorId::from_uid(&node.uid.clone().unwrap_or_else(|| {
            let of_input = |(input, origins): (&usize, &BTreeSet<OperatorId>)| {
                let origins: Vec<_> = origins.iter().map(ToString::to_string).collect();
                format!("{input}:{}", origins.join("+"))
            };
            let inputs: Vec<_> = inputs.iter().map(of_input).collect();
            // Operators without state are counted apart.
            let mark = if node.stateful { "" } else { "~" };
            let place = format!("{mark}{}({})", node.kind, inputs.join(","));
            let twin = places.entry(place.clone()).or_default();
            *twin += 1;
            format!("{place}#{twin}")
        }));
        origins.push(if node.stateful {
            BTreeSet::from([identifier])
        } else {
            inputs.into_values().flatten().collect()
        });
        identifiers.push(identifier);
    }
    check_distinct(graph, &identifiers)?;
    Ok(identifiers)
}

/// Two operators with one identifier would restore each other's state. Identifiers are hashes of 64
/// bits: only a great many uids, or one that was made for it, collide.
fn check_distinct(graph: &JobGraph, identifiers: &[OperatorId]) -> Result<()> {
    let mut owners = BTreeMap::new();
    for (node, identifier) in graph.nodes.iter().zip(identifiers) {
        if let Some(other) = owners.insert(identifier, node) {
            let problem = format!(
                "snapshots cannot tell it from `{}`, for the identifiers of both are {identifier}: \
                 give one of them another uid",
                display_name(other)
            );
            return Err(invalid(display_name(node), problem));
        }
    }
    Ok(())
}
