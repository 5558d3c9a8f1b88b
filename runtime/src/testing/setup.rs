//! Where an operator under test stands, and what it is restored from.

use std::sync::Arc;
use std::time::Duration;

use millstream_state::{DEFAULT_MAX_PARALLELISM, KeyGroups};

use super::snapshot::{HarnessSnapshot, redistribute};
use crate::chain::OperatorInfo;
use crate::driver::Sabotage;
use crate::error::Result;
use crate::task::Budget;

/// How an operator under test is set up: the only subtask, not restored, I/O at once, unless said otherwise.
///
/// ```
/// use millstream_runtime::graph::OutputTag;
/// use millstream_runtime::testing::{HarnessSetup, OperatorHarness};
/// # use millstream_runtime::Result;
/// # use millstream_runtime::batch::Batch;
/// # use millstream_runtime::chain::{Operator, OperatorHooks, Output};
/// # use millstream_state::Timestamp;
/// # struct Sorter(OutputTag<i32>);
/// # impl OperatorHooks<i32> for Sorter {}
/// # impl Operator<i32, i32> for Sorter {
/// #     fn process(&mut self, batch: &mut Batch<i32>, output: &mut Output<'_, i32>) -> Result<()> {
/// #         for record in batch.drain() {
/// #             match record {
/// #                 ..0 => output.emit_side(&self.0, record, Timestamp::MIN)?,
/// #                 _ => output.emit(record, Timestamp::MIN)?,
/// #             }
/// #         }
/// #         Ok(())
/// #     }
/// # }
/// let negative = OutputTag::new("negative");
/// let setup = HarnessSetup::new().subtask(1, 2);
/// let mut harness = OperatorHarness::with(setup, Sorter(negative.clone()))?;
/// harness.push_all([1, -2, 3])?;
/// assert_eq!(harness.take_records(), [1, 3]);
/// assert_eq!(harness.take_side(&negative), [-2]);
/// # Ok::<(), millstream_runtime::Error>(())
/// ```
#[must_use]
pub struct HarnessSetup<'s> {
    pub(super) subtask: u32,
    pub(super) parallelism: u32,
    pub(super) max_parallelism: u32,
    pub(super) manual_io: bool,
    pub(super) sabotage: Sabotage,
    pub(super) budget: Budget,
    pub(super) clock: Duration,
    prepared: Option<Arc<[u8]>>,
    snapshots: Vec<&'s HarnessSnapshot>,
}

impl Default for HarnessSetup<'_> {
    fn default() -> Self {
        Self {
            subtask: 0,
            parallelism: 1,
            max_parallelism: DEFAULT_MAX_PARALLELISM,
            manual_io: false,
            sabotage: Sabotage::None,
            budget: Budget { emitted: u32::MAX, time: Duration::MAX, ..Budget::default() },
            clock: Duration::ZERO,
            prepared: None,
            snapshots: Vec::new(),
        }
    }
}

impl<'s> HarnessSetup<'s> {
    /// The only subtask, not restored, I/O at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// The place a snapshot was taken at, restored from it.
    pub(super) fn at_place_of(snapshot: &'s HarnessSnapshot) -> Self {
        let setup = Self::new().subtask(snapshot.subtask, snapshot.parallelism);
        setup.max_parallelism(snapshot.max_parallelism).restore([snapshot])
    }

    /// Subtask `subtask` (from 0) of `parallelism`.
    pub const fn subtask(mut self, subtask: u32, parallelism: u32) -> Self {
        (self.subtask, self.parallelism) = (subtask, parallelism);
        self
    }

    /// How many key groups there are; 128 unless set.
    pub const fn max_parallelism(mut self, max_parallelism: u32) -> Self {
        self.max_parallelism = max_parallelism;
        self
    }

    /// In one run the operator should hand on no more than `batches` batches: it is asked to suspend its
    /// work then, and [goes on](super::Harness::resumed_runs) in another. Any number unless set.
    pub const fn emit_at_most(mut self, batches: u32) -> Self {
        self.budget.emitted = batches;
        self
    }

    /// I/O runs only when [`run_io`](super::Harness::run_io) is called.
    pub const fn manual_io(mut self) -> Self {
        self.manual_io = true;
        self
    }

    /// What the clock says when the operator is opened: so much since the Unix epoch, at which it begins unless set.
    pub const fn clock(mut self, since_epoch: Duration) -> Self {
        self.clock = since_epoch;
        self
    }

    /// What the operator's [preparation](crate::graph::Prepare) has answered.
    pub fn prepared(mut self, answer: impl Into<Arc<[u8]>>) -> Self {
        self.prepared = Some(answer.into());
        self
    }

    /// Restores this subtask's share of the snapshots of all subtasks there were.
    pub fn restore(mut self, snapshots: impl IntoIterator<Item = &'s HarnessSnapshot>) -> Self {
        self.snapshots.extend(snapshots);
        self
    }

    /// Timers get lost on restore, as where the simulation proves that it would notice.
    pub const fn drop_timers(mut self) -> Self {
        self.sabotage = Sabotage::DropTimers;
        self
    }

    /// Sources begin anew on restore, as where the simulation proves that it would notice.
    pub const fn forget_source_position(mut self) -> Self {
        self.sabotage = Sabotage::ForgetSourcePosition;
        self
    }

    pub(crate) fn info(&self) -> Result<OperatorInfo> {
        let groups = KeyGroups::new(self.max_parallelism);
        let mut info = OperatorInfo {
            name: "operator under test".into(),
            id: millstream_state::OperatorId::from_uid("operator under test"),
            subtask: self.subtask,
            parallelism: self.parallelism,
            groups,
            prepared: self.prepared.clone(),
            restore: None,
            registered: Vec::new(),
        };
        info.restore = redistribute(&self.snapshots, self.subtask, self.parallelism, info.range())?;
        Ok(info)
    }
}
