//! Windows: a keyed stream cut into stretches of time, and one result for each key and stretch.
//!
//! [`KeyedStream::window`] says which windows a record belongs to (a [`WindowAssigner`], or
//! [sessions](EventTimeSessionWindows)); methods of [`WindowedStream`] say what becomes of the
//! records of one. As in Flink, a window fires when the watermark reaches its
//! [last point in time](Window::max_timestamp), and then once more for each record that still comes
//! within the [allowed lateness](WindowedStream::allowed_lateness).
//!
//! Under all of them but sessions, and [sliding windows](SlidingEventTimeWindows) that overlap, lies one
//! operator: it keeps a hash table for each open window and key group, and a due window leaves as whole
//! tables, so there is no timer for each key. Sliding windows keep such tables for slices of time.
//! Of those that fire at the same watermark, the earlier goes first; otherwise, and for sessions, the
//! order is unspecified.

mod aggregate;
mod assigner;
mod context;
mod firing;
mod function;
mod global;
mod lateness;
mod length;
mod pane;
mod process;
mod result;
mod session;
mod sliding;
mod stream;
mod time_window;
mod tumbling;
mod window_operator;

use millstream_state::{Key, Record};

pub use aggregate::TryAggregateFunction;
pub use assigner::WindowAssigner;
pub use context::WindowContext;
pub(crate) use function::{Processed, Results, WindowFunction};
pub use global::{GlobalWindow, GlobalWindows};
pub(crate) use lateness::Lateness;
pub(crate) use pane::{Aggregate, Count, Keep, PaneFunction, Reduce, TryAggregate};
pub(crate) use process::ProcessFn;
pub use process::WindowProcessFunction;
pub use result::WindowResult;
pub use session::EventTimeSessionWindows;
pub use sliding::SlidingEventTimeWindows;
pub use stream::{WindowKind, WindowedStream};
pub use time_window::{TimeWindow, Window};
pub use tumbling::TumblingEventTimeWindows;

use crate::KeyedStream;

impl<K: Key, T: Record> KeyedStream<K, T> {
    /// Cuts the stream into windows. As Flink's `window`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// let clicks = [("ann", 1_000), ("bob", 2_000), ("ann", 3_000), ("ann", 61_000)];
    /// let clicks = env.from_collection(clicks.map(|(user, millis)| (user.to_owned(), millis)));
    /// let time = WatermarkStrategy::monotonous()
    ///     .timestamp_assigner(|(_, millis): &(String, i64)| Timestamp::from_millis(*millis));
    /// let per_minute = clicks
    ///     .assign_timestamps_and_watermarks(time)
    ///     .key_by(|(user, _)| user.clone())
    ///     .window(TumblingEventTimeWindows::of(Duration::from_secs(60)))
    ///     .count()
    ///     .map(|result| (result.window.start.as_millis(), result.key, result.value))
    ///     .collect();
    /// env.execute("clicks per minute")?;
    /// assert_eq!(per_minute.sorted(), [
    ///     (0, "ann".to_owned(), 2),
    ///     (0, "bob".to_owned(), 1),
    ///     (60_000, "ann".to_owned(), 1),
    /// ]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn window<W: WindowKind>(&self, windows: W) -> WindowedStream<K, T, W> {
        WindowedStream::new(self.clone(), windows)
    }
}

#[cfg(test)]
mod tests;
