//! Windows of a number of records.

use millstream_state::{Key, Record};

use super::evictor::CountEvictor;
use super::general::{Combined, Evicted};
use super::rule::ByTrigger;
use super::trigger::{CountTrigger, PurgingTrigger};
use super::{AllWindowedStream, GlobalWindows, WindowedStream};
use crate::{KeyedStream, Stream};

/// How windows of a number of records fire.
type Tumbling = ByTrigger<PurgingTrigger<CountTrigger>, Combined>;
/// How windows of a number of records fire that slide.
type Sliding = ByTrigger<CountTrigger, Evicted<CountEvictor>>;

impl<K: Key, T: Record> KeyedStream<K, T> {
    /// Cuts the stream into windows of `size` records of a key, one after the other. Those that are not full when the stream
    /// ends are dropped. As Flink's `countWindow`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().parallelism(1);
    /// let sums = env
    ///     .from_collection([1, 2, 30, 3, 40, 4])
    ///     .key_by(|number| *number >= 10)
    ///     .count_window(2)
    ///     .reduce(|sum, next| sum + next)
    ///     .map(|result| result.value)
    ///     .collect();
    /// env.execute("sums")?;
    /// assert_eq!(sums.to_vec(), [1 + 2, 30 + 40, 3 + 4]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "countWindow")]
    pub fn count_window(&self, size: u64) -> WindowedStream<K, T, GlobalWindows, Tumbling> {
        self.window(GlobalWindows::create()).trigger(PurgingTrigger::of(CountTrigger::of(size)))
    }

    /// Makes windows of the last `size` records of a key, one with every `slide` records. As Flink's `countWindow`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().parallelism(1);
    /// let sums = env
    ///     .from_collection([1, 2, 3, 4, 5, 6])
    ///     .key_by(|_| ())
    ///     .count_window_sliding(3, 2)
    ///     .reduce(|sum, next| sum + next)
    ///     .map(|result| result.value)
    ///     .collect();
    /// env.execute("sums")?;
    /// assert_eq!(sums.to_vec(), [1 + 2, 2 + 3 + 4, 4 + 5 + 6]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "countWindow")]
    pub fn count_window_sliding(
        &self,
        size: usize,
        slide: u64,
    ) -> WindowedStream<K, T, GlobalWindows, Sliding> {
        self.window(GlobalWindows::create()).trigger(CountTrigger::of(slide)).evictor(CountEvictor::of(size))
    }
}

impl<T: Record> Stream<T> {
    /// Cuts the stream into windows of `size` records, one after the other, without spreading it by a key: one subtask has all
    /// of them. Records that do not fill a window are dropped when the stream ends. As Flink's `countWindowAll`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().parallelism(1);
    /// let sums = env
    ///     .from_collection([1, 2, 3, 4, 5])
    ///     .count_window_all(2)
    ///     .reduce(|sum, next| sum + next)
    ///     .map(|result| result.value)
    ///     .collect();
    /// env.execute("sums")?;
    /// assert_eq!(sums.to_vec(), [1 + 2, 3 + 4]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "countWindowAll")]
    pub fn count_window_all(&self, size: u64) -> AllWindowedStream<T, GlobalWindows, Tumbling> {
        self.key_by(|_| ()).count_window(size).single()
    }

    /// Makes windows of the last `size` records, one with every `slide` records, without spreading the stream by a key: one
    /// subtask has all of them. As Flink's `countWindowAll`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().parallelism(1);
    /// let last = env
    ///     .from_collection(['a', 'b', 'c', 'd'])
    ///     .count_window_all_sliding(3, 2)
    ///     .process_fn(|letters, _, out| out.emit(letters.into_iter().collect::<String>()))
    ///     .collect();
    /// env.execute("the last three")?;
    /// assert_eq!(last.to_vec(), ["ab", "bcd"]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "countWindowAll")]
    pub fn count_window_all_sliding(
        &self,
        size: usize,
        slide: u64,
    ) -> AllWindowedStream<T, GlobalWindows, Sliding> {
        self.key_by(|_| ()).count_window_sliding(size, slide).single()
    }
}
