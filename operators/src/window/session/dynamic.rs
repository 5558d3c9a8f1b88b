//! Sessions whose gap depends on the record.

use std::iter;
use std::time::Duration;

use millstream_state::Timestamp;

use super::{merged, session_of};
use crate::process::TimeDomain;
use crate::window::{TimeWindow, WindowAssigner};

/// Sessions of event time whose gap depends on the record:
/// [`EventTimeSessionWindows::with_dynamic_gap`](super::EventTimeSessionWindows::with_dynamic_gap) makes them. As Flink's
/// `DynamicEventTimeSessionWindows`.
#[derive(Clone, Copy, Debug)]
pub struct DynamicEventTimeSessionWindows<F> {
    gap: F,
}

/// Sessions of processing time whose gap depends on the record:
/// [`ProcessingTimeSessionWindows::with_dynamic_gap`](super::ProcessingTimeSessionWindows::with_dynamic_gap) makes them. As
/// Flink's `DynamicProcessingTimeSessionWindows`.
#[derive(Clone, Copy, Debug)]
pub struct DynamicProcessingTimeSessionWindows<F> {
    gap: F,
}

impl<F> DynamicEventTimeSessionWindows<F> {
    pub(super) const fn new(gap: F) -> Self {
        Self { gap }
    }
}

impl<F> DynamicProcessingTimeSessionWindows<F> {
    pub(super) const fn new(gap: F) -> Self {
        Self { gap }
    }
}

impl<T, F> WindowAssigner<T> for DynamicEventTimeSessionWindows<F>
where
    F: Fn(&T) -> Duration + Clone + Send + Sync + 'static,
{
    type Window = TimeWindow;

    const MERGES: bool = true;

    fn kind(&self) -> &'static str {
        "Session windows"
    }

    fn assign(&mut self, record: &T, timestamp: Timestamp) -> impl Iterator<Item = TimeWindow> {
        iter::once(session_of(timestamp, (self.gap)(record)))
    }

    fn merge(&self, one: &TimeWindow, other: &TimeWindow) -> Option<TimeWindow> {
        merged(one, other)
    }
}

impl<T, F> WindowAssigner<T> for DynamicProcessingTimeSessionWindows<F>
where
    F: Fn(&T) -> Duration + Clone + Send + Sync + 'static,
{
    type Window = TimeWindow;

    const TIME: Option<TimeDomain> = Some(TimeDomain::ProcessingTime);
    const MERGES: bool = true;

    fn kind(&self) -> &'static str {
        "Session windows"
    }

    fn assign(&mut self, record: &T, timestamp: Timestamp) -> impl Iterator<Item = TimeWindow> {
        iter::once(session_of(timestamp, (self.gap)(record)))
    }

    fn merge(&self, one: &TimeWindow, other: &TimeWindow) -> Option<TimeWindow> {
        merged(one, other)
    }
}
