//! How a function under test is opened: anew or from a snapshot, with how many subtasks.

use millstream_runtime::testing::{Harness, HarnessSetup};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::{DEFAULT_MAX_PARALLELISM, UPPER_MAX_PARALLELISM};

use super::{FunctionHarness, FunctionSnapshot, Inputs};

type Make<H, O> = Box<dyn Fn(HarnessSetup<'_>) -> Result<Harness<H, O>>>;

/// A function that is about to be tested: [`open`](Self::open) it, or [`restore`](Self::restore) it
/// from a snapshot. Unless said otherwise it runs in one subtask.
///
/// ```
/// use millstream::prelude::*;
/// use millstream::testing::keyed_operator;
///
/// /// Numbers the records of each key.
/// #[derive(Clone)]
/// struct Number;
///
/// impl KeyedProcessFunction<char, char, u64> for Number {
///     type State = ValueState<u64>;
///
///     fn open(&mut self, cx: &mut KeyedOpenContext<'_, char>) -> FunctionResult<ValueState<u64>> {
///         cx.value_state("seen")
///     }
///
///     fn process(
///         &mut self,
///         _: char,
///         seen: &ValueState<u64>,
///         cx: &mut KeyedContext<'_, char>,
///         out: &mut Emitter<'_, u64>,
///     ) -> FunctionResult {
///         out.emit(seen.update_or_default(cx, |seen| {
///             *seen += 1;
///             *seen
///         }))
///     }
/// }
///
/// let number = || keyed_operator(|letter: &char| *letter, Number);
/// let mut before = number().open()?;
/// before.push_all(['a', 'b', 'a'])?;
/// assert_eq!(before.take_records(), [1, 1, 2]);
/// let snapshot = before.snapshot()?;
///
/// // Three subtasks go on where the one was, each with the keys it owns.
/// let mut after = number().parallelism(3).restore(&snapshot)?;
/// after.push_all(['a', 'b', 'c'])?;
/// assert_eq!(after.take_records(), [3, 2, 1]);
/// # Ok::<(), Error>(())
/// ```
#[must_use = "a function does nothing before it is opened"]
pub struct HarnessBuilder<I: Inputs, O> {
    inputs: I,
    make: Make<I::Head, O>,
    parallelism: u32,
    max_parallelism: Option<u32>,
}

impl<I: Inputs, O: Send + 'static> HarnessBuilder<I, O> {
    pub(crate) fn new(
        inputs: I,
        make: impl Fn(HarnessSetup<'_>) -> Result<Harness<I::Head, O>> + 'static,
    ) -> Self {
        Self { inputs, make: Box::new(make), parallelism: 1, max_parallelism: None }
    }

    /// How many subtasks there are. Records with a key go to the subtask that owns it, broadcast
    /// records to all, and others to the subtasks in turn.
    pub const fn parallelism(mut self, parallelism: u32) -> Self {
        self.parallelism = parallelism;
        self
    }

    /// How many key groups there are: 128 unless set, or as many as the snapshot has.
    pub const fn max_parallelism(mut self, max_parallelism: u32) -> Self {
        self.max_parallelism = Some(max_parallelism);
        self
    }

    /// Opens the function. Its clock stands at the Unix epoch.
    ///
    /// # Errors
    /// What the function's `open` returns, or if there cannot be so many subtasks.
    pub fn open(self) -> Result<FunctionHarness<I, O>> {
        let groups = self.max_parallelism.unwrap_or(DEFAULT_MAX_PARALLELISM);
        self.with(groups, None)
    }

    /// Opens the function with what a snapshot holds, also one of another number of subtasks. The
    /// clock goes on from where it was.
    ///
    /// # Errors
    /// What the function's `open` returns, if the snapshot does not fit the function, or if there
    /// cannot be so many subtasks.
    pub fn restore(self, snapshot: &FunctionSnapshot) -> Result<FunctionHarness<I, O>> {
        let groups = snapshot.max_parallelism;
        match self.max_parallelism {
            Some(asked) if asked != groups => {
                let problem = format!("the snapshot has {groups} key groups, which cannot become {asked}");
                Err(Error::new(ErrorKind::Restore, problem))
            }
            _ => self.with(groups, Some(snapshot)),
        }
    }

    fn with(self, groups: u32, snapshot: Option<&FunctionSnapshot>) -> Result<FunctionHarness<I, O>> {
        let Self { inputs, make, parallelism, .. } = self;
        if groups > UPPER_MAX_PARALLELISM || parallelism == 0 || parallelism > groups {
            let problem = format!(
                "a parallelism of {parallelism} with {groups} key groups: it must be from 1 to the number of \
                 key groups, of which there are at most {UPPER_MAX_PARALLELISM}"
            );
            return Err(Error::new(ErrorKind::InvalidJob, problem));
        }
        let setup = |subtask| {
            let setup = HarnessSetup::new().subtask(subtask, parallelism).max_parallelism(groups);
            setup.restore(snapshot.map_or(&[][..], |snapshot| snapshot.parts.as_slice()))
        };
        let open = |subtask| make(setup(subtask)).map_err(|error| error.in_subtask(subtask));
        let subtasks = (0..parallelism).map(open).collect::<Result<Vec<_>>>()?;
        let mut harness = FunctionHarness::new(inputs, subtasks, groups);
        if let Some(snapshot) = snapshot {
            harness.advance(snapshot.clock)?;
        }
        Ok(harness)
    }
}
