//! Records in memory as a source of Millstream, with their event times and with watermarks.

use ::millstream::prelude::*;
use ::millstream::source::{Output, Source, SourceReader, SourceStatus};
use serde::{Deserialize, Serialize};

use crate::engine::{Records, WATERMARK_INTERVAL};

/// A time of an event.
pub fn timestamp(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis as i64)
}

/// Records with their event times, and a watermark every [`WATERMARK_INTERVAL`] of them, `bound` milliseconds behind
/// the latest.
pub struct TimedRecords<T, F> {
    records: Records<T>,
    bound: u64,
    time: F,
}

/// The records, each at the `time` that a function says.
pub fn timed<T: Record>(
    env: &Environment,
    records: &Records<T>,
    bound: u64,
    time: impl Fn(&T) -> u64 + Clone + Send + Sync + 'static,
) -> Stream<T> {
    env.from_source(TimedRecords { records: records.clone(), bound, time })
}

/// Every `step`-th record from `next` on.
#[derive(Clone, Serialize, Deserialize)]
pub struct Share {
    next: usize,
    step: usize,
    since_watermark: usize,
    /// The latest time there has been.
    latest: u64,
}

pub struct TimedReader<T, F> {
    records: Records<T>,
    bound: u64,
    time: F,
    shares: Vec<Share>,
}

impl<T, F> Source for TimedRecords<T, F>
where
    T: Record,
    F: Fn(&T) -> u64 + Clone + Send + Sync + 'static,
{
    type Record = T;
    type Split = Share;
    type Reader = TimedReader<T, F>;

    fn kind(&self) -> &'static str {
        "Records"
    }

    fn assign(&self, _: &[Share], subtask: u32, parallelism: u32) -> Vec<Share> {
        vec![Share { next: subtask as usize, step: parallelism as usize, since_watermark: 0, latest: 0 }]
    }

    fn reader(&self) -> TimedReader<T, F> {
        let (records, time) = (self.records.clone(), self.time.clone());
        TimedReader { records, bound: self.bound, time, shares: Vec::new() }
    }

    fn has_timestamps(&self) -> bool {
        true
    }
}

impl<T: Record, F: Fn(&T) -> u64 + Send + 'static> SourceReader for TimedReader<T, F> {
    type Record = T;
    type Split = Share;

    fn add_splits(&mut self, shares: Vec<Share>) {
        self.shares.extend(shares);
    }

    fn next(&mut self, output: &mut Output<'_, T>) -> Result<SourceStatus> {
        // Always the one that is furthest behind, so that event times rise.
        let furthest_behind = self.shares.iter_mut().min_by_key(|share| share.next);
        let Some(share) = furthest_behind.filter(|share| share.next < self.records.len()) else {
            return Ok(SourceStatus::Ended);
        };
        let count = output.batch_records().min(WATERMARK_INTERVAL - share.since_watermark);
        for record in self.records[share.next..].iter().step_by(share.step).take(count) {
            let time = (self.time)(record);
            share.latest = share.latest.max(time);
            output.emit(record.clone(), timestamp(time))?;
        }
        share.next += count * share.step;
        share.since_watermark += count;
        if share.since_watermark == WATERMARK_INTERVAL {
            share.since_watermark = 0;
            // Another record of this very millisecond may follow.
            output.emit_watermark(timestamp(share.latest.saturating_sub(self.bound + 1)))?;
        }
        Ok(SourceStatus::More)
    }

    fn snapshot(&self) -> Vec<Share> {
        self.shares.clone()
    }
}
