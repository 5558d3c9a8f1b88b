//! Fires when records differ enough.

use millstream_state::{Record, Timestamp};

use super::{Trigger, TriggerContext, TriggerResult};
use crate::function::FunctionResult;
use crate::process::TimeDomain;
use crate::window::Window;

/// Fires when a record is further than a threshold from the one at which the window last fired, or from the first one. As
/// Flink's `DeltaTrigger`.
///
/// ```
/// # use millstream::prelude::*;
/// use millstream::window::DeltaTrigger;
///
/// let env = Environment::new().parallelism(1);
/// // The way of a car: a mile for each part of more than ten.
/// let miles = env
///     .from_collection([0.0, 4.0, 9.0, 11.0, 15.0, 30.0])
///     .key_by(|_| ())
///     .window(GlobalWindows::create())
///     .trigger(DeltaTrigger::of(10.0, |last: &f64, mile| mile - last))
///     .max(|mile| *mile)
///     .map(|result| result.value)
///     .collect();
/// env.execute("miles")?;
/// assert_eq!(miles.to_vec(), [11.0, 30.0]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DeltaTrigger<F> {
    threshold: f64,
    delta: F,
}

impl<F> DeltaTrigger<F> {
    /// Fires when `delta` of the record at which it last fired and the new one is above `threshold`.
    pub const fn of<T>(threshold: f64, delta: F) -> Self
    where
        F: FnMut(&T, &T) -> f64,
    {
        Self { threshold, delta }
    }
}

impl<T, W, F> Trigger<T, W> for DeltaTrigger<F>
where
    T: Record,
    W: Window,
    F: FnMut(&T, &T) -> f64 + Clone + Send + Sync + 'static,
{
    type State = T;

    fn problem(&self, _: Option<TimeDomain>) -> Option<String> {
        self.threshold
            .is_nan()
            .then(|| "the threshold of `DeltaTrigger` must be a number, but is NaN".to_owned())
    }

    fn on_element(
        &mut self,
        record: &T,
        _: Timestamp,
        _: &W,
        cx: &mut TriggerContext<'_, T>,
    ) -> FunctionResult<TriggerResult> {
        let Some(last) = cx.state() else {
            cx.set_state(record.clone());
            return Ok(TriggerResult::Continue);
        };
        if (self.delta)(last, record) > self.threshold {
            cx.set_state(record.clone());
            return Ok(TriggerResult::Fire);
        }
        Ok(TriggerResult::Continue)
    }
}
