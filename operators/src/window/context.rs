//! What a function may ask about the window that it works on, and about time.

use millstream_state::Timestamp;

use crate::current_watermark::CurrentWatermark;
use crate::function::{ProcessContext, TimeOfDay};

/// Both kinds of time.
#[derive(Clone, Copy)]
pub struct Time<'a> {
    clock: &'a TimeOfDay,
    watermark: Timestamp,
}

impl<'a> Time<'a> {
    pub(super) const fn new(clock: &'a TimeOfDay, watermark: CurrentWatermark) -> Self {
        Self { clock, watermark: watermark.get() }
    }

    /// As [`new`](Self::new), with a watermark that was looked at before.
    pub(super) const fn at(clock: &'a TimeOfDay, watermark: Timestamp) -> Self {
        Self { clock, watermark }
    }

    /// The point in time that a call is about which is about no record.
    pub(super) const fn watermark(self) -> Timestamp {
        self.watermark
    }

    /// The processing time.
    pub(super) fn now(self) -> Timestamp {
        self.clock.now()
    }

    /// The context of a call that is about no record.
    pub(super) const fn without_record(self) -> ProcessContext<'a> {
        ProcessContext::new(self.clock, self.watermark, self.watermark)
    }
}

/// What a [`WindowProcessFunction`](super::WindowProcessFunction) may ask about the window that it works on,
/// and about time.
///
/// There is no state for each window here, and none for each key: what a window keeps is what its records
/// are gathered into. A function that needs more is a
/// [`StatefulWindowProcessFunction`](super::StatefulWindowProcessFunction).
pub struct WindowContext<'a, K, W> {
    pub(super) key: &'a K,
    pub(super) window: &'a W,
    pub(super) time: Time<'a>,
}

impl<K, W> WindowContext<'_, K, W> {
    /// The key.
    #[inline]
    pub const fn key(&self) -> &K {
        self.key
    }

    /// The window.
    #[inline]
    pub const fn window(&self) -> &W {
        self.window
    }

    /// How far event time has come: unless there is a trigger, to the end of the window, or beyond it where records
    /// of the window came late; [`Timestamp::MAX`] when the stream has ended.
    #[doc(alias = "currentWatermark")]
    #[inline]
    pub const fn watermark(&self) -> Timestamp {
        self.time.watermark
    }

    /// The processing time. Reads a clock: not for every window.
    #[doc(alias = "currentProcessingTime")]
    pub fn now(&self) -> Timestamp {
        self.time.now()
    }
}
