//! Sliding windows whose results are being emitted, a few batches at a time.

use millstream_runtime::Result;
use millstream_runtime::chain::Output;
use millstream_state::{Key, Record, Timestamp, stable_hash};

use super::panes::SlidingPanes;
use crate::function::Emitter;
use crate::window::context::Time;
use crate::window::function::WindowFunction;
use crate::window::{TimeWindow, Window};

/// The results still to be emitted of windows that a watermark has made due, in the order of the windows.
pub(super) struct Firing {
    /// Each with the place of its key group.
    windows: std::vec::IntoIter<(TimeWindow, usize)>,
    current: Option<(TimeWindow, usize)>,
    cursor: Cursor,
}

/// What to go on with of a window and key group.
#[derive(Clone, Copy)]
enum Cursor {
    /// Working out what its slices come to.
    Begin,
    /// The keys of its slices, from a bucket on.
    Sliced(usize),
    /// The keys that are in none of its slices, from a bucket on.
    Whole(usize),
}

impl Firing {
    pub(super) fn of(windows: Vec<(TimeWindow, usize)>) -> Self {
        let mut windows = windows.into_iter();
        Self { current: windows.next(), windows, cursor: Cursor::Begin }
    }

    /// Lets windows fire; true when there are no more, false if the task should yield before: the operator's
    /// work is suspended then. The state must not change in between.
    pub(super) fn go_on<K: Key, T, V: Record, F: WindowFunction<K, T, TimeWindow, Accumulator = V>>(
        &mut self,
        panes: &mut SlidingPanes<K, V>,
        function: &mut F,
        time: Time<'_>,
        output: &mut Output<'_, F::Output>,
    ) -> Result<bool> {
        let mut out = Emitter::new(output, Timestamp::MIN);
        while let Some((window, slot)) = &self.current {
            out.set_timestamp(window.max_timestamp());
            let whole = panes.whole.slot(*slot).and_then(|tables| tables.get(window));
            let (Some(running), Some(slices)) = (panes.running.get_mut(*slot), panes.slices.slot(*slot))
            else {
                break;
            };
            let has_slices = panes.grid.has(window);
            if let Cursor::Begin = self.cursor {
                if has_slices {
                    running.go_on_to(window, slices, |sum, more| function.merge(sum, more))?;
                }
                self.cursor = Cursor::Sliced(0);
            }
            let keys = has_slices.then(|| running.keys());
            if let (Cursor::Sliced(bucket), Some(keys)) = (self.cursor, keys) {
                for (bucket, (key, halves)) in keys.iter_from(bucket) {
                    let merged = halves.merged(|sum, more| function.merge(sum, more))?;
                    let Some(mut value) = merged else { continue };
                    if let Some(before) = whole.and_then(|whole| whole.get(stable_hash(key), key)) {
                        let since = std::mem::replace(&mut value, before.clone());
                        function.merge(&mut value, since)?;
                    }
                    function.finish((key.clone(), window), value, time, &mut out)?;
                    if !out.goes_on() {
                        self.cursor = Cursor::Sliced(bucket + 1);
                        return Ok(false);
                    }
                }
            }
            let from = if let Cursor::Whole(bucket) = self.cursor { bucket } else { 0 };
            for (bucket, (key, value)) in whole.into_iter().flat_map(|whole| whole.iter_from(from)) {
                if keys.is_some_and(|keys| keys.get(stable_hash(key), key).is_some()) {
                    continue;
                }
                function.finish((key.clone(), window), value.clone(), time, &mut out)?;
                if !out.goes_on() {
                    self.cursor = Cursor::Whole(bucket + 1);
                    return Ok(false);
                }
            }
            (self.current, self.cursor) = (self.windows.next(), Cursor::Begin);
        }
        Ok(true)
    }
}
