//! The task of a source and what is chained to it.

use millstream_state::Timestamp;

use super::latency_markers::LatencyMarkers;
use super::lifecycle::{Body, Lifecycle, StepOutcome};
use super::{Budget, Progress, Task};
use crate::chain::{Signal, SourceHead, SourceStatus, Stage, TaskContext};
use crate::checkpoint::{Barrier, Control};
use crate::error::Result;
use crate::event::StreamStatus;

/// Asks a source for records, and cuts the stream when the coordinator says so.
pub struct SourceTask {
    lifecycle: Lifecycle,
    source: SourceBody,
}

struct SourceBody {
    head: Box<dyn SourceHead>,
    markers: Option<LatencyMarkers>,
    /// The source has ended, or has been notified to stop: it is asked no more.
    silent: bool,
}

impl SourceTask {
    pub(crate) fn new(head: Box<dyn SourceHead>, markers: Option<LatencyMarkers>) -> Self {
        Self { lifecycle: Lifecycle::new(), source: SourceBody { head, markers, silent: false } }
    }
}

/// Ends a source that has not ended yet (true), and with it time in its stream: everything that waits for a
/// watermark becomes due.
pub(super) fn end_source(
    silent: &mut bool,
    head: &mut (impl SourceHead + ?Sized),
    cx: &mut TaskContext,
) -> Result<bool> {
    let was_silent = std::mem::replace(silent, true);
    if !was_silent {
        head.signal(&Signal::Status(StreamStatus::Active), cx)?;
        head.signal(&Signal::Watermark(Timestamp::MAX), cx)?;
    }
    Ok(!was_silent)
}

impl Stage for SourceBody {
    fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()> {
        self.head.signal(signal, cx)
    }

    fn drain(&mut self, cx: &mut TaskContext) {
        self.head.drain(cx);
    }

    fn resume(&mut self, cx: &mut TaskContext) -> Result<()> {
        self.head.resume(cx)
    }
}

impl Body for SourceBody {
    fn step(&mut self, cx: &mut TaskContext) -> Result<StepOutcome> {
        if self.silent {
            return Ok(StepOutcome::Dry);
        }
        if let Some(markers) = &mut self.markers {
            markers.send_if_due(self.head.as_mut(), cx)?;
        }
        match self.head.next(cx)? {
            SourceStatus::More => Ok(StepOutcome::Done),
            SourceStatus::Waiting => {
                self.markers.iter().for_each(|markers| markers.wake(cx));
                Ok(StepOutcome::Dry)
            }
            SourceStatus::Ended => {
                end_source(&mut self.silent, self.head.as_mut(), cx)?;
                Ok(StepOutcome::Ended)
            }
        }
    }

    fn drain_source(&mut self, cx: &mut TaskContext) -> Result<bool> {
        end_source(&mut self.silent, self.head.as_mut(), cx)
    }

    fn after_cut(&mut self, barrier: &Barrier) {
        self.silent |= barrier.stops_sources();
    }
}

impl Task for SourceTask {
    fn run(&mut self, budget: Budget, cx: &mut TaskContext) -> Result<Progress> {
        self.lifecycle.run(&mut self.source, budget, cx)
    }

    fn control(&mut self, message: Control, cx: &mut TaskContext) -> Result<()> {
        self.lifecycle.control(&mut self.source, &message, cx)
    }
}
