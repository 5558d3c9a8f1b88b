//! What states that expire must do, written down without tables, stamps that move and sweeps.

use std::collections::BTreeMap;

/// A value, and when it was written.
type Written<V> = (V, i64);

/// The states of one key.
#[derive(Clone, Debug, Default)]
pub(super) struct OfKey {
    pub(super) value: Option<Written<u32>>,
    pub(super) list: Vec<Written<u32>>,
    pub(super) map: BTreeMap<u8, Written<u32>>,
}

/// All of it, and what time it is.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) keys: BTreeMap<u8, OfKey>,
    pub(super) now: i64,
    /// In milliseconds, and whether reading counts.
    pub(super) ttl: Option<(i64, bool)>,
}

impl Model {
    fn is_live(&self, written: i64) -> bool {
        self.ttl.is_none_or(|(ttl, _)| self.now < written + ttl)
    }

    /// Forgets what has expired: nobody can see it any more.
    pub(super) fn expire(&mut self) {
        let before = self.clone();
        for states in self.keys.values_mut() {
            states.value.take_if(|(_, written)| !before.is_live(*written));
            states.list.retain(|(_, written)| before.is_live(*written));
            states.map.retain(|_, (_, written)| before.is_live(*written));
        }
    }

    /// When what is appended to a list of these was written: not before what is in front of it.
    pub(super) fn appended(&self, list: &[Written<u32>]) -> i64 {
        list.last().map_or(self.now, |(_, last)| self.now.max(*last))
    }

    pub(super) fn at(&mut self, key: u8) -> &mut OfKey {
        self.keys.entry(key).or_default()
    }

    /// What reading does to the time of what was read.
    pub(super) fn read(&self, written: &mut i64) {
        if self.ttl.is_some_and(|(_, on_read)| on_read) {
            *written = self.now.max(*written);
        }
    }

    /// A process restores a snapshot, and looks at its own clock.
    pub(super) fn restore(&mut self, clock: i64, ttl: Option<(i64, bool)>) {
        self.expire();
        let fresh = self.ttl.is_none();
        (self.now, self.ttl) = (clock, ttl);
        for states in self.keys.values_mut() {
            let list = states.list.iter_mut().map(|(_, written)| written);
            let map = states.map.values_mut().map(|(_, written)| written);
            let value = states.value.iter_mut().map(|(_, written)| written);
            for written in list.chain(map).chain(value) {
                *written = if fresh { clock } else { *written };
            }
        }
        self.expire();
    }
}
