//! The harness of an operator with two inputs.

use millstream_state::Timestamp;

use super::harness::Harness;
use super::head::TwoInputs;
use super::setup::HarnessSetup;
use super::snapshot::HarnessSnapshot;
use crate::batch::Batch;
use crate::chain::{OperatorInfo, TwoInputLink, TwoInputOperator};
use crate::error::Result;

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
        Self::with(HarnessSetup::at_place_of(snapshot), operator)
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
        let mut batch = Batch::from_timed(records);
        self.work(|head, cx| head.0.first(&mut batch, cx))
    }

    /// Pushes a batch of records into the second input.
    pub fn push_second_timed(&mut self, records: impl IntoIterator<Item = (B, Timestamp)>) -> Result<()> {
        let mut batch = Batch::from_timed(records);
        self.work(|head, cx| head.0.second(&mut batch, cx))
    }
}
