//! What stands at the head of the chain under test: an operator with one input, two, or none.

use millstream_state::Timestamp;

use super::harness::Harness;
use super::setup::HarnessSetup;
use super::snapshot::HarnessSnapshot;
use crate::batch::Batch;
use crate::chain::{
    Collector, Link, Operator, OperatorInfo, SourceHead, SourceLink, SourceOperator, SourceStatus, Stage,
    TwoInputCollector, TwoInputLink, TwoInputOperator,
};
use crate::error::Result;
use crate::event::StreamStatus;

/// The head of the chain, whatever its inputs.
pub trait Head {
    /// The chain.
    fn stage(&mut self) -> &mut dyn Stage;
}

/// An operator with one input, or a sink.
pub struct OneInput<I>(pub(super) Box<dyn Collector<I>>);

/// An operator with two inputs.
pub struct TwoInputs<A, B>(pub(super) Box<dyn TwoInputCollector<A, B>>);

/// A source.
pub struct NoInput(pub(super) Box<dyn SourceHead>);

impl<I> Head for OneInput<I> {
    fn stage(&mut self) -> &mut dyn Stage {
        self.0.as_mut()
    }
}

impl<A, B> Head for TwoInputs<A, B> {
    fn stage(&mut self) -> &mut dyn Stage {
        self.0.as_mut()
    }
}

impl Head for NoInput {
    fn stage(&mut self) -> &mut dyn Stage {
        self.0.as_mut()
    }
}

/// The place a snapshot was taken at, for restoring it there.
fn same_place(snapshot: &HarnessSnapshot) -> HarnessSetup<'_> {
    let setup = HarnessSetup::new().subtask(snapshot.subtask, snapshot.parallelism);
    setup.max_parallelism(snapshot.max_parallelism).restore([snapshot])
}

impl<I: Send + 'static, O: Send + 'static> Harness<OneInput<I>, O> {
    /// Opens the operator as the only subtask.
    pub fn new(operator: impl Operator<I, O>) -> Result<Self> {
        Self::with(HarnessSetup::new(), operator)
    }

    /// Opens the operator as `setup` says.
    pub fn with(setup: HarnessSetup<'_>, operator: impl Operator<I, O>) -> Result<Self> {
        Self::make(setup, move |_| operator)
    }

    /// Opens the operator that `make` makes for the place that `setup` says, as a job would.
    pub fn make<Op: Operator<I, O>>(
        setup: HarnessSetup<'_>,
        make: impl FnOnce(&OperatorInfo) -> Op,
    ) -> Result<Self> {
        Self::build(setup, |info, next, sides, cx| {
            OneInput(Box::new(Link::new(make(&info), info, next, sides, cx)))
        })
    }

    /// Opens the operator restored from its own snapshot, at the same place.
    pub fn restore(operator: impl Operator<I, O>, snapshot: &HarnessSnapshot) -> Result<Self> {
        Self::with(same_place(snapshot), operator)
    }

    /// Pushes a record; [`Timestamp::MIN`] stands for "no timestamp".
    pub fn push(&mut self, record: I, timestamp: Timestamp) -> Result<()> {
        self.push_timed([(record, timestamp)])
    }

    /// Pushes a record with a timestamp in milliseconds.
    pub fn push_at(&mut self, record: I, millis: i64) -> Result<()> {
        self.push(record, Timestamp::from_millis(millis))
    }

    /// Pushes a batch of records without timestamps.
    pub fn push_all(&mut self, records: impl IntoIterator<Item = I>) -> Result<()> {
        self.push_timed(records.into_iter().map(|record| (record, Timestamp::MIN)))
    }

    /// Pushes a batch of records.
    pub fn push_timed(&mut self, records: impl IntoIterator<Item = (I, Timestamp)>) -> Result<()> {
        let mut batch = batch_of(records);
        self.work(|head, cx| head.0.batch(&mut batch, cx))
    }
}

impl<A: Send + 'static, B: Send + 'static, O: Send + 'static> Harness<TwoInputs<A, B>, O> {
    /// Opens the operator as the only subtask.
    pub fn new(operator: impl TwoInputOperator<A, B, O>) -> Result<Self> {
        Self::with(HarnessSetup::new(), operator)
    }

    /// Opens the operator as `setup` says.
    pub fn with(setup: HarnessSetup<'_>, operator: impl TwoInputOperator<A, B, O>) -> Result<Self> {
        Self::make(setup, move |_| operator)
    }

    /// Opens the operator that `make` makes for the place that `setup` says, as a job would.
    pub fn make<Op: TwoInputOperator<A, B, O>>(
        setup: HarnessSetup<'_>,
        make: impl FnOnce(&OperatorInfo) -> Op,
    ) -> Result<Self> {
        Self::build(setup, |info, next, sides, cx| {
            TwoInputs(Box::new(TwoInputLink::new(make(&info), info, next, sides, cx)))
        })
    }

    /// Opens the operator restored from its own snapshot, at the same place.
    pub fn restore(operator: impl TwoInputOperator<A, B, O>, snapshot: &HarnessSnapshot) -> Result<Self> {
        Self::with(same_place(snapshot), operator)
    }

    /// Ends the first input.
    pub fn end_first(&mut self) -> Result<()> {
        self.work(|head, cx| head.0.first_ended(cx))
    }

    /// Ends the second input.
    pub fn end_second(&mut self) -> Result<()> {
        self.work(|head, cx| head.0.second_ended(cx))
    }

    /// Pushes a record into the first input; [`Timestamp::MIN`] stands for "no timestamp".
    pub fn push_first(&mut self, record: A, timestamp: Timestamp) -> Result<()> {
        self.push_first_timed([(record, timestamp)])
    }

    /// Pushes a record into the second input; [`Timestamp::MIN`] stands for "no timestamp".
    pub fn push_second(&mut self, record: B, timestamp: Timestamp) -> Result<()> {
        self.push_second_timed([(record, timestamp)])
    }

    /// Pushes a batch of records into the first input.
    pub fn push_first_timed(&mut self, records: impl IntoIterator<Item = (A, Timestamp)>) -> Result<()> {
        let mut batch = batch_of(records);
        self.work(|head, cx| head.0.first(&mut batch, cx))
    }

    /// Pushes a batch of records into the second input.
    pub fn push_second_timed(&mut self, records: impl IntoIterator<Item = (B, Timestamp)>) -> Result<()> {
        let mut batch = batch_of(records);
        self.work(|head, cx| head.0.second(&mut batch, cx))
    }
}

impl<O: Send + 'static> Harness<NoInput, O> {
    /// Opens the source as the only subtask.
    pub fn new(operator: impl SourceOperator<O>) -> Result<Self> {
        Self::with(HarnessSetup::new(), operator)
    }

    /// Opens the source as `setup` says.
    pub fn with(setup: HarnessSetup<'_>, operator: impl SourceOperator<O>) -> Result<Self> {
        Self::build(setup, |info, next, sides, cx| {
            NoInput(Box::new(SourceLink::new(operator, info, next, sides, cx)))
        })
    }

    /// Opens the source restored from its own snapshot, at the same place.
    pub fn restore(operator: impl SourceOperator<O>, snapshot: &HarnessSnapshot) -> Result<Self> {
        Self::with(same_place(snapshot), operator)
    }

    /// Asks for about one batch.
    #[allow(clippy::should_implement_trait, reason = "named as the method it tests")]
    pub fn next(&mut self) -> Result<SourceStatus> {
        self.work(|head, cx| head.0.next(cx))
    }

    /// Asks for batches until the source has none for now, or has ended; its end is followed by the
    /// last watermark and the end of data, as in a task. `batches` is the most that are asked for.
    pub fn run(&mut self, batches: usize) -> Result<SourceStatus> {
        let mut waited = false;
        for _ in 0..batches {
            match self.next()? {
                SourceStatus::More => waited = false,
                // Its I/O has run meanwhile (unless the test does that): what it waited for may be there.
                SourceStatus::Waiting if waited || self.manual_io => return Ok(SourceStatus::Waiting),
                SourceStatus::Waiting => waited = true,
                SourceStatus::Ended => {
                    self.status(StreamStatus::Active)?;
                    self.end_of_data()?;
                    return Ok(SourceStatus::Ended);
                }
            }
        }
        Ok(SourceStatus::More)
    }
}

fn batch_of<T>(records: impl IntoIterator<Item = (T, Timestamp)>) -> Batch<T> {
    let mut batch = Batch::default();
    records.into_iter().for_each(|(record, timestamp)| batch.push(record, timestamp));
    batch
}
