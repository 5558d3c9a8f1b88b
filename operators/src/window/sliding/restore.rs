//! Restoring sliding windows, also from snapshots of windows that were not sliced or were of another size.

use millstream_runtime::Result;
use millstream_runtime::chain::OpenContext;
use millstream_state::{Key, Record, Timestamp, WindowTables, WindowedTable, stable_hash};

use super::grid::Grid;
use super::panes::SLICES;
use super::slice_operator::{SliceOperator, over};
use crate::window::TimeWindow;
use crate::window::function::WindowFunction;
use crate::window::lateness::Lateness;
use crate::window::window_operator::{WINDOWS, window_table};

/// The name of the state that says for which windows the slices were cut.
pub(super) const GRID: &str = "grid";

impl<K: Key, T: Record, F: WindowFunction<K, T, TimeWindow>> SliceOperator<K, T, F> {
    /// Takes slices and windows out of a snapshot. Slices that were cut for other windows than these become
    /// whole windows.
    pub(super) fn restore(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        if let Some(stored) = cx.take_keyed(WINDOWS) {
            self.panes.whole.restore_all(stored)?;
        }
        let grid = take_grid(cx)?;
        if let Some(stored) = cx.take_keyed(SLICES) {
            self.panes.slices.restore_all(stored)?;
        }
        self.restored = self.watermark.restore(cx)?;
        if let Some(grid) = grid.filter(|grid| *grid != self.panes.grid) {
            let slices = std::mem::replace(&mut self.panes.slices, window_table(SLICES, cx.info()));
            let (now, function) = (self.watermark.get(), self.function.get());
            add_up(&slices, &grid, &mut self.panes.whole, function, (&self.lateness, now))?;
        }
        let lateness = &self.lateness;
        self.next_due = self.panes.next_due(self.watermark.get(), |end| over(lateness, end));
        Ok(())
    }
}

/// The windows that the slices of a snapshot were cut for, if it holds any.
pub(super) fn take_grid(cx: &mut OpenContext<'_>) -> Result<Option<Grid>> {
    Ok(cx.take_list::<Grid>(GRID)?.unwrap_or_default().into_iter().next())
}

/// Adds up what the windows that slices were cut for have come to, but for those that are over at a
/// watermark.
pub(super) fn add_up<K: Key, T: Record, F: WindowFunction<K, T, TimeWindow>>(
    slices: &WindowedTable<TimeWindow, K, F::Accumulator>,
    grid: &Grid,
    windows: &mut WindowedTable<TimeWindow, K, F::Accumulator>,
    function: &mut F,
    (lateness, watermark): (&Lateness<T>, Timestamp),
) -> Result<()> {
    let is_over = |end: &Timestamp| over(lateness, *end) <= watermark;
    for (span, table) in slices.contents().flat_map(WindowTables::iter) {
        let Some(slice) = grid.slice_at(span.start) else { continue };
        for end in grid.ends(&slice, Timestamp::MIN, Timestamp::MAX).filter(|end| !is_over(end)) {
            for (key, value) in table.iter() {
                let hash = stable_hash(key);
                let sums = windows.content_mut(hash)?.open(&grid.window_to(end), || {});
                match sums.get_mut(hash, key) {
                    Some(sum) => function.merge(sum, value.clone())?,
                    None => drop(sums.insert(hash, key.clone(), value.clone())),
                }
            }
        }
    }
    Ok(())
}
