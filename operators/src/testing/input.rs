//! The inputs of a function under test: which subtask a record goes to, and in which form.

use millstream_runtime::testing::{Head, OneInput, TwoInputs};
use millstream_state::{Key, KeyGroups, Record};

/// Which subtasks a record goes to.
pub(super) enum Target {
    One(u32),
    All,
}

/// The subtasks that there are.
#[derive(Clone, Copy)]
pub(super) struct Subtasks {
    pub(super) parallelism: u32,
    pub(super) groups: KeyGroups,
}

type Route<T, R> = Box<dyn FnMut(T, Subtasks) -> (Target, R)>;

/// One input of a function under test: a test pushes records `T`, and the operator gets them as `R`,
/// which is `T` or, behind a key, the pair of key and record.
pub struct Input<T, R> {
    route: Route<T, R>,
}

impl<T, R> Input<T, R> {
    pub(super) fn route(&mut self, record: T, subtasks: Subtasks) -> (Target, R) {
        (self.route)(record, subtasks)
    }
}

impl<T: Record> Input<T, T> {
    /// Records go to the subtasks in turn.
    pub(crate) fn in_turn() -> Self {
        let mut next = 0_u32;
        let route = move |record, subtasks: Subtasks| {
            let target = Target::One(next % subtasks.parallelism.max(1));
            next = next.wrapping_add(1);
            (target, record)
        };
        Self { route: Box::new(route) }
    }

    /// Every record goes to all subtasks.
    pub(super) fn broadcast() -> Self {
        Self { route: Box::new(|record, _| (Target::All, record)) }
    }
}

impl<K: Key, T: Record> Input<T, (K, T)> {
    /// A record goes to the owner of its key.
    pub(super) fn by_key(mut key: impl FnMut(&T) -> K + 'static) -> Self {
        let route = move |record, subtasks: Subtasks| {
            let key = key(&record);
            let owner = subtasks.groups.owner(subtasks.groups.of(&key), subtasks.parallelism);
            (Target::One(owner), (key, record))
        };
        Self { route: Box::new(route) }
    }
}

/// What a function under test reads: an [`Input`], or two.
pub trait Inputs {
    /// What stands at the head of the engine's harness.
    type Head: Head;
    /// How many inputs there are.
    const COUNT: usize;
}

impl<T, R> Inputs for Input<T, R> {
    type Head = OneInput<R>;
    const COUNT: usize = 1;
}

impl<A, RA, B, RB> Inputs for (Input<A, RA>, Input<B, RB>) {
    type Head = TwoInputs<RA, RB>;
    const COUNT: usize = 2;
}
