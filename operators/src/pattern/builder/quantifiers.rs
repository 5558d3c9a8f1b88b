//! How often a stage occurs, and how close its events are to each other.

use super::{Kind, Pattern, Stage};
use crate::pattern::nfa::Contiguity;
use crate::pattern::times::Times;

impl<T> Pattern<T> {
    /// How often the stage or group occurs: `times(3)`, `times(2..=4)`, `times(2..)`. From 0 on means that it is also
    /// [optional](Self::optional). As Flink's `times` and `timesOrMore`.
    ///
    /// Events that the stage does not accept may come between its own, unless it is
    /// [consecutive](Self::consecutive).
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::pattern::Pattern;
    /// let pattern = Pattern::begin("even").where_is(|number: &u32| number % 2 == 0).times(2..=3);
    /// # let env = Environment::new().parallelism(1);
    /// let numbers = env.from_collection([2, 3, 4, 6]);
    /// let found = numbers.pattern(&pattern).processing_time().select(|found| {
    ///     Some(found.events("even").copied().collect::<Vec<_>>())
    /// });
    /// let found = found.collect();
    /// # env.execute("even")?;
    /// assert_eq!(found.sorted(), [vec![2, 4], vec![2, 4, 6], vec![4, 6]]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "timesOrMore")]
    pub fn times(mut self, times: impl Times) -> Self {
        let (min, max) = times.bounds();
        let Some(stage) = self.stages.last_mut() else { return self };
        if stage.is_not() {
            self.wrong(|stage| format!("{stage} must not occur, so it cannot occur a number of times"));
        } else if stage.quantified {
            self.wrong(|stage| format!("it is said twice how often {stage} occurs"));
        } else if max == Some(0) || max.is_some_and(|max| max < min) {
            let range = max.map_or_else(|| format!("{min}.."), |max| format!("{min}..={max}"));
            self.wrong(|stage| {
                format!(
                    "{stage} cannot occur {range} times: at least 1, and from the lower number to the higher"
                )
            });
        } else {
            stage.quantified = true;
            stage.quantifier.optional |= min == 0;
            (stage.quantifier.min, stage.quantifier.max) = (min.max(1), max);
        }
        self
    }

    /// The stage or group occurs once or any number of times more. As Flink's `oneOrMore`.
    ///
    /// Partial matches of such a stage are kept as long as there may be a further event: an [`until`](Self::until) or
    /// [`within`](Self::within) bounds them.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::pattern::Pattern;
    /// let pattern = Pattern::begin("a").where_is(|(c, _): &(char, u32)| *c == 'a').one_or_more();
    /// # let env = Environment::new().parallelism(1);
    /// let letters = env.from_collection([('a', 1), ('b', 1), ('a', 2)]);
    /// let found = letters.pattern(&pattern).processing_time().select(|found| {
    ///     Some(found.events("a").map(|(_, number)| *number).collect::<Vec<_>>())
    /// });
    /// let found = found.collect();
    /// # env.execute("letters")?;
    /// assert_eq!(found.sorted(), [vec![1], vec![1, 2], vec![2]]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "oneOrMore")]
    pub fn one_or_more(self) -> Self {
        self.times(1..)
    }

    /// The stage or group need not occur. As Flink's `optional`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::pattern::Pattern;
    /// let pattern = Pattern::begin("a").where_is(|c: &char| *c == 'a')
    ///     .next("b").where_is(|c| *c == 'b').optional()
    ///     .next("c").where_is(|c| *c == 'c');
    /// # let env = Environment::new().parallelism(1);
    /// let letters = env.from_collection("abcac".chars());
    /// let found = letters.pattern(&pattern).processing_time().select(|found| Some(found.len())).collect();
    /// # env.execute("letters")?;
    /// assert_eq!(found.to_vec(), [3, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn optional(mut self) -> Self {
        match self.stages.last_mut() {
            Some(stage) if stage.is_not() => {
                self.wrong(|stage| format!("{stage} must not occur, so it cannot be optional"));
            }
            Some(stage) => stage.quantifier.optional = true,
            None => {}
        }
        self
    }

    /// Takes as many events as possible for the stage: none that it would accept is left out between its last event and
    /// the one of what follows. As Flink's `greedy`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::pattern::Pattern;
    /// let small = |number: &u32| *number < 10;
    /// let pattern = Pattern::begin("small").where_is(small).one_or_more().greedy()
    ///     .followed_by("even").where_is(|number| number % 2 == 0);
    /// # let env = Environment::new().parallelism(1);
    /// let numbers = env.from_collection([3, 4, 20]);
    /// let found = numbers.pattern(&pattern).processing_time().select(|found| {
    ///     Some(found.iter().map(|(_, number)| *number).collect::<Vec<_>>())
    /// });
    /// let found = found.collect();
    /// # env.execute("greedy")?;
    /// // The 4 is even, but small as well.
    /// assert_eq!(found.sorted(), [vec![3, 4, 20], vec![4, 20]]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn greedy(mut self) -> Self {
        match self.stages.last_mut() {
            Some(Stage { kind: Kind::Group(_), .. }) => {
                self.wrong(|group| format!("{group} cannot be greedy: only single stages can"));
            }
            Some(stage) if !stage.quantified => self.wrong(|stage| {
                format!("{stage} occurs once, so it cannot be greedy: call `one_or_more` or `times` before")
            }),
            Some(stage) if stage.quantifier.inner == Contiguity::NonDeterministic => self.wrong(|stage| {
                format!("{stage} cannot allow combinations, which leave events out, and be greedy")
            }),
            Some(stage) => stage.quantifier.greedy = true,
            None => {}
        }
        self
    }

    /// The events of the stage, or the occurrences of the group, come directly after each other. As Flink's
    /// `consecutive`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::pattern::Pattern;
    /// let pattern = Pattern::begin("a").where_is(|c: &char| *c == 'a').times(2).consecutive();
    /// # let env = Environment::new().parallelism(1);
    /// let letters = env.from_collection("abaa".chars());
    /// let found = letters.pattern(&pattern).processing_time().select(|found| Some(found.len())).collect();
    /// # env.execute("letters")?;
    /// assert_eq!(found.to_vec(), [2]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn consecutive(self) -> Self {
        self.inner(Contiguity::Strict)
    }

    /// The stage may leave events out that it accepts, so that there is a match for each combination. As Flink's
    /// `allowCombinations`.
    ///
    /// ```
    /// # use millstream::prelude::*;
    /// # use millstream::pattern::Pattern;
    /// let pattern = Pattern::begin("any").times(2).allow_combinations();
    /// # let env = Environment::new().parallelism(1);
    /// let numbers = env.from_collection([1, 2, 3]);
    /// let found = numbers.pattern(&pattern).processing_time().select(|found| {
    ///     Some(found.events("any").copied().collect::<Vec<i32>>())
    /// });
    /// let found = found.collect();
    /// # env.execute("pairs")?;
    /// assert_eq!(found.sorted(), [[1, 2], [1, 3], [2, 3]]);
    /// # Ok::<(), Error>(())
    /// ```
    #[doc(alias = "allowCombinations")]
    pub fn allow_combinations(self) -> Self {
        self.inner(Contiguity::NonDeterministic)
    }

    fn inner(mut self, contiguity: Contiguity) -> Self {
        let greedy = contiguity == Contiguity::NonDeterministic;
        match self.stages.last_mut() {
            Some(stage) if !stage.quantified => self.wrong(|stage| {
                format!("{stage} occurs once: `consecutive` and `allow_combinations` say how several events of a stage \
                         follow each other, so call `one_or_more` or `times` before")
            }),
            Some(stage) if stage.quantifier.inner != Contiguity::Relaxed => self.wrong(|stage| {
                format!("{stage} can be `consecutive` or `allow_combinations`, not both, and only once")
            }),
            Some(stage) if greedy && stage.quantifier.greedy => self.wrong(|stage| {
                format!("{stage} cannot allow combinations, which leave events out, and be greedy")
            }),
            Some(stage) => stage.quantifier.inner = contiguity,
            None => {}
        }
        self
    }
}
