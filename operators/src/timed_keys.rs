//! What is kept for keys that have to be looked at again at some time.

use millstream_runtime::Result;
use millstream_runtime::chain::{OpenContext, OperatorInfo, SnapshotContext};
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{Key, KeyedTable, Record, Shape, TimerQueue, Timestamp};
use serde::{Deserialize, Serialize};

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
        timers: &mut TimerQueue<K>,
        hash: u64,
        key: &K,
        due: Option<Timestamp>,
    ) -> Result<()> {
        if let Some(due) = due.filter(|due| self.timer.is_none_or(|timer| *due < timer)) {
            self.timer = Some(due);
            timers.register(hash, key, due)?;
        }
        Ok(())
    }

    /// Its earliest timer has fired.
    pub(crate) const fn timer_has_fired(&mut self) {
        self.timer = None;
    }
}

/// The keys of a subtask, and when each is looked at again.
pub(crate) struct TimedKeys<K, V> {
    pub(crate) state: KeyedTable<K, Timed<V>>,
    pub(crate) timers: TimerQueue<K>,
}

impl<K: Key, V: Record> TimedKeys<K, V> {
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
        Self { state: KeyedTable::new(meta, groups, range), timers: TimerQueue::new(timers, groups, range) }
    }

    pub(crate) fn restore(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.state.meta().check::<K, Timed<V>>()?;
        if let Some(stored) = cx.take_keyed(&self.state.meta().name) {
            self.state.restore_all(stored)?;
        }
        restore_timers(&mut self.timers, cx)
    }

    pub(crate) fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        let checkpoint = cx.checkpoint();
        cx.keyed(self.state.snapshot(checkpoint));
        cx.keyed(self.timers.snapshot(checkpoint));
    }
}

/// Takes timers out of the snapshot.
pub(crate) fn restore_timers<K: Key>(timers: &mut TimerQueue<K>, cx: &mut OpenContext<'_>) -> Result<()> {
    timers.check()?;
    let stored = cx.take_keyed(&timers.meta().name);
    if let Some(stored) = stored.filter(|_| !cx.drops_timers()) {
        timers.restore_all(stored)?;
    }
    Ok(())
}
