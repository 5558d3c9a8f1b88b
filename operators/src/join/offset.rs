//! A distance in time, in either direction.

use std::fmt;
use std::time::Duration;

/// How much later or earlier than another record's time a bound of an
/// [interval join](crate::KeyedStream::interval_join) is.
///
/// ```
/// use std::time::Duration;
/// use millstream::join::TimeOffset;
///
/// let earlier = TimeOffset::before(Duration::from_secs(5));
/// assert!(earlier < TimeOffset::ZERO && TimeOffset::ZERO < TimeOffset::after(Duration::from_millis(1)));
/// assert_eq!(earlier.to_string(), "-5s");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOffset {
    /// In nanoseconds, so that what is no whole number of milliseconds can be refused.
    nanos: i128,
}

impl TimeOffset {
    /// The same time.
    pub const ZERO: Self = Self { nanos: 0 };

    /// So much earlier.
    pub const fn before(time: Duration) -> Self {
        Self { nanos: -time.as_nanos().cast_signed() }
    }

    /// So much later.
    pub const fn after(time: Duration) -> Self {
        Self { nanos: time.as_nanos().cast_signed() }
    }

    /// In milliseconds, if it is a whole number of them.
    pub(super) fn millis(self) -> Option<i64> {
        (self.nanos % 1_000_000 == 0)
            .then_some(self.nanos / 1_000_000)
            .and_then(|millis| i64::try_from(millis).ok())
    }
}

impl fmt::Display for TimeOffset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.nanos.unsigned_abs();
        let seconds = u64::try_from(nanos / 1_000_000_000).unwrap_or(u64::MAX);
        let rest = u32::try_from(nanos % 1_000_000_000).unwrap_or(0);
        let sign = if self.nanos < 0 { "-" } else { "" };
        write!(formatter, "{sign}{:?}", Duration::new(seconds, rest))
    }
}
