//! Keeps the last elements.

use super::{Evictor, EvictorContext, TimestampedValue};
use crate::function::FunctionResult;

/// Keeps a number of elements, the last ones to come. As Flink's `CountEvictor`.
///
/// ```
/// # use millstream::prelude::*;
/// use millstream::window::{CountEvictor, CountTrigger};
///
/// let env = Environment::new().parallelism(1);
/// // The sum of the last three, with every second number.
/// let sums = env
///     .from_collection([1, 2, 3, 4, 5, 6])
///     .key_by(|_| ())
///     .window(GlobalWindows::create())
///     .trigger(CountTrigger::of(2))
///     .evictor(CountEvictor::of(3))
///     .reduce(|sum, next| sum + next)
///     .map(|result| result.value)
///     .collect();
/// env.execute("sums")?;
/// assert_eq!(sums.to_vec(), [1 + 2, 2 + 3 + 4, 4 + 5 + 6]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountEvictor {
    elements: usize,
    after: bool,
}

impl CountEvictor {
    /// Keeps `elements` elements, at least one.
    pub const fn of(elements: usize) -> Self {
        Self { elements, after: false }
    }

    /// Takes elements out after the function has got them, not before.
    #[doc(alias = "doEvictAfter")]
    #[must_use]
    pub const fn after_function(mut self) -> Self {
        self.after = true;
        self
    }

    fn evict<T>(self, elements: &mut Vec<T>) {
        elements.drain(..elements.len().saturating_sub(self.elements));
    }
}

impl<T, W> Evictor<T, W> for CountEvictor {
    fn problem(&self) -> Option<String> {
        (self.elements == 0).then(|| "`CountEvictor` must keep at least one element, but keeps 0".to_owned())
    }

    evict_on_one_side!();
}
