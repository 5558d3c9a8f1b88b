//! Which events a stage takes.

use std::sync::Arc;

use super::{Kind, Pattern, Stage};
use crate::pattern::condition::Condition;
use crate::pattern::nfa::Matched;

impl<T> Pattern<T> {
    fn condition(
        mut self,
        add: Condition<T>,
        how: fn(Condition<T>, Condition<T>) -> Condition<T>,
        method: &str,
    ) -> Self {
        match self.stages.last_mut() {
            Some(Stage { kind: Kind::Group(_), .. }) | None => self.wrong(|group| {
                format!("`{method}` is called on {group}: conditions belong to the stages in the group")
            }),
            Some(stage) => {
                let before = std::mem::replace(&mut stage.condition, Condition::Any);
                stage.condition = how(before, add);
            }
        }
        self
    }

    /// The stage takes only events for which this holds. Called several times, all must hold. As Flink's `where`, and
    /// its `subtype` with a closure that looks at the kind of event.
    #[doc(alias("where", "subtype", "SimpleCondition"))]
    pub fn where_is(self, condition: impl Fn(&T) -> bool + Send + Sync + 'static) -> Self {
        self.condition(Condition::OfEvent(Arc::new(condition)), Condition::and, "where_is")
    }

    /// The stage takes only events for which this holds, which may look at the events that the partial match has so far.
    /// As Flink's `where` with an `IterativeCondition`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::pattern::Pattern;
    /// // Three numbers, each larger than the one before.
    /// let pattern = Pattern::begin("rising")
    ///     .where_with(|number: &u32, found| found.last("rising").is_none_or(|last| last < number))
    ///     .times(3)
    ///     .consecutive();
    /// # let env = Environment::new().parallelism(1);
    /// let numbers = env.from_collection([5, 1, 2, 9, 3]);
    /// let found = numbers.pattern(&pattern).processing_time().select(|found| {
    ///     Some(found.events("rising").copied().collect::<Vec<_>>())
    /// });
    /// let found = found.collect();
    /// # env.execute("rising")?;
    /// assert_eq!(found.to_vec(), [[1, 2, 9]]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "IterativeCondition")]
    pub fn where_with(self, condition: impl Fn(&T, &Matched<'_, T>) -> bool + Send + Sync + 'static) -> Self {
        self.condition(Condition::OfMatch(Arc::new(condition)), Condition::and, "where_with")
    }

    /// The stage also takes events for which the conditions so far do not hold, but this one does. As Flink's `or`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::pattern::Pattern;
    /// let pattern = Pattern::begin("edge").where_is(|number: &u32| *number < 10).or(|number| *number > 90);
    /// # let env = Environment::new().parallelism(1);
    /// let numbers = env.from_collection([5, 50, 95]);
    /// let found = numbers.pattern(&pattern).processing_time().select(|found| found.first("edge").copied()).collect();
    /// # env.execute("edges")?;
    /// assert_eq!(found.to_vec(), [5, 95]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn or(self, condition: impl Fn(&T) -> bool + Send + Sync + 'static) -> Self {
        self.condition(Condition::OfEvent(Arc::new(condition)), Condition::or, "or")
    }

    /// As [`or`](Self::or), with a condition that may look at the events of the partial match.
    pub fn or_with(self, condition: impl Fn(&T, &Matched<'_, T>) -> bool + Send + Sync + 'static) -> Self {
        self.condition(Condition::OfMatch(Arc::new(condition)), Condition::or, "or_with")
    }

    /// Ends a stage or group that occurs any number of times: no event is taken for it from the one on for which this
    /// holds. As Flink's `until`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::pattern::Pattern;
    /// let pattern = Pattern::begin("a").where_is(|(c, _): &(char, u32)| *c == 'a').one_or_more().until(|(c, _)| *c == 'b');
    /// # let env = Environment::new().parallelism(1);
    /// let letters = env.from_collection([('a', 1), ('c', 0), ('a', 2), ('b', 0), ('a', 3)]);
    /// let found = letters.pattern(&pattern).processing_time().select(|found| {
    ///     Some(found.events("a").map(|(_, number)| *number).collect::<Vec<_>>())
    /// });
    /// let found = found.collect();
    /// # env.execute("letters")?;
    /// assert_eq!(found.sorted(), [vec![1], vec![1, 2], vec![2], vec![3]]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn until(self, condition: impl Fn(&T) -> bool + Send + Sync + 'static) -> Self {
        self.ends(Condition::OfEvent(Arc::new(condition)))
    }

    /// As [`until`](Self::until), with a condition that may look at the events of the partial match.
    pub fn until_with(self, condition: impl Fn(&T, &Matched<'_, T>) -> bool + Send + Sync + 'static) -> Self {
        self.ends(Condition::OfMatch(Arc::new(condition)))
    }

    fn ends(mut self, condition: Condition<T>) -> Self {
        match self.stages.last_mut() {
            Some(stage) if stage.quantifier.max.is_some() => self.wrong(|stage| {
                format!(
                    "`until` is called on {stage}: it ends only what occurs any number of times, so call \
                         `one_or_more` or `times(2..)` before it"
                )
            }),
            Some(stage) if stage.until.is_some() => {
                self.wrong(|stage| format!("`until` is called twice on {stage}: make one condition of both"));
            }
            Some(stage) => stage.until = Some(condition),
            None => {}
        }
        self
    }
}
