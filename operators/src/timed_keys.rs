//! What is kept for keys that have to be looked at again at some time.

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{OpenContext, OperatorInfo, SnapshotContext};
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{
    DueQueue, Key, KeyedTable, LookAhead, Place, Shape, TimerContent, TimerQueue, Timestamp, stable_hash,
};
use serde::{Deserialize, Serialize};

use crate::due_keys::{DueKeys, Kept, fetch};
use crate::process::TimeDomain;

/// What is kept for a key.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Timed<V> {
    pub(crate) kept: V,
    /// The earliest of its timers.
    timer: Option<Timestamp>,
}

impl<V> Timed<V> {
    pub(crate) const fn new(kept: V) -> Self {
        Self { kept, timer: None }
    }

    /// Has the key looked at at `due`, unless it will be by then.
    pub(crate) fn set_timer<K: Key>(
        &mut self,
        timers: &mut DueQueue<K>,
        hash: u64,
        key: &K,
        due: Option<Timestamp>,
    ) -> Result<()> {
        if let Some(due) = due.filter(|due| self.timer.is_none_or(|timer| *due < timer)) {
            self.timer = Some(due);
            timers.push(hash, key, due)?;
        }
        Ok(())
    }

    /// A timer has fired: whether it is the one that the key waits for. One that was set before an earlier one is not, nor is
    /// one that was set twice.
    pub(crate) fn timer_has_fired(&mut self, time: Timestamp) -> bool {
        self.timer.take_if(|timer| *timer == time).is_some()
    }
}

/// The keys of a subtask, and when each is looked at again.
pub(crate) struct TimedKeys<K, V> {
    pub(crate) state: KeyedTable<K, Timed<V>>,
    pub(crate) timers: DueQueue<K>,
    due: DueKeys<K>,
    look_ahead: LookAhead,
}

impl<V: Kept> Kept for Timed<V> {
    #[inline]
    fn prefetch(&self) {
        self.kept.prefetch();
    }
}

impl<K: Key, V: Kept> TimedKeys<K, V> {
    /// No keys yet; `name` is that of the state.
    pub(crate) fn new(name: &str, domain: TimeDomain, info: &OperatorInfo) -> Self {
        let (groups, range) = (info.groups, info.range());
        let meta = StateMeta {
            name: name.to_owned(),
            kind: StateKind::Value,
            key: Shape::of::<K>(),
            value: Shape::of::<Timed<V>>(),
        };
        let timers = match domain {
            TimeDomain::EventTime => TimerQueue::<K>::EVENT_TIME,
            TimeDomain::ProcessingTime => TimerQueue::<K>::PROCESSING_TIME,
        };
        Self {
            state: KeyedTable::new(meta, groups, range),
            timers: DueQueue::new(timers, groups, range),
            due: DueKeys::default(),
            look_ahead: LookAhead::default(),
        }
    }

    pub(crate) fn restore(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.state.meta().check::<K, Timed<V>>()?;
        if let Some(stored) = cx.take_keyed(&self.state.meta().name) {
            self.state.restore_all(stored)?;
        }
        restore_timers(&mut self.timers, cx)
    }

    /// Takes the records of a batch for as long as `take` says, each with where its key likely is.
    pub(crate) fn drain_while<T>(
        &mut self,
        batch: &mut Batch<(K, T)>,
        mut take: impl FnMut(&mut Self, (Place, K), T, Timestamp) -> Result<bool>,
    ) -> Result<()> {
        let mut look_ahead = std::mem::take(&mut self.look_ahead);
        let keys = batch.records().iter().map(|(key, _)| key);
        let mut places = look_ahead.places(&self.state, keys, batch.key_hashes());
        if let Some(places) = &places {
            fetch(&self.state, places.as_slice());
        }
        let taken = batch.drain_while(|(key, record), time| {
            let known = places.as_mut().and_then(Iterator::next);
            let place = known.unwrap_or_else(|| Place::of_hash(stable_hash(&key)));
            take(self, (place, key), record, time)
        });
        drop(places);
        self.look_ahead = look_ahead;
        taken
    }

    /// The next timer up to `now`, with where its key likely is; see [`DueKeys`].
    pub(crate) fn next_due(&mut self, now: Timestamp) -> Option<(Timestamp, Place, K)> {
        self.due.next(&mut self.timers, now, &self.state)
    }

    /// Those that are due have not all been looked at.
    pub(crate) fn put_back(&mut self) -> Result<()> {
        self.due.put_back(&mut self.timers)
    }

    pub(crate) fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        let checkpoint = cx.checkpoint();
        cx.keyed(self.state.snapshot(checkpoint));
        cx.keyed(self.timers.snapshot(checkpoint));
    }
}

/// Takes timers out of the snapshot.
pub(crate) fn restore_timers<K: Key, G: TimerContent<K>>(
    timers: &mut TimerQueue<K, G>,
    cx: &mut OpenContext<'_>,
) -> Result<()> {
    timers.check()?;
    let stored = cx.take_keyed(&timers.meta().name);
    if let Some(stored) = stored.filter(|_| !cx.drops_timers()) {
        timers.restore_all(stored)?;
    }
    Ok(())
}
