//! How long state is kept: Flink's `StateTtlConfig`.

use std::time::Duration;

use crate::{Result, StateError, Timestamp};

/// How long an entry of a keyed state is kept, in processing time, after it was last written to, or also read.
///
/// As Flink's `StateTtlConfig`; set with [`StateDescriptor::ttl`](super::StateDescriptor::ttl). An entry is what a value, reducing
/// or aggregating state has for a key; in lists each element and in maps each user key expires on its own.
/// What has expired is left out of snapshots, and removed little by little while records come, and also
/// where none come.
///
/// ```
/// # mod millstream { pub use millstream_state as state; }
/// use std::time::Duration;
/// use millstream::state::{StateDescriptor, Ttl};
/// let hour = Ttl::new(Duration::from_secs(3_600)).update_on_read();
/// let last_page = StateDescriptor::<String>::new("last page").ttl(hour);
/// assert_eq!(last_page.time_to_live(), Some(hour));
/// ```
#[doc(alias("StateTtlConfig", "Time-to-live", "TTL"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ttl {
    /// In milliseconds.
    millis: i64,
    updates_on_read: bool,
    returns_expired: bool,
}

impl Ttl {
    /// Entries are kept for `duration` after they were created or written to last, and are then as if they had
    /// never been. Whole milliseconds count; at least one is needed where the state is declared.
    #[doc(alias("newBuilder", "setTtl"))]
    pub fn new(duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self { millis, updates_on_read: false, returns_expired: false }
    }

    /// An entry is kept for as long again when it is read, too. As Flink's `UpdateType.OnReadAndWrite`.
    ///
    /// ```
    /// # mod millstream { pub use millstream_state as state; }
    /// # use std::time::Duration;
    /// # use millstream::state::Ttl;
    /// let ttl = Ttl::new(Duration::from_secs(60));
    /// assert!(!ttl.updates_on_read());
    /// assert!(ttl.update_on_read().updates_on_read());
    /// ```
    #[doc(alias("OnReadAndWrite", "updateTtlOnReadAndWrite"))]
    #[must_use]
    pub const fn update_on_read(self) -> Self {
        Self { updates_on_read: true, ..self }
    }

    /// Reading an entry does not prolong its life: the default. As Flink's `UpdateType.OnCreateAndWrite`.
    ///
    /// ```
    /// # mod millstream { pub use millstream_state as state; }
    /// # use std::time::Duration;
    /// # use millstream::state::Ttl;
    /// let ttl = Ttl::new(Duration::from_secs(60)).update_on_read();
    /// assert!(!ttl.update_on_create_and_write().updates_on_read());
    /// ```
    #[doc(alias("OnCreateAndWrite", "updateTtlOnCreateAndWrite"))]
    #[must_use]
    pub const fn update_on_create_and_write(self) -> Self {
        Self { updates_on_read: false, ..self }
    }

    /// An entry that has expired can be read until it has been removed. As Flink's
    /// `StateVisibility.ReturnExpiredIfNotCleanedUp`, except that reading does not remove it.
    ///
    /// ```
    /// # mod millstream { pub use millstream_state as state; }
    /// # use std::time::Duration;
    /// # use millstream::state::Ttl;
    /// let ttl = Ttl::new(Duration::from_secs(60));
    /// assert!(!ttl.returns_expired());
    /// assert!(ttl.return_expired_if_not_cleaned_up().returns_expired());
    /// ```
    #[doc(alias = "ReturnExpiredIfNotCleanedUp")]
    #[must_use]
    pub const fn return_expired_if_not_cleaned_up(self) -> Self {
        Self { returns_expired: true, ..self }
    }

    /// An entry that has expired is never read again: the default. As Flink's
    /// `StateVisibility.NeverReturnExpired`.
    ///
    /// ```
    /// # mod millstream { pub use millstream_state as state; }
    /// # use std::time::Duration;
    /// # use millstream::state::Ttl;
    /// let ttl = Ttl::new(Duration::from_secs(60)).return_expired_if_not_cleaned_up();
    /// assert!(!ttl.never_return_expired().returns_expired());
    /// ```
    #[doc(alias = "NeverReturnExpired")]
    #[must_use]
    pub const fn never_return_expired(self) -> Self {
        Self { returns_expired: false, ..self }
    }

    /// How long entries are kept.
    pub fn duration(self) -> Duration {
        Duration::from_millis(self.millis.unsigned_abs())
    }

    /// Whether reading prolongs the life of an entry.
    pub const fn updates_on_read(self) -> bool {
        self.updates_on_read
    }

    /// Whether entries that have expired can be read until they have been removed.
    pub const fn returns_expired(self) -> bool {
        self.returns_expired
    }

    /// Checks that anything is kept at all.
    pub(super) fn check(self, state: &str) -> Result<()> {
        match self.millis {
            0 => Err(StateError::Usage(format!(
                "state `{state}`: its time-to-live is shorter than a millisecond, so that nothing would be kept; \
                 give it a longer one, or none"
            ))),
            _ => Ok(()),
        }
    }

    /// What it means at a point in time.
    #[inline]
    pub(super) fn at(self, now: Timestamp) -> Moment {
        let now = now.as_millis();
        let oldest = now.checked_sub(self.millis).map_or(i64::MIN, |last| last.saturating_add(1));
        Moment {
            now,
            oldest,
            visible: if self.returns_expired { i64::MIN } else { oldest },
            updates_on_read: self.updates_on_read,
        }
    }
}

/// A point in time, and what has expired by then. In milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// What is written now gets this stamp.
    pub(super) now: i64,
    /// What was stamped before has expired.
    pub(super) oldest: i64,
    /// What was stamped before cannot be read.
    pub(super) visible: i64,
    pub(super) updates_on_read: bool,
}
