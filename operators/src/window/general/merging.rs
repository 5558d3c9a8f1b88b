//! Windows of a key that merge, as sessions do.

use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::{Key, Record};

use super::contents::Contents;
use super::operator::{GeneralOperator, PaneOf};
use super::pane::Pane;
use super::window_key::WindowKey;
use crate::window::function::WindowFunction;
use crate::window::trigger::Trigger;
use crate::window::{Window, WindowAssigner};

impl<K, T, A, F, G, C> GeneralOperator<K, T, A, F, G, C>
where
    K: Key,
    T: Record,
    A: WindowAssigner<T>,
    F: WindowFunction<K, T, A::Window>,
    G: Trigger<T, A::Window>,
    C: Contents<T, A::Window>,
{
    /// Merges the window of a record with those of its key that belong together with it. `place` is then the window that
    /// the record belongs to; false if that is over already.
    pub(super) fn merge(&mut self, hash: u64, place: &mut WindowKey<K, A::Window>) -> Result<bool> {
        if place.window.is_empty() {
            return Err(empty_window(self.assigner.kind()));
        }
        self.joined.clear();
        // Looked up first: a record that is dropped must not mark the key group as changed.
        let open = self.panes.get(hash, &place.key).map_or(&[][..], Vec::as_slice);
        // A window that has grown may belong together with one that it did not before.
        loop {
            let before = self.joined.len();
            for pane in open {
                if !self.joined.contains(&pane.window)
                    && let Some(merged) = self.assigner.merge(&place.window, &pane.window)
                {
                    place.window = merged;
                    self.joined.push(pane.window.clone());
                }
            }
            if self.joined.len() == before {
                break;
            }
        }
        if self.joined.is_empty() {
            return Ok(!self.is_late(&place.window));
        }
        if *self.joined == [place.window.clone()] {
            return Ok(true);
        }
        if self.is_late(&place.window) {
            return Err(over_by_merging(self.assigner.kind()));
        }
        self.merge_joined(hash, place)?;
        Ok(true)
    }

    /// Puts one window in the place of those that have merged.
    fn merge_joined(&mut self, hash: u64, place: &WindowKey<K, A::Window>) -> Result<()> {
        let watermark = self.watermark.get();
        let (joined, mut merged) = (std::mem::take(&mut self.joined), Vec::new());
        if let Some(panes) = self.panes.content_mut(hash)?.get_mut(hash, &place.key) {
            merged.extend(panes.extract_if(.., |pane| joined.contains(&pane.window)));
        }
        self.joined = joined;
        let mut pane: PaneOf<K, T, A, F, G, C> = Pane::new(place.window.clone());
        for mut other in merged {
            let state = other.trigger.clone();
            self.calls.ask(&mut other, watermark, |trigger, window, cx| trigger.clear(window, cx))?;
            let end = self.end_of(&other.window);
            let left = WindowKey { key: place.key.clone(), window: other.window };
            self.change_timers(hash, &left)?;
            if let Some(end) = end {
                self.timers.of(Self::time_of_end()).delete(hash, &left, end)?;
            }
            match (&mut pane.trigger, state) {
                (Some(into), Some(state)) => self.calls.trigger.merge(into, state),
                (into @ None, state) => *into = state,
                (Some(_), None) => {}
            }
            match (&mut pane.kept, other.kept) {
                (Some(into), Some(kept)) => {
                    self.calls.contents.merge(self.calls.function.get(), into, kept)?;
                }
                (into @ None, kept) => *into = kept,
                (Some(_), None) => {}
            }
        }
        self.calls.ask(&mut pane, watermark, |trigger, window, cx| trigger.on_merge(window, cx))?;
        if let Some(panes) = self.panes.content_mut(hash)?.get_mut(hash, &place.key) {
            let index = panes.partition_point(|other| other.window < pane.window);
            panes.insert(index, pane);
        }
        self.change_timers(hash, place)?;
        self.register_end(hash, place, self.end_of(&place.window))
    }
}

#[cold]
fn empty_window(kind: &str) -> Error {
    let problem =
        format!("{kind}: a record has a window that holds no point in time: gaps must be at least 1 ms");
    Error::new(ErrorKind::Function, problem)
}

#[cold]
fn over_by_merging(kind: &str) -> Error {
    let problem = format!(
        "{kind}: windows have merged to one that is over already; it must not end before those it was made of"
    );
    Error::new(ErrorKind::Function, problem)
}
