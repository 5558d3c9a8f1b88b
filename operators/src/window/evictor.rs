//! Evictors: which elements a window gives up when it fires.

/// The methods of an evictor that takes elements out on one side of the function: `after` says on which, and `evict` does
/// it.
macro_rules! evict_on_one_side {
    () => {
        fn evict_before(
            &mut self,
            elements: &mut Vec<TimestampedValue<T>>,
            _: &W,
            _: &EvictorContext<'_>,
        ) -> FunctionResult {
            if !self.after {
                self.evict(elements);
            }
            Ok(())
        }

        fn evict_after(
            &mut self,
            elements: &mut Vec<TimestampedValue<T>>,
            _: &W,
            _: &EvictorContext<'_>,
        ) -> FunctionResult {
            if self.after {
                self.evict(elements);
            }
            Ok(())
        }
    };
}

mod count;
mod delta;
mod time;

use millstream_state::Timestamp;
use serde::{Deserialize, Serialize};

use super::context::Time;
use crate::function::FunctionResult;

pub use count::CountEvictor;
pub use delta::DeltaEvictor;
pub use time::TimeEvictor;

/// A record that a window with an [`Evictor`] keeps, with its timestamp. As Flink's `TimestampedValue`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimestampedValue<T> {
    /// The record.
    pub value: T,
    timestamp: Timestamp,
}

impl<T> TimestampedValue<T> {
    /// A record with its timestamp, if it has one.
    pub fn new(value: T, timestamp: Option<Timestamp>) -> Self {
        Self { value, timestamp: timestamp.unwrap_or(Timestamp::MIN) }
    }

    /// The record's timestamp, if it has one.
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.timestamp.known()
    }
}

/// What an [`Evictor`] may ask about time.
#[derive(Clone, Copy)]
pub struct EvictorContext<'a>(Time<'a>);

impl<'a> EvictorContext<'a> {
    pub(super) const fn new(time: Time<'a>) -> Self {
        Self(time)
    }

    /// How far event time has come; [`Timestamp::MIN`] before the first watermark, [`Timestamp::MAX`] when the
    /// stream has ended.
    #[doc(alias = "getCurrentWatermark")]
    pub const fn watermark(&self) -> Timestamp {
        self.0.watermark()
    }

    /// The processing time. Reads a clock.
    #[doc(alias = "getCurrentProcessingTime")]
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// Takes elements out of a window that fires, before or after the function gets the others. As Flink's `Evictor`. Each
/// subtask works with a clone of it.
///
/// What is taken out is gone: it is not there when the window fires again. Windows with an evictor keep all their records,
/// and functions such as `reduce` run over them only when the window fires; if all have been taken out, `process` gets an
/// empty list, aggregates give what comes of no record, and `reduce` gives nothing.
///
/// ```
/// # use millstream::prelude::*;
/// use millstream::window::{CountTrigger, Evictor, EvictorContext, TimestampedValue};
///
/// /// Takes out what is the same as what came before.
/// #[derive(Clone)]
/// struct Repetitions;
///
/// impl<T: PartialEq, W> Evictor<T, W> for Repetitions {
///     fn evict_before(
///         &mut self,
///         elements: &mut Vec<TimestampedValue<T>>,
///         _: &W,
///         _: &EvictorContext<'_>,
///     ) -> FunctionResult {
///         elements.dedup_by(|next, before| next.value == before.value);
///         Ok(())
///     }
/// }
///
/// # let env = Environment::new().parallelism(1);
/// let lists = env
///     .from_collection([1, 1, 2, 2, 3, 3])
///     .key_by(|_| ())
///     .window(GlobalWindows::create())
///     .trigger(CountTrigger::of(3))
///     .evictor(Repetitions)
///     .process_fn(|numbers, _, out| out.emit(numbers))
///     .collect();
/// env.execute("lists")?;
/// assert_eq!(lists.to_vec(), [vec![1, 2], vec![1, 2, 3]]);
/// # Ok::<(), Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `Evictor` of windows `{W}` of records `{T}`",
    note = "implement it for your type, which must also be `Clone + Send + Sync + 'static`"
)]
pub trait Evictor<T, W>: Clone + Send + Sync + 'static {
    /// What is wrong with the evictor, if anything: reported before the job runs.
    fn problem(&self) -> Option<String> {
        None
    }

    /// Whether records must carry timestamps, also where the windows do not need them.
    fn needs_timestamps(&self) -> bool {
        false
    }

    /// A window fires: takes elements out that the function is not to get. They are in the order in which they have come,
    /// those of windows that have merged one window after the other.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "evictBefore")]
    fn evict_before(
        &mut self,
        elements: &mut Vec<TimestampedValue<T>>,
        window: &W,
        cx: &EvictorContext<'_>,
    ) -> FunctionResult {
        let _ = (elements, window, cx);
        Ok(())
    }

    /// The function has got the elements: takes those out that are not to be there the next time.
    ///
    /// # Errors
    /// Whatever fails the job.
    #[doc(alias = "evictAfter")]
    fn evict_after(
        &mut self,
        elements: &mut Vec<TimestampedValue<T>>,
        window: &W,
        cx: &EvictorContext<'_>,
    ) -> FunctionResult {
        let _ = (elements, window, cx);
        Ok(())
    }
}
