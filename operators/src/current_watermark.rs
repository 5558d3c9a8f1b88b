//! How far event time has come in an operator, over failures too.

use millstream_runtime::Result;
use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_state::Timestamp;
use millstream_state::snapshot::part::Redistribution;

const STATE: &str = "_watermark";

/// The watermark an operator has reached.
///
/// It is part of the operator's snapshot: whether a record is late must not depend on whether the
/// job has failed meanwhile. Sources begin with no watermark after a restore, and a record that was
/// late before would open a window anew that has been emitted already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CurrentWatermark(Timestamp);

impl Default for CurrentWatermark {
    fn default() -> Self {
        Self(Timestamp::MIN)
    }
}

impl CurrentWatermark {
    #[inline]
    pub(crate) const fn get(self) -> Timestamp {
        self.0
    }

    /// Takes note of a watermark, and returns the latest there has been.
    pub(crate) fn advance(&mut self, watermark: Timestamp) -> Timestamp {
        self.0 = self.0.max(watermark);
        self.0
    }

    pub(crate) fn restore(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        // Behind an aligned barrier all subtasks have seen the same watermarks. Where they differ
        // all the same, the earliest makes no record late.
        let stored = cx.take_list::<Timestamp>(STATE)?.unwrap_or_default().into_iter().min();
        // A stream that had ended and goes on has other data: its time begins anew.
        self.0 = stored.filter(|watermark| *watermark != Timestamp::MAX).unwrap_or(Timestamp::MIN);
        Ok(())
    }

    pub(crate) fn snapshot(self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        cx.list(STATE, Redistribution::Union, [&self.0])
    }
}
