//! Open sessions: each a row with its start, its end, and what has been accumulated, found by its group.
//!
//! Which sessions end when is known beside the store. A session that goes on does not move there: only when its entry is
//! due is it seen that it ends later. So a session costs an entry for each gap, not for each row.

use std::collections::BTreeSet;

use millstream_runtime::chain::{OpenContext, OperatorInfo};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{BytesColumn, KeyColumn, RowLayout, RowRef, RowStore, RowsPerKey};
use millstream_state::snapshot::part::StateMeta;

use crate::chunk::KeyLayout;

/// What comes before the accumulators in the fixed part of a row: start, end, and when it is looked at.
pub(in crate::operators) const SESSION_BYTES: usize = 24;
const START: usize = 0;
const END: usize = 8;
const DUE: usize = 16;

/// The open sessions of a subtask.
pub(in crate::operators) struct Sessions {
    pub(in crate::operators) store: RowStore,
    /// When sessions are looked at: not after they end.
    due: BTreeSet<(i64, RowRef)>,
    found: Vec<Option<RowRef>>,
    appended: Vec<RowRef>,
}

/// The session that a row belongs to.
pub(in crate::operators) struct Joined {
    /// The session.
    pub(in crate::operators) session: RowRef,
    /// Others that the row has joined to it: to be added to it, and then [removed](Sessions::remove).
    pub(in crate::operators) others: Vec<RowRef>,
}

impl Sessions {
    /// No sessions of groups with such keys; rows begin as `initial`.
    pub(in crate::operators) fn new(
        meta: StateMeta,
        info: &OperatorInfo,
        keys: &KeyLayout,
        initial: &[u8],
    ) -> Self {
        let layout = RowLayout::new(keys.kind(), initial, RowsPerKey::Many);
        Self {
            store: RowStore::new(meta, info.groups, info.range(), layout),
            due: BTreeSet::new(),
            found: Vec::new(),
            appended: Vec::new(),
        }
    }

    /// Takes the sessions out of a snapshot.
    pub(in crate::operators) fn restore(&mut self, name: &str, cx: &mut OpenContext<'_>) -> Result<()> {
        let Some(stored) = cx.take_keyed(name) else { return Ok(()) };
        self.store.restore_all(stored)?;
        let rows: Vec<RowRef> = self.store.rows().collect();
        for session in rows {
            let due = number(&self.store, session, DUE);
            self.due.insert((due, session));
        }
        Ok(())
    }

    /// Start and end of a session.
    pub(in crate::operators) fn window(&self, session: RowRef) -> (i64, i64) {
        (number(&self.store, session, START), number(&self.store, session, END))
    }

    /// The session of a row that would be one of its own from `start` to `end`; `None` if that is over and belongs to no
    /// other. Sessions that touch are one.
    pub(in crate::operators) fn join(
        &mut self,
        hash: u64,
        key: &KeyColumn<'_>,
        (start, end): (i64, i64),
        is_over: impl Fn(i64) -> bool,
    ) -> Result<Option<Joined>> {
        self.found.clear();
        self.store.find(&[hash], key, &mut self.found)?;
        let first = self.found.first().copied().flatten();
        let touching = first.into_iter().flat_map(|first| self.store.with_key(first)).filter(|session| {
            let (other_start, other_end) = self.window(*session);
            start <= other_end && end >= other_start
        });
        let mut touching = touching;
        let Some(session) = touching.next() else {
            drop(touching);
            if is_over(end) {
                return Ok(None);
            }
            return self.begin(hash, key, start, end).map(Some);
        };
        let others: Vec<RowRef> = touching.collect();
        let (mut covers_from, mut covers_to) = self.window(session);
        for other in &others {
            let (start, end) = self.window(*other);
            (covers_from, covers_to) = (covers_from.min(start), covers_to.max(end));
        }
        if start < covers_from || !others.is_empty() {
            set_number(&mut self.store, session, START, start.min(covers_from));
        }
        if end > covers_to || !others.is_empty() {
            set_number(&mut self.store, session, END, end.max(covers_to));
        }
        Ok(Some(Joined { session, others }))
    }

    fn begin(&mut self, hash: u64, key: &KeyColumn<'_>, start: i64, end: i64) -> Result<Joined> {
        self.appended.clear();
        let nothing = BytesColumn { offsets: &[0, 0], data: &[] };
        self.store.append(&[hash], key, nothing, &mut self.appended)?;
        let session = self.appended.first().copied();
        let session =
            session.ok_or_else(|| Error::new(ErrorKind::Internal, "a session that is not there"))?;
        for (at, value) in [(START, start), (END, end), (DUE, end)] {
            set_number(&mut self.store, session, at, value);
        }
        self.due.insert((end, session));
        Ok(Joined { session, others: Vec::new() })
    }

    /// Forgets a session.
    pub(in crate::operators) fn remove(&mut self, session: RowRef) {
        self.due.remove(&(number(&self.store, session, DUE), session));
        self.store.remove(session);
    }

    /// Up to `limit` sessions that are over, in the order of their ends. They are not looked at again, and are to be
    /// [removed](Self::remove).
    pub(in crate::operators) fn take_over(
        &mut self,
        limit: usize,
        is_over: impl Fn(i64) -> bool,
    ) -> Vec<RowRef> {
        let mut over = Vec::new();
        while over.len() < limit
            && let Some((due, session)) = self.due.first().copied().filter(|(due, _)| is_over(*due))
        {
            self.due.pop_first();
            let end = number(&self.store, session, END);
            if end > due {
                set_number(&mut self.store, session, DUE, end);
                self.due.insert((end, session));
            } else {
                over.push(session);
            }
        }
        over
    }

    /// When the next session is looked at.
    pub(in crate::operators) fn next_due(&self) -> Option<i64> {
        self.due.first().map(|(due, _)| *due)
    }
}

/// One of the keys of a chunk.
pub(in crate::operators) fn one_key<'k>(keys: &KeyColumn<'k>, row: usize) -> KeyColumn<'k> {
    match keys {
        KeyColumn::U64(keys) => KeyColumn::U64(keys.get(row..=row).unwrap_or_default()),
        KeyColumn::U128(keys) => KeyColumn::U128(keys.get(row..=row).unwrap_or_default()),
        KeyColumn::Bytes(keys) => {
            let offsets = keys.offsets.get(row..=row + 1).unwrap_or_default();
            KeyColumn::Bytes(BytesColumn { offsets, data: keys.data })
        }
    }
}

fn number(store: &RowStore, session: RowRef, at: usize) -> i64 {
    let bytes = store.fixed(session).get(at..).and_then(|bytes| bytes.first_chunk());
    bytes.map_or(0, |bytes| i64::from_le_bytes(*bytes))
}

fn set_number(store: &mut RowStore, session: RowRef, at: usize, value: i64) {
    if let Some(slot) = store.fixed_mut(session).get_mut(at..).and_then(|bytes| bytes.first_chunk_mut()) {
        *slot = value.to_le_bytes();
    }
}
