use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use millstream_state::{CheckpointId, Record, Timestamp};

use super::{Budget, OperatorTask, Progress, Task, TaskInputs};
use crate::batch::Batch;
use crate::chain::{Collector, Link, Operator, OperatorHooks, Output, Router, TaskContext};
use crate::channel::{ChannelReceiver, ChannelSender, channel};
use crate::checkpoint::{Barrier, CheckpointMode, Control, SnapshotTarget};
use crate::error::Result;
use crate::event::{Event, StreamStatus};
use crate::input::{Inlet, InputGate};
use crate::job::{SubtaskId, VertexId};
use crate::partition::{ByFunction, ToFirst};
use crate::pool::BatchPool;
use crate::testing::{Captured, Emitted, HarnessServices, HarnessSetup};

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn channels<T>(count: usize) -> (Vec<ChannelSender<T>>, Vec<ChannelReceiver<T>>) {
    let pool = Arc::<BatchPool<T>>::default();
    (0..count).map(|_| channel(64, pool.clone(), Waker::noop().clone(), Waker::noop().clone())).unzip()
}

const MILLISECOND: Duration = Duration::from_millis(1);

/// A task with `inputs` channels, whose chain `head` makes out of what keeps its output.
struct TestTask<I, O> {
    task: OperatorTask<I>,
    cx: TaskContext,
    services: Arc<HarnessServices>,
    inputs: Vec<ChannelSender<I>>,
    output: Captured<O>,
}

impl<I: Record, O: Record> TestTask<I, O> {
    fn new(
        inputs: usize,
        head: impl FnOnce(Box<dyn Collector<O>>, &TaskContext) -> Box<dyn Collector<I>>,
    ) -> Self {
        let services = Arc::new(HarnessServices::default());
        let subtask = SubtaskId { vertex: VertexId(0), index: 0 };
        let cx = TaskContext::new(
            subtask,
            services.for_task(crate::driver::Sabotage::None),
            Waker::from(services.clone()),
            1,
        );
        let (inputs, receivers) = channels(inputs);
        let output = Captured::default();
        let chain = head(Box::new(output.clone()), &cx);
        let inlets = receivers.into_iter().map(|receiver| Inlet::new(receiver, 0, true)).collect();
        let task = OperatorTask::new(InputGate::new(inlets, 0), TaskInputs::for_test(), chain);
        Self { task, cx, services, inputs, output }
    }

    fn send(&self, input: usize, event: Event<I>) {
        assert!(self.inputs[input].try_send(event).is_ok());
    }

    fn run(&mut self, budget: Budget) -> Progress {
        self.task.run(budget, &mut self.cx).unwrap()
    }

    /// Runs until the task waits for input.
    fn settle(&mut self) -> Vec<Emitted<O>> {
        while self.run(Budget::default()) == Progress::Ready {}
        self.output.take()
    }
}

fn batch<T>(records: impl IntoIterator<Item = T>) -> Event<T> {
    Event::Batch(records.into_iter().collect::<Vec<_>>().into())
}

fn barrier(checkpoint: u64) -> Event<u32> {
    Event::Barrier(Arc::new(Barrier {
        checkpoint: CheckpointId::new(checkpoint),
        triggered: at(0),
        mode: CheckpointMode::ExactlyOnce,
        target: SnapshotTarget::Checkpoint { base: None },
    }))
}

#[test]
fn the_end_of_an_input_does_not_end_time_for_one_that_is_idle() {
    let mut task = TestTask::<u32, u32>::new(2, |output, _| output);
    task.send(0, Event::Watermark(at(5)));
    task.send(1, Event::Watermark(at(3)));
    task.send(1, Event::Status(StreamStatus::Idle));
    // As a source ends: time is over in it, then its data.
    task.send(0, Event::Watermark(Timestamp::MAX));
    task.send(0, Event::EndOfData);
    let emitted = task.settle();
    assert!(!emitted.contains(&Emitted::Watermark(Timestamp::MAX)), "{emitted:?}");
    task.send(1, Event::Status(StreamStatus::Active));
    let mut late = Batch::default();
    late.push(7, at(6));
    task.send(1, Event::Batch(late));
    task.send(1, Event::Watermark(at(9)));
    let emitted = task.settle();
    assert!(emitted.contains(&Emitted::Record(7, at(6))));
    assert_eq!(emitted.last(), Some(&Emitted::Watermark(at(9))));
    task.send(1, Event::EndOfData);
    assert_eq!(task.settle(), [Emitted::Watermark(Timestamp::MAX), Emitted::EndOfData]);
}

/// Repeats each record as often as it says, as long as the task need not yield.
#[derive(Default)]
struct Repeat {
    record: u32,
    left: u32,
}

impl Repeat {
    fn go_on(&mut self, output: &mut Output<'_, u32>) -> Result<bool> {
        while self.left > 0 {
            self.left -= 1;
            output.emit(self.record, Timestamp::MIN)?;
            if output.should_yield() {
                output.suspend();
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl OperatorHooks<u32> for Repeat {
    fn resume(&mut self, output: &mut Output<'_, u32>) -> Result<()> {
        self.go_on(output).map(drop)
    }
}

impl Operator<u32, u32> for Repeat {
    fn process(&mut self, batch: &mut Batch<u32>, output: &mut Output<'_, u32>) -> Result<()> {
        batch.drain_while(|record, _| {
            (self.record, self.left) = (record, record);
            self.go_on(output)
        })
    }
}

fn link<Op: Operator<u32, u32>>(
    operator: Op,
    next: Box<dyn Collector<u32>>,
    cx: &TaskContext,
) -> Box<dyn Collector<u32>> {
    let info = HarnessSetup::new().info().unwrap();
    Box::new(Link::new(operator, info, next, Vec::new(), cx))
}

#[test]
fn suspended_work_comes_before_all_that_follows_it() {
    // Two in a chain: while the second has suspended its work, what the first makes waits for it.
    let mut task = TestTask::new(1, |output, cx| {
        let second = link(Repeat::default(), output, cx);
        link(Repeat::default(), second, cx)
    });
    task.send(0, batch([40, 41]));
    task.send(0, Event::Watermark(at(1)));
    task.send(0, barrier(1));
    task.send(0, batch([42]));
    task.send(0, Event::EndOfData);
    let (mut emitted, mut runs, mut most) = (Vec::new(), 0, 0);
    while task.run(Budget::one_batch()) == Progress::Ready {
        let now = task.output.take();
        most = most.max(now.len());
        emitted.extend(now);
        runs += 1;
        assert!(runs < 10_000, "it goes on and on");
    }
    emitted.extend(task.output.take());
    let repeated = |number: u32| {
        std::iter::repeat_n(Emitted::Record(number, Timestamp::MIN), (number * number) as usize)
    };
    let mut expected: Vec<_> = repeated(40).chain(repeated(41)).collect();
    expected.push(Emitted::Watermark(at(1)));
    expected.push(Emitted::Barrier(CheckpointId::new(1)));
    expected.extend(repeated(42));
    expected.push(Emitted::Watermark(Timestamp::MAX));
    expected.push(Emitted::EndOfData);
    assert_eq!(emitted, expected);
    assert!(runs > 3, "the work was suspended: {runs} runs");
    assert!(most <= 3 * Batch::<u32>::FULL, "{most} records in one run");
}

/// Has one record in flight, whose answer comes when the test says so.
struct InFlight {
    record: Option<u32>,
    answer: Arc<std::sync::atomic::AtomicBool>,
}

impl OperatorHooks<u32> for InFlight {
    fn end_of_data(&mut self, output: &mut Output<'_, u32>) -> Result<()> {
        if !self.answer.load(std::sync::atomic::Ordering::Relaxed) {
            output.context().hold_end();
            return Ok(());
        }
        self.record.take().map_or(Ok(()), |record| output.emit(record, Timestamp::MIN))
    }
}

impl Operator<u32, u32> for InFlight {
    fn process(&mut self, batch: &mut Batch<u32>, _: &mut Output<'_, u32>) -> Result<()> {
        self.record = batch.drain().next_back();
        Ok(())
    }
}

#[test]
fn an_operator_with_work_in_flight_holds_the_end_but_no_barrier() {
    let answer = Arc::<std::sync::atomic::AtomicBool>::default();
    let in_flight = InFlight { record: None, answer: answer.clone() };
    let mut task = TestTask::new(1, |output, cx| {
        let second = link(Repeat::default(), output, cx);
        link(in_flight, second, cx)
    });
    task.send(0, batch([2]));
    task.send(0, Event::EndOfData);
    assert_eq!(task.settle(), [Emitted::Watermark(Timestamp::MAX)]);
    task.send(0, barrier(1));
    assert_eq!(task.settle(), [Emitted::Barrier(CheckpointId::new(1))]);
    answer.store(true, std::sync::atomic::Ordering::Relaxed);
    let two = Emitted::Record(2, Timestamp::MIN);
    assert_eq!(task.settle(), [two.clone(), two, Emitted::EndOfData]);
}

/// Keeps records in a bundle that is not part of its state.
struct Bundle(Vec<u32>);

impl OperatorHooks<u32> for Bundle {
    fn before_barrier(&mut self, output: &mut Output<'_, u32>) -> Result<()> {
        std::mem::take(&mut self.0).into_iter().try_for_each(|record| output.emit(record, Timestamp::MIN))
    }
}

impl Operator<u32, u32> for Bundle {
    fn process(&mut self, batch: &mut Batch<u32>, _: &mut Output<'_, u32>) -> Result<()> {
        self.0.extend(batch.drain());
        Ok(())
    }
}

#[test]
fn bundles_are_empty_when_the_state_is_cut() {
    let mut task = TestTask::new(1, |output, cx| {
        let second = link(Repeat::default(), output, cx);
        link(Bundle(Vec::new()), second, cx)
    });
    task.send(0, batch([1, 2]));
    assert_eq!(task.settle(), []);
    task.send(0, barrier(1));
    let mut emitted = Vec::new();
    while task.run(Budget::one_batch()) == Progress::Ready {
        emitted.extend(task.output.take());
    }
    emitted.extend(task.output.take());
    let [one, two] = [1, 2].map(|record| Emitted::Record(record, Timestamp::MIN));
    assert_eq!(emitted, [one, two.clone(), two, Emitted::Barrier(CheckpointId::new(1))]);
}

/// The job ends at a savepoint; what was sent after it finds no room, for downstream has finished.
#[test]
fn a_task_finishes_though_what_it_sent_after_the_savepoint_finds_no_room() {
    let waker = Waker::noop();
    let (sender, receiver) = channel(1, Arc::default(), waker.clone(), waker.clone());
    let mut task =
        TestTask::<u32, u32>::new(1, |_, _| Box::new(Router::new(Box::new(ToFirst), vec![sender], None)));
    task.send(0, barrier(1));
    while task.run(Budget::default()) != Progress::Waiting {}
    assert!(matches!(receiver.try_receive(), Some(Event::Barrier(_))));
    task.send(0, Event::Batch(vec![1].into()));
    while task.run(Budget::default()) != Progress::Waiting {}
    task.send(0, Event::Batch(vec![2].into()));
    while task.run(Budget::default()) != Progress::Blocked {}
    task.task.control(Control::Finish { stopped: true }, &mut task.cx).unwrap();
    assert_eq!(task.run(Budget::default()), Progress::Finished);
}

/// An operator that emits many records at its timer, with its work suspended when the job ends.
#[test]
fn a_task_finishes_though_an_operator_has_suspended_its_work() {
    let waker = Waker::noop();
    let (sender, _receiver) = channel(1, Arc::default(), waker.clone(), waker.clone());
    let mut task = TestTask::<u32, u32>::new(1, |_, cx| {
        link(Repeat::default(), Box::new(Router::new(Box::new(ToFirst), vec![sender], None)), cx)
    });
    task.send(0, Event::Batch(vec![1_000_000].into()));
    while task.run(Budget::default()) != Progress::Blocked {}
    assert!(task.cx.is_suspended());
    task.task.control(Control::Finish { stopped: true }, &mut task.cx).unwrap();
    assert_eq!(task.run(Budget::default()), Progress::Finished);
}

fn unalign(checkpoint: u64) -> Control {
    let Event::Barrier(barrier) = barrier(checkpoint) else { unreachable!("it is one") };
    Control::Unalign(barrier)
}

#[test]
fn an_unaligned_task_is_cut_before_what_waits_in_its_channels() {
    let mut task = TestTask::<u32, u32>::new(2, |output, _| output);
    task.send(0, batch([1, 2]));
    task.send(1, barrier(1));
    task.send(1, batch([3]));
    task.task.control(unalign(1), &mut task.cx).unwrap();
    let emitted = task.settle();
    assert_eq!(emitted.first(), Some(&Emitted::Barrier(CheckpointId::new(1))));
    let mut records = emitted.into_iter().skip(1).collect::<Vec<_>>();
    records.sort_by_key(|emitted| format!("{emitted:?}"));
    assert_eq!(records, [1, 2, 3].map(|record| Emitted::Record(record, Timestamp::MIN)), "each once");
    // The barrier of the other input comes later, and cuts nothing any more.
    task.send(0, batch([4]));
    task.send(0, barrier(1));
    task.send(0, batch([5]));
    assert_eq!(task.settle(), [4, 5].map(|record| Emitted::Record(record, Timestamp::MIN)));
    // The next one is aligned as ever.
    task.send(0, barrier(2));
    task.send(0, batch([6]));
    assert_eq!(task.settle(), []);
    task.send(1, barrier(2));
    let next = [Emitted::Barrier(CheckpointId::new(2)), Emitted::Record(6, Timestamp::MIN)];
    assert_eq!(task.settle(), next);
}

#[test]
fn an_unaligned_checkpoint_that_is_given_up_holds_up_nothing() {
    let mut task = TestTask::<u32, u32>::new(2, |output, _| output);
    task.send(0, batch([1]));
    task.task.control(unalign(1), &mut task.cx).unwrap();
    task.settle();
    task.task.control(Control::CheckpointAborted(CheckpointId::new(1)), &mut task.cx).unwrap();
    task.send(0, batch([2]));
    task.send(1, batch([3]));
    assert_eq!(task.settle().len(), 2);
}

/// A task that sends into a channel, and lets batches that are not full wait for so long.
fn sending(
    timeout: Option<Duration>,
    operator: impl Operator<u32, u32>,
) -> (TestTask<u32, u32>, ChannelReceiver<u32>) {
    let waker = Waker::noop();
    let (sender, receiver) = channel(64, Arc::default(), waker.clone(), waker.clone());
    // One that puts records into batches, and does not hand on those that come.
    let to_first = ByFunction(|_: &u32, _: usize| 0);
    let mut task = TestTask::new(1, |_, cx| {
        let router = Router::new(Box::new(to_first), vec![sender], None).with_buffer_timeout(timeout);
        link(operator, Box::new(router), cx)
    });
    task.cx.set_buffer_timeouts([timeout]);
    (task, receiver)
}

fn received(receiver: &ChannelReceiver<u32>) -> usize {
    let events = std::iter::from_fn(|| receiver.try_receive());
    events.map(|event| if let Event::Batch(batch) = event { batch.len() } else { 0 }).sum()
}

/// Takes a batch at a time, and always has another before it.
fn run_busily(task: &mut TestTask<u32, u32>, runs: u32, each: Duration) {
    for _ in 0..runs {
        task.services.advance(each);
        task.send(0, batch([1]));
        assert_eq!(task.run(Budget { batches: 1, ..Budget::default() }), Progress::Ready);
    }
}

#[test]
fn batches_of_a_busy_task_that_are_not_full_wait_no_longer_than_they_may() {
    for (timeout, expected) in [(Some(100 * MILLISECOND), [0, 10, 0, 10]), (None, [0; 4])] {
        let (mut task, receiver) = sending(timeout, Repeat::default());
        for expected in expected {
            run_busily(&mut task, 5, 10 * MILLISECOND);
            assert_eq!(received(&receiver), expected, "with {timeout:?}");
        }
        // When there is nothing more to do, the rest comes at once.
        run_busily(&mut task, 1, MILLISECOND);
        while task.run(Budget::default()) != Progress::Waiting {}
        assert_eq!(received(&receiver), 21 - expected.iter().sum::<usize>());
    }
    // Each time that the task gives way.
    let (mut task, receiver) = sending(Some(Duration::ZERO), Repeat::default());
    for _ in 0..3 {
        run_busily(&mut task, 1, Duration::ZERO);
        assert_eq!(received(&receiver), 1);
    }
}

#[test]
fn each_way_out_of_a_task_has_a_buffer_timeout_of_its_own() {
    let timeouts = [Some(20 * MILLISECOND), Some(50 * MILLISECOND), None];
    let waker = Waker::noop();
    let (senders, receivers): (Vec<_>, Vec<_>) =
        timeouts.iter().map(|_| channel(64, Arc::default(), waker.clone(), waker.clone())).unzip();
    let router = |(sender, timeout): (ChannelSender<u32>, Option<Duration>)| {
        let to_first = ByFunction(|_: &u32, _: usize| 0);
        let router = Router::new(Box::new(to_first), vec![sender], None).with_buffer_timeout(timeout);
        Box::new(router) as Box<dyn Collector<u32>>
    };
    let routers = senders.into_iter().zip(timeouts).map(router).collect();
    let mut task = TestTask::<u32, u32>::new(1, |_, cx| {
        link(Repeat::default(), Box::new(crate::chain::FanOut::new(routers)), cx)
    });
    task.cx.set_buffer_timeouts(timeouts);
    let mut counts = Vec::new();
    for _ in 0..10 {
        run_busily(&mut task, 1, 10 * MILLISECOND);
        counts.push(receivers.iter().map(received).collect::<Vec<_>>());
    }
    let of = |way: usize| counts.iter().map(|counts| counts[way]).collect::<Vec<_>>();
    assert_eq!(of(0), [0, 2, 0, 2, 0, 2, 0, 2, 0, 2]);
    assert_eq!(of(1), [0, 0, 0, 0, 5, 0, 0, 0, 0, 5]);
    assert_eq!(of(2), [0; 10]);
}

/// Emits a record, and is never done with it.
struct Endless(bool);

impl OperatorHooks<u32> for Endless {
    fn resume(&mut self, output: &mut Output<'_, u32>) -> Result<()> {
        output.suspend();
        Ok(())
    }
}

impl Operator<u32, u32> for Endless {
    fn process(&mut self, batch: &mut Batch<u32>, output: &mut Output<'_, u32>) -> Result<()> {
        if !std::mem::replace(&mut self.0, true) {
            output.emit(7, Timestamp::MIN)?;
        }
        batch.drain().for_each(drop);
        output.suspend();
        Ok(())
    }
}

#[test]
fn what_an_operator_has_emitted_that_has_suspended_its_work_does_not_wait_for_the_rest() {
    let (mut task, receiver) = sending(Some(100 * MILLISECOND), Endless(false));
    task.send(0, batch([1]));
    assert_eq!(task.run(Budget::default()), Progress::Ready);
    assert_eq!(received(&receiver), 0);
    task.services.advance(100 * MILLISECOND);
    assert_eq!(task.run(Budget::default()), Progress::Ready);
    assert_eq!(received(&receiver), 1);
}

/// Hands on what it gets first and takes no more, as one that waits for answers of an outside system.
#[derive(Default)]
struct Full(bool);

impl OperatorHooks<u32> for Full {
    fn poll(&mut self, output: &mut Output<'_, u32>) -> Result<()> {
        if self.0 {
            output.context().hold_input();
        }
        Ok(())
    }
}

impl Operator<u32, u32> for Full {
    fn process(&mut self, batch: &mut Batch<u32>, output: &mut Output<'_, u32>) -> Result<()> {
        self.0 = true;
        output.context().hold_input();
        output.forward(batch)
    }
}

#[test]
fn a_task_that_holds_its_input_is_woken_to_send_what_waits() {
    let (mut task, receiver) = sending(Some(100 * MILLISECOND), Full::default());
    task.send(0, batch([1]));
    assert_eq!(task.run(Budget::default()), Progress::Blocked);
    assert_eq!(received(&receiver), 0);
    let mut alarm = task.cx.take_alarm();
    assert!(!alarm.rings(task.cx.moment()));
    task.services.advance(100 * MILLISECOND);
    assert!(alarm.rings(task.cx.moment()), "it is woken in time");
    assert_eq!(task.run(Budget::default()), Progress::Blocked);
    assert_eq!(received(&receiver), 1);
}
