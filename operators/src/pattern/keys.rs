//! The partial matches of all keys of a subtask, and when they time out.

use millstream_runtime::Result;
use millstream_runtime::chain::{OpenContext, OperatorInfo, SnapshotContext};
use millstream_state::snapshot::part::{StateKind, StateMeta};
use millstream_state::{Key, KeyedTable, Record, Shape, TimerQueue, Timestamp};
use serde::{Deserialize, Serialize};

use super::nfa::Matches;
use crate::process::TimeDomain;

/// The name of the state that holds partial matches.
const MATCHES: &str = "matches";

/// What is kept for a key.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct KeyMatches<T> {
    pub(super) matches: Matches<T>,
    /// The earliest of its timers.
    pub(super) timer: Option<Timestamp>,
}

/// The partial matches of all keys of a subtask, and when they time out.
pub(super) struct Keys<K, T> {
    pub(super) state: KeyedTable<K, KeyMatches<T>>,
    pub(super) timers: TimerQueue<K>,
}

impl<K: Key, T: Record> Keys<K, T> {
    pub(super) fn new(domain: TimeDomain, info: &OperatorInfo) -> Self {
        let (groups, range) = (info.groups, info.range());
        let meta = StateMeta {
            name: MATCHES.to_owned(),
            kind: StateKind::Value,
            key: Shape::of::<K>(),
            value: Shape::of::<KeyMatches<T>>(),
        };
        let timers = match domain {
            TimeDomain::EventTime => TimerQueue::<K>::EVENT_TIME,
            TimeDomain::ProcessingTime => TimerQueue::<K>::PROCESSING_TIME,
        };
        Self { state: KeyedTable::new(meta, groups, range), timers: TimerQueue::new(timers, groups, range) }
    }

    pub(super) fn restore(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        self.state.meta().check::<K, KeyMatches<T>>()?;
        if let Some(stored) = cx.take_keyed(MATCHES) {
            self.state.restore_all(stored)?;
        }
        self.timers.check()?;
        let timers = cx.take_keyed(&self.timers.meta().name);
        if let Some(stored) = timers.filter(|_| !cx.drops_timers()) {
            self.timers.restore_all(stored)?;
        }
        Ok(())
    }

    pub(super) fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        let checkpoint = cx.checkpoint();
        cx.keyed(self.state.snapshot(checkpoint));
        cx.keyed(self.timers.snapshot(checkpoint));
    }
}

/// Has the key looked at when it must be, unless that is so already.
pub(super) fn set_timer<K: Key, T>(
    timers: &mut TimerQueue<K>,
    hash: u64,
    key: &K,
    of_key: &mut KeyMatches<T>,
) -> Result<()> {
    let due = of_key.matches.next_due();
    if let Some(due) = due.filter(|due| of_key.timer.is_none_or(|timer| *due < timer)) {
        of_key.timer = Some(due);
        timers.register(hash, key, due)?;
    }
    Ok(())
}
