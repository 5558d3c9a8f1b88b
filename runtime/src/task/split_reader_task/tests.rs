use std::sync::Arc;
use std::task::Waker;

use millstream_state::{CheckpointId, Timestamp};

use super::SplitReaderTask;
use crate::batch::Batch;
use crate::chain::{
    Operator, OperatorHooks, Output, SnapshotContext, SourceLink, SourceOperator, SourceStatus,
    SplitReaderOperator, TaskContext,
};
use crate::channel::{ChannelSender, channel};
use crate::checkpoint::{Barrier, CheckpointMode, SnapshotTarget};
use crate::error::Result;
use crate::event::{Event, StreamStatus};
use crate::input::{Inlet, InputGate};
use crate::job::{SubtaskId, VertexId};
use crate::task::{Budget, Progress, Task, TaskInputs};
use crate::testing::{Captured, Emitted, HarnessServices, HarnessSetup};

/// A split is a number to count down from.
#[derive(Default)]
struct CountDown {
    left: Vec<u32>,
}

impl OperatorHooks<u32> for CountDown {
    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        cx.list("left", millstream_state::snapshot::part::Redistribution::Split, &self.left)
    }
}

impl Operator<u32, u32> for CountDown {
    fn process(&mut self, batch: &mut Batch<u32>, _: &mut Output<'_, u32>) -> Result<()> {
        self.left.extend(batch.drain());
        Ok(())
    }
}

impl SourceOperator<u32> for CountDown {
    fn next(&mut self, output: &mut Output<'_, u32>) -> Result<SourceStatus> {
        self.left.retain(|left| *left > 0);
        let Some(left) = self.left.first_mut() else { return Ok(SourceStatus::Ended) };
        output.emit(*left, Timestamp::MIN)?;
        *left -= 1;
        Ok(SourceStatus::More)
    }
}

impl SplitReaderOperator<u32, u32> for CountDown {
    fn splits_status(&mut self, status: StreamStatus, output: &mut Output<'_, u32>) -> Result<()> {
        output.emit_status(status)
    }
}

struct Reader {
    task: SplitReaderTask<u32>,
    cx: TaskContext,
    splits: ChannelSender<u32>,
    output: Captured<u32>,
}

impl Reader {
    fn new() -> Self {
        let services = Arc::new(HarnessServices::default());
        let subtask = SubtaskId { vertex: VertexId(0), index: 0 };
        let for_task = services.for_task(crate::driver::Sabotage::None);
        let cx = TaskContext::new(subtask, for_task, Waker::from(services), 1);
        let (splits, receiver) = channel(64, Arc::default(), Waker::noop().clone(), Waker::noop().clone());
        let output = Captured::default();
        let info = HarnessSetup::new().info().unwrap();
        let link = SourceLink::<_, Batch<u32>, _>::new(
            CountDown::default(),
            info,
            Box::new(output.clone()),
            Vec::new(),
            &cx,
        );
        let gate = InputGate::new(vec![Inlet::new(receiver, 0, false)], 0);
        let task = SplitReaderTask::new(gate, TaskInputs::for_test(), Box::new(link), None);
        Self { task, cx, splits, output }
    }

    fn send(&self, event: Event<u32>) {
        assert!(self.splits.try_send(event).is_ok());
    }

    /// Runs until the task waits.
    fn settle(&mut self) -> Vec<Emitted<u32>> {
        while self.task.run(Budget::one_batch(), &mut self.cx).unwrap() == Progress::Ready {}
        self.output.take()
    }
}

fn records(records: impl IntoIterator<Item = u32>) -> Vec<Emitted<u32>> {
    records.into_iter().map(|record| Emitted::Record(record, Timestamp::MIN)).collect()
}

fn splits(splits: &[u32]) -> Event<u32> {
    Event::Batch(splits.to_vec().into())
}

fn barrier(checkpoint: u64) -> Event<u32> {
    Event::Barrier(Arc::new(Barrier {
        checkpoint: CheckpointId::new(checkpoint),
        triggered: Timestamp::from_millis(0),
        mode: CheckpointMode::ExactlyOnce,
        target: SnapshotTarget::Checkpoint { base: None },
    }))
}

#[test]
fn the_stream_ends_when_all_splits_are_read_and_none_can_follow() {
    let mut reader = Reader::new();
    assert_eq!(reader.settle(), []);
    reader.send(splits(&[2]));
    assert_eq!(reader.settle(), records([2, 1]));
    reader.send(splits(&[1]));
    reader.send(Event::EndOfData);
    let mut expected = records([1]);
    let active = Emitted::Status(StreamStatus::Active);
    expected.extend([active, Emitted::Watermark(Timestamp::MAX), Emitted::EndOfData]);
    assert_eq!(reader.settle(), expected);
    // Barriers pass an ended stream.
    reader.send(barrier(1));
    assert_eq!(reader.settle(), [Emitted::Barrier(CheckpointId::new(1))]);
}

#[test]
fn a_barrier_cuts_between_the_splits_before_it_and_those_behind() {
    let mut reader = Reader::new();
    reader.send(splits(&[3]));
    reader.send(barrier(1));
    reader.send(splits(&[1]));
    // The barrier is taken before anything is read: the first split is whole in the snapshot.
    let mut expected = vec![Emitted::Barrier(CheckpointId::new(1))];
    expected.extend(records([3, 2, 1, 1]));
    assert_eq!(reader.settle(), expected);
}

#[test]
fn event_time_of_the_splits_is_none_of_the_records() {
    let mut reader = Reader::new();
    reader.send(Event::Watermark(Timestamp::from_millis(7)));
    reader.send(Event::Status(StreamStatus::Idle));
    reader.send(splits(&[1]));
    let mut expected = vec![Emitted::Status(StreamStatus::Idle)];
    expected.extend(records([1]));
    assert_eq!(reader.settle(), expected);
}
