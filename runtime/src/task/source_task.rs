//! The task of a source and what is chained to it.

use std::sync::Arc;
use std::time::Duration;

use super::common::{Body, Lifecycle, Step, snapshot};
use super::{Budget, Progress, Task};
use crate::chain::{Signal, SourceHead, SourceStatus, TaskContext};
use crate::checkpoint::{Barrier, Control};
use crate::error::Result;
use crate::event::StreamStatus;
use millstream_state::Timestamp;

/// Asks a source for records, and cuts the stream when the coordinator says so.
pub struct SourceTask {
    lifecycle: Lifecycle,
    source: Source,
    /// Triggers that came before the source was open.
    early: Vec<Arc<Barrier>>,
}

struct Source {
    head: Box<dyn SourceHead>,
    /// The source has ended, or has been told to stop: it is asked no more.
    silent: bool,
}

impl SourceTask {
    pub(crate) fn new(head: Box<dyn SourceHead>) -> Self {
        Self { lifecycle: Lifecycle::new(), source: Source { head, silent: false }, early: Vec::new() }
    }

    fn cut(&mut self, barrier: &Arc<Barrier>, cx: &mut TaskContext) -> Result<()> {
        snapshot(&mut self.source, barrier, Duration::ZERO, cx)?;
        self.source.silent |= barrier.stops_sources();
        Ok(())
    }
}

impl Body for Source {
    fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()> {
        self.head.signal(signal, cx)
    }

    fn drain(&mut self, cx: &mut TaskContext) {
        self.head.drain(cx);
    }

    fn step(&mut self, cx: &mut TaskContext) -> Result<Step> {
        if self.silent {
            return Ok(Step::Dry);
        }
        match self.head.next(cx)? {
            SourceStatus::More => Ok(Step::Done),
            SourceStatus::Waiting => Ok(Step::Dry),
            SourceStatus::Ended => {
                self.silent = true;
                // The end of a stream is the end of time in it: everything that waits for a
                // watermark becomes due.
                self.head.signal(&Signal::Status(StreamStatus::Active), cx)?;
                self.head.signal(&Signal::Watermark(Timestamp::MAX), cx)?;
                Ok(Step::Ended)
            }
        }
    }
}

impl Task for SourceTask {
    fn run(&mut self, budget: Budget, cx: &mut TaskContext) -> Result<Progress> {
        if !self.early.is_empty() && !self.lifecycle.is_open() {
            // Opens without reading, so that the snapshot is taken of restored state.
            self.lifecycle.run(&mut self.source, Budget { batches: 0 }, cx)?;
        }
        for barrier in std::mem::take(&mut self.early) {
            self.cut(&barrier, cx)?;
        }
        self.lifecycle.run(&mut self.source, budget, cx)
    }

    fn control(&mut self, message: Control, cx: &mut TaskContext) -> Result<()> {
        match &message {
            Control::Trigger(barrier) if self.lifecycle.is_open() => self.cut(barrier, cx),
            Control::Trigger(barrier) => {
                self.early.push(barrier.clone());
                cx.waker().wake_by_ref();
                Ok(())
            }
            _ => self.lifecycle.control(&mut self.source, &message, cx),
        }
    }
}
