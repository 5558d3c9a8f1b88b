//! Windows over a stream without a key.

use millstream_state::Record;

use super::rule::ByAssigner;
use super::{WindowAssigner, WindowedStream};
use crate::Stream;

/// A stream without a key cut into windows; [`Stream::window_all`] makes it. Its key is `()`. As Flink's
/// `AllWindowedStream`.
pub type AllWindowedStream<T, W, R = ByAssigner> = WindowedStream<(), T, W, R>;

impl<T: Record> Stream<T> {
    /// Cuts the stream into windows without spreading it by a key: one subtask has all of them. As Flink's `windowAll`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// let env = Environment::new().parallelism(3);
    /// let time = WatermarkStrategy::monotonous().timestamp_assigner(|millis: &i64| Timestamp::from_millis(*millis));
    /// let counts = env
    ///     .from_collection([1_000, 2_000, 61_000])
    ///     .assign_timestamps_and_watermarks(time)
    ///     .window_all(TumblingEventTimeWindows::of(Duration::from_secs(60)))
    ///     .count()
    ///     .name("per minute");
    /// let counts = counts.map(|result| (result.window.start.as_millis(), result.value)).parallelism(2).collect();
    /// assert!(env.explain()?.to_string().contains("per minute (parallelism 1)"));
    /// env.execute("events per minute")?;
    /// assert_eq!(counts.sorted(), [(0, 2), (60_000, 1)]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "windowAll")]
    pub fn window_all<W: WindowAssigner<T>>(&self, windows: W) -> AllWindowedStream<T, W> {
        self.key_by(|_| ()).window(windows).single()
    }
}
