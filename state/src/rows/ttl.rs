//! When rows expire, and how those that have are removed.

use super::row;
use super::row_ref::RowRef;
use super::store::RowStore;
use crate::{Result, StateError};

/// How long a row is kept after it was created or written to last, in processing time.
///
/// As Flink's state TTL with `UpdateType.OnCreateAndWrite` and `StateVisibility.NeverReturnExpired`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ttl {
    /// In seconds.
    pub seconds: u32,
}

impl Ttl {
    /// Rows do not expire, but it is kept of each when it was written last.
    pub const NEVER: Self = Self { seconds: u32::MAX };
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

    /// What was written before this time has expired.
    pub(super) fn oldest(self) -> u32 {
        self.oldest
    }

    /// Where nothing is left out for having expired.
    pub(super) fn with_expired(self) -> Self {
        Self { oldest: 0, ..self }
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

    /// Whether rows expire, or at least have stamps.
    pub fn expires(&self) -> bool {
        self.expiry.is_on()
    }

    /// Says what time it is, in seconds of processing time (since 1970, or any other start that
    /// stays the same over restarts): what is written from now on gets this stamp.
    ///
    /// To be called before a batch, where rows expire.
    pub fn set_now(&mut self, seconds: u32) {
        self.expiry = self.expiry.at(seconds);
    }

    /// Rows have more elsewhere, which must go when they do: those that have expired stay what they are until they
    /// are handed out, by [`take_restarted`](Self::take_restarted) or [`sweep_with`](Self::sweep_with), also in
    /// snapshots.
    #[must_use]
    pub fn with_dependents(mut self) -> Self {
        self.restarted = Some(Vec::new());
        self
    }

    /// Takes the rows that had expired when [`upsert`](Self::upsert) came to them, where rows have
    /// [dependents](Self::with_dependents): they still hold what they held, and wait for [`restart`](Self::restart).
    pub fn take_restarted(&mut self) -> Vec<RowRef> {
        self.restarted.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Makes a row what it is when it is new.
    pub fn restart(&mut self, row: RowRef) {
        let hash = self.hash(row);
        self.start_anew(hash, row);
    }

    /// When a row was written last, in seconds of processing time.
    #[inline]
    pub fn stamp(&self, row: RowRef) -> u32 {
        row::stamp(self.pages.row(row))
    }

    /// Says that a row was written last at another time.
    pub fn set_stamp(&mut self, row: RowRef, seconds: u32) {
        let hash = self.hash(row);
        self.groups.mark(hash);
        row::set_stamp(self.pages.row_mut(row), seconds);
    }

    /// What was written before this time, in seconds, has expired.
    pub fn oldest(&self) -> u32 {
        self.expiry.oldest()
    }

    /// How many pages to sweep with a batch of so many rows, so that what expires is removed sooner than as much is
    /// added.
    pub fn pages_to_sweep(&self, rows: usize) -> usize {
        let pages = self.pages.count();
        let share = rows.saturating_mul(2).saturating_mul(pages) / self.len().max(1);
        share.saturating_add(1).min(pages)
    }

    /// Removes what has expired in the next `pages` pages, and empties those of them that are less than
    /// a quarter full, by moving their rows into others. Returns how many rows were removed.
    ///
    /// To be called between batches with a [few pages](Self::pages_to_sweep): no [`RowRef`](super::RowRef) is good
    /// afterwards.
    ///
    /// # Errors
    /// [`StateError::Usage`](crate::StateError::Usage) if the store is full.
    pub fn sweep(&mut self, pages: usize) -> Result<usize> {
        self.sweep_with(pages, self.oldest(), |store, expired| {
            expired.iter().for_each(|row| store.remove(*row));
            Ok(())
        })
    }

    /// As [`sweep`](Self::sweep), with what is to be done about the rows of a page that were written before `oldest`.
    ///
    /// # Errors
    /// What `expire` fails with, or [`StateError::Usage`](crate::StateError::Usage) if the store is full.
    pub fn sweep_with<E: From<StateError>>(
        &mut self,
        pages: usize,
        oldest: u32,
        mut expire: impl FnMut(&mut Self, &[RowRef]) -> Result<(), E>,
    ) -> Result<usize, E> {
        let before = self.len();
        let mut expired = Vec::new();
        for _ in 0..pages.min(self.pages.count()) {
            self.swept = if self.swept + 1 < self.pages.count() { self.swept + 1 } else { 0 };
            if oldest > 0 {
                expired.clear();
                expired.extend(self.pages.rows_of(self.swept).filter(|row| self.stamp(*row) < oldest));
                if !expired.is_empty() {
                    expire(self, &expired)?;
                }
            }
            if self.pages.is_sparse(self.swept) {
                self.evacuate(self.swept)?;
            }
        }
        Ok(before - self.len())
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
