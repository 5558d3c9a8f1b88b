//! Windows: a keyed stream cut into stretches of time, and one result for each key and stretch.
//!
//! [`KeyedStream::window`] says which windows a record belongs to (a [`WindowAssigner`]); methods of
//! [`WindowedStream`] say what becomes of the records of one. As in Flink, a window of event time fires when
//! the watermark reaches its [last point in time](Window::max_timestamp), and then once more for each record that
//! still comes within the [allowed lateness](WindowedStream::allowed_lateness), unless a [`Trigger`] says
//! otherwise.
//!
//! Under windows of event time that do not merge lies one operator: it keeps a hash table for each open window and
//! key group, and a due window leaves as whole tables, so there is no timer for each key. Overlapping
//! [sliding windows](SlidingEventTimeWindows) keep such tables for slices of time, and
//! [sessions](EventTimeSessionWindows) have an operator of their own. All others, and all windows with a
//! trigger, an [`Evictor`] or a [function with state](StatefulWindowProcessFunction), are kept by key in a general
//! operator (`general.rs`), with timers for each.
//! Of those that fire at the same watermark, the earlier goes first; otherwise, and for sessions, the
//! order is unspecified.

mod aggregate;
mod aggregations;
mod all;
mod assigner;
mod context;
mod count_windows;
mod cumulating;
mod either;
mod evictor;
mod firing;
mod function;
mod general;
mod global;
mod lateness;
mod length;
mod pane;
mod process;
mod processing_time;
mod result;
mod rule;
mod session;
mod sliding;
mod stagger;
mod stateful;
mod stream;
mod time_window;
mod trigger;
mod tumbling;
mod window_operator;

use millstream_state::{Key, Record};

pub use aggregate::TryAggregateFunction;
pub use all::AllWindowedStream;
pub use assigner::WindowAssigner;
pub use context::WindowContext;
pub use cumulating::CumulatingEventTimeWindows;
pub use evictor::{CountEvictor, DeltaEvictor, Evictor, EvictorContext, TimeEvictor, TimestampedValue};
pub(crate) use function::{Processed, Results, WindowFunction};
pub use general::{Combined, Contents, Evicted, WindowKey};
pub use global::{GlobalWindow, GlobalWindows};
pub(crate) use lateness::Lateness;
pub(crate) use pane::{Aggregate, Count, Keep, PaneFunction, Reduce, TryAggregate};
pub(crate) use process::ProcessFn;
pub use process::WindowProcessFunction;
pub use processing_time::{SlidingProcessingTimeWindows, TumblingProcessingTimeWindows};
pub use result::WindowResult;
pub use rule::{ByAssigner, ByTrigger, FiringRule};
pub use session::{
    DynamicEventTimeSessionWindows, DynamicProcessingTimeSessionWindows, EventTimeSessionWindows,
    ProcessingTimeSessionWindows,
};
pub use sliding::SlidingEventTimeWindows;
pub use stagger::WindowStagger;
pub(crate) use stateful::Stateful;
pub use stateful::{StateScope, StatefulWindowContext, StatefulWindowProcessFunction, WindowOpenContext};
pub use stream::WindowedStream;
pub(crate) use stream::problem;
pub use time_window::{TimeWindow, Window};
pub use trigger::{
    ContinuousEventTimeTrigger, ContinuousProcessingTimeTrigger, CountTrigger, DefaultTrigger, DeltaTrigger,
    EventTimeTrigger, NeverTrigger, ProcessingTimeTrigger, ProcessingTimeoutTrigger, PurgingTrigger,
    TimeoutState, Trigger, TriggerContext, TriggerResult,
};
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
    pub fn window<W: WindowAssigner<T>>(&self, windows: W) -> WindowedStream<K, T, W> {
        WindowedStream::new(self.clone(), windows)
    }
}

#[cfg(test)]
mod tests;
