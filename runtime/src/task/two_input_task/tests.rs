use std::sync::Arc;
use std::task::Waker;

use millstream_state::Timestamp;

use super::TwoInputTask;
use crate::batch::Batch;
use crate::chain::{OperatorHooks, Output, TaskContext, TwoInputLink, TwoInputOperator};
use crate::channel::{ChannelSender, channel};
use crate::driver::Sabotage;
use crate::error::Result;
use crate::event::{Event, StreamStatus};
use crate::input::{Inlet, InputGate};
use crate::job::{SubtaskId, VertexId};
use crate::task::{Budget, Progress, Task, TaskInputs};
use crate::testing::{Captured, Emitted, HarnessServices, HarnessSetup};

/// Emits what it is told.
struct Told;

impl OperatorHooks<String> for Told {
    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, String>) -> Result<()> {
        output.emit(format!("both {}", watermark.as_millis()), Timestamp::MIN)
    }
}

impl TwoInputOperator<u32, char, String> for Told {
    fn process_first(&mut self, batch: &mut Batch<u32>, output: &mut Output<'_, String>) -> Result<()> {
        batch.drain().try_for_each(|record| output.emit(record.to_string(), Timestamp::MIN))
    }

    fn process_second(&mut self, batch: &mut Batch<char>, output: &mut Output<'_, String>) -> Result<()> {
        // Goes on with the rest later.
        batch.drain_while(|record, _| {
            output.emit(record.to_string(), Timestamp::MIN)?;
            output.suspend();
            Ok(false)
        })
    }

    fn first_watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, String>) -> Result<()> {
        output.emit(format!("first {}", watermark.as_millis()), Timestamp::MIN)
    }

    fn second_watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, String>) -> Result<()> {
        output.emit(format!("second {}", watermark.as_millis()), Timestamp::MIN)
    }

    fn first_ended(&mut self, output: &mut Output<'_, String>) -> Result<()> {
        output.emit("first ended".to_owned(), Timestamp::MIN)
    }
}

/// A task with two channels for each input.
struct TestTask {
    task: TwoInputTask<u32, char>,
    cx: TaskContext,
    first: Vec<ChannelSender<u32>>,
    second: Vec<ChannelSender<char>>,
    output: Captured<String>,
}

impl TestTask {
    fn new() -> Self {
        let services = Arc::new(HarnessServices::default());
        let subtask = SubtaskId { vertex: VertexId(0), index: 0 };
        let cx = TaskContext::new(subtask, services.for_task(Sabotage::None), Waker::from(services), 1);
        let waker = || Waker::noop().clone();
        let (first, first_in): (Vec<_>, Vec<_>) =
            (0..2).map(|_| channel(64, Arc::default(), waker(), waker())).unzip();
        let (second, second_in): (Vec<_>, Vec<_>) =
            (0..2).map(|_| channel(64, Arc::default(), waker(), waker())).unzip();
        let inlets = first_in.into_iter().map(|receiver| Inlet::new(receiver, 0, true)).collect();
        let first_gate = InputGate::new(inlets, 0);
        let inlets = second_in.into_iter().map(|receiver| Inlet::new(receiver, 1, true)).collect();
        let second_gate = InputGate::new(inlets, 2);
        let output = Captured::default();
        let info = HarnessSetup::new().info().unwrap();
        let link = TwoInputLink::new(Told, info, Box::new(output.clone()), Vec::new(), &cx);
        let task = TwoInputTask::new(first_gate, second_gate, TaskInputs::for_test(), Box::new(link));
        Self { task, cx, first, second, output }
    }

    /// What is emitted until the task waits.
    fn settle(&mut self) -> Vec<String> {
        while self.task.run(Budget::one_batch(), &mut self.cx).unwrap() == Progress::Ready {}
        let record = |emitted| if let Emitted::Record(record, _) = emitted { Some(record) } else { None };
        self.output.take().into_iter().filter_map(record).collect()
    }
}

const fn time<T>(millis: i64) -> Event<T> {
    Event::Watermark(Timestamp::from_millis(millis))
}

#[test]
fn each_input_has_the_watermark_of_its_own_channels() {
    let mut task = TestTask::new();
    task.first[0].try_send(time(7)).unwrap();
    task.second[0].try_send(time(3)).unwrap();
    assert!(task.settle().is_empty(), "the other channel of each is behind");
    task.first[1].try_send(time(9)).unwrap();
    assert_eq!(task.settle(), ["first 7"]);
    // A channel that is idle is not waited for.
    task.second[1].try_send(Event::Status(StreamStatus::Idle)).unwrap();
    assert_eq!(task.settle(), ["second 3", "both 3"]);
    task.first[0].try_send(Event::EndOfData).unwrap();
    assert_eq!(task.settle(), ["first 9"]);
    task.first[1].try_send(Event::EndOfData).unwrap();
    let end = i64::MAX;
    assert_eq!(task.settle(), [format!("first {end}"), "first ended".to_owned()]);
}

#[test]
fn the_watermark_of_an_input_waits_behind_records_that_are_suspended() {
    let mut task = TestTask::new();
    task.second[1].try_send(Event::Status(StreamStatus::Idle)).unwrap();
    task.second[0].try_send(Event::Batch(vec!['a', 'b', 'c'].into())).unwrap();
    task.second[0].try_send(time(3)).unwrap();
    assert_eq!(task.settle(), ["a", "b", "c", "second 3"]);
}
