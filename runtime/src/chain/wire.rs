//! What a channel between processes does to records, where there is only one process.

use super::{Collector, Signal, Stage, TaskContext};
use crate::batch::Batch;
use crate::error::{Error, ErrorKind, Result};

/// Encodes and decodes every batch on its way out of the subtask, so that a simulation notices
/// records that would not survive the way to another process.
pub(crate) struct Wire<C>(pub(crate) C);

impl<C: Stage> Stage for Wire<C> {
    fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()> {
        self.0.signal(signal, cx)
    }
    fn drain(&mut self, cx: &mut TaskContext) {
        self.0.drain(cx);
    }
    fn resume(&mut self, cx: &mut TaskContext) -> Result<()> {
        self.0.resume(cx)
    }
}

impl<T: millstream_state::Record, C: Collector<T>> Collector<T> for Wire<C> {
    fn batch(&mut self, batch: &mut Batch<T>, cx: &mut TaskContext) -> Result<()> {
        batch.recode().map_err(|error| {
            let name = std::any::type_name::<T>();
            Error::new(ErrorKind::InvalidJob, format!("a record of `{name}` does not survive its encoding"))
                .caused_by(error)
        })?;
        self.0.batch(batch, cx)
    }
}
