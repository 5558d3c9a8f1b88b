//! What the slices of a window come to, from one window to the next: two stacks for each key.

use std::collections::VecDeque;

use millstream_runtime::Result;
use millstream_state::{Key, KeyTable, Record, Timestamp, WindowTables, stable_hash};

use super::grid::Grid;
use super::sum::add;
use crate::window::TimeWindow;

/// What a key has come to in a window, in two halves.
///
/// The slices of the back leave one by one as the windows slide on, so for each it was worked out beforehand
/// what is left without it. Those of the front came since, and cannot leave before all of the back has.
pub(super) struct Halves<V> {
    back: Option<V>,
    front: Option<V>,
}

impl<V> Default for Halves<V> {
    fn default() -> Self {
        Self { back: None, front: None }
    }
}

impl<V: Record> Halves<V> {
    /// Both together.
    pub(super) fn merged(&self, merge: impl FnMut(&mut V, V) -> Result<()>) -> Result<Option<V>> {
        let mut merged = self.back.clone();
        add(&mut merged, self.front.clone(), merge)?;
        Ok(merged)
    }
}

/// What the slices of one window and key group come to. Derived from the state, and never part of it.
///
/// When the window goes on, each entry of a slice that leaves or comes in costs a look-up. An entry is merged
/// twice, however many windows it belongs to: when it comes in, and when the front becomes the back.
pub(super) struct RunningWindow<K, V> {
    window: TimeWindow,
    keys: KeyTable<K, Halves<V>>,
    /// The slices of the back in order, as their starts, each with what is left of the back of its keys
    /// without it and those before.
    back: VecDeque<(Timestamp, Rest<K, V>)>,
    /// The slices from here on are in front.
    front_from: Timestamp,
}

type Rest<K, V> = Vec<(u64, K, Option<V>)>;

impl<K, V> Default for RunningWindow<K, V> {
    fn default() -> Self {
        // Before time begins, and empty.
        let window = TimeWindow::new(Timestamp::MIN, Timestamp::MIN);
        Self { window, keys: KeyTable::default(), back: VecDeque::new(), front_from: Timestamp::MIN }
    }
}

impl<K: Key, V: Record> RunningWindow<K, V> {
    /// What the keys come to in the window.
    pub(super) const fn keys(&self) -> &KeyTable<K, Halves<V>> {
        &self.keys
    }

    /// Goes on to a window, which must not be before the last one.
    pub(super) fn go_on_to(
        &mut self,
        window: &TimeWindow,
        slices: &WindowTables<TimeWindow, K, V>,
        mut merge: impl FnMut(&mut V, V) -> Result<()>,
    ) -> Result<()> {
        if window.start >= self.window.end {
            self.window = TimeWindow::new(window.start, window.start);
            self.front_from = window.start;
            (self.keys, self.back) = (KeyTable::default(), VecDeque::new());
        } else if window.start > self.front_from {
            return self.work_out(window, slices, merge);
        }
        self.leave(window.start);
        let new =
            slices.iter_from(&Grid::from(self.window.end)).take_while(|(slice, _)| slice.end <= window.end);
        for (key, value) in new.flat_map(|(_, table)| table.iter()) {
            let halves = self.keys.entry(stable_hash(key), key.clone(), |_| Halves::default());
            add(&mut halves.front, Some(value.clone()), &mut merge)?;
        }
        self.window = *window;
        Ok(())
    }

    /// Lets the slices of the back that are before `start` leave.
    fn leave(&mut self, start: Timestamp) {
        while self.back.front().is_some_and(|(slice, _)| *slice < start) {
            let left = self.back.pop_front().into_iter().flat_map(|(_, rests)| rests);
            for (hash, key, rest) in left {
                let Some(halves) = self.keys.get_mut(hash, &key) else { continue };
                halves.back = rest;
                if halves.back.is_none() && halves.front.is_none() {
                    self.keys.remove(hash, &key);
                }
            }
        }
    }

    /// Makes all slices of a window the back.
    fn work_out(
        &mut self,
        window: &TimeWindow,
        slices: &WindowTables<TimeWindow, K, V>,
        mut merge: impl FnMut(&mut V, V) -> Result<()>,
    ) -> Result<()> {
        self.forget();
        let inside =
            slices.iter_from(&Grid::from(window.start)).take_while(|(slice, _)| slice.end <= window.end);
        for (slice, table) in inside.collect::<Vec<_>>().into_iter().rev() {
            let mut rests = Rest::with_capacity(table.len());
            for (key, value) in table.iter() {
                let hash = stable_hash(key);
                let halves = self.keys.entry(hash, key.clone(), |_| Halves::default());
                let mut sum = value.clone();
                if let Some(rest) = &halves.back {
                    merge(&mut sum, rest.clone())?;
                }
                rests.push((hash, key.clone(), halves.back.replace(sum)));
            }
            self.back.push_front((slice.start, rests));
        }
        (self.window, self.front_from) = (*window, window.end);
        Ok(())
    }

    /// A record has come to a slice: what was worked out from that is so no longer.
    pub(super) fn changed(&mut self, slice: &TimeWindow) {
        if slice.start < self.window.end && self.window.start < slice.end {
            self.forget();
        }
    }

    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}
