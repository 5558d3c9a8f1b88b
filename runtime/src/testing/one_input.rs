//! The harness of an operator with one input, or of a sink.

use millstream_state::Timestamp;

use super::harness::Harness;
use super::head::OneInput;
use super::setup::HarnessSetup;
use super::snapshot::HarnessSnapshot;
use crate::batch::Batch;
use crate::chain::{Link, Operator, OperatorInfo};
use crate::error::Result;

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
        Self::with(HarnessSetup::at_place_of(snapshot), operator)
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
        let mut batch = Batch::from_timed(records);
        self.work(|head, cx| head.0.batch(&mut batch, cx))
    }
}
