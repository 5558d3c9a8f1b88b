//! Rows that were found, kept for a time: as Flink's `DefaultLookupCache`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;

use crate::connectors::lookup::PartialCache;

/// The encoded rows of a key.
pub(super) type CachedRows = Arc<[Arc<[u8]>]>;

/// The rows of keys, by the bytes of the key.
pub(super) struct RowCache {
    options: PartialCache,
    entries: HashMap<Arc<[u8]>, Entry>,
    /// The keys in the order in which they were wanted last, by the numbers of their entries.
    order: BTreeMap<u64, Arc<[u8]>>,
    next: u64,
    /// How many rows there are; a key without rows counts as one.
    rows: u64,
}

struct Entry {
    rows: CachedRows,
    written: Duration,
    accessed: Duration,
    number: u64,
}

impl Entry {
    fn weight(&self) -> u64 {
        (self.rows.len() as u64).max(1)
    }
}

impl RowCache {
    pub(super) fn new(options: PartialCache) -> Self {
        Self { options, entries: HashMap::new(), order: BTreeMap::new(), next: 0, rows: 0 }
    }

    /// The rows of a key, if they are there and not too old.
    pub(super) fn get(&mut self, key: &[u8], now: Duration) -> Option<CachedRows> {
        let entry = self.entries.get_mut(key)?;
        let is_old = |since: Duration, limit: Option<Duration>| {
            limit.is_some_and(|limit| now.saturating_sub(since) >= limit)
        };
        if is_old(entry.written, self.options.expire_after_write)
            || is_old(entry.accessed, self.options.expire_after_access)
        {
            self.remove(key);
            return None;
        }
        entry.accessed = now;
        if let Some(key) = self.order.remove(&entry.number) {
            entry.number = self.next;
            self.order.insert(self.next, key);
            self.next += 1;
        }
        Some(entry.rows.clone())
    }

    /// Keeps the rows of a key.
    pub(super) fn insert(&mut self, key: &[u8], rows: CachedRows, now: Duration) {
        self.remove(key);
        if rows.is_empty() && !self.options.cache_missing_key {
            return;
        }
        let key: Arc<[u8]> = key.into();
        let entry = Entry { rows, written: now, accessed: now, number: self.next };
        self.rows += entry.weight();
        self.order.insert(self.next, key.clone());
        self.next += 1;
        self.entries.insert(key, entry);
        self.expire(now);
        while self.options.max_rows.is_some_and(|most| self.rows > most) {
            let Some((_, oldest)) = self.order.first_key_value() else { break };
            let oldest = oldest.clone();
            self.remove(&oldest);
        }
    }

    /// Forgets some of those that are too old, so that what nobody wants does not stay for ever.
    fn expire(&mut self, now: Duration) {
        // Two for each that comes: they go faster than they come.
        for _ in 0..2 {
            let Some((_, oldest)) = self.order.first_key_value() else { return };
            let oldest = oldest.clone();
            let Some(entry) = self.entries.get(&oldest) else { return };
            let limits = [
                (entry.written, self.options.expire_after_write),
                (entry.accessed, self.options.expire_after_access),
            ];
            let is_old = limits
                .iter()
                .any(|(since, limit)| limit.is_some_and(|limit| now.saturating_sub(*since) >= limit));
            if !is_old {
                return;
            }
            self.remove(&oldest);
        }
    }

    fn remove(&mut self, key: &[u8]) {
        if let Some(entry) = self.entries.remove(key) {
            self.rows -= entry.weight();
            self.order.remove(&entry.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(options: PartialCache) -> RowCache {
        RowCache::new(options)
    }

    fn rows(count: usize) -> CachedRows {
        (0..count).map(|row| Arc::from([row as u8])).collect()
    }

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_key_that_was_not_wanted_for_longest_leaves_first() {
        let mut cache = cache(PartialCache { max_rows: Some(3), ..PartialCache::default() });
        cache.insert(b"a", rows(1), at(0));
        cache.insert(b"b", rows(1), at(0));
        cache.insert(b"c", rows(1), at(0));
        assert!(cache.get(b"a", at(1)).is_some());
        cache.insert(b"d", rows(2), at(2));
        assert!(cache.get(b"a", at(3)).is_some());
        assert!(cache.get(b"b", at(3)).is_none() && cache.get(b"c", at(3)).is_none());
        assert_eq!((cache.rows, cache.entries.len(), cache.order.len()), (3, 2, 2));
    }

    #[test]
    fn rows_expire() {
        let mut by_write =
            cache(PartialCache { expire_after_write: Some(at(10)), ..PartialCache::default() });
        by_write.insert(b"a", rows(1), at(0));
        assert!(by_write.get(b"a", at(9)).is_some());
        assert!(by_write.get(b"a", at(10)).is_none());
        assert_eq!(by_write.entries.len(), 0);
        let mut by_access =
            cache(PartialCache { expire_after_access: Some(at(10)), ..PartialCache::default() });
        by_access.insert(b"a", rows(1), at(0));
        assert!(by_access.get(b"a", at(9)).is_some());
        assert!(by_access.get(b"a", at(18)).is_some());
        assert!(by_access.get(b"a", at(28)).is_none());
        // What nobody asks for leaves when others come.
        by_access.insert(b"b", rows(1), at(30));
        by_access.insert(b"c", rows(1), at(60));
        assert_eq!(by_access.entries.len(), 1);
    }

    #[test]
    fn that_a_key_has_no_rows_is_kept_if_that_is_wanted() {
        for cache_missing_key in [true, false] {
            let mut cache = cache(PartialCache { cache_missing_key, ..PartialCache::default() });
            cache.insert(b"a", rows(0), at(0));
            assert_eq!(cache.get(b"a", at(1)).is_some(), cache_missing_key);
        }
    }
}
