//! How late records may be, and what becomes of those that are later.

use std::time::Duration;

use millstream_runtime::Result;
use millstream_runtime::chain::Output;
use millstream_runtime::graph::OutputTag;
use millstream_state::{Record, Timestamp};

use super::Window;
use super::length::span_problem;
use crate::current_watermark::CurrentWatermark;
use crate::late::late;

/// What becomes of records that come after the watermark has passed their window.
pub struct Lateness<T> {
    pub(crate) allowed: Duration,
    pub(crate) too_late: Option<OutputTag<T>>,
}

impl<T> Clone for Lateness<T> {
    fn clone(&self) -> Self {
        Self { allowed: self.allowed, too_late: self.too_late.clone() }
    }
}

impl<T: Record> Lateness<T> {
    /// What makes this lateness impossible, if anything.
    pub(super) fn problem(&self) -> Option<String> {
        span_problem("the allowed lateness", self.allowed)
    }

    pub(super) const fn is_allowed(&self) -> bool {
        !self.allowed.is_zero()
    }

    /// The watermark at which a window is over.
    #[inline]
    pub(super) fn end_of(&self, window: &impl Window) -> Timestamp {
        self.end_after(window.max_timestamp())
    }

    /// The watermark at which windows are over whose last point in time this is.
    #[inline]
    pub(super) fn end_after(&self, last: Timestamp) -> Timestamp {
        last.saturating_add(self.allowed)
    }

    /// Windows that end here or before are over: [`Lateness::end_of`] turned round.
    pub(super) fn closed(&self, watermark: CurrentWatermark) -> Timestamp {
        match watermark.get() {
            Timestamp::MAX => Timestamp::MAX,
            watermark => watermark.saturating_sub(self.allowed),
        }
    }

    pub(super) fn too_late<O>(
        &self,
        record: T,
        timestamp: Timestamp,
        output: &mut Output<'_, O>,
    ) -> Result<()> {
        late(record, timestamp, self.too_late.as_ref(), output)
    }
}
