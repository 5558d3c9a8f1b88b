//! What sliding windows keep: the slices, the windows that are not cut into slices, and what is derived.

use millstream_runtime::Result;
use millstream_runtime::chain::OperatorInfo;
use millstream_state::{Key, KeyGroups, Record, Timestamp, WindowTables, WindowedTable};

use super::grid::{Grid, Slice};
use super::running::RunningWindow;
use super::sum::add;
use crate::window::time_window::last_before;
use crate::window::window_operator::{WINDOWS, window_table};
use crate::window::{TimeWindow, Window};

/// The name of the state that holds the slices.
pub(super) const SLICES: &str = "slices";

type Table<K, V> = WindowedTable<TimeWindow, K, V>;

/// What the open windows of all keys of a subtask have come to.
pub(super) struct SlidingPanes<K, V> {
    pub(super) grid: Grid,
    /// What the records in each slice have come to.
    pub(super) slices: Table<K, V>,
    /// What records in each window have come to that are in no slice: those that an earlier version added to
    /// windows, or that came while windows were of another size or slide, and those near the ends of time.
    pub(super) whole: Table<K, V>,
    /// For each key group, what the window that fired last came to.
    pub(super) running: Vec<RunningWindow<K, V>>,
    groups: KeyGroups,
    pub(super) first_group: usize,
}

impl<K: Key, V: Record> SlidingPanes<K, V> {
    pub(super) fn new(grid: Grid, info: &OperatorInfo) -> Self {
        Self {
            grid,
            slices: window_table(SLICES, info),
            whole: window_table(WINDOWS, info),
            running: info.range().iter().map(|_| RunningWindow::default()).collect(),
            groups: info.groups,
            first_group: info.range().start(),
        }
    }

    /// What a key has come to in a window, but for the slices.
    pub(super) fn whole_of(&self, hash: u64, key: &K, window: &TimeWindow) -> Option<&V> {
        self.whole.content(hash)?.get(window)?.get(hash, key)
    }

    /// What a key has come to in the slices of a window.
    pub(super) fn sliced_of(
        &self,
        hash: u64,
        key: &K,
        window: &TimeWindow,
        mut merge: impl FnMut(&mut V, V) -> Result<()>,
    ) -> Result<Option<V>> {
        let mut sum = None;
        let Some(tables) = self.slices.content(hash).filter(|_| self.grid.has(window)) else {
            return Ok(sum);
        };
        let inside = tables.iter_from(&Grid::from(window.start));
        for (_, table) in inside.take_while(|(slice, _)| slice.end <= window.end) {
            add(&mut sum, table.get(hash, key).cloned(), &mut merge)?;
        }
        Ok(sum)
    }

    /// A record has come to a slice of which a window has fired.
    pub(super) fn changed(&mut self, hash: u64, slice: &Slice) {
        let index = self.groups.of_hash(hash).index().wrapping_sub(self.first_group);
        if let Some(running) = self.running.get_mut(index) {
            running.changed(&slice.span);
        }
    }

    /// The windows that end after what `after` says of a key group, and not after `until`, each with the place of
    /// a key group that has records in it, in order.
    pub(super) fn due(
        &self,
        after: impl Fn(usize) -> Timestamp,
        until: Timestamp,
    ) -> Vec<(TimeWindow, usize)> {
        let mut due = Vec::new();
        for (slot, tables) in self.slices.contents().enumerate() {
            let mut after = after(slot);
            for slice in self.slices_of_windows_after(tables, after) {
                let before = due.len();
                for end in self.grid.ends(&slice, after, until) {
                    due.push((self.grid.window_to(end), slot));
                    after = end;
                }
                // Mostly the first slice has them all, and there may be hundreds.
                if due.len() > before && self.grid.is_last_end(after, until) {
                    break;
                }
            }
        }
        for (slot, tables) in self.whole.contents().enumerate() {
            let (windows, after) = (tables.iter().map(|(window, _)| *window), after(slot));
            due.extend(
                windows
                    .filter(|window| after < window.end && window.end <= until)
                    .map(|window| (window, slot)),
            );
        }
        due.sort_unstable();
        due.dedup();
        due
    }

    /// The slices of which windows end after `after`, and maybe a few before them.
    fn slices_of_windows_after<'t>(
        &self,
        tables: &'t WindowTables<TimeWindow, K, V>,
        after: Timestamp,
    ) -> impl Iterator<Item = Slice> + use<'t, K, V> {
        let (grid, from) = (self.grid, Grid::from(after.saturating_sub(self.grid.size())));
        tables.iter_from(&from).filter_map(move |(slice, _)| grid.slice_at(slice.start))
    }

    /// Forgets what no record may change any more, and no window needs. Key groups without it stay untouched,
    /// and are not part of the next incremental checkpoint.
    pub(super) fn forget(&mut self, is_over: impl Fn(Timestamp) -> bool) {
        let grid = self.grid;
        let slice_is_over =
            |slice: &TimeWindow| grid.slice_at(slice.start).is_none_or(|slice| is_over(slice.last_end));
        for tables in self.slices.contents_mut_if(|tables| tables.first().is_some_and(slice_is_over)) {
            drop(tables.take_while(slice_is_over));
        }
        let window_is_over = |window: &TimeWindow| is_over(window.end);
        for tables in self.whole.contents_mut_if(|tables| tables.first().is_some_and(window_is_over)) {
            drop(tables.take_while(window_is_over));
        }
        for (running, tables) in self.running.iter_mut().zip(self.slices.contents()) {
            if tables.first().is_none() {
                running.forget();
            }
        }
    }

    /// The earliest watermark at which anything fires or is forgotten.
    pub(super) fn next_due(&self, watermark: Timestamp, over: impl Fn(Timestamp) -> Timestamp) -> Timestamp {
        let fired = fired_to(watermark);
        let mut next = Timestamp::MAX;
        for tables in self.slices.contents() {
            let slice = |start| self.grid.slice_at(start);
            let first = tables.first().and_then(|first| slice(first.start));
            next = next.min(first.map_or(Timestamp::MAX, |first| over(first.last_end)));
            let mut waiting = self.slices_of_windows_after(tables, fired);
            let end = waiting.find_map(|slice| self.grid.ends(&slice, fired, Timestamp::MAX).next());
            next = next.min(end.map_or(Timestamp::MAX, last_before));
        }
        for (window, _) in self.whole.contents().flat_map(WindowTables::iter) {
            let last = window.max_timestamp();
            next = next.min(if last <= watermark { over(window.end) } else { last });
        }
        next
    }
}

/// Windows that end here or before have fired by a watermark.
pub(super) const fn fired_to(watermark: Timestamp) -> Timestamp {
    Timestamp::from_millis(watermark.as_millis().saturating_add(1))
}
