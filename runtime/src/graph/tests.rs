//! Jobs of numbers, deployed by hand: no driver, no coordinator.

mod deploying;
mod mistakes;
mod names;

use std::sync::Arc;
use std::task::Waker;

use millstream_state::{Record, Timestamp};
use parking_lot::Mutex;

use super::*;
use crate::batch::Batch;
use crate::chain::{Operator, OperatorHooks, OperatorInfo, Output, SourceOperator, SourceStatus};
use crate::driver::Sabotage;
use crate::error::Result;
use crate::partition::Partitioning;
use crate::task::{Budget, Progress};
use crate::testing::HarnessServices;

/// Emits every `parallelism`-th number below the end.
struct Numbers {
    next: u32,
    step: u32,
    end: u32,
}

impl OperatorHooks<u32> for Numbers {}

impl SourceOperator<u32> for Numbers {
    fn next(&mut self, output: &mut Output<'_, u32>) -> Result<SourceStatus> {
        if self.next >= self.end {
            return Ok(SourceStatus::Ended);
        }
        output.emit(self.next, Timestamp::MIN)?;
        self.next += self.step;
        Ok(SourceStatus::More)
    }
}

/// Hands records on, and keeps a copy of each with the subtask that saw it.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<(u32, u32)>>>);

struct Watch {
    seen: Seen,
    subtask: u32,
}

impl OperatorHooks<u32> for Watch {}

impl Operator<u32, u32> for Watch {
    fn process(&mut self, batch: &mut Batch<u32>, output: &mut Output<'_, u32>) -> Result<()> {
        let seen = batch.records().iter().map(|number| (self.subtask, *number));
        self.seen.0.lock().extend(seen);
        output.forward(batch)
    }
}

impl Seen {
    fn watch(&self) -> impl Fn(&OperatorInfo) -> Watch + Send + Sync + 'static {
        let seen = self.clone();
        move |info| Watch { seen: seen.clone(), subtask: info.subtask }
    }

    /// What was seen since the last time, in order of number.
    fn take(&self) -> Vec<u32> {
        let mut numbers: Vec<_> = self.0.lock().drain(..).map(|(_, number)| number).collect();
        numbers.sort_unstable();
        numbers
    }
}

fn add_numbers(graph: &mut JobGraph, end: u32) -> Upstream<u32> {
    let make = move |info: &OperatorInfo| Numbers { next: info.subtask, step: info.parallelism, end };
    let (node, port, _) = graph.add_source("Numbers", make);
    upstream(node, port)
}

fn upstream<T: Record>(node: NodeId, port: Port<T>) -> Upstream<T> {
    Upstream { node, port, partitioning: None, partitioner: None }
}

fn spread(mut upstream: Upstream<u32>, partitioning: Partitioning) -> Upstream<u32> {
    upstream.partitioning = Some(partitioning);
    upstream
}

fn settings(parallelism: u32) -> PlanSettings {
    PlanSettings { parallelism, ..PlanSettings::default() }
}

/// Deploys the subtasks of a placement.
fn deploy(plan: &Plan, placement: &Placement) -> Result<Vec<DeployedTask>> {
    let services = Arc::new(HarnessServices::default()).for_task(Sabotage::None);
    let wakers: Vec<_> = plan.subtasks_of(placement).iter().map(|_| Waker::noop().clone()).collect();
    plan.deploy(&Deployment {
        services: &services,
        placement,
        wakers: &wakers,
        restored: None,
        base: None,
        prepared: &Preparations::new(),
        seed: 7,
    })
}

/// Runs tasks in turn, until none of them has anything to do.
fn run(tasks: &mut [DeployedTask]) {
    loop {
        let progress: Vec<_> = tasks
            .iter_mut()
            .map(|deployed| deployed.task.run(Budget::default(), &mut deployed.context).unwrap())
            .collect();
        if progress.iter().all(|progress| *progress == Progress::Waiting) {
            return;
        }
    }
}
