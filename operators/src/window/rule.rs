//! What decides when windows fire and what they hold, and so which operator is under them.

use millstream_runtime::chain::{Operator, OperatorInfo};
use millstream_state::{Key, Record};

use super::WindowAssigner;
use super::function::WindowFunction;
use super::general::{Combined, Contents, Evicted, GeneralOperator};
use super::lateness::Lateness;
use super::trigger::{DefaultTrigger, Trigger};
use crate::process::TimeDomain;

/// When windows fire, and what they hold: as their assigner says ([`ByAssigner`]), or by a trigger and perhaps an evictor
/// ([`ByTrigger`]).
pub trait FiringRule<T: Record, A: WindowAssigner<T>>: Clone + Send + Sync + 'static {
    /// The same with another trigger.
    type WithTrigger<G>;
    /// The same with another evictor.
    type WithEvictor<E>;
    /// The same, for functions that only the general operator can run.
    type General: FiringRule<T, A>;

    /// The same with another trigger.
    fn with_trigger<G>(self, trigger: G) -> Self::WithTrigger<G>;
    /// The same with another evictor.
    fn with_evictor<E>(self, evictor: E, windows: &A) -> Self::WithEvictor<E>;
    /// The same, for functions that only the general operator can run.
    fn general(self, windows: &A) -> Self::General;

    /// What makes the windows impossible, if anything.
    fn problem(&self, windows: &A) -> Option<String>;
    /// Whether records must carry timestamps.
    fn needs_timestamps(&self) -> bool;

    /// The operator for one subtask.
    #[doc(hidden)]
    fn operator<K: Key, F: WindowFunction<K, T, A::Window>>(
        &self,
        windows: &A,
        function: F,
        lateness: Lateness<T>,
        info: &OperatorInfo,
    ) -> impl Operator<(K, T), F::Output> + use<Self, K, T, A, F>;
}

/// Windows fire as their assigner says.
#[derive(Clone, Copy, Debug)]
pub struct ByAssigner;

/// Windows fire as a trigger `G` says; `C` is what they hold.
#[derive(Clone, Copy, Debug)]
pub struct ByTrigger<G, C> {
    pub(super) trigger: G,
    pub(super) contents: C,
}

impl<T: Record, A: WindowAssigner<T>> FiringRule<T, A> for ByAssigner {
    type WithTrigger<G> = ByTrigger<G, Combined>;
    type WithEvictor<E> = ByTrigger<DefaultTrigger, Evicted<E>>;
    type General = ByTrigger<DefaultTrigger, Combined>;

    fn with_trigger<G>(self, trigger: G) -> ByTrigger<G, Combined> {
        ByTrigger { trigger, contents: Combined }
    }

    fn with_evictor<E>(self, evictor: E, windows: &A) -> ByTrigger<DefaultTrigger, Evicted<E>> {
        ByTrigger { trigger: windows.default_trigger(), contents: Evicted(evictor) }
    }

    fn general(self, windows: &A) -> ByTrigger<DefaultTrigger, Combined> {
        ByTrigger { trigger: windows.default_trigger(), contents: Combined }
    }

    fn problem(&self, windows: &A) -> Option<String> {
        problem_of::<T, A, _>(&windows.default_trigger())
    }

    fn needs_timestamps(&self) -> bool {
        A::TIME == Some(TimeDomain::EventTime)
    }

    fn operator<K: Key, F: WindowFunction<K, T, A::Window>>(
        &self,
        windows: &A,
        function: F,
        lateness: Lateness<T>,
        info: &OperatorInfo,
    ) -> impl Operator<(K, T), F::Output> + use<K, T, A, F> {
        windows.window_operator(function, lateness, info)
    }
}

impl<T, A, G, C> FiringRule<T, A> for ByTrigger<G, C>
where
    T: Record,
    A: WindowAssigner<T>,
    G: Trigger<T, A::Window>,
    C: Contents<T, A::Window>,
{
    type WithTrigger<G2> = ByTrigger<G2, C>;
    type WithEvictor<E> = ByTrigger<G, Evicted<E>>;
    type General = Self;

    fn with_trigger<G2>(self, trigger: G2) -> ByTrigger<G2, C> {
        ByTrigger { trigger, contents: self.contents }
    }

    fn with_evictor<E>(self, evictor: E, _: &A) -> ByTrigger<G, Evicted<E>> {
        ByTrigger { trigger: self.trigger, contents: Evicted(evictor) }
    }

    fn general(self, _: &A) -> Self {
        self
    }

    fn problem(&self, _: &A) -> Option<String> {
        problem_of::<T, A, G>(&self.trigger).or_else(|| self.contents.problem())
    }

    fn needs_timestamps(&self) -> bool {
        A::TIME == Some(TimeDomain::EventTime)
            || self.trigger.needs_timestamps()
            || self.contents.needs_timestamps()
    }

    fn operator<K: Key, F: WindowFunction<K, T, A::Window>>(
        &self,
        windows: &A,
        function: F,
        lateness: Lateness<T>,
        info: &OperatorInfo,
    ) -> impl Operator<(K, T), F::Output> + use<K, T, A, F, G, C> {
        let parts = (self.trigger.clone(), self.contents.clone());
        GeneralOperator::new(windows.clone(), function, parts, lateness, info)
    }
}

/// What is wrong with a trigger on windows of this kind, if anything.
fn problem_of<T, A: WindowAssigner<T>, G: Trigger<T, A::Window>>(trigger: &G) -> Option<String> {
    trigger.problem(A::TIME).or_else(|| {
        (A::MERGES && !trigger.can_merge()).then(|| {
            "the windows merge, and their trigger cannot do that: take one that can, such as `EventTimeTrigger` or \
             `CountTrigger`, or windows that do not merge"
                .to_owned()
        })
    })
}
