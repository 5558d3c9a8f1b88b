//! Attempts, placements and layouts of one graph.

use super::*;
use crate::error::ErrorKind;
use crate::job::{SubtaskId, VertexId};

/// Numbers below 100, spread over all subtasks of a sink.
fn job(seen: &Seen, partitioning: Partitioning) -> Plan {
    let mut graph = JobGraph::default();
    let numbers = spread(add_numbers(&mut graph, 100), partitioning);
    graph.add_operator(NodeRole::Sink, "Watch", vec![numbers], seen.watch());
    Plan::new(graph, settings(3)).unwrap()
}

fn numbers() -> Vec<u32> {
    (0..100).collect()
}

#[test]
fn an_attempt_that_lingers_touches_no_channel_of_the_next() {
    let seen = Seen::default();
    let plan = job(&seen, Partitioning::Rebalance);
    let mut lingering = deploy(&plan, &Placement::Everything).unwrap();
    let mut next = deploy(&plan, &Placement::Everything).unwrap();
    // Neither has lost a channel to the other, and when the older one is dropped, half done and
    // late, the newer one does not notice.
    for deployed in &mut lingering {
        deployed.task.run(Budget { batches: 1, ..Budget::default() }, &mut deployed.context).unwrap();
    }
    let half = lingering.split_off(3);
    drop(half);
    seen.take();
    run(&mut next);
    assert_eq!(seen.take(), numbers());
    drop(lingering);
    drop(next);
    let mut last = deploy(&plan, &Placement::Everything).unwrap();
    run(&mut last);
    assert_eq!(seen.take(), numbers());
}

#[test]
fn processes_build_their_own_subtasks_only() {
    let seen = Seen::default();
    let plan = job(&seen, Partitioning::Forward);
    let both = |index| (0..2).map(move |vertex| SubtaskId { vertex: VertexId(vertex), index });
    let plan = plan.relayout(PlanSettings { chaining: false, ..settings(3) }).unwrap();
    let here = Placement::Only(both(0).chain(both(2)).collect());
    let mut tasks = deploy(&plan, &here).unwrap();
    let built: Vec<_> = tasks.iter().map(|deployed| deployed.subtask.to_string()).collect();
    assert_eq!(built, ["0-0", "0-2", "1-0", "1-2"]);
    run(&mut tasks);
    assert_eq!(seen.take(), numbers().into_iter().filter(|number| number % 3 != 1).collect::<Vec<_>>());

    let mut tasks = deploy(&plan, &Placement::Only(both(1).collect())).unwrap();
    run(&mut tasks);
    assert_eq!(seen.take(), numbers().into_iter().filter(|number| number % 3 == 1).collect::<Vec<_>>());
}

#[test]
fn an_edge_that_leads_out_of_the_process_is_an_error_that_names_its_reader() {
    let plan = job(&Seen::default(), Partitioning::Rebalance);
    let sources = Placement::Only((0..3).map(|index| SubtaskId { vertex: VertexId(0), index }).collect());
    let error = deploy(&plan, &sources).err().unwrap();
    assert_eq!((error.kind(), error.operator()), (ErrorKind::Internal, Some("Watch")));
}

#[test]
fn one_graph_is_laid_out_at_any_parallelism() {
    let seen = Seen::default();
    let mut plan = job(&seen, Partitioning::Rebalance);
    for parallelism in [1, 4, 2] {
        plan = plan.relayout(settings(parallelism)).unwrap();
        let mut tasks = deploy(&plan, &Placement::Everything).unwrap();
        assert_eq!(tasks.len(), 2 * parallelism as usize);
        run(&mut tasks);
        assert_eq!(seen.take(), numbers());
    }
    assert_eq!(plan.relayout(settings(0)).err().map(|error| error.kind()), Some(ErrorKind::InvalidJob));
}

#[test]
fn what_is_prepared_is_shipped_and_not_kept_in_the_plan() {
    use std::sync::atomic::{AtomicU8, Ordering};

    let mut graph = JobGraph::default();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let seen_by_source = seen.clone();
    let (source, _, _) = graph.add_source("Numbers", move |info| {
        seen_by_source.lock().push(info.prepared.clone());
        Numbers { next: 0, step: 1, end: 0 }
    });
    let answers = AtomicU8::new(1);
    graph.set_prepare(
        source,
        Arc::new(move || {
            let answer = answers.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move { Ok(vec![answer]) })
        }),
    );
    let plan = Plan::new(graph, settings(2)).unwrap();
    let prepare = || futures::executor::block_on(plan.run_preparations(|_| false)).unwrap();
    let (first, second) = (prepare(), prepare());
    for prepared in [&second, &first] {
        let services = Arc::new(HarnessServices::default()).for_task(Sabotage::None);
        let wakers = vec![Waker::noop().clone(); 2];
        let (placement, restored, seed) = (&Placement::Everything, None, 7);
        let deployment = Deployment {
            services: &services,
            placement,
            wakers: &wakers,
            restored,
            base: None,
            prepared,
            seed,
        };
        plan.deploy(&deployment).unwrap();
    }
    let seen: Vec<_> = seen.lock().iter().map(|answer| answer.as_deref().map(<[u8]>::to_vec)).collect();
    assert_eq!(seen, [Some(vec![2]), Some(vec![2]), Some(vec![1]), Some(vec![1])]);
    assert!(futures::executor::block_on(plan.run_preparations(|_| true)).unwrap().is_empty());
}
