//! A stream that several operators read.

use super::{Collector, Signal, Stage, TaskContext};
use crate::batch::Batch;
use crate::error::Result;

/// Hands every batch to several collectors; all but the last get a clone.
pub struct FanOut<T> {
    collectors: Vec<Box<dyn Collector<T>>>,
}

impl<T> FanOut<T> {
    /// A fan-out to `collectors`.
    pub const fn new(collectors: Vec<Box<dyn Collector<T>>>) -> Self {
        Self { collectors }
    }
}

impl<T> Stage for FanOut<T> {
    fn signal(&mut self, signal: &Signal, cx: &mut TaskContext) -> Result<()> {
        if let Signal::LatencyMarker(_) = signal {
            // One of them at random, as in Flink: where streams part and meet again and again there would be ever more.
            let chosen = cx.random().below(self.collectors.len());
            return self.collectors.get_mut(chosen).map_or(Ok(()), |collector| collector.signal(signal, cx));
        }
        self.collectors.iter_mut().try_for_each(|collector| collector.signal(signal, cx))
    }

    fn drain(&mut self, cx: &mut TaskContext) {
        self.collectors.iter_mut().for_each(|collector| collector.drain(cx));
    }

    fn resume(&mut self, cx: &mut TaskContext) -> Result<()> {
        self.collectors.iter_mut().try_for_each(|collector| collector.resume(cx))
    }
}

impl<T: Clone> Collector<T> for FanOut<T> {
    fn batch(&mut self, batch: &mut Batch<T>, cx: &mut TaskContext) -> Result<()> {
        if let Some((last, others)) = self.collectors.split_last_mut() {
            for collector in others {
                collector.batch(&mut batch.clone(), cx)?;
            }
            last.batch(batch, cx)?;
        }
        Ok(())
    }
}
