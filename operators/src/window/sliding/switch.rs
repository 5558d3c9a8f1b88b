//! The operator under sliding windows: by slices where that can be, and otherwise as other windows.

use millstream_runtime::Result;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{
    OpenContext, Operator, OperatorHooks, OperatorInfo, Output, SnapshotContext,
};
use millstream_state::{Key, Record, Timestamp};

use super::SlidingEventTimeWindows;
use super::grid::Grid;
use super::panes::SLICES;
use super::restore::{add_up, take_grid};
use super::slice_operator::SliceOperator;
use crate::window::TimeWindow;
use crate::window::function::WindowFunction;
use crate::window::lateness::Lateness;
use crate::window::pane::PaneFunction;
use crate::window::window_operator::{WindowOperator, window_table};

/// One of the two.
pub(super) enum SlidingOperator<K, T, F: WindowFunction<K, T, TimeWindow>> {
    Sliced(SliceOperator<K, T, F>),
    /// For windows that do not overlap, and for records that are kept.
    Unsliced(WindowOperator<K, T, SlidingEventTimeWindows, F>, Lateness<T>),
}

impl<K: Key, T: Record, F: WindowFunction<K, T, TimeWindow>> SlidingOperator<K, T, F> {
    pub(super) fn new(
        windows: &SlidingEventTimeWindows,
        function: F,
        lateness: Lateness<T>,
        info: &OperatorInfo,
    ) -> Self {
        let grid = Grid::new(windows.size, windows.slide, windows.offset);
        match grid.filter(|_| F::Pane::MERGES) {
            Some(grid) => Self::Sliced(SliceOperator::new(windows.clone(), grid, function, lateness, info)),
            None => Self::unsliced(windows, function, lateness, info),
        }
    }

    pub(super) fn unsliced(
        windows: &SlidingEventTimeWindows,
        function: F,
        lateness: Lateness<T>,
        info: &OperatorInfo,
    ) -> Self {
        let operator = WindowOperator::new(windows.clone(), function, lateness.clone(), info);
        Self::Unsliced(operator, lateness)
    }
}

impl<K: Key, T: Record, F: WindowFunction<K, T, TimeWindow>> OperatorHooks<F::Output>
    for SlidingOperator<K, T, F>
{
    fn open(&mut self, cx: &mut OpenContext<'_>) -> Result<()> {
        match self {
            Self::Sliced(operator) => operator.open(cx),
            Self::Unsliced(operator, lateness) => {
                operator.open(cx)?;
                // The windows may have overlapped when the snapshot was taken.
                let (Some(grid), Some(stored)) = (take_grid(cx)?, cx.take_keyed(SLICES)) else {
                    return Ok(());
                };
                let mut slices = window_table(SLICES, cx.info());
                slices.restore_all(stored)?;
                let (now, function) = (operator.panes.watermark.get(), operator.panes.function.get());
                add_up(&slices, &grid, &mut operator.panes.state, function, (&*lateness, now))?;
                operator.panes.find_next_due(lateness);
                Ok(())
            }
        }
    }

    fn resume(&mut self, output: &mut Output<'_, F::Output>) -> Result<()> {
        match self {
            Self::Sliced(operator) => operator.resume(output),
            Self::Unsliced(operator, _) => operator.resume(output),
        }
    }

    fn watermark(&mut self, watermark: Timestamp, output: &mut Output<'_, F::Output>) -> Result<()> {
        match self {
            Self::Sliced(operator) => operator.watermark(watermark, output),
            Self::Unsliced(operator, _) => operator.watermark(watermark, output),
        }
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        match self {
            Self::Sliced(operator) => operator.snapshot(cx),
            Self::Unsliced(operator, _) => operator.snapshot(cx),
        }
    }

    fn end_of_data(&mut self, output: &mut Output<'_, F::Output>) -> Result<()> {
        match self {
            Self::Sliced(operator) => operator.end_of_data(output),
            Self::Unsliced(operator, _) => operator.end_of_data(output),
        }
    }
}

impl<K: Key, T: Record, F: WindowFunction<K, T, TimeWindow>> Operator<(K, T), F::Output>
    for SlidingOperator<K, T, F>
{
    fn process(&mut self, batch: &mut Batch<(K, T)>, output: &mut Output<'_, F::Output>) -> Result<()> {
        match self {
            Self::Sliced(operator) => operator.process(batch, output),
            Self::Unsliced(operator, _) => operator.process(batch, output),
        }
    }
}
