use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use millstream_state::{CheckpointId, OperatorId, Timestamp};

use super::LatencyMarkers;
use crate::batch::Batch;
use crate::chain::{
    Collector, FanOut, LatencyMarker, Link, MarkerSource, NoInput, Operator, OperatorHooks, OperatorInfo,
    Output, Router, SourceLink, SourceOperator, SourceStatus, TaskContext,
};
use crate::channel::{ChannelReceiver, ChannelSender, channel};
use crate::checkpoint::{Barrier, CheckpointMode, SnapshotTarget};
use crate::driver::Sabotage;
use crate::error::Result;
use crate::event::Event;
use crate::input::{Inlet, InputGate};
use crate::job::{SubtaskId, VertexId};
use crate::metrics::{HistogramSnapshot, MetricsRegistry};
use crate::partition::{ByFunction, Partitioner, RoundRobin};
use crate::task::{Budget, OperatorTask, Progress, SourceTask, Task, TaskInputs};
use crate::testing::{HarnessServices, HarnessSetup};

const MILLISECOND: Duration = Duration::from_millis(1);

fn open_channel() -> (ChannelSender<u32>, ChannelReceiver<u32>) {
    let waker = Waker::noop();
    channel(64, Arc::default(), waker.clone(), waker.clone())
}

fn router(
    partitioner: impl Partitioner<u32> + 'static,
    channels: Vec<ChannelSender<u32>>,
) -> Box<dyn Collector<u32>> {
    Box::new(Router::new(Box::new(partitioner), channels, None))
}

/// What has come, as text.
fn received(receiver: &ChannelReceiver<u32>) -> Vec<String> {
    let text = |event| match event {
        Event::Batch(batch) => format!("{} records", batch.len()),
        Event::LatencyMarker(marker) => format!("marker of {} ms", marker.sent.as_millis()),
        Event::Barrier(_) => "barrier".to_owned(),
        other => format!("{other:?}"),
    };
    std::iter::from_fn(|| receiver.try_receive()).map(text).collect()
}

/// A task, its clock and its metrics.
struct TestTask<T> {
    task: T,
    cx: TaskContext,
    services: Arc<HarnessServices>,
    metrics: Arc<MetricsRegistry>,
}

impl<T: Task> TestTask<T> {
    fn new(make: impl FnOnce(&mut TaskContext, OperatorInfo) -> T) -> Self {
        let services = Arc::new(HarnessServices::default());
        let for_task = services.for_task(Sabotage::None);
        let metrics = for_task.metrics.clone();
        let subtask = SubtaskId { vertex: VertexId(0), index: 0 };
        let mut cx = TaskContext::new(subtask, for_task, Waker::from(services.clone()), 1);
        let task = make(&mut cx, HarnessSetup::new().info().unwrap());
        Self { task, cx, services, metrics }
    }

    fn run(&mut self) -> Progress {
        self.task.run(Budget::one_batch(), &mut self.cx).unwrap()
    }

    /// The latencies from the source `clicks`.
    fn latencies(&self) -> Option<HistogramSnapshot> {
        let subtasks = self.metrics.read();
        let (_, operator) = subtasks.values().next().unwrap().operators.first().unwrap();
        operator.latency_from("clicks").cloned()
    }
}

/// Emits a record each time, or has none.
struct Source {
    has_records: bool,
}

impl OperatorHooks<u32> for Source {}

impl SourceOperator<u32> for Source {
    fn next(&mut self, output: &mut Output<'_, u32>) -> Result<SourceStatus> {
        if !self.has_records {
            return Ok(SourceStatus::Waiting);
        }
        output.emit(7, Timestamp::MIN)?;
        Ok(SourceStatus::More)
    }
}

fn source(has_records: bool, interval: Option<Duration>) -> (TestTask<SourceTask>, ChannelReceiver<u32>) {
    let (sender, receiver) = open_channel();
    let task = TestTask::new(|cx, info| {
        cx.set_latency_interval(interval);
        let markers = LatencyMarkers::of(&info, cx);
        let to_first = ByFunction(|_: &u32, _: usize| 0);
        let next = router(to_first, vec![sender]);
        let link = SourceLink::<_, NoInput, _>::new(Source { has_records }, info, next, Vec::new(), cx);
        SourceTask::new(Box::new(link), markers)
    });
    (task, receiver)
}

#[test]
fn a_busy_source_sends_a_marker_each_interval_behind_its_records() {
    let (mut task, receiver) = source(true, Some(10 * MILLISECOND));
    let mut seen = Vec::new();
    for _ in 0..5 {
        assert_eq!(task.run(), Progress::Ready);
        seen.push(received(&receiver));
        task.services.advance(5 * MILLISECOND);
    }
    let marker = |millis: u32| format!("marker of {millis} ms");
    let after = |millis| vec!["2 records".to_owned(), marker(millis)];
    assert_eq!(seen, [vec![marker(0)], vec![], after(10), vec![], after(20)]);
    assert_eq!(task.latencies(), None, "from itself to itself");
}

#[test]
fn a_source_without_records_is_woken_for_its_markers() {
    let (mut task, receiver) = source(false, Some(10 * MILLISECOND));
    assert_eq!(task.run(), Progress::Waiting);
    let mut alarm = task.cx.take_alarm();
    task.services.advance(9 * MILLISECOND);
    assert!(!alarm.rings(task.cx.moment()));
    task.services.advance(MILLISECOND);
    assert!(alarm.rings(task.cx.moment()));
    task.run();
    assert_eq!(received(&receiver), ["marker of 0 ms", "marker of 10 ms"]);
}

#[test]
fn a_source_of_a_job_that_tracks_no_latencies_sends_none() {
    for has_records in [true, false] {
        let (mut task, receiver) = source(has_records, None);
        task.run();
        task.services.advance(Duration::from_secs(60));
        task.run();
        assert!(received(&receiver).iter().all(|event| event.contains("records")));
        assert!(task.cx.take_alarm().is_empty());
    }
}

fn marker(sent: Duration) -> Event<u32> {
    let source = MarkerSource { id: OperatorId::from_uid("clicks"), name: "clicks".into() };
    Event::LatencyMarker(LatencyMarker { source: Arc::new(source), sent })
}

fn barrier() -> Event<u32> {
    Event::Barrier(Arc::new(Barrier {
        checkpoint: CheckpointId::new(1),
        triggered: Timestamp::from_millis(0),
        mode: CheckpointMode::ExactlyOnce,
        target: SnapshotTarget::Checkpoint { base: None },
    }))
}

/// Passes records on, and suspends its work where they are greater than 9.
struct Pass;

impl OperatorHooks<u32> for Pass {}

impl Operator<u32, u32> for Pass {
    fn process(&mut self, batch: &mut Batch<u32>, output: &mut Output<'_, u32>) -> Result<()> {
        batch.drain_while(|record, timestamp| {
            output.emit(record, timestamp)?;
            if record > 9 {
                output.suspend();
            }
            Ok(record <= 9)
        })
    }
}

fn passing(inputs: Vec<ChannelReceiver<u32>>, next: Box<dyn Collector<u32>>) -> TestTask<OperatorTask<u32>> {
    TestTask::new(|cx, info| {
        let link = Link::new(Pass, info, next, Vec::new(), cx);
        let inlets = inputs.into_iter().map(|receiver| Inlet::new(receiver, 0, true)).collect();
        OperatorTask::new(InputGate::new(inlets, 0), TaskInputs::for_test(), Box::new(link))
    })
}

#[test]
fn a_marker_waits_where_records_wait_and_goes_on_behind_them() {
    let ((first, first_in), (second, second_in), (out, receiver)) =
        (open_channel(), open_channel(), open_channel());
    let mut task = passing(vec![first_in, second_in], router(ByFunction(|_: &u32, _: usize| 0), vec![out]));
    for event in [barrier(), Event::Batch(vec![1, 2].into()), marker(5 * MILLISECOND)] {
        first.try_send(event).unwrap();
    }
    task.services.advance(25 * MILLISECOND);
    while task.run() != Progress::Waiting {}
    assert_eq!((received(&receiver), task.latencies()), (vec![], None), "the other barrier is to come");
    task.services.advance(20 * MILLISECOND);
    second.try_send(barrier()).unwrap();
    while task.run() != Progress::Waiting {}
    assert_eq!(received(&receiver), ["barrier", "2 records", "marker of 5 ms"]);
    let latencies = task.latencies().unwrap();
    assert_eq!((latencies.count(), latencies.max()), (1, Some(40)));
}

#[test]
fn a_marker_waits_behind_work_that_is_suspended() {
    let ((sender, input), (out, receiver)) = (open_channel(), open_channel());
    let mut task = passing(vec![input], router(ByFunction(|_: &u32, _: usize| 0), vec![out]));
    sender.try_send(Event::Batch(vec![10, 1].into())).unwrap();
    sender.try_send(marker(Duration::ZERO)).unwrap();
    task.run();
    assert_eq!(task.latencies(), None);
    task.services.advance(3 * MILLISECOND);
    while task.run() != Progress::Waiting {}
    assert_eq!(received(&receiver), ["2 records", "marker of 0 ms"]);
    assert_eq!(task.latencies().unwrap().max(), Some(3));
}

#[test]
fn a_marker_goes_one_of_all_ways() {
    let ((sender, input), (outs, receivers)) =
        (open_channel(), (0..4).map(|_| open_channel()).collect::<(Vec<_>, Vec<_>)>());
    let mut outs = outs.into_iter();
    let mut way = || router(RoundRobin::starting_at(0), outs.by_ref().take(2).collect());
    let mut task = passing(vec![input], Box::new(FanOut::new(vec![way(), way()])));
    for _ in 0..200 {
        sender.try_send(marker(Duration::ZERO)).unwrap();
        while task.run() != Progress::Waiting {}
    }
    let mut counts = [0; 4];
    for _ in 0..4 {
        counts.iter_mut().zip(&receivers).for_each(|(count, receiver)| *count += received(receiver).len());
    }
    assert_eq!(counts.iter().sum::<usize>(), 200);
    assert!(counts.iter().all(|count| (25..=75).contains(count)), "{counts:?}");
}
