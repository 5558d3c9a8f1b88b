//! Mistakes that are reported before anything runs, or at the first record that would be lost.

use super::*;
use crate::error::{Error, ErrorKind};

/// A job of numbers that are watched.
fn job() -> (JobGraph, Upstream<u32>) {
    let mut graph = JobGraph::default();
    let numbers = add_numbers(&mut graph, 9);
    graph.add_operator(NodeRole::Sink, "Watch", vec![numbers.clone()], Seen::default().watch());
    (graph, numbers)
}

fn refused(graph: JobGraph, settings: PlanSettings) -> Error {
    let error = Plan::new(graph, settings).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidJob);
    error
}

#[test]
fn streams_of_two_graphs_do_not_meet() {
    let (mut graph, numbers) = job();
    let (other, stranger) = job();
    graph.add_operator(NodeRole::Sink, "Union", vec![numbers, stranger], Seen::default().watch());
    assert!(refused(graph, settings(1)).to_string().contains("a stream of another environment"));
    assert!(Plan::new(other, settings(1)).is_ok(), "nothing was connected to the other one");
}

#[test]
fn a_stream_does_not_outlive_its_graph() {
    let (mut graph, numbers) = job();
    assert!(Plan::new(graph.take(), settings(1)).is_ok());
    graph.set_name(numbers.node, "late".into());
    assert!(refused(graph.take(), settings(1)).to_string().contains("before the last `execute`"));
    graph.add_operator(NodeRole::Sink, "Watch", vec![numbers], Seen::default().watch());
    assert!(refused(graph.take(), settings(1)).to_string().contains("before the last `execute`"));
    add_numbers(&mut graph, 9);
    assert!(Plan::new(graph.take(), settings(1)).is_ok(), "the mistakes have gone with their jobs");
}

#[test]
fn channels_without_room_are_refused() {
    let error = refused(job().0, PlanSettings { channel_batches: 0, ..settings(2) });
    assert!(error.to_string().contains("room for 0 batches"), "{error}");
}

#[test]
fn two_operators_cannot_use_one_thing() {
    let (mut graph, numbers) = job();
    for name in ["first sink", "second sink"] {
        let watch = Seen::default().watch();
        let (sink, _, _) = graph.add_operator(NodeRole::Sink, "Watch", vec![numbers.clone()], watch);
        graph.set_name(sink, name.into());
        graph.mark_uses(sink, "the folder `out`");
    }
    let error = refused(graph, settings(1)).to_string();
    assert!(
        error.contains("`second sink`") && error.contains("`first sink` uses the folder `out`"),
        "{error}"
    );
}

/// Emits every record to a side output.
struct Aside(OutputTag<u32>);

impl OperatorHooks<u32> for Aside {}

impl Operator<u32, u32> for Aside {
    fn process(&mut self, batch: &mut Batch<u32>, output: &mut Output<'_, u32>) -> Result<()> {
        batch.drain().try_for_each(|number| output.emit_side(&self.0, number, Timestamp::MIN))
    }
}

/// What comes of a job in which `Aside` is followed by `Behind`, where the side output is read from these.
fn aside(read_from: &[usize]) -> (Result<()>, Vec<u32>) {
    let (mut graph, numbers) = job();
    let (tag, seen) = (OutputTag::new("odd ones"), Seen::default());
    let makes = tag.clone();
    let added = graph.add_operator(NodeRole::Operator, "Aside", vec![numbers], move |_| Aside(makes.clone()));
    let main = upstream(added.0, added.1.clone());
    let behind = graph.add_operator(NodeRole::Operator, "Behind", vec![main], Seen::default().watch());
    for which in read_from {
        let (node, _, sides) = if *which == 0 { &added } else { &behind };
        graph.mark_side_read(*node, &tag);
        let side = upstream(*node, sides.port(&tag));
        graph.add_operator(NodeRole::Sink, "Watch", vec![side], seen.watch());
    }
    let plan = Plan::new(graph, settings(1)).unwrap();
    let mut tasks = deploy(&plan, &Placement::Everything).unwrap();
    let outcome = (0..100).try_for_each(|_| {
        tasks.iter_mut().try_for_each(|it| it.task.run(Budget::default(), &mut it.context).map(drop))
    });
    (outcome, seen.take())
}

#[test]
fn a_side_output_that_is_read_elsewhere_fails_at_the_first_record() {
    let all: Vec<u32> = (0..9).collect();
    let (outcome, seen) = aside(&[]);
    assert!(outcome.is_ok() && seen.is_empty(), "nobody reads it: dropped");
    let (outcome, seen) = aside(&[0]);
    assert!(outcome.is_ok());
    assert_eq!(seen, all);
    let (outcome, seen) = aside(&[1]);
    let error = outcome.unwrap_err();
    assert!(seen.is_empty());
    assert_eq!((error.kind(), error.operator()), (ErrorKind::InvalidJob, Some("Aside")));
    assert!(error.to_string().contains("`odd ones`, which is read from `Behind` only"), "{error}");
    let (outcome, seen) = aside(&[0, 1]);
    assert!(outcome.is_ok(), "one of the readers is right");
    assert_eq!(seen, all);
}

#[test]
fn a_side_output_of_a_mere_function_is_refused() {
    let (mut graph, numbers) = job();
    let (map, _, _) = graph.add_operator(NodeRole::Operator, "Map", vec![numbers], Seen::default().watch());
    graph.mark_stateless(map);
    graph.mark_side_read(map, &OutputTag::<u32>::new("odd ones"));
    let error = refused(graph, settings(1));
    assert!(error.to_string().contains("`odd ones` is read from it, but it emits to none"), "{error}");
}

#[test]
fn a_side_output_that_an_operator_is_known_not_to_emit_to_is_refused() {
    let (late, odd) = (OutputTag::<u32>::new("late"), OutputTag::<u64>::new("odd ones"));
    let same_name = OutputTag::<u32>::new("late");
    let cases = [
        (vec![], odd.untyped(), Some("but it emits to none")),
        (vec![late.untyped()], odd.untyped(), Some("but it emits to `late` only")),
        (vec![late.untyped()], same_name.untyped(), Some("only if it is a clone")),
        (vec![late.untyped(), odd.untyped()], odd.untyped(), None),
    ];
    for (emits, reads, expected) in cases {
        let (mut graph, numbers) = job();
        let watch = Seen::default().watch();
        let (node, _, _) = graph.add_operator(NodeRole::Operator, "Windows", vec![numbers], watch);
        graph.mark_side_outputs(node, emits);
        graph.mark_side_read(node, &reads);
        let problem = Plan::new(graph, settings(1)).err().map(|error| error.to_string());
        match expected {
            None => assert_eq!(problem, None),
            Some(expected) => {
                assert!(problem.as_ref().is_some_and(|it| it.contains(expected)), "{problem:?}")
            }
        }
    }
}

/// What is emitted to one of two tags of a name is not what the other one reads.
#[test]
fn two_tags_of_one_name_are_noticed_at_the_first_record() {
    let (mut graph, numbers) = job();
    let (emitted, read) = (OutputTag::new("odd ones"), OutputTag::<u32>::new("odd ones"));
    let make = move |_: &OperatorInfo| Aside(emitted.clone());
    let (node, _, sides) = graph.add_operator(NodeRole::Operator, "Aside", vec![numbers], make);
    graph.mark_side_read(node, &read);
    let side = upstream(node, sides.port(&read));
    graph.add_operator(NodeRole::Sink, "Watch", vec![side], Seen::default().watch());
    let plan = Plan::new(graph, settings(1)).unwrap();
    let mut tasks = deploy(&plan, &Placement::Everything).unwrap();
    let outcome = (0..100).try_for_each(|_| {
        tasks.iter_mut().try_for_each(|it| it.task.run(Budget::default(), &mut it.context).map(drop))
    });
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.operator()), (ErrorKind::InvalidJob, Some("Aside")));
    assert!(error.to_string().contains("another of this name is read from it"), "{error}");
}
