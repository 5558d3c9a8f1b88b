//! Windows whose results are being emitted, a few batches at a time.

use millstream_runtime::Result;
use millstream_runtime::chain::Output;
use millstream_state::{Entries, Key, KeyTable, Record, Timestamp, WindowTables, WindowedTable};

use super::Window;
use super::context::Time;
use super::function::WindowFunction;
use crate::function::Emitter;

/// The results still to be emitted of windows that a watermark has made due, in the order of the windows.
pub(super) enum Firing<K, W, V> {
    /// Windows that stay open: each with the place of its key group, and the bucket to go on from.
    Open { windows: std::vec::IntoIter<(W, usize)>, current: Option<(W, usize)>, bucket: usize },
    /// Windows that are over, taken out of the state.
    Closed { windows: std::vec::IntoIter<(W, KeyTable<K, V>)>, current: Option<(W, Entries<K, V>)> },
}

impl<K: Key, W: Window, V: Record> Firing<K, W, V> {
    /// The open windows for which `is_due` holds, given the place of their key group.
    pub(super) fn of_open(state: &WindowedTable<W, K, V>, is_due: impl Fn(usize, &W) -> bool) -> Self {
        let is_due = &is_due;
        let windows_of = |(slot, tables): (usize, _)| {
            let windows = WindowTables::iter(tables).map(|(window, _)| window);
            windows.filter(move |window| is_due(slot, window)).map(move |window| (window.clone(), slot))
        };
        let mut windows: Vec<_> = state.contents().enumerate().flat_map(windows_of).collect();
        windows.sort_by(|(window, _), (other, _)| window.cmp(other));
        let mut windows = windows.into_iter();
        Self::Open { current: windows.next(), windows, bucket: 0 }
    }

    /// Windows that have been taken out of the state, in order.
    pub(super) fn of_closed(windows: Vec<(W, KeyTable<K, V>)>) -> Self {
        Self::Closed { windows: windows.into_iter(), current: None }
    }

    /// Lets windows fire; true when there are no more, false if the task should yield before: the operator's
    /// work is suspended then. The state must not change in between.
    pub(super) fn go_on<T, F: WindowFunction<K, T, W, Accumulator = V>>(
        &mut self,
        state: &WindowedTable<W, K, V>,
        function: &mut F,
        time: Time<'_>,
        output: &mut Output<'_, F::Output>,
    ) -> Result<bool> {
        let mut out = Emitter::new(output, Timestamp::MIN);
        match self {
            Self::Open { windows, current, bucket } => {
                while let Some((window, slot)) = current {
                    out.set_timestamp(window.max_timestamp());
                    let tables = state.slot(*slot).into_iter().flat_map(WindowTables::iter);
                    let table = tables.filter(|(open, _)| open == window).map(|(_, table)| table);
                    for (place, (key, accumulator)) in table.flat_map(|table| table.iter_from(*bucket)) {
                        function.fire((key, window), accumulator, time, &mut out)?;
                        if !out.goes_on() {
                            *bucket = place + 1;
                            return Ok(false);
                        }
                    }
                    (*current, *bucket) = (windows.next(), 0);
                }
            }
            Self::Closed { windows, current } => loop {
                if let Some((window, entries)) = current {
                    out.set_timestamp(window.max_timestamp());
                    for (key, accumulator) in entries {
                        function.finish((key, window), accumulator, time, &mut out)?;
                        if !out.goes_on() {
                            return Ok(false);
                        }
                    }
                }
                *current = windows.next().map(|(window, table)| (window, table.into_entries()));
                if current.is_none() {
                    break;
                }
            },
        }
        Ok(true)
    }
}
