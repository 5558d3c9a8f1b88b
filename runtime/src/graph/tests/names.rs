//! Identifiers of operators: what they depend on, and what they do not.

use super::*;
use crate::error::ErrorKind;

/// Adds an operator with state, or a mere function.
fn add(graph: &mut JobGraph, kind: &'static str, from: Vec<Upstream<u32>>, stateful: bool) -> Upstream<u32> {
    let (node, port, _) = graph.add_operator(NodeRole::Operator, kind, from, Seen::default().watch());
    if !stateful {
        graph.mark_stateless(node);
    }
    upstream(node, port)
}

/// The identifiers of all operators of these kinds.
fn identifiers(graph: &JobGraph, kind: &str) -> Vec<String> {
    let explained = Plan::explain_graph(graph, settings(2)).unwrap();
    let operators = explained.vertices.into_iter().flat_map(|vertex| vertex.operators);
    operators.filter(|operator| operator.name.starts_with(kind)).map(|operator| operator.id).collect()
}

/// Source, `before`, count, `between`, a union of that with the source, window.
fn job(before: &[&'static str], between: &[&'static str]) -> JobGraph {
    let mut graph = JobGraph::default();
    let source = add_numbers(&mut graph, 9);
    let mut stream = source.clone();
    for kind in before {
        stream = add(&mut graph, kind, vec![stream], false);
    }
    stream = add(&mut graph, "Count", vec![stream], true);
    for kind in between {
        stream = add(&mut graph, kind, vec![stream], false);
    }
    add(&mut graph, "Window", vec![stream, source], true);
    graph
}

#[test]
fn operators_without_state_come_and_go_and_the_others_keep_their_identifiers() {
    let all =
        |graph: &JobGraph| ["Numbers", "Count", "Window"].map(|kind| identifiers(graph, kind).join(" and "));
    let plain = all(&job(&[], &[]));
    assert_ne!(plain[1], plain[2]);
    for (before, between) in [
        (&["Map"][..], &[][..]),
        (&["Map", "Filter", "Map"], &["Map"]),
        (&[], &["Filter", "Filter", "Key by"]),
    ] {
        assert_eq!(all(&job(before, between)), plain, "{before:?}, {between:?}");
    }
}

#[test]
fn operators_with_state_count_for_those_behind_them() {
    let with = |between: &[&'static str]| {
        let mut graph = JobGraph::default();
        let mut stream = add_numbers(&mut graph, 9);
        for kind in between {
            stream = add(&mut graph, kind, vec![stream], true);
        }
        add(&mut graph, "Window", vec![stream], true);
        identifiers(&graph, "Window")
    };
    assert_ne!(with(&[]), with(&["Count"]));
    assert_ne!(with(&["Count"]), with(&["Sum"]));
}

#[test]
fn twins_differ() {
    let mut graph = JobGraph::default();
    let source = add_numbers(&mut graph, 9);
    for _ in 0..3 {
        let filtered = add(&mut graph, "Filter", vec![source.clone()], false);
        add(&mut graph, "Count", vec![filtered], true);
    }
    for kind in ["Filter", "Count"] {
        let mut found = identifiers(&graph, kind);
        found.dedup();
        assert_eq!(found.len(), 3, "{kind}");
    }
}

#[test]
fn uids_that_collide_are_reported_with_both_operators() {
    let mut graph = JobGraph::default();
    let source = add_numbers(&mut graph, 9);
    let count = add(&mut graph, "Count", vec![source], true);
    // What the source's identifier is made of, as long as it has no uid.
    graph.set_uid(count.node, "Numbers()#1".into());
    let error = Plan::new(graph, settings(1)).err().unwrap();
    assert_eq!((error.kind(), error.operator()), (ErrorKind::InvalidJob, Some("Count")));
    assert!(error.to_string().contains("cannot tell it from `Numbers`"), "{error}");
}

#[test]
fn a_chain_of_thousands_is_cut_and_runs() {
    let (mut graph, seen) = (JobGraph::default(), Seen::default());
    let first = add_numbers(&mut graph, 9);
    let mut stream = first.clone();
    for _ in 0..4_000 {
        stream = add(&mut graph, "Map", vec![stream], false);
    }
    graph.add_operator(NodeRole::Sink, "Watch", vec![stream], seen.watch());
    let plan = Plan::new(graph, settings(1)).unwrap();
    let longest = plan.vertices().iter().map(|vertex| vertex.nodes.len()).max();
    assert_eq!((plan.vertices().len(), longest), (41, Some(100)));
    let mut tasks = deploy(&plan, &Placement::Everything).unwrap();
    run(&mut tasks);
    assert_eq!(seen.take(), (0..9).collect::<Vec<_>>());
    drop(tasks);
    // The stream outlives the job, and with it the way to everything behind it.
    drop(plan);
    drop(first);
}
