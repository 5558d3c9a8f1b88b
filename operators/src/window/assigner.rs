//! Which windows a record belongs to.

use millstream_runtime::chain::{Operator, OperatorInfo};
use millstream_runtime::{Error, ErrorKind};
use millstream_state::{Key, Record, Timestamp};

use super::Window;
use super::function::WindowFunction;
use super::lateness::Lateness;
use super::window_operator::WindowOperator;

/// Says which windows a record belongs to, from its timestamp alone. As Flink's `WindowAssigner`,
/// for windows that do not merge.
pub trait WindowAssigner: Clone + Send + Sync + 'static {
    /// What a window is.
    type Window: Window;

    /// Whether records must carry timestamps. Where not, those without are assigned with
    /// [`Timestamp::MIN`].
    const NEEDS_TIMESTAMPS: bool = true;

    /// What kind of windows these are, human-readable.
    fn kind(&self) -> &'static str {
        "Windows"
    }

    /// What makes these windows impossible, if anything: reported before the job runs.
    fn problem(&self) -> Option<String> {
        None
    }

    /// The windows that a record belongs to, best in order. May remember what makes the next call
    /// quicker, but the same timestamp must always give the same windows.
    #[doc(alias = "assignWindows")]
    fn assign(&mut self, timestamp: Timestamp) -> impl Iterator<Item = Self::Window>;

    /// The operator for one subtask.
    #[doc(hidden)]
    fn window_operator<K: Key, T: Record, F: WindowFunction<K, T, Self::Window>>(
        &self,
        function: F,
        lateness: Lateness<T>,
        info: &OperatorInfo,
    ) -> impl Operator<(K, T), F::Output> + use<Self, K, T, F> {
        WindowOperator::new(self.clone(), function, lateness, info)
    }
}

/// What to say of a record that event-time windows cannot place.
#[cold]
pub(super) fn no_timestamp() -> Error {
    let problem = "a record without a timestamp came to event-time windows: \
                   assign timestamps and watermarks before the windows";
    Error::new(ErrorKind::InvalidJob, problem)
}
