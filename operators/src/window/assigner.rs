//! Which windows a record belongs to.

use millstream_runtime::chain::{OpenContext, Operator, OperatorInfo};
use millstream_runtime::{Error, ErrorKind};
use millstream_state::{Key, Record, Timestamp};

use super::Window;
use super::either::EitherOperator;
use super::function::WindowFunction;
use super::general::{Combined, GeneralOperator};
use super::lateness::Lateness;
use super::trigger::DefaultTrigger;
use super::window_operator::WindowOperator;
use crate::function::FunctionResult;
use crate::process::TimeDomain;

/// Says which windows a record belongs to. As Flink's `WindowAssigner`, and `MergingWindowAssigner`.
///
/// ```
/// use std::iter;
/// use millstream::prelude::*;
/// use millstream::window::WindowAssigner;
///
/// /// Windows of a minute for what is urgent, and of an hour for the rest.
/// #[derive(Clone)]
/// struct ByUrgency;
///
/// #[derive(Clone, serde::Serialize, serde::Deserialize)]
/// struct Order { millis: i64, urgent: bool }
///
/// impl WindowAssigner<Order> for ByUrgency {
///     type Window = TimeWindow;
///
///     fn assign(&mut self, order: &Order, timestamp: Timestamp) -> impl Iterator<Item = TimeWindow> {
///         let size = if order.urgent { 60_000 } else { 3_600_000 };
///         let start = timestamp.as_millis().div_euclid(size) * size;
///         iter::once(TimeWindow::new(Timestamp::from_millis(start), Timestamp::from_millis(start + size)))
///     }
/// }
///
/// # let env = Environment::new();
/// let orders = [(5, true), (6, false), (61_000, true), (61_000, false)];
/// let orders = env.from_collection(orders.map(|(millis, urgent)| Order { millis, urgent }));
/// let time = WatermarkStrategy::monotonous()
///     .timestamp_assigner(|order: &Order| Timestamp::from_millis(order.millis));
/// let counts = orders
///     .assign_timestamps_and_watermarks(time)
///     .key_by(|_| ())
///     .window(ByUrgency)
///     .count()
///     .map(|result| (result.window.end.as_millis(), result.value))
///     .collect();
/// env.execute("orders")?;
/// assert_eq!(counts.sorted(), [(60_000, 1), (120_000, 1), (3_600_000, 2)]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "MergingWindowAssigner")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which windows there are for records `{T}`",
    note = "windows are `TumblingEventTimeWindows::of(size)`, `SlidingEventTimeWindows::of(size, slide)`, \
            `EventTimeSessionWindows::with_gap(gap)`, `GlobalWindows::at_end()` and others of `millstream::window`; \
            for your own implement `WindowAssigner`"
)]
pub trait WindowAssigner<T>: Clone + Send + Sync + 'static {
    /// What a window is.
    type Window: Window;

    /// Which time the windows are stretches of; `None` if of neither, as the global window. For windows of
    /// event time records must carry timestamps.
    #[doc(alias = "isEventTime")]
    const TIME: Option<TimeDomain> = Some(TimeDomain::EventTime);

    /// Whether windows of a key [merge](Self::merge).
    const MERGES: bool = false;

    /// What kind of windows these are, human-readable.
    fn kind(&self) -> &'static str {
        "Windows"
    }

    /// What makes these windows impossible, if anything: reported before the job runs.
    fn problem(&self) -> Option<String> {
        None
    }

    /// What makes windows fire if no trigger is [set](super::WindowedStream::trigger): the end of the window,
    /// in its time.
    #[doc(alias = "getDefaultTrigger")]
    fn default_trigger(&self) -> DefaultTrigger {
        match Self::TIME {
            Some(TimeDomain::ProcessingTime) => DefaultTrigger::ProcessingTime,
            Some(TimeDomain::EventTime) | None => DefaultTrigger::EventTime,
        }
    }

    /// Before the first record, in each subtask.
    ///
    /// # Errors
    /// Whatever fails the job.
    fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
        let _ = cx;
        Ok(())
    }

    /// The windows that a record belongs to, best in order. `timestamp` is that of the record, or, for windows of
    /// processing time, the time at which it came; [`Timestamp::MIN`] for a record that has none.
    ///
    /// May remember what makes the next call quicker, but the same record at the same time must always give the
    /// same windows.
    #[doc(alias = "assignWindows")]
    fn assign(&mut self, record: &T, timestamp: Timestamp) -> impl Iterator<Item = Self::Window>;

    /// The window that takes the place of two of a key, if these belong together; `None` if both stay. It must
    /// end no earlier than either. Called only where windows [merge](Self::MERGES).
    #[doc(alias = "mergeWindows")]
    fn merge(&self, one: &Self::Window, other: &Self::Window) -> Option<Self::Window> {
        let _ = (one, other);
        None
    }

    /// The operator for one subtask, if there is neither a trigger nor an evictor.
    #[doc(hidden)]
    fn window_operator<K: Key, F: WindowFunction<K, T, Self::Window>>(
        &self,
        function: F,
        lateness: Lateness<T>,
        info: &OperatorInfo,
    ) -> impl Operator<(K, T), F::Output> + use<Self, K, T, F>
    where
        T: Record,
    {
        if Self::MERGES || Self::TIME == Some(TimeDomain::ProcessingTime) {
            EitherOperator::Second(general_operator(self, function, lateness, info))
        } else {
            EitherOperator::First(WindowOperator::new(self.clone(), function, lateness, info))
        }
    }
}

/// The operator for windows of any kind, which fire as they do by default.
pub(super) fn general_operator<
    K: Key,
    T: Record,
    A: WindowAssigner<T>,
    F: WindowFunction<K, T, A::Window>,
>(
    windows: &A,
    function: F,
    lateness: Lateness<T>,
    info: &OperatorInfo,
) -> GeneralOperator<K, T, A, F, DefaultTrigger, Combined> {
    let trigger = windows.default_trigger();
    GeneralOperator::new(windows.clone(), function, (trigger, Combined), lateness, info)
}

/// What to say of a record that event-time windows cannot place.
#[cold]
pub(super) fn no_timestamp() -> Error {
    let problem = "a record without a timestamp came to event-time windows: \
                   assign timestamps and watermarks before the windows";
    Error::new(ErrorKind::InvalidJob, problem)
}
