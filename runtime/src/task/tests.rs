use std::sync::Arc;
use std::task::Waker;

use millstream_state::{CheckpointId, Timestamp};

use super::{Budget, OperatorTask, Progress, Task};
use crate::batch::Batch;
use crate::chain::{Collector, Link, Operator, OperatorHooks, Output, Router, TaskContext};
use crate::channel::{ChannelReceiver, ChannelSender, channel};
use crate::checkpoint::{Barrier, CheckpointMode, Control, SnapshotTarget};
use crate::error::Result;
use crate::event::{Event, StreamStatus};
use crate::input::InputGate;
use crate::job::{SubtaskId, VertexId};
use crate::partition::ToFirst;
use crate::pool::BatchPool;
use crate::testing::{Captured, Emitted, HarnessServices, HarnessSetup};

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn channels<T>(count: usize) -> (Vec<ChannelSender<T>>, Vec<ChannelReceiver<T>>) {
    let pool = Arc::<BatchPool<T>>::default();
    (0..count).map(|_| channel(64, pool.clone(), Waker::noop().clone(), Waker::noop().clone())).unzip()
}

/// A task with `inputs` channels, whose chain `head` makes out of what keeps its output.
struct TestTask<I, O> {
    task: OperatorTask<I>,
    cx: TaskContext,
    inputs: Vec<ChannelSender<I>>,
    output: Captured<O>,
}

impl<I: Send + 'static, O: Send + 'static> TestTask<I, O> {
    fn new(
        inputs: usize,
        head: impl FnOnce(Box<dyn Collector<O>>, &TaskContext) -> Box<dyn Collector<I>>,
    ) -> Self {
        let services = Arc::new(HarnessServices::default());
        let subtask = SubtaskId { vertex: VertexId(0), index: 0 };
        let cx = TaskContext::new(
            subtask,
            services.for_task(crate::driver::Sabotage::None),
            Waker::from(services),
            1,
        );
        let (inputs, receivers) = channels(inputs);
        let output = Captured::default();
        let chain = head(Box::new(output.clone()), &cx);
        Self { task: OperatorTask::new(InputGate::new(receivers, 0), chain), cx, inputs, output }
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
        TestTask::<u32, u32>::new(1, |_, _| Box::new(Router::new(Box::new(ToFirst), vec![sender])));
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
        link(Repeat::default(), Box::new(Router::new(Box::new(ToFirst), vec![sender])), cx)
    });
    task.send(0, Event::Batch(vec![1_000_000].into()));
    while task.run(Budget::default()) != Progress::Blocked {}
    assert!(task.cx.is_suspended());
    task.task.control(Control::Finish { stopped: true }, &mut task.cx).unwrap();
    assert_eq!(task.run(Budget::default()), Progress::Finished);
}
