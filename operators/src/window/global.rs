//! One window for everything.

use std::iter;

use millstream_state::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Window, WindowAssigner};

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
pub struct GlobalWindows(());

impl GlobalWindows {
    /// One window for all records of a key, which fires when the stream ends. Needs no timestamps.
    pub const fn at_end() -> Self {
        Self(())
    }
}

impl WindowAssigner for GlobalWindows {
    type Window = GlobalWindow;

    const NEEDS_TIMESTAMPS: bool = false;

    fn kind(&self) -> &'static str {
        "Global windows"
    }

    #[inline]
    fn assign(&mut self, _: Timestamp) -> impl Iterator<Item = GlobalWindow> {
        iter::once(GlobalWindow)
    }
}
