//! The removal of what has expired: a little with every batch of records, and the rest while none come.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::expiring::Expiring;
use super::heap::AnyState;
use super::ttl::{Moment, Ttl};
use super::{HeapStore, StateId};
use crate::codec::encode_into;
use crate::grouped::not_encoded;
use crate::snapshot::Pieces;
use crate::snapshot::part::{EncodeBlock, KeyedStateSnapshot};
use crate::table::{Changed, KeyTable, KeyedTable};
use crate::{CheckpointId, Key, Result, Timestamp};

/// How many parts of states are looked through with each record: twice as many as a record can add, and room for more.
const PARTS_PER_RECORD: usize = 4;
/// How many are looked through with each batch besides.
const PARTS_PER_BATCH: usize = 16;

/// What is known of a state that expires besides its table.
pub(super) struct ExpiringState<K> {
    pub(super) state: StateId,
    ttl: Ttl,
    /// The key groups in which reading changes stamps, by their places in the range.
    touched: Vec<Touched>,
    table: fn(&AnyState<K>) -> Option<&dyn ExpiringTable<K>>,
    table_mut: fn(&mut AnyState<K>) -> Option<&mut dyn ExpiringTable<K>>,
}

/// Whether reading has changed a stamp in a key group. A table does not note such changes by entry.
#[derive(Default)]
struct Touched {
    /// Since the last snapshot.
    lately: AtomicBool,
    /// The snapshot that was the first to hold such a change most lately.
    held_by: AtomicU64,
}

impl Touched {
    /// Before snapshot `checkpoint` is taken: whether it holds stamps that reading has changed and no earlier one does.
    fn snapshotted(&self, checkpoint: CheckpointId) -> bool {
        let lately = self.lately.swap(false, Ordering::Relaxed);
        if lately {
            self.held_by.store(checkpoint.number(), Ordering::Relaxed);
        }
        lately
    }
}

impl<K: Key> ExpiringState<K> {
    pub(super) fn new<T: Expiring>(state: StateId, ttl: Ttl, key_groups: usize) -> Self {
        Self {
            state,
            ttl,
            touched: (0..key_groups).map(|_| Touched::default()).collect(),
            table: |state| {
                let table = (state as &dyn Any).downcast_ref::<KeyedTable<K, T>>()?;
                Some(table as &dyn ExpiringTable<K>)
            },
            table_mut: |state| {
                let table = (state as &mut dyn Any).downcast_mut::<KeyedTable<K, T>>()?;
                Some(table as &mut dyn ExpiringTable<K>)
            },
        }
    }

    /// Notes that reading has changed a stamp in the `group`-th key group.
    pub(super) fn touch(&self, group: usize) {
        if let Some(touched) = self.touched.get(group) {
            touched.lately.store(true, Ordering::Relaxed);
        }
    }

    /// The keys in a key group for which something can be seen.
    pub(super) fn keys(&self, state: &AnyState<K>, group: usize, now: Timestamp) -> Vec<K> {
        let moment = self.ttl.at(now);
        (self.table)(state).map_or_else(Vec::new, |table| table.visible_keys(group, moment))
    }

    /// Freezes what has not expired for a snapshot.
    pub(super) fn snapshot(
        &self,
        state: &mut AnyState<K>,
        checkpoint: CheckpointId,
        now: Timestamp,
    ) -> KeyedStateSnapshot {
        let oldest = self.ttl.at(now).oldest;
        match (self.table_mut)(state) {
            Some(table) => table.snapshot_live(checkpoint, oldest, &self.touched),
            // It is of this type since it was declared.
            None => state.snapshot(checkpoint),
        }
    }
}

/// The table of a state that expires, whose content only its handle knows.
trait ExpiringTable<K> {
    fn visible_keys(&self, group: usize, moment: Moment) -> Vec<K>;

    fn snapshot_live(
        &mut self,
        checkpoint: CheckpointId,
        oldest: i64,
        touched: &[Touched],
    ) -> KeyedStateSnapshot;

    /// Removes what was stamped before `oldest` from the buckets of a key group from `bucket` on, until the budget is
    /// spent: each bucket costs one, and a list or map as much as it has parts. Returns where to go on; none if the
    /// key group is done.
    fn sweep(&mut self, group: usize, bucket: usize, oldest: i64, budget: &mut i64) -> Option<usize>;
}

impl<K: Key, T: Expiring> ExpiringTable<K> for KeyedTable<K, T> {
    fn visible_keys(&self, group: usize, moment: Moment) -> Vec<K> {
        let entries = self.slot(group).into_iter().flat_map(KeyTable::iter);
        entries.filter(|(_, content)| content.is_live(moment.visible)).map(|(key, _)| key.clone()).collect()
    }

    fn snapshot_live(
        &mut self,
        checkpoint: CheckpointId,
        oldest: i64,
        touched: &[Touched],
    ) -> KeyedStateSnapshot {
        let name: Arc<str> = Arc::from(self.meta().name.as_str());
        self.snapshot_as(
            checkpoint,
            |group| touched.get(group).is_some_and(|touched| touched.snapshotted(checkpoint)),
            |group, content| {
                let touched = touched.get(group).map_or(0, |touched| touched.held_by.load(Ordering::Relaxed));
                let touched = CheckpointId::new(touched);
                Arc::new(LiveBlock { content, oldest, touched, name: name.clone() })
            },
        )
    }

    fn sweep(&mut self, group: usize, bucket: usize, oldest: i64, budget: &mut i64) -> Option<usize> {
        let content = self.slot(group)?;
        let (mut end, mut any) = (bucket, false);
        while end < content.buckets() && *budget > 0 {
            let entry = content.in_bucket(end);
            *budget -= entry.map_or(1, |(_, content)| content.parts().max(1) as i64);
            any |= entry.is_some_and(|(_, content)| content.has_expired(oldest));
            end += 1;
        }
        let is_done = end >= content.buckets();
        // Only now, for a key group that a snapshot shares is copied to be written to.
        if any || (is_done && content.is_sparse()) {
            let content = self.slot_mut(group)?;
            (bucket..end).for_each(|bucket| content.change_bucket(bucket, |it| remove_expired(it, oldest)));
            if is_done {
                content.shrink_if_sparse();
            }
        }
        (!is_done).then_some(end)
    }
}

/// Removes the parts that were stamped before `oldest`, if any is left then; says whether none is.
fn remove_expired(content: &mut impl Expiring, oldest: i64) -> bool {
    if !content.is_live(oldest) {
        return true;
    }
    if content.has_expired(oldest) {
        content.remove_expired(oldest);
    }
    false
}

/// What has not expired in a key group.
struct LiveBlock<K, T> {
    content: Arc<KeyTable<K, T>>,
    oldest: i64,
    /// Earlier snapshots do not have all stamps that reading has changed.
    touched: CheckpointId,
    name: Arc<str>,
}

impl<K: Key, T: Expiring> LiveBlock<K, T> {
    fn live(&self) -> impl Iterator<Item = &(K, T)> {
        self.content.iter().filter(|(_, content)| content.is_live(self.oldest))
    }
}

impl<K: Key, T: Expiring> EncodeBlock for LiveBlock<K, T> {
    fn encode(&self, out: &mut Pieces) -> Result<()> {
        let mut append = || {
            encode_into(&self.live().count(), out.end())?;
            self.live()
                .try_for_each(|(key, content)| encode_into(&(key, content.live(self.oldest)), out.end()))
        };
        append().map_err(|source| not_encoded(&self.name, source))
    }

    fn entries(&self) -> u64 {
        self.live().count() as u64
    }

    fn changes_since(&self, base: CheckpointId) -> Option<Arc<dyn EncodeBlock>> {
        if base < self.touched {
            return None;
        }
        let (content, name) = (self.content.clone(), self.name.clone());
        let changes = content.changed_since(base)?.len() as u64;
        Some(Arc::new(LiveChanges { live: LiveBlock { content, name, ..*self }, base, changes }))
    }
}

/// What has changed of it since a snapshot.
struct LiveChanges<K, T> {
    live: LiveBlock<K, T>,
    base: CheckpointId,
    changes: u64,
}

impl<K: Key, T: Expiring> EncodeBlock for LiveChanges<K, T> {
    fn encode(&self, out: &mut Pieces) -> Result<()> {
        let LiveBlock { content, oldest, name, .. } = &self.live;
        let Some(Changed { mut removed, present }) = content.changed_since(self.base) else {
            return Err(not_encoded(name, postcard::Error::SerdeSerCustom));
        };
        let (present, expired): (Vec<_>, Vec<_>) =
            present.into_iter().partition(|(_, content)| content.is_live(*oldest));
        removed.extend(expired.into_iter().map(|(key, _)| key));
        let changed = Changed { removed, present };
        let encoded = changed.encode(out, |(key, content)| (key, content.live(*oldest)));
        encoded.map_err(|source| not_encoded(name, source))
    }

    fn entries(&self) -> u64 {
        self.changes
    }
}

/// Where the removal of what has expired goes on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SweepPosition {
    /// Which of the states that expire.
    state: usize,
    /// Which key group of the range.
    group: usize,
    bucket: usize,
    /// What a large list or map has taken more than there was to spend.
    debt: i64,
}

impl<K: Key> HeapStore<K> {
    /// Whether any state expires, so that the store must be told [the time](Self::set_now).
    #[inline]
    pub fn expires(&self) -> bool {
        !self.expiring.is_empty()
    }

    /// The shortest time-to-live of a state, if any expires.
    pub fn shortest_ttl(&self) -> Option<std::time::Duration> {
        self.expiring.iter().map(|state| state.ttl.duration()).min()
    }

    /// Says what the processing time is: what is written from now on gets this stamp. To be called before states that
    /// expire are declared, and then before each batch of records, each snapshot and whatever else reads states.
    ///
    /// An earlier time than one that was told before changes nothing: where a clock steps back, what has
    /// expired stays so, and nothing expires until the clock is where it was.
    pub fn set_now(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }

    /// Before a function works on so many records: says [what time it is](Self::set_now), and [removes](Self::sweep)
    /// more of what has expired than they can add. Asks for the time only where anything expires.
    #[inline]
    pub fn advance(&mut self, now: impl FnOnce() -> Timestamp, records: usize) {
        if self.expires() {
            self.set_now(now());
            self.sweep(records.saturating_mul(PARTS_PER_RECORD).saturating_add(PARTS_PER_BATCH));
        }
    }

    /// Removes some of what has expired: goes on where the last call stopped, and looks through about `budget`
    /// parts of states. Returns whether it has come to the end of all states; the next call begins anew.
    ///
    /// Entries that have expired are removed sooner than others are added where this is called with twice as much
    /// as is added.
    pub fn sweep(&mut self, budget: usize) -> bool {
        let SweepPosition { mut state, mut group, mut bucket, debt } = self.swept;
        let mut left = i64::try_from(budget).unwrap_or(i64::MAX).saturating_sub(debt);
        let groups = self.key_groups();
        let mut is_at_end = false;
        while left > 0 {
            let Some(expiring) = self.expiring.get(state) else {
                (state, group, bucket, is_at_end) = (0, 0, 0, true);
                break;
            };
            if group >= groups {
                (state, group, bucket) = (state + 1, 0, 0);
                continue;
            }
            let oldest = expiring.ttl.at(self.now).oldest;
            let found =
                self.states.get_mut(expiring.state.0).and_then(|it| (expiring.table_mut)(it.as_mut()));
            let before = left;
            let next = found.and_then(|table| table.sweep(group, bucket, oldest, &mut left));
            (group, bucket) = next.map_or((group + 1, 0), |bucket| (group, bucket));
            // A key group without anything in it takes something, too.
            left = left.min(before - 1);
        }
        self.swept = SweepPosition { state, group, bucket, debt: 0.max(-left) };
        is_at_end
    }
}
