//! Windows that are over: their groups, and the rows that come of them.

use std::sync::Arc;

use arrow_array::{ArrayRef, TimestampMillisecondArray};
use millstream_runtime::Result;
use millstream_state::rows::{RowLayout, RowRef, RowStore, RowsPerKey};

use super::accumulators::WindowAccumulators;
use super::running::Running;
use super::slices::Slices;
use crate::chunk::Chunk;
use crate::plan::WindowColumn;

/// A window that is over, and how much of it has been emitted.
pub(super) struct Firing {
    /// Its end, as the clock shows it.
    pub(super) end: i64,
    /// Its groups, where they are found in the state.
    pub(super) rows: Vec<RowRef>,
    /// Where they are found, and what they have come to.
    pub(super) place: Place,
    /// The first group that has not been emitted.
    pub(super) at: usize,
}

/// Where the groups of a window are.
pub(super) enum Place {
    /// In the state of slices, of which the window is one.
    Slices,
    /// In the state of slices, but what they have come to is here, in the order of the rows.
    Merged(Box<Merged>),
    /// In what the slices of this window have come to, and some of them in the window before.
    Running,
}

/// What the slices of a window have come to together.
pub(super) struct Merged {
    store: RowStore,
    rows: Vec<RowRef>,
}

/// What a chunk of a window's results says of the window.
pub(super) struct WindowTimes {
    /// As the clock shows it; `None` if it is the first column of the groups.
    pub(super) start: Option<i64>,
    /// As the clock shows it.
    pub(super) end: i64,
    /// `window_time`.
    pub(super) time: i64,
}

impl Firing {
    /// Adds up the slices of a window that end after `after`.
    pub(super) fn merge(
        slices: &Slices,
        after: i64,
        end: i64,
        accumulators: &mut WindowAccumulators,
    ) -> Result<Self> {
        let slices_of_window: Vec<&[RowRef]> = slices.between(after, end).map(|(_, rows)| rows).collect();
        if let [only] = slices_of_window.as_slice() {
            return Ok(Self { end, rows: only.to_vec(), place: Place::Slices, at: 0 });
        }
        let layout = RowLayout::new(slices.group_kind(), accumulators.initial(), RowsPerKey::One);
        let mut store = RowStore::new(slices.store.meta().clone(), slices.groups, slices.range, layout);
        let (mut rows, mut merged, mut upserted) = (Vec::new(), Vec::new(), Vec::new());
        for of_slice in slices_of_window {
            upserted.clear();
            slices.upsert_groups(&mut store, of_slice, &mut upserted)?;
            let into: Vec<RowRef> = upserted.iter().map(|group| group.row).collect();
            accumulators.merge(&mut store, &into, &slices.store, of_slice)?;
            for (row, group) in of_slice.iter().zip(&upserted).filter(|(_, group)| group.is_new) {
                rows.push(*row);
                merged.push(group.row);
            }
        }
        Ok(Self { end, rows, place: Place::Merged(Box::new(Merged { store, rows: merged })), at: 0 })
    }

    /// Forgets what has been added up.
    pub(super) fn close(self, accumulators: &mut WindowAccumulators) -> Result<()> {
        match self.place {
            Place::Merged(mut merged) => accumulators.remove(&mut merged.store, &merged.rows),
            Place::Slices | Place::Running => Ok(()),
        }
    }

    /// The next groups as rows; `None` if there are no more, and an empty chunk if these have no rows any more.
    pub(super) fn next(
        &mut self,
        slices: &Slices,
        running: Option<&Running>,
        accumulators: &WindowAccumulators,
        times: &WindowTimes,
        columns: &[WindowColumn],
    ) -> Result<Option<Chunk>> {
        let range = self.at..(self.at + Chunk::ROWS).min(self.rows.len());
        let Some(rows) = self.rows.get(range.clone()).filter(|rows| !rows.is_empty()) else {
            return Ok(None);
        };
        self.at = range.end;
        let (store, groups, keys) = match (&self.place, running) {
            (Place::Merged(merged), _) => {
                (&merged.store, merged.rows.get(range).unwrap_or_default(), slices.group_columns(rows)?)
            }
            (Place::Running, Some(running)) => {
                (&running.store, rows, slices.columns_of_groups(&running.store, rows)?)
            }
            _ => (&slices.store, rows, slices.group_columns(rows)?),
        };
        let mut keys = keys.into_iter();
        let constant =
            |value: i64| -> ArrayRef { Arc::new(TimestampMillisecondArray::from_value(value, rows.len())) };
        let start = match times.start {
            Some(start) => constant(start),
            None => keys.next().unwrap_or_else(|| constant(times.end)),
        };
        let window = columns.iter().map(|column| match column {
            WindowColumn::Start => start.clone(),
            WindowColumn::End => constant(times.end),
            WindowColumn::Time => constant(times.time),
        });
        let results = accumulators.results(store, groups)?;
        let all: Vec<ArrayRef> = keys.chain(results).chain(window).collect();
        let chunk = Chunk::new(all, rows.len());
        match accumulators.present(store, groups)? {
            Some(present) => chunk.filter(&present).map(Some),
            None => Ok(Some(chunk)),
        }
    }
}
