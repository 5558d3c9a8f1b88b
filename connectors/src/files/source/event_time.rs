//! Event time of a file source: timestamps out of records, watermarks out of timestamps and out of
//! what is known about files.

use std::sync::Arc;
use std::time::Duration;

use millstream_runtime::batch::Batch;
use millstream_state::Timestamp;

use super::split::FileSplit;

/// Gives all records of a batch their timestamps; answers the latest. Called once a batch, so that
/// the function that is called for every record can be part of it.
type AssignTimestamps<T> = Arc<dyn Fn(&mut Batch<T>) -> Timestamp + Send + Sync>;

/// The time before which no record of a file is, by the file's name.
type SplitStart = Arc<dyn Fn(&str) -> Option<Timestamp> + Send + Sync>;

/// What a source knows about time.
pub(super) struct EventTime<T> {
    timestamps: Option<AssignTimestamps<T>>,
    /// How far a record may be behind the latest before it in its split.
    pub(super) bound: Option<Duration>,
    pub(super) split_start: Option<SplitStart>,
}

impl<T> Clone for EventTime<T> {
    fn clone(&self) -> Self {
        let Self { timestamps, bound, split_start } = self;
        Self { timestamps: timestamps.clone(), bound: *bound, split_start: split_start.clone() }
    }
}

impl<T> Default for EventTime<T> {
    fn default() -> Self {
        Self { timestamps: None, bound: None, split_start: None }
    }
}

impl<T> EventTime<T> {
    pub(super) fn set_timestamps(&mut self, timestamp: impl Fn(&T) -> Timestamp + Send + Sync + 'static) {
        self.timestamps = Some(Arc::new(move |batch| {
            let mut latest = Timestamp::MIN;
            batch.assign_timestamps(|record, _| {
                let timestamp = timestamp(record);
                latest = latest.max(timestamp);
                timestamp
            });
            latest
        }));
    }

    pub(super) const fn has_timestamps(&self) -> bool {
        self.timestamps.is_some()
    }

    /// Gives records their timestamps; answers the latest.
    pub(super) fn assign(&self, batch: &mut Batch<T>) -> Timestamp {
        self.timestamps.as_ref().map_or(Timestamp::MIN, |assign| assign(batch))
    }

    /// The watermark of a reader that reads `current` and has `next` as the first of the splits it
    /// has not begun, in reading order. [`Timestamp::MIN`] where nothing is known; may be lower than
    /// an earlier answer, which then holds on.
    pub(super) fn watermark(&self, current: Option<&FileSplit>, next: Option<&FileSplit>) -> Timestamp {
        let declares = self.split_start.is_some();
        if !declares && self.bound.is_none() {
            return Timestamp::MIN;
        }
        let before = |time: Timestamp| time.saturating_sub(Duration::from_millis(1));
        let declared = |split: &FileSplit| split.declared_start.map_or(Timestamp::MIN, before);
        let of_current = current.map(|split| {
            let seen = self.bound.map_or(Timestamp::MIN, |bound| before(split.latest.saturating_sub(bound)));
            if declares { seen.max(declared(split)) } else { seen }
        });
        // Where nobody declares anything, splits to come hold nothing back, as in Flink.
        let of_next = next.filter(|_| declares).map(declared);
        of_current.into_iter().chain(of_next).min().unwrap_or(Timestamp::MIN)
    }
}
