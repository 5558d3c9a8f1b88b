//! Joins: two keyed streams whose records are brought together by key and time.
//!
//! | Which records meet | Method | State |
//! |---|---|---|
//! | those whose times lie within bounds of each other | [`KeyedStream::interval_join`] | until the watermark has passed the bounds |
//! | those of the same window | [`KeyedStream::join`], [`KeyedStream::co_group`] | the open windows |
//! | a record, and the version that was valid at its time | [`KeyedStream::temporal_join`] | the latest version of each key, and what is to come |
//!
//! All are in event time, and give the same answer however quick one input is and the other slow. Joins without bounds
//! in time are for a [`KeyedTwoInputProcessFunction`](crate::process::KeyedTwoInputProcessFunction), or, of a bounded
//! table, [`Stream::enrich`](crate::Stream::enrich).
//!
//! [`KeyedStream::interval_join`]: crate::KeyedStream::interval_join
//! [`KeyedStream::join`]: crate::KeyedStream::join
//! [`KeyedStream::co_group`]: crate::KeyedStream::co_group
//! [`KeyedStream::temporal_join`]: crate::KeyedStream::temporal_join

mod gather;
mod interval;
mod interval_operator;
mod kind;
mod offset;
mod operator;
mod side;
mod temporal;
mod temporal_operator;
mod waiting;
mod window;

pub use interval::{IntervalJoin, IntervalJoinedStreams};
pub use offset::TimeOffset;
pub use side::Side;
pub use temporal::TemporalJoin;
pub use window::{CoGroupedStreams, CoGroupedWindows, JoinedStreams, JoinedWindows};

use millstream_runtime::{Error, ErrorKind};

/// What to say of a record that joins in event time cannot place.
#[cold]
fn no_timestamp(join: &str) -> Error {
    let problem =
        format!("a record without a timestamp came to {join}: assign timestamps and watermarks before it");
    Error::new(ErrorKind::InvalidJob, problem)
}

#[cfg(test)]
mod tests;
