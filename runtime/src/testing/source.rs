//! The harness of a source.

use super::harness::Harness;
use super::head::NoInput;
use super::setup::HarnessSetup;
use super::snapshot::HarnessSnapshot;
use crate::chain::{SourceLink, SourceOperator, SourceStatus};
use crate::error::Result;
use crate::event::StreamStatus;

impl<O: Send + 'static> Harness<NoInput, O> {
    /// Opens the source as the only subtask.
    pub fn new(operator: impl SourceOperator<O>) -> Result<Self> {
        Self::with(HarnessSetup::new(), operator)
    }

    /// Opens the source as `setup` says.
    pub fn with(setup: HarnessSetup<'_>, operator: impl SourceOperator<O>) -> Result<Self> {
        Self::build(setup, |info, next, sides, cx| {
            NoInput(Box::new(SourceLink::<_, crate::chain::NoInput, _>::new(operator, info, next, sides, cx)))
        })
    }

    /// Opens the source restored from its own snapshot, at the same place.
    pub fn restore(operator: impl SourceOperator<O>, snapshot: &HarnessSnapshot) -> Result<Self> {
        Self::with(HarnessSetup::at_place_of(snapshot), operator)
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
