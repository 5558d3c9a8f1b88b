//! When rows expire, and how those that have are removed.

use super::store::RowStore;
use crate::Result;

/// How long a row is kept after it was created or written to last, in processing time.
///
/// As Flink's state TTL with `UpdateType.OnCreateAndWrite` and `StateVisibility.NeverReturnExpired`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ttl {
    /// In seconds.
    pub seconds: u32,
}

/// What there is to know about time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Expiry {
    ttl: Option<Ttl>,
    now: u32,
    /// What was written before has expired: 0, and so nothing, where nothing expires.
    oldest: u32,
}

impl Expiry {
    /// With another time-to-live.
    pub(super) fn with(self, ttl: Option<Ttl>) -> Self {
        Self { ttl, ..self }.at(self.now)
    }

    /// At another time.
    pub(super) fn at(self, now: u32) -> Self {
        let expired = |ttl: Ttl| now.checked_sub(ttl.seconds).map_or(0, |last| last.saturating_add(1));
        Self { now, oldest: self.ttl.map_or(0, expired), ..self }
    }

    /// Seconds of processing time.
    #[inline]
    pub(super) fn now(self) -> u32 {
        self.now
    }

    /// Whether what was written at this time has not expired.
    #[inline]
    pub(super) fn is_live(self, stamp: u32) -> bool {
        stamp >= self.oldest
    }

    /// Whether anything expires.
    pub(super) fn is_on(self) -> bool {
        self.ttl.is_some()
    }
}

impl RowStore {
    /// Lets rows expire, or lets them no longer expire with `None`.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Option<Ttl>) -> Self {
        self.expiry = self.expiry.with(ttl);
        self
    }

    /// Says what time it is, in seconds of processing time (since 1970, or any other start that
    /// stays the same over restarts): what is written from now on gets this stamp.
    ///
    /// To be called before a batch, where rows expire.
    pub fn set_now(&mut self, seconds: u32) {
        self.expiry = self.expiry.at(seconds);
    }

    /// Removes what has expired in the next `pages` pages, and empties those of them that are less than
    /// a quarter full, by moving their rows into others. Returns how many rows were removed.
    ///
    /// To be called between batches with a few pages: no [`RowRef`](super::RowRef) is good afterwards.
    ///
    /// # Errors
    /// [`StateError::Usage`](crate::StateError::Usage) if the store is full.
    pub fn sweep(&mut self, pages: usize) -> Result<usize> {
        let before = self.len();
        for _ in 0..pages.min(self.pages.count()) {
            self.swept = if self.swept + 1 < self.pages.count() { self.swept + 1 } else { 0 };
            if self.expiry.is_on() {
                self.remove_expired(self.swept);
            }
            if self.pages.is_sparse(self.swept) {
                self.evacuate(self.swept)?;
            }
        }
        Ok(before - self.len())
    }

    fn remove_expired(&mut self, page: usize) {
        let mut from = 0;
        while let Some(row) = self.pages.next_row(page, from) {
            if !self.is_live(row) {
                self.remove(row);
            }
            from = row.unit() + 1;
        }
    }

    /// Moves all rows of a page into other pages with slots of that size.
    fn evacuate(&mut self, page: usize) -> Result<()> {
        let mut from = 0;
        while let Some(row) = self.pages.next_row(page, from) {
            // Again each time, for a slot that became free puts the page back on the list.
            self.pages.unlist(page as u32);
            self.relocate(row, self.pages.room(row))?;
            from = row.unit() + 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
