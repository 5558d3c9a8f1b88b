//! Keeps the latest elements.

use std::time::Duration;

use super::{Evictor, EvictorContext, TimestampedValue};
use crate::function::FunctionResult;
use crate::window::length::length_problem;

/// Keeps the elements of a stretch of event time, which ends with the latest of them. As Flink's `TimeEvictor`.
///
/// ```
/// # use millstream::prelude::*;
/// use millstream::testing::window_operator;
/// use millstream::window::{CountTrigger, TimeEvictor};
///
/// let (at, second) = (Timestamp::from_millis, Duration::from_secs(1));
/// let mut harness = window_operator(|_: &char| (), GlobalWindows::create())
///     .trigger(CountTrigger::of(1))
///     .evictor(TimeEvictor::of(10 * second))
///     .process_fn(|letters, _, out| out.emit(letters.into_iter().collect::<String>()))
///     .open()?;
/// for (letter, time) in [('a', 0), ('b', 4), ('c', 10), ('d', 13)] {
///     harness.push_at(letter, at(1_000 * time))?;
/// }
/// assert_eq!(harness.take_records(), ["a", "ab", "bc", "bcd"]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeEvictor {
    size: Duration,
    after: bool,
}

impl TimeEvictor {
    /// Keeps elements that are less than `size`, a whole number of milliseconds, older than the latest. Records must carry
    /// timestamps.
    pub const fn of(size: Duration) -> Self {
        Self { size, after: false }
    }

    /// Takes elements out after the function has got them, not before.
    #[doc(alias = "doEvictAfter")]
    #[must_use]
    pub const fn after_function(mut self) -> Self {
        self.after = true;
        self
    }

    fn evict<T>(self, elements: &mut Vec<TimestampedValue<T>>) {
        let Some(latest) = elements.iter().map(|element| element.timestamp).max() else { return };
        let gone = latest.saturating_sub(self.size);
        elements.retain(|element| element.timestamp > gone);
    }
}

impl<T, W> Evictor<T, W> for TimeEvictor {
    fn problem(&self) -> Option<String> {
        length_problem("the size of `TimeEvictor`", self.size)
    }

    fn needs_timestamps(&self) -> bool {
        true
    }

    evict_on_one_side!();
}
