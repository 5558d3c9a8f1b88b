//! Joins of the records of the same window.

use std::time::Duration;

use millstream_state::{Key, Record};

use super::gather::{Group, KeepBoth};
use super::kind::{self, JoinFunction, JoinKind};
use super::side::{Side, both};
use crate::function::{Emitter, FunctionResult};
use crate::window::{ByAssigner, Evictor, FiringRule, Processed, Trigger, WindowAssigner, WindowedStream};
use crate::{KeyedStream, Stream};

/// Two streams whose records are joined by window; [`KeyedStream::join`] makes it.
#[must_use = "streams are not joined until it is said in which windows, and what becomes of the pairs"]
pub struct JoinedStreams<K, A, B> {
    both: KeyedStream<K, Side<A, B>>,
}

/// Two streams whose records are gathered by window; [`KeyedStream::co_group`] makes it.
#[must_use = "streams are not joined until it is said in which windows, and what becomes of their records"]
pub struct CoGroupedStreams<K, A, B> {
    both: KeyedStream<K, Side<A, B>>,
}

/// Two streams joined in windows; [`JoinedStreams::window`] makes it.
#[must_use = "windows do nothing until it is said what becomes of the pairs"]
pub struct JoinedWindows<K, A, B, W, R = ByAssigner>(CoGroupedWindows<K, A, B, W, R>);

/// Two streams gathered in windows; [`CoGroupedStreams::window`] makes it.
#[must_use = "windows do nothing until it is said what becomes of their records"]
pub struct CoGroupedWindows<K, A, B, W, R = ByAssigner> {
    windows: WindowedStream<K, Side<A, B>, W, R>,
}

impl<K: Key, A: Record> KeyedStream<K, A> {
    /// Joins this stream with another: each pair of records of the same key and window. As Flink's `join`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// # let time = || WatermarkStrategy::monotonous()
    /// #     .timestamp_assigner(|(_, second): &(char, i64)| Timestamp::from_millis(second * 1_000));
    /// # let stream = |records: Vec<(char, i64)>| env.from_collection(records).assign_timestamps_and_watermarks(time());
    /// // A letter and the second at which it came.
    /// let (clicks, views) = (stream(vec![('a', 1), ('a', 12)]), stream(vec![('a', 2), ('a', 9), ('b', 1), ('a', 30)]));
    /// let pairs = clicks
    ///     .key_by(|(letter, _)| *letter)
    ///     .join(&views.key_by(|(letter, _)| *letter))
    ///     .window(TumblingEventTimeWindows::of(Duration::from_secs(10)))
    ///     .apply(|click, view| (click.1, view.1))
    ///     .collect();
    /// env.execute("clicks and views")?;
    /// assert_eq!(pairs.sorted(), [(1, 2), (1, 9)]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn join<B: Record>(&self, other: &KeyedStream<K, B>) -> JoinedStreams<K, A, B> {
        JoinedStreams { both: both(self, other) }
    }

    /// Gathers this stream and another: the records of both of the same key and window. As Flink's `coGroup`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// # let time = || WatermarkStrategy::monotonous()
    /// #     .timestamp_assigner(|(_, second): &(char, i64)| Timestamp::from_millis(second * 1_000));
    /// # let stream = |records: Vec<(char, i64)>| env.from_collection(records).assign_timestamps_and_watermarks(time());
    /// // A letter and the second at which it came.
    /// let (clicks, views) = (stream(vec![('a', 1), ('a', 12)]), stream(vec![('a', 2), ('a', 9), ('b', 1)]));
    /// let counts = clicks
    ///     .key_by(|(letter, _)| *letter)
    ///     .co_group(&views.key_by(|(letter, _)| *letter))
    ///     .window(TumblingEventTimeWindows::of(Duration::from_secs(10)))
    ///     .apply(|letter, clicks, views| Some((*letter, clicks.len(), views.len())))
    ///     .collect();
    /// env.execute("clicks and views")?;
    /// assert_eq!(counts.sorted(), [('a', 1, 0), ('a', 1, 2), ('b', 0, 1)]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "coGroup")]
    pub fn co_group<B: Record>(&self, other: &KeyedStream<K, B>) -> CoGroupedStreams<K, A, B> {
        CoGroupedStreams { both: both(self, other) }
    }
}

impl<K: Key, A: Record, B: Record> JoinedStreams<K, A, B> {
    /// In which windows: tumbling, sliding, sessions, or of your own. A session is of the records of both streams. See
    /// [`KeyedStream::join`] for an example.
    pub fn window<W: WindowAssigner<Side<A, B>>>(self, windows: W) -> JoinedWindows<K, A, B, W> {
        JoinedWindows(CoGroupedStreams { both: self.both }.window(windows))
    }
}

impl<K: Key, A: Record, B: Record> CoGroupedStreams<K, A, B> {
    /// In which windows: tumbling, sliding, sessions, or of your own. A session is of the records of both streams. See
    /// [`KeyedStream::co_group`] for an example.
    pub fn window<W: WindowAssigner<Side<A, B>>>(self, windows: W) -> CoGroupedWindows<K, A, B, W> {
        CoGroupedWindows { windows: self.both.window(windows) }
    }
}

impl<K, A, B, W, R> CoGroupedWindows<K, A, B, W, R>
where
    K: Key,
    A: Record,
    B: Record,
    W: WindowAssigner<Side<A, B>>,
    R: FiringRule<Side<A, B>, W>,
{
    /// Lets a trigger decide when windows fire; see [`WindowedStream::trigger`]. It is asked about the records of both
    /// streams.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::window::{CountTrigger, PurgingTrigger};
    ///
    /// let env = Environment::new().parallelism(1);
    /// let (clicks, views) = (env.from_collection([1, 2, 3]), env.from_collection([4, 5, 6]));
    /// let counts = clicks
    ///     .key_by(|_| ())
    ///     .co_group(&views.key_by(|_| ()))
    ///     .window(GlobalWindows::create())
    ///     .trigger(PurgingTrigger::of(CountTrigger::of(2)))
    ///     .apply(|_, clicks, views| Some(clicks.len() + views.len()))
    ///     .collect();
    /// env.execute("clicks and views")?;
    /// assert_eq!(counts.to_vec(), [2, 2, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn trigger<G: Trigger<Side<A, B>, W::Window>>(
        self,
        trigger: G,
    ) -> CoGroupedWindows<K, A, B, W, R::WithTrigger<G>> {
        CoGroupedWindows { windows: self.windows.trigger(trigger) }
    }

    /// Lets an evictor take elements out of windows that fire; see [`WindowedStream::evictor`]. It gets the records of both
    /// streams, in the order in which they have come.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::window::CountEvictor;
    ///
    /// let env = Environment::new().parallelism(1);
    /// let (clicks, views) = (env.from_collection([1, 2, 3]), env.from_collection([4, 5, 6]));
    /// let counts = clicks
    ///     .key_by(|_| ())
    ///     .co_group(&views.key_by(|_| ()))
    ///     .window(GlobalWindows::at_end())
    ///     .evictor(CountEvictor::of(4))
    ///     .apply(|_, clicks, views| Some(clicks.len() + views.len()))
    ///     .collect();
    /// env.execute("clicks and views")?;
    /// assert_eq!(counts.to_vec(), [4]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn evictor<E: Evictor<Side<A, B>, W::Window>>(
        self,
        evictor: E,
    ) -> CoGroupedWindows<K, A, B, W, R::WithEvictor<E>> {
        CoGroupedWindows { windows: self.windows.evictor(evictor) }
    }

    /// Keeps windows for this long (in event time) after they have fired; see
    /// [`WindowedStream::allowed_lateness`]. A window that fires once more gives all its results once more.
    #[doc(alias = "allowedLateness")]
    pub fn allowed_lateness(self, allowed: Duration) -> Self {
        Self { windows: self.windows.allowed_lateness(allowed) }
    }

    /// Makes records of each key and window in which either stream has a record: `group` gets the key and the records of
    /// both, each in the order in which they have come. See [`KeyedStream::co_group`] for an example.
    #[doc(alias = "CoGroupFunction")]
    pub fn apply<O: Record, I: IntoIterator<Item = O>>(
        self,
        mut group: impl FnMut(&K, &[A], &[B]) -> I + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.process(move |key: &K, firsts: &[A], seconds: &[B], out: &mut Emitter<'_, O>| {
            group(key, firsts, seconds).into_iter().try_for_each(|record| out.emit(record))
        })
    }

    fn process<O: Record>(
        self,
        group: impl FnMut(&K, &[A], &[B], &mut Emitter<'_, O>) -> FunctionResult + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.windows.apply(Processed::new(KeepBoth, Group(group)))
    }
}

impl<K, A, B, W, R> JoinedWindows<K, A, B, W, R>
where
    K: Key,
    A: Record,
    B: Record,
    W: WindowAssigner<Side<A, B>>,
    R: FiringRule<Side<A, B>, W>,
{
    /// Lets a trigger decide when windows fire, as [`CoGroupedWindows::trigger`]. A window that fires once more gives all its
    /// pairs once more, unless the trigger purges it.
    pub fn trigger<G: Trigger<Side<A, B>, W::Window>>(
        self,
        trigger: G,
    ) -> JoinedWindows<K, A, B, W, R::WithTrigger<G>> {
        JoinedWindows(self.0.trigger(trigger))
    }

    /// Lets an evictor take elements out of windows that fire, as [`CoGroupedWindows::evictor`].
    pub fn evictor<E: Evictor<Side<A, B>, W::Window>>(
        self,
        evictor: E,
    ) -> JoinedWindows<K, A, B, W, R::WithEvictor<E>> {
        JoinedWindows(self.0.evictor(evictor))
    }

    /// Keeps windows for this long (in event time) after they have fired; see
    /// [`WindowedStream::allowed_lateness`]. A window that fires once more gives all its pairs once more.
    #[doc(alias = "allowedLateness")]
    pub fn allowed_lateness(self, allowed: Duration) -> Self {
        Self(self.0.allowed_lateness(allowed))
    }

    /// Makes a record of each pair: an inner join. As Flink's `apply`. See [`KeyedStream::join`] for an example.
    #[doc(alias = "JoinFunction")]
    pub fn apply<O: Record>(
        self,
        join: impl FnMut(&A, &B) -> O + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.joined(JoinKind::INNER, kind::inner(join))
    }

    /// Makes a record of each pair, and of each record of the left stream that has no partner in its window.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// # let time = || WatermarkStrategy::monotonous()
    /// #     .timestamp_assigner(|(_, second): &(char, i64)| Timestamp::from_millis(second * 1_000));
    /// # let stream = |records: Vec<(char, i64)>| env.from_collection(records).assign_timestamps_and_watermarks(time());
    /// let (left, right) = (stream(vec![('a', 1), ('b', 2)]), stream(vec![('a', 3), ('c', 4)]));
    /// let pairs = left
    ///     .key_by(|(letter, _)| *letter)
    ///     .join(&right.key_by(|(letter, _)| *letter))
    ///     .window(TumblingEventTimeWindows::of(Duration::from_secs(10)))
    ///     .left_outer(|left, right| (left.1, right.map(|right| right.1)))
    ///     .collect();
    /// env.execute("left outer join")?;
    /// assert_eq!(pairs.sorted(), [(1, Some(3)), (2, None)]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn left_outer<O: Record>(
        self,
        join: impl FnMut(&A, Option<&B>) -> O + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.joined(JoinKind::LEFT, kind::left(join))
    }

    /// Makes a record of each pair, and of each record of the right stream that has no partner in its window. See
    /// [`left_outer`](Self::left_outer) for an example of its mirror image.
    pub fn right_outer<O: Record>(
        self,
        join: impl FnMut(Option<&A>, &B) -> O + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.joined(JoinKind::RIGHT, kind::right(join))
    }

    /// Makes a record of each pair, and of each record that has no partner in its window.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # let env = Environment::new();
    /// # let time = || WatermarkStrategy::monotonous()
    /// #     .timestamp_assigner(|(_, second): &(char, i64)| Timestamp::from_millis(second * 1_000));
    /// # let stream = |records: Vec<(char, i64)>| env.from_collection(records).assign_timestamps_and_watermarks(time());
    /// let (left, right) = (stream(vec![('a', 1), ('b', 2)]), stream(vec![('a', 3), ('c', 4)]));
    /// let pairs = left
    ///     .key_by(|(letter, _)| *letter)
    ///     .join(&right.key_by(|(letter, _)| *letter))
    ///     .window(TumblingEventTimeWindows::of(Duration::from_secs(10)))
    ///     .full_outer(|left, right| (left.map(|left| left.1), right.map(|right| right.1)))
    ///     .collect();
    /// env.execute("full outer join")?;
    /// assert_eq!(pairs.sorted(), [(None, Some(4)), (Some(1), Some(3)), (Some(2), None)]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn full_outer<O: Record>(
        self,
        join: impl FnMut(Option<&A>, Option<&B>) -> O + Clone + Send + Sync + 'static,
    ) -> Stream<O> {
        self.joined(JoinKind::FULL, kind::full(join))
    }

    fn joined<O: Record>(self, kind: JoinKind, mut join: impl JoinFunction<A, B, O>) -> Stream<O> {
        self.0.process(move |_: &K, lefts: &[A], rights: &[B], out: &mut Emitter<'_, O>| {
            let mut emit = |left: Option<&A>, right: Option<&B>| {
                join(left, right).map_or(Ok(()), |record| out.emit(record))
            };
            if rights.is_empty() && kind.left_outer {
                return lefts.iter().try_for_each(|left| emit(Some(left), None));
            }
            if lefts.is_empty() && kind.right_outer {
                return rights.iter().try_for_each(|right| emit(None, Some(right)));
            }
            lefts
                .iter()
                .try_for_each(|left| rights.iter().try_for_each(|right| emit(Some(left), Some(right))))
        })
    }
}
