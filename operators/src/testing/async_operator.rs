//! The harness of an async function.

use crate::AsyncFunction;
use crate::async_io::{AsyncIo, UnderTest};

/// Tests an [`AsyncFunction`]: the methods of an [`AsyncIo`] say what is to be said about its requests. Each subtask works
/// with a clone of it.
///
/// Requests run when the test pushes records or moves the clock. One that sleeps, by a
/// [`Sleeper`](millstream_runtime::clock::Sleeper), goes on when the test has [moved the clock](super::FunctionHarness::advance) so far.
///
/// ```
/// use millstream::engine::chain::OpenContext;
/// use millstream::engine::clock::Sleeper;
/// use millstream::prelude::*;
/// use millstream::testing::async_operator;
///
/// /// Answers after as many seconds as the number says.
/// #[derive(Clone, Default)]
/// struct Slow(Option<Sleeper>);
///
/// impl AsyncFunction<u64, u64> for Slow {
///     fn open(&mut self, cx: &mut OpenContext<'_>) -> FunctionResult {
///         self.0 = Some(cx.task().sleeper());
///         Ok(())
///     }
///
///     async fn invoke(&self, seconds: u64) -> FunctionResult<Vec<u64>> {
///         self.0.as_ref().ok_or("not open")?.sleep(Duration::from_secs(seconds)).await;
///         Ok(vec![seconds])
///     }
/// }
///
/// let slow = || async_operator(Slow::default()).timeout(Duration::from_secs(60));
/// let mut unordered = slow().unordered().open()?;
/// unordered.push_all([9, 3, 5])?;
/// unordered.advance(Duration::from_secs(5))?;
/// assert_eq!(unordered.take_records(), [3, 5]);
///
/// // What has not been answered is part of a snapshot, and asked again.
/// let mut restored = slow().ordered().restore(&unordered.snapshot()?)?;
/// restored.push(61)?;
/// restored.advance(Duration::from_secs(9))?;
/// assert_eq!(restored.take_records(), [9]);
/// let error = restored.advance(Duration::from_secs(51)).unwrap_err();
/// assert!(error.to_string().contains("not answered within 60s"));
/// # Ok::<(), Error>(())
/// ```
pub fn async_operator<I, O, F: AsyncFunction<I, O> + Clone>(function: F) -> AsyncIo<UnderTest, I, O, F> {
    AsyncIo::new(UnderTest(()), function)
}
