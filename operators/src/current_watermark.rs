//! How far event time has come in an operator, over failures too.

use millstream_runtime::Result;
use millstream_runtime::chain::{OpenContext, RestoredWatermark, SnapshotContext};
use millstream_state::Timestamp;

/// Where earlier versions kept it.
const OLD_STATE: &str = "_watermark";

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

    /// Goes on from what a snapshot holds. Some key groups may have come further: an operator that lets
    /// everything fire that lies between two watermarks leaves out what has fired in them.
    pub(crate) fn restore(&mut self, cx: &mut OpenContext<'_>) -> Result<RestoredWatermark> {
        let restored = cx.take_watermark(OLD_STATE)?;
        self.0 = restored.reached();
        Ok(restored)
    }

    /// The same for an operator whose state does not go by key groups: any subtask may get what another had.
    pub(crate) fn restore_earliest(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.0 = cx.take_watermark(OLD_STATE)?.earliest();
        Ok(())
    }

    pub(crate) fn snapshot(self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        cx.watermark(self.0)
    }
}
