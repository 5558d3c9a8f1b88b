//! Fires after so many records.

use millstream_state::Timestamp;

use super::{Trigger, TriggerContext, TriggerResult};
use crate::function::FunctionResult;
use crate::process::TimeDomain;
use crate::window::Window;

/// Fires when a number of records have come to a window since it last did. What is short of that number when the window
/// is over is dropped without firing. As Flink's `CountTrigger`.
///
/// ```
/// # use millstream::prelude::*;
/// use millstream::window::CountTrigger;
///
/// let env = Environment::new().parallelism(1);
/// let sums = env
///     .from_collection([1, 2, 3, 4, 5])
///     .key_by(|_| ())
///     .window(GlobalWindows::create())
///     .trigger(CountTrigger::of(2))
///     .reduce(|sum, next| sum + next)
///     .map(|result| result.value)
///     .collect();
/// env.execute("sums")?;
/// assert_eq!(sums.to_vec(), [1 + 2, 1 + 2 + 3 + 4]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountTrigger {
    records: u64,
}

impl CountTrigger {
    /// Fires after every `records` records, of which there must be at least one.
    pub const fn of(records: u64) -> Self {
        Self { records }
    }
}

impl<T, W: Window> Trigger<T, W> for CountTrigger {
    type State = u64;

    fn problem(&self, _: Option<TimeDomain>) -> Option<String> {
        (self.records == 0)
            .then(|| "`CountTrigger` must wait for at least one record, but waits for 0".to_owned())
    }

    fn on_element(
        &mut self,
        _: &T,
        _: Timestamp,
        _: &W,
        cx: &mut TriggerContext<'_, u64>,
    ) -> FunctionResult<TriggerResult> {
        let count = cx.state_or_default();
        *count += 1;
        if *count < self.records {
            return Ok(TriggerResult::Continue);
        }
        cx.clear_state();
        Ok(TriggerResult::Fire)
    }

    fn can_merge(&self) -> bool {
        true
    }

    fn merge(&self, count: &mut u64, other: u64) {
        *count += other;
    }
}
