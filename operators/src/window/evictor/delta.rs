//! Keeps the elements near the last.

use super::{Evictor, EvictorContext, TimestampedValue};
use crate::function::FunctionResult;

/// Keeps the elements whose distance from the last one is below a threshold. As Flink's `DeltaEvictor`.
///
/// ```
/// # use millstream::prelude::*;
/// use millstream::window::{CountTrigger, DeltaEvictor};
///
/// let env = Environment::new().parallelism(1);
/// let near = env
///     .from_collection([1.0, 4.0, 5.0, 11.0])
///     .key_by(|_| ())
///     .window(GlobalWindows::create())
///     .trigger(CountTrigger::of(1))
///     .evictor(DeltaEvictor::of(3.0, |one: &f64, last: &f64| (one - last).abs()))
///     .process_fn(|numbers, _, out| out.emit(numbers))
///     .collect();
/// env.execute("near the last")?;
/// assert_eq!(near.to_vec(), [vec![1.0], vec![4.0], vec![4.0, 5.0], vec![11.0]]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DeltaEvictor<F> {
    threshold: f64,
    delta: F,
    after: bool,
}

impl<F> DeltaEvictor<F> {
    /// Takes out the elements for which `delta` of the element and the last one is `threshold` or more.
    pub const fn of<T>(threshold: f64, delta: F) -> Self
    where
        F: FnMut(&T, &T) -> f64,
    {
        Self { threshold, delta, after: false }
    }

    /// Takes elements out after the function has got them, not before.
    #[doc(alias = "doEvictAfter")]
    #[must_use]
    pub fn after_function(mut self) -> Self {
        self.after = true;
        self
    }

    fn evict<T>(&mut self, elements: &mut Vec<TimestampedValue<T>>)
    where
        F: FnMut(&T, &T) -> f64,
    {
        let Some(last) = elements.pop() else { return };
        elements.retain(|element| (self.delta)(&element.value, &last.value) < self.threshold);
        if (self.delta)(&last.value, &last.value) < self.threshold {
            elements.push(last);
        }
    }
}

impl<T, W, F> Evictor<T, W> for DeltaEvictor<F>
where
    F: FnMut(&T, &T) -> f64 + Clone + Send + Sync + 'static,
{
    fn problem(&self) -> Option<String> {
        self.threshold
            .is_nan()
            .then(|| "the threshold of `DeltaEvictor` must be a number, but is NaN".to_owned())
    }

    evict_on_one_side!();
}
