//! One window for everything.

use std::iter;

use millstream_runtime::chain::{Operator, OperatorInfo};
use millstream_state::{Key, Record, Timestamp};
use serde::{Deserialize, Serialize};

use super::function::WindowFunction;
use super::lateness::Lateness;
use super::trigger::DefaultTrigger;
use super::window_operator::WindowOperator;
use super::{Window, WindowAssigner};
use crate::process::TimeDomain;

/// The one window of [`GlobalWindows`]. Ends with the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GlobalWindow;

impl Window for GlobalWindow {
    #[inline]
    fn max_timestamp(&self) -> Timestamp {
        Timestamp::MAX
    }
}

/// One window for all records of a key. As Flink's `GlobalWindows`.
///
/// ```
/// # use millstream::prelude::*;
/// # let env = Environment::new();
/// let words = env.from_collection(["to", "be", "or", "not", "to", "be"].map(String::from));
/// let counts = words
///     .key_by(|word| word.clone())
///     .window(GlobalWindows::at_end())
///     .count()
///     .map(|result| (result.value, result.key))
///     .collect();
/// env.execute("count words")?;
/// let expected = [(1, "not"), (1, "or"), (2, "be"), (2, "to")];
/// assert_eq!(counts.sorted(), expected.map(|(count, word)| (count, word.to_owned())));
/// # Ok::<(), millstream::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GlobalWindows {
    fires_at_end: bool,
}

impl GlobalWindows {
    /// One window for all records of a key, which fires when the stream ends. Needs no timestamps.
    #[doc(alias = "createWithEndOfStreamTrigger")]
    pub const fn at_end() -> Self {
        Self { fires_at_end: true }
    }

    /// One window for all records of a key, which fires when the [trigger](super::WindowedStream::trigger) says so: without
    /// one a job is refused. The window is never over, so that what it holds stays until the trigger purges it.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::window::{CountTrigger, PurgingTrigger};
    ///
    /// let env = Environment::new().parallelism(1);
    /// let pairs = env
    ///     .from_collection(["to", "be", "or", "not", "to"].map(String::from))
    ///     .key_by(|_| ())
    ///     .window(GlobalWindows::create())
    ///     .trigger(PurgingTrigger::of(CountTrigger::of(2)))
    ///     .process_fn(|words, _, out| out.emit(words.join(" ")))
    ///     .collect();
    /// env.execute("pairs")?;
    /// assert_eq!(pairs.to_vec(), ["to be", "or not"]);
    ///
    /// env.from_collection([1]).key_by(|_| ()).window(GlobalWindows::create()).count().discard();
    /// assert!(env.execute("never").unwrap_err().to_string().contains("never fire"));
    /// # Ok::<(), Error>(())
    /// ```
    pub const fn create() -> Self {
        Self { fires_at_end: false }
    }
}

impl<T> WindowAssigner<T> for GlobalWindows {
    type Window = GlobalWindow;

    const TIME: Option<TimeDomain> = None;

    fn kind(&self) -> &'static str {
        "Global windows"
    }

    fn default_trigger(&self) -> DefaultTrigger {
        if self.fires_at_end { DefaultTrigger::EventTime } else { DefaultTrigger::Never }
    }

    #[inline]
    fn assign(&mut self, _: &T, _: Timestamp) -> impl Iterator<Item = GlobalWindow> {
        iter::once(GlobalWindow)
    }

    fn window_operator<K: Key, F: WindowFunction<K, T, GlobalWindow>>(
        &self,
        function: F,
        lateness: Lateness<T>,
        info: &OperatorInfo,
    ) -> impl Operator<(K, T), F::Output> + use<K, T, F>
    where
        T: Record,
    {
        WindowOperator::new(*self, function, lateness, info)
    }
}
