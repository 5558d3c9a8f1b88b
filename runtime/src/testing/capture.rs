//! The end of a chain that keeps what comes to it.

use std::sync::Arc;

use millstream_state::{CheckpointId, Timestamp};
use parking_lot::Mutex;

use crate::batch::Batch;
use crate::chain::{Collector, Signal, Stage, TaskContext};
use crate::error::Result;
use crate::event::StreamStatus;

/// Something that an operator under test has emitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Emitted<O> {
    /// A record and its timestamp ([`Timestamp::MIN`] if it has none).
    Record(O, Timestamp),
    /// A watermark.
    Watermark(Timestamp),
    /// That the stream is idle or active.
    Status(StreamStatus),
    /// The barrier of a checkpoint.
    Barrier(CheckpointId),
    /// That nothing follows.
    EndOfData,
}

/// What has been emitted, shared with the collector at the end of the chain.
pub(crate) struct Captured<O>(Arc<Mutex<Vec<Emitted<O>>>>);

impl<O> Clone for Captured<O> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<O> Default for Captured<O> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<O> Captured<O> {
    pub(crate) fn take(&self) -> Vec<Emitted<O>> {
        std::mem::take(&mut self.0.lock())
    }

    /// Takes the records out, and leaves the rest.
    pub(super) fn take_records(&self) -> Vec<(O, Timestamp)> {
        let mut records = Vec::new();
        let mut rest = self.0.lock();
        for emitted in std::mem::take(&mut *rest) {
            match emitted {
                Emitted::Record(record, timestamp) => records.push((record, timestamp)),
                other => rest.push(other),
            }
        }
        records
    }
}

impl<O: Send> Collector<O> for Captured<O> {
    fn batch(&mut self, batch: &mut Batch<O>, _: &mut TaskContext) -> Result<()> {
        let records = batch.drain_timed().map(|(record, timestamp)| Emitted::Record(record, timestamp));
        self.0.lock().extend(records);
        Ok(())
    }
}

impl<O: Send> Stage for Captured<O> {
    fn signal(&mut self, signal: &Signal, _: &mut TaskContext) -> Result<()> {
        self.0.lock().extend(match signal {
            Signal::Watermark(watermark) => Some(Emitted::Watermark(*watermark)),
            Signal::Status(status) => Some(Emitted::Status(*status)),
            Signal::Barrier(barrier) => Some(Emitted::Barrier(barrier.checkpoint)),
            Signal::EndOfData => Some(Emitted::EndOfData),
            _ => None,
        });
        Ok(())
    }

    fn drain(&mut self, _: &mut TaskContext) {}

    fn resume(&mut self, _: &mut TaskContext) -> Result<()> {
        Ok(())
    }
}
