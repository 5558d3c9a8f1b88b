//! The open sessions of one key.

use std::iter;

use millstream_runtime::Result;
use millstream_state::{DueQueue, Key, Record, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

use crate::due_keys::Kept;
use crate::window::TimeWindow;

/// One open session of a key. Sessions of one key never touch.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Session<V> {
    pub(super) window: TimeWindow,
    /// It has been emitted, and stays for records that come late.
    pub(super) has_fired: bool,
    pub(super) accumulator: V,
    /// Its earliest timer, which is not after the watermark at which something happens to it. A session that has been
    /// restored has one, too, but it is not known.
    #[serde(skip)]
    timer: Option<Timestamp>,
}

impl<V> Session<V> {
    /// A session without a timer.
    pub(super) const fn new(window: TimeWindow, accumulator: V) -> Self {
        Self { window, has_fired: false, accumulator, timer: None }
    }

    /// Has it looked at at `due`, unless it will be by then.
    pub(super) fn set_timer<K: Key>(
        &mut self,
        timers: &mut DueQueue<K>,
        hash: u64,
        key: &K,
        due: Timestamp,
    ) -> Result<()> {
        if self.timer.is_none_or(|timer| due < timer) {
            self.timer = Some(due);
            timers.push(hash, key, due)?;
        }
        Ok(())
    }

    /// A timer of its key has fired: whether it is the session's.
    pub(super) fn timer_has_fired(&mut self, time: Timestamp) -> bool {
        let is_its = self.timer.is_none_or(|timer| timer == time);
        if is_its {
            self.timer = None;
        }
        is_its
    }

    /// Its timers are those of another session, too, which it is joined with.
    pub(super) fn share_timers(&mut self, other: &Self) {
        self.timer = self.timer.min(other.timer);
    }
}

/// The open sessions of a key, by window. There is always one, and mostly no other, so that one needs no memory of its own.
///
/// Written as a list.
#[derive(Clone, Deserialize)]
#[serde(try_from = "Vec<Session<V>>", bound(deserialize = "V: Deserialize<'de>"))]
pub(super) struct Sessions<V> {
    first: Session<V>,
    others: Vec<Session<V>>,
}

impl<V> Sessions<V> {
    pub(super) const fn of_one(session: Session<V>) -> Self {
        Self { first: session, others: Vec::new() }
    }

    /// The session, if there is no other.
    #[inline]
    pub(super) fn only_mut(&mut self) -> Option<&mut Session<V>> {
        self.others.is_empty().then_some(&mut self.first)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Session<V>> {
        iter::once(&self.first).chain(&self.others)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Session<V>> {
        iter::once(&mut self.first).chain(&mut self.others)
    }

    /// Forgets the sessions for which `keep` does not hold; false if that is all of them: then they must be removed.
    #[must_use]
    pub(super) fn retain(&mut self, keep: impl Fn(&Session<V>) -> bool) -> bool {
        self.others.retain(&keep);
        if keep(&self.first) {
            return true;
        }
        if self.others.is_empty() {
            return false;
        }
        self.first = self.others.remove(0);
        true
    }

    /// One more session than those in a list; it touches none of them.
    pub(super) fn and(mut list: Vec<Session<V>>, session: Session<V>) -> Self {
        if list.is_empty() {
            return Self::of_one(session);
        }
        let place = list.partition_point(|other| other.window < session.window);
        list.insert(place, session);
        Self { first: list.remove(0), others: list }
    }

    pub(super) fn into_list(self) -> Vec<Session<V>> {
        let mut list = self.others;
        list.insert(0, self.first);
        list
    }
}

impl<V: Record> Kept for Sessions<V> {}

impl<V> TryFrom<Vec<Session<V>>> for Sessions<V> {
    type Error = &'static str;

    fn try_from(mut list: Vec<Session<V>>) -> std::result::Result<Self, Self::Error> {
        let last = list.pop().ok_or("a key without sessions")?;
        Ok(Self::and(list, last))
    }
}

impl<V: Serialize> Serialize for Sessions<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut list = serializer.serialize_seq(Some(1 + self.others.len()))?;
        self.iter().try_for_each(|session| list.serialize_element(session))?;
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use millstream_state::codec::{decode_from, encode_into};

    use super::*;

    #[test]
    fn sessions_are_written_as_a_list() -> std::result::Result<(), postcard::Error> {
        let session = |number| {
            let time = Timestamp::from_millis(number);
            Session { has_fired: number > 1, ..Session::new(TimeWindow::new(time, time), number) }
        };
        for count in 1..4 {
            let list: Vec<_> = (0..count).map(session).collect();
            let sessions = (1..count).fold(Sessions::of_one(session(0)), |sessions, number| {
                Sessions::and(sessions.into_list(), session(number))
            });
            let (mut as_list, mut as_sessions) = (Vec::new(), Vec::new());
            encode_into(&list, &mut as_list)?;
            encode_into(&sessions, &mut as_sessions)?;
            assert_eq!(as_sessions, as_list);
            let read: Sessions<i64> = decode_from(&mut &as_list[..])?;
            let numbers: Vec<i64> = read.into_list().into_iter().map(|session| session.accumulator).collect();
            assert_eq!(numbers, (0..count).collect::<Vec<_>>());
        }
        assert!(decode_from::<Sessions<i64>>(&mut &[0][..]).is_err(), "a key has a session");
        Ok(())
    }
}
