//! What one key comes to in windows that have fired already and fire again, because of one late record.

use millstream_runtime::Result;
use millstream_state::{Key, Record, Timestamp};

use super::grid::{Grid, Slice};
use super::panes::SlidingPanes;
use super::sum::add;
use crate::window::TimeWindow;

/// The slices of one key around the one that a record came to. All windows that fire again hold that one, so
/// each is a stretch up to it and a stretch after it, and both are worked out slice by slice.
pub(super) struct Around<V> {
    /// What the slices from one on, up to that of the record, come to: the starts descend.
    before: Vec<(Timestamp, V)>,
    /// The slices after that of the record, and their ends, the last first.
    after: Vec<(Timestamp, V)>,
    /// What those that have been taken off come to.
    since: Option<V>,
}

impl<V: Record> Around<V> {
    /// What is around a slice in windows that end until `until`.
    pub(super) fn of<K: Key>(
        (hash, key): (u64, &K),
        panes: &SlidingPanes<K, V>,
        slice: &Slice,
        until: Timestamp,
        mut merge: impl FnMut(&mut V, V) -> Result<()>,
    ) -> Result<Self> {
        let first = panes.grid.window_to(slice.first_end).start;
        let tables = panes.slices.content(hash);
        let near = tables.into_iter().flat_map(|tables| tables.iter_from(&Grid::from(first)));
        let near = near.take_while(|(span, _)| span.end <= until);
        let near = near.filter_map(|(span, table)| Some((*span, table.get(hash, key)?.clone())));
        let (before, after): (Vec<(TimeWindow, V)>, Vec<_>) =
            near.partition(|(span, _)| span.end <= slice.span.end);
        let mut sums: Vec<(Timestamp, V)> = Vec::with_capacity(before.len());
        for (span, mut value) in before.into_iter().rev() {
            if let Some((_, sum)) = sums.last() {
                merge(&mut value, sum.clone())?;
            }
            sums.push((span.start, value));
        }
        let after = after.into_iter().rev().map(|(span, value)| (span.end, value)).collect();
        Ok(Self { before: sums, after, since: None })
    }

    /// What a window comes to; the windows must be asked for in order.
    pub(super) fn in_window(
        &mut self,
        window: &TimeWindow,
        mut merge: impl FnMut(&mut V, V) -> Result<()>,
    ) -> Result<Option<V>> {
        while self.after.last().is_some_and(|(end, _)| *end <= window.end) {
            add(&mut self.since, self.after.pop().map(|(_, value)| value), &mut merge)?;
        }
        while self.before.last().is_some_and(|(start, _)| *start < window.start) {
            self.before.pop();
        }
        let mut sum = self.before.last().map(|(_, value)| value.clone());
        add(&mut sum, self.since.clone(), merge)?;
        Ok(sum)
    }
}
