//! What a channel carries.

use std::sync::Arc;

use millstream_state::Timestamp;

use crate::batch::Batch;
use crate::chain::LatencyMarker;
use crate::checkpoint::Barrier;

/// One message between two subtasks.
#[derive(Clone, Debug)]
pub enum Event<T> {
    /// Records.
    Batch(Batch<T>),
    /// No record with a timestamp at or before this one follows.
    Watermark(Timestamp),
    /// The stream is cut here for a snapshot.
    Barrier(Arc<Barrier>),
    /// Whether watermarks are to be expected.
    Status(StreamStatus),
    /// A source finds out how long its records take.
    LatencyMarker(LatencyMarker),
    /// Behind the records of one round of those that were in flight when the snapshot was taken that the job
    /// has been restored from. A task takes no event behind it before it has come through all inputs.
    Replayed {
        /// Whether this was the last round.
        last: bool,
    },
    /// No records follow. Barriers still may: a stream that has ended is part of snapshots until
    /// the whole job is done.
    EndOfData,
}

/// Whether a stream takes part in event time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StreamStatus {
    /// Its watermarks count.
    #[default]
    Active,
    /// It has had no records for a while: its watermarks are ignored.
    Idle,
}
