//! Where reading starts and ends.

use millstream_state::Timestamp;

/// A position in a stream, looked up when a job starts.
///
/// ```
/// use millstream::Timestamp;
/// use millstream::connectors::nats::StreamPosition;
///
/// let first = StreamPosition::earliest();
/// let of_that_day = StreamPosition::timestamp(Timestamp::from_millis(1_700_000_000_000));
/// let exactly = StreamPosition::sequence(42);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamPosition(pub(super) At);

/// Where that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    First,
    End,
    Sequence(u64),
    Time(Timestamp),
}

impl StreamPosition {
    /// The first message that is there.
    pub const fn earliest() -> Self {
        Self(At::First)
    }

    /// After the last message.
    pub const fn latest() -> Self {
        Self(At::End)
    }

    /// The message with this sequence; of one stream alone. Where reading starts, the stream must have come so far.
    pub const fn sequence(sequence: u64) -> Self {
        Self(At::Sequence(sequence))
    }

    /// The first message that the stream took at this time or later. Where there is none, after the last message.
    pub const fn timestamp(timestamp: Timestamp) -> Self {
        Self(At::Time(timestamp))
    }
}
