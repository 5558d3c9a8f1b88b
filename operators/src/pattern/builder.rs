//! Writing a pattern down.

mod conditions;
mod quantifiers;

use std::time::Duration;

use super::condition::Condition;
use super::nfa::{Contiguity, Quantifier};
use super::skip::AfterMatchSkip;

/// What is looked for in a stream: stages that take events, their order, how often, and how close to each other. As
/// FlinkCEP's `Pattern`; [`KeyedStream::pattern`](crate::KeyedStream::pattern) looks for it.
///
/// Methods work on the stage that was named last. What is impossible is an error of the job, before it runs, and named
/// there.
///
/// ```
/// # use millstream::prelude::*;
/// use millstream::pattern::Pattern;
///
/// // A small payment, and within a minute a large one.
/// let pattern = Pattern::begin("small")
///     .where_is(|(_, _, amount): &(u32, i64, u32)| *amount < 10)
///     .followed_by("large")
///     .where_is(|(_, _, amount)| *amount > 500)
///     .within(Duration::from_secs(60));
///
/// let env = Environment::new().parallelism(1);
/// let time = WatermarkStrategy::monotonous()
///     .timestamp_assigner(|(_, second, _): &(u32, i64, u32)| Timestamp::from_millis(second * 1_000));
/// let payments = env.from_collection([(7, 0, 5), (8, 1, 900), (7, 30, 80), (7, 59, 900), (8, 60, 1), (8, 120, 700)]);
/// let alerts = payments
///     .assign_timestamps_and_watermarks(time)
///     .key_by(|(account, ..)| *account)
///     .pattern(&pattern)
///     .select(|found| {
///         let (small, large) = (found.first("small")?, found.first("large")?);
///         Some((small.0, small.1, large.1))
///     })
///     .collect();
/// env.execute("small, then large")?;
/// // Account 8 took exactly a minute, which is too long.
/// assert_eq!(alerts.sorted(), [(7, 0, 59)]);
/// # Ok::<(), Error>(())
/// ```
#[must_use = "a pattern does nothing until it is looked for"]
pub struct Pattern<T> {
    pub(super) stages: Vec<Stage<T>>,
    pub(super) within: Option<Duration>,
    pub(super) skip: AfterMatchSkip,
    /// The first mistake.
    pub(super) problem: Option<String>,
}

/// What a stage is.
pub(super) enum Kind<T> {
    Single(String),
    Group(Pattern<T>),
    NotNext(String),
    NotFollowedBy(String),
}

/// One stage, or group.
pub(super) struct Stage<T> {
    pub(super) kind: Kind<T>,
    pub(super) contiguity: Contiguity,
    pub(super) condition: Condition<T>,
    pub(super) until: Option<Condition<T>>,
    /// With [`Quantifier::until`] left out.
    pub(super) quantifier: Quantifier,
    /// `times` or the like was called.
    quantified: bool,
    pub(super) within_previous: Option<Duration>,
}

impl<T> Clone for Kind<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Single(name) => Self::Single(name.clone()),
            Self::Group(group) => Self::Group(group.clone()),
            Self::NotNext(name) => Self::NotNext(name.clone()),
            Self::NotFollowedBy(name) => Self::NotFollowedBy(name.clone()),
        }
    }
}

impl<T> Clone for Stage<T> {
    fn clone(&self) -> Self {
        Self {
            kind: self.kind.clone(),
            contiguity: self.contiguity,
            condition: self.condition.clone(),
            until: self.until.clone(),
            quantifier: self.quantifier.clone(),
            quantified: self.quantified,
            within_previous: self.within_previous,
        }
    }
}

impl<T> Clone for Pattern<T> {
    fn clone(&self) -> Self {
        Self {
            stages: self.stages.clone(),
            within: self.within,
            skip: self.skip.clone(),
            problem: self.problem.clone(),
        }
    }
}

/// What [`Pattern::begin`] and the methods that add a stage take: a name, for a stage that takes one event at a time, or
/// a pattern, for a group of stages that is worked on as one.
pub trait IntoStage<T> {
    /// The stage.
    #[doc(hidden)]
    fn into_kind(self) -> StageKind<T>;
}

/// A stage that is about to be added.
#[doc(hidden)]
pub struct StageKind<T>(Kind<T>);

impl<T> IntoStage<T> for &str {
    fn into_kind(self) -> StageKind<T> {
        StageKind(Kind::Single(self.to_owned()))
    }
}

impl<T> IntoStage<T> for String {
    fn into_kind(self) -> StageKind<T> {
        StageKind(Kind::Single(self))
    }
}

impl<T> IntoStage<T> for Pattern<T> {
    fn into_kind(self) -> StageKind<T> {
        StageKind(Kind::Group(self))
    }
}

impl<T> Stage<T> {
    pub(super) fn is_not(&self) -> bool {
        matches!(self.kind, Kind::NotNext(_) | Kind::NotFollowedBy(_))
    }

    /// The stage, for error texts.
    pub(super) fn called(&self) -> String {
        match &self.kind {
            Kind::Single(name) | Kind::NotNext(name) | Kind::NotFollowedBy(name) => format!("stage `{name}`"),
            Kind::Group(group) => match group.stages.first() {
                Some(first) => format!("the group that begins with {}", first.called()),
                None => "a group".to_owned(),
            },
        }
    }
}

impl<T> Pattern<T> {
    /// Begins a pattern with a stage, or a group of stages. As Flink's `begin`. See [`Pattern`] for an example.
    ///
    /// A stage takes every event, unless a condition says otherwise. Its name is that by which a match is asked for its
    /// events, and unique in the pattern.
    pub fn begin(stage: impl IntoStage<T>) -> Self {
        let pattern =
            Self { stages: Vec::new(), within: None, skip: AfterMatchSkip::no_skip(), problem: None };
        pattern.add(stage.into_kind().0, Contiguity::Relaxed)
    }

    fn add(mut self, kind: Kind<T>, contiguity: Contiguity) -> Self {
        self.stages.push(Stage {
            kind,
            contiguity,
            condition: Condition::Any,
            until: None,
            quantifier: Quantifier::ONCE,
            quantified: false,
            within_previous: None,
        });
        self
    }

    /// Adds a stage whose first event comes directly after the last one before: strict contiguity. As Flink's `next`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::pattern::Pattern;
    /// let pattern = Pattern::begin("a").where_is(|c: &char| *c == 'a').next("b").where_is(|c| *c == 'b');
    /// # let env = Environment::new().parallelism(1);
    /// let letters = env.from_collection("acbab".chars());
    /// let found = letters.pattern(&pattern).processing_time().select(|found| Some(found.len())).collect();
    /// # env.execute("letters")?;
    /// // Only the last two: there is a `c` between the first `a` and the `b` after it.
    /// assert_eq!(found.to_vec(), [2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[allow(clippy::should_implement_trait, reason = "Flink's name; a pattern is no iterator")]
    pub fn next(self, stage: impl IntoStage<T>) -> Self {
        self.add(stage.into_kind().0, Contiguity::Strict)
    }

    /// Adds a stage that takes the next event that it accepts; those between are left out: relaxed contiguity. As
    /// Flink's `followedBy`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::pattern::Pattern;
    /// let pattern = Pattern::begin("a").where_is(|(c, _): &(char, u32)| *c == 'a').followed_by("b").where_is(|(c, _)| *c == 'b');
    /// # let env = Environment::new().parallelism(1);
    /// let letters = env.from_collection([('a', 1), ('c', 1), ('b', 1), ('b', 2)]);
    /// let found = letters.pattern(&pattern).processing_time().select(|found| found.first("b").copied()).collect();
    /// # env.execute("letters")?;
    /// assert_eq!(found.to_vec(), [('b', 1)]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "followedBy")]
    pub fn followed_by(self, stage: impl IntoStage<T>) -> Self {
        self.add(stage.into_kind().0, Contiguity::Relaxed)
    }

    /// Adds a stage that takes any of the later events that it accepts, so that there is a match for each:
    /// nondeterministic relaxed contiguity. As Flink's `followedByAny`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::pattern::Pattern;
    /// let pattern = Pattern::begin("a").where_is(|(c, _): &(char, u32)| *c == 'a').followed_by_any("b").where_is(|(c, _)| *c == 'b');
    /// # let env = Environment::new().parallelism(1);
    /// let letters = env.from_collection([('a', 1), ('c', 1), ('b', 1), ('b', 2)]);
    /// let found = letters.pattern(&pattern).processing_time().select(|found| found.first("b").copied()).collect();
    /// # env.execute("letters")?;
    /// assert_eq!(found.to_vec(), [('b', 1), ('b', 2)]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "followedByAny")]
    pub fn followed_by_any(self, stage: impl IntoStage<T>) -> Self {
        self.add(stage.into_kind().0, Contiguity::NonDeterministic)
    }

    /// The event directly after those of the stage before must not be such as the conditions that follow say. As Flink's
    /// `notNext`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::pattern::Pattern;
    /// let pattern = Pattern::begin("a").where_is(|(c, _): &(char, u32)| *c == 'a')
    ///     .not_next("b").where_is(|(c, _)| *c == 'b')
    ///     .followed_by("c").where_is(|(c, _)| *c == 'c');
    /// # let env = Environment::new().parallelism(1);
    /// let letters = env.from_collection([('a', 1), ('b', 1), ('a', 2), ('d', 1), ('b', 2), ('c', 1)]);
    /// let found = letters.pattern(&pattern).processing_time().select(|found| found.first("a").copied()).collect();
    /// # env.execute("letters")?;
    /// assert_eq!(found.to_vec(), [('a', 2)]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "notNext")]
    pub fn not_next(self, name: impl Into<String>) -> Self {
        self.add(Kind::NotNext(name.into()), Contiguity::Strict)
    }

    /// No event such as the conditions that follow say may come between those of the stages before and after. As Flink's
    /// `notFollowedBy`. At the end of a pattern it needs [`within`](Self::within): there is a match when nothing of the
    /// kind has come in that time.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::pattern::Pattern;
    /// // Orders that nobody has paid within ten seconds.
    /// let pattern = Pattern::begin("order").where_is(|(what, _, _): &(char, u32, i64)| *what == 'o')
    ///     .not_followed_by("payment").where_is(|(what, _, _)| *what == 'p')
    ///     .within(Duration::from_secs(10));
    /// # let env = Environment::new().parallelism(1);
    /// # let time = WatermarkStrategy::monotonous()
    /// #     .timestamp_assigner(|(_, _, second): &(char, u32, i64)| Timestamp::from_millis(second * 1_000));
    /// let events = env.from_collection([('o', 1, 0), ('o', 2, 1), ('p', 1, 9), ('p', 2, 11)]);
    /// let unpaid = events
    ///     .assign_timestamps_and_watermarks(time)
    ///     .key_by(|(_, order, _)| *order)
    ///     .pattern(&pattern)
    ///     .select(|found| found.first("order").map(|order| order.1))
    ///     .collect();
    /// # env.execute("unpaid")?;
    /// assert_eq!(unpaid.to_vec(), [2]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "notFollowedBy")]
    pub fn not_followed_by(self, name: impl Into<String>) -> Self {
        self.add(Kind::NotFollowedBy(name.into()), Contiguity::Relaxed)
    }

    fn wrong(&mut self, problem: impl FnOnce(String) -> String) {
        let called = self.stages.last().map(Stage::called).unwrap_or_default();
        self.problem.get_or_insert_with(|| problem(called));
    }

    /// The time from the first event of a match to the last is shorter than this. Called several times, the shortest
    /// counts. As Flink's `within`.
    ///
    /// A partial match whose time is over is forgotten; [`PatternStream::select_with_timeout`](super::PatternStream::select_with_timeout) hands it to a
    /// function before.
    pub fn within(mut self, time: Duration) -> Self {
        self.within = Some(self.within.map_or(time, |before| before.min(time)));
        self
    }

    /// The time from an event to the next one is shorter than this if that one is of the current stage. As Flink's
    /// `within(…, WithinType.PREVIOUS_AND_CURRENT)`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::pattern::Pattern;
    /// // Clicks that follow each other within a second.
    /// let pattern = Pattern::begin("first").next("second").within_previous(Duration::from_secs(1));
    /// # let env = Environment::new().parallelism(1);
    /// # let time = WatermarkStrategy::monotonous().timestamp_assigner(|millis: &i64| Timestamp::from_millis(*millis));
    /// let clicks = env.from_collection([0, 700, 2_000, 2_999]).assign_timestamps_and_watermarks(time);
    /// let double = clicks.pattern(&pattern).select(|found| found.first("first").copied()).collect();
    /// # env.execute("double clicks")?;
    /// assert_eq!(double.to_vec(), [0, 2_000]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias("WithinType", "PREVIOUS_AND_CURRENT"))]
    pub fn within_previous(mut self, time: Duration) -> Self {
        match self.stages.last_mut() {
            Some(Stage { kind: Kind::NotNext(_), .. }) => self.wrong(|stage| {
                format!("`within_previous` is called on {stage}, which is about the very next event, whenever it comes")
            }),
            Some(stage) => {
                stage.within_previous = Some(stage.within_previous.map_or(time, |before| before.min(time)));
            }
            None => {}
        }
        self
    }

    /// Which matches are left out when one has been found; none unless set. As the second argument of Flink's `begin`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// use millstream::pattern::{AfterMatchSkip, Pattern};
    ///
    /// let pairs = Pattern::begin("any").times(2).after_match(AfterMatchSkip::past_last_event());
    /// # let env = Environment::new().parallelism(1);
    /// let numbers = env.from_collection([1, 2, 3, 4, 5]);
    /// let found = numbers.pattern(&pairs).processing_time().select(|found| {
    ///     Some(found.events("any").copied().collect::<Vec<i32>>())
    /// });
    /// let found = found.collect();
    /// # env.execute("pairs")?;
    /// assert_eq!(found.to_vec(), [[1, 2], [3, 4]]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "AfterMatchSkipStrategy")]
    pub fn after_match(mut self, skip: AfterMatchSkip) -> Self {
        self.skip = skip;
        self
    }
}
