//! What is said of an operator after it was made.

use std::time::Duration;

use super::builder::JobGraph;
use super::id::NodeId;
use super::node::{ChainingPolicy, Node, Prepare};
use crate::chain::OutputTag;

impl JobGraph {
    fn change(&mut self, node: NodeId, change: impl FnOnce(&mut Node)) {
        if let Some(problem) = self.foreign(node) {
            self.problem.get_or_insert_with(|| problem.to_owned());
        } else if let Some(node) = self.nodes.get_mut(node.0) {
            change(node);
        }
    }

    /// Changes what hands out the splits of a node, where something does.
    fn change_enumerator(&mut self, node: NodeId, change: impl FnOnce(&mut Node)) {
        let own = self.foreign(node).is_none();
        let enumerator = self.nodes.get(node.0).filter(|_| own).and_then(|node| node.enumerator);
        if let Some(enumerator) = enumerator {
            self.change(enumerator, change);
        }
    }

    /// Gives an operator a human-readable name.
    pub fn set_name(&mut self, node: NodeId, name: String) {
        self.change_enumerator(node, |enumerator| {
            enumerator.name = Some(format!("Split enumerator of {name}"))
        });
        self.change(node, |node| node.name = Some(name));
    }

    /// Gives an operator an identifier that snapshots know it by.
    pub fn set_uid(&mut self, node: NodeId, uid: String) {
        self.change_enumerator(node, |enumerator| enumerator.uid = Some(format!("{uid}: splits")));
        self.change(node, |node| node.uid = Some(uid));
    }

    /// Sets how many subtasks an operator has.
    pub fn set_parallelism(&mut self, node: NodeId, parallelism: u32) {
        self.change(node, |node| node.parallelism = Some(parallelism));
    }

    /// Gives an operator the parallelism of what it reads, unless one is set or its input is spread
    /// in a way of its own: for operators that must not change the order of records.
    pub fn follow_input(&mut self, node: NodeId) {
        self.change(node, |node| node.follows_input = true);
    }

    /// Sets how many key groups an operator has.
    pub fn set_max_parallelism(&mut self, node: NodeId, max_parallelism: u32) {
        self.change(node, |node| node.max_parallelism = Some(max_parallelism));
    }

    /// Sets whether an operator is chained.
    pub fn set_chaining(&mut self, node: NodeId, policy: ChainingPolicy) {
        self.change(node, |node| {
            let reads_splits = node.enumerator.is_some() && policy == ChainingPolicy::Always;
            node.chaining = if reads_splits { ChainingPolicy::Head } else { policy };
        });
    }

    /// Sets how long batches of an operator's records that are not full may wait in a subtask that has more to do; `None` for as long
    /// as it has.
    pub fn set_buffer_timeout(&mut self, node: NodeId, timeout: Option<Duration>) {
        self.change(node, |node| node.buffer_timeout = Some(timeout));
    }

    /// Notes that an operator's records carry timestamps, whatever its input's do.
    pub fn mark_assigns_timestamps(&mut self, node: NodeId) {
        self.change(node, |node| node.assigns_timestamps = true);
    }

    /// Notes that an operator works on event time.
    pub fn mark_needs_timestamps(&mut self, node: NodeId) {
        self.change(node, |node| node.needs_timestamps = true);
    }

    /// Notes that an operator goes on only as checkpoints complete.
    pub fn mark_needs_checkpoints(&mut self, node: NodeId) {
        self.change(node, |node| node.needs_checkpoints = true);
    }

    /// Notes that an operator's records carry timestamps if those of its first input do, whatever
    /// the second input is: a bounded table that the operator waits for needs none.
    pub fn mark_first_input_has_time(&mut self, node: NodeId) {
        self.change(node, |node| node.first_input_has_time = true);
    }

    /// Notes that an operator is no more than a function of its records: it has neither state nor side
    /// outputs. It does not count when others are given identifiers by their place in the graph, so that
    /// it can come and go without their losing their state.
    pub fn mark_stateless(&mut self, node: NodeId) {
        self.change(node, |node| (node.stateful, node.side_outputs) = (false, Some(Vec::new())));
    }

    /// Notes that an operator emits to these side outputs at most: to read another from it is a mistake that can be
    /// reported before anything runs. To be said before any is read.
    pub fn mark_side_outputs(&mut self, node: NodeId, tags: impl IntoIterator<Item = OutputTag<()>>) {
        self.change(node, |node| node.side_outputs = Some(tags.into_iter().collect()));
    }

    /// Notes that an operator uses something that no other operator may use besides it, a folder it
    /// writes to for instance.
    pub fn mark_uses(&mut self, node: NodeId, resource: impl Into<String>) {
        self.change(node, |node| node.resources.push(resource.into()));
    }

    /// Notes that a side output is read from an operator. Where it is read at all, no other may emit
    /// to it.
    pub fn mark_side_read<T>(&mut self, node: NodeId, tag: &OutputTag<T>) {
        self.change(node, |node| {
            let emits = node.side_outputs.as_deref().and_then(|known| emits_to_others(known, tag));
            if let Some(emits) = emits {
                node.problem.get_or_insert_with(|| {
                    format!(
                        "the side output `{}` is read from it, but it emits to {emits}: call `side_output` on \
                         the stream of the operator that does",
                        tag.name()
                    )
                });
            }
        });
        self.side_reads.entry(tag.id()).or_default().insert(node);
    }

    /// Notes a mistake that the user has made with an operator, to be reported before anything runs.
    pub fn mark_problem(&mut self, node: NodeId, problem: impl Into<String>) {
        self.change(node, |node| {
            node.problem.get_or_insert_with(|| problem.into());
        });
    }

    /// Sets what is to be done before an operator is first deployed without restored state.
    pub fn set_prepare(&mut self, node: NodeId, prepare: Prepare) {
        self.change(node, |node| node.prepare = Some(prepare));
    }
}

/// What an operator emits to that is known to emit to `known` at most, if `tag` is not among them.
fn emits_to_others<T>(known: &[OutputTag<()>], tag: &OutputTag<T>) -> Option<String> {
    if known.iter().any(|known| known.id() == tag.id()) {
        return None;
    }
    let names: Vec<_> = known.iter().map(|known| format!("`{}`", known.name())).collect();
    Some(match names.as_slice() {
        [] => "none".to_owned(),
        _ if known.iter().any(|known| known.name() == tag.name()) => {
            format!(
                "another tag of this name (a tag is the same only if it is a clone), of {}",
                names.join(", ")
            )
        }
        _ => format!("{} only", names.join(", ")),
    })
}
