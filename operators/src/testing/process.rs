//! Harnesses of process functions with one input.

use millstream_runtime::testing::OperatorHarness;
use millstream_state::{Key, Record};

use super::input::Input;
use super::{HarnessBuilder, KeyedInput, PlainInput};
use crate::ProcessFunction;
use crate::process::{self, KeyedProcessFunction};
use crate::transform::Process;

/// Tests a [`ProcessFunction`]. Each subtask works with a clone of it.
///
/// ```
/// use millstream::prelude::*;
/// use millstream::testing::process_operator;
///
/// /// Counts words, and emits the count at the end.
/// #[derive(Clone, Default)]
/// struct Words(usize);
///
/// impl ProcessFunction<String, usize> for Words {
///     fn process(&mut self, line: String, _: &mut ProcessContext<'_>, _: &mut Emitter<'_, usize>) -> FunctionResult {
///         self.0 += line.split(' ').count();
///         Ok(())
///     }
///
///     fn end_of_data(&mut self, _: &mut ProcessContext<'_>, out: &mut Emitter<'_, usize>) -> FunctionResult {
///         out.emit(self.0)
///     }
/// }
///
/// let mut harness = process_operator(Words::default()).open()?;
/// harness.push_all(["to be", "or not to be"].map(String::from))?;
/// assert!(harness.take_records().is_empty());
/// harness.end_of_data()?;
/// assert_eq!(harness.take_records(), [6]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "ProcessFunctionTestHarnesses")]
#[doc(alias = "OneInputStreamOperatorTestHarness")]
pub fn process_operator<T, O, F>(function: F) -> HarnessBuilder<PlainInput<T>, O>
where
    T: Record,
    O: Record,
    F: ProcessFunction<T, O> + Clone,
{
    HarnessBuilder::new(Input::in_turn(), move |setup| {
        OperatorHarness::with(setup, Process::new(function.clone()))
    })
}

/// Tests a [`KeyedProcessFunction`] behind a key. Each subtask works with a clone of it.
///
/// ```
/// use millstream::prelude::*;
/// use millstream::testing::keyed_operator;
///
/// /// Repeats a word a minute later, unless it has come again by then.
/// #[derive(Clone)]
/// struct Echo;
///
/// impl KeyedProcessFunction<String, String, String> for Echo {
///     type State = ValueState<Timestamp>;
///
///     fn open(&mut self, cx: &mut KeyedOpenContext<'_, String>) -> FunctionResult<ValueState<Timestamp>> {
///         cx.value_state("due")
///     }
///
///     fn process(
///         &mut self,
///         _: String,
///         due: &ValueState<Timestamp>,
///         cx: &mut KeyedContext<'_, String>,
///         _: &mut Emitter<'_, String>,
///     ) -> FunctionResult {
///         let time = cx.now() + Duration::from_secs(60);
///         if let Some(before) = due.replace(cx, time) {
///             cx.delete_processing_time_timer(before)?;
///         }
///         cx.register_processing_time_timer(time)
///     }
///
///     fn on_timer(
///         &mut self,
///         _: Timer,
///         due: &ValueState<Timestamp>,
///         cx: &mut KeyedContext<'_, String>,
///         out: &mut Emitter<'_, String>,
///     ) -> FunctionResult {
///         due.clear(cx);
///         out.emit(cx.key().clone())
///     }
/// }
///
/// let mut harness = keyed_operator(|word: &String| word.clone(), Echo).open()?;
/// harness.push("hey".to_owned())?;
/// harness.advance(Duration::from_secs(30))?;
/// harness.push_all(["hey", "ho"].map(String::from))?;
/// assert_eq!((harness.processing_time_timers()?, harness.state_entries("due")?), (2, 2));
/// harness.advance(Duration::from_secs(59))?;
/// assert!(harness.take_records().is_empty());
/// harness.advance(Duration::from_secs(1))?;
/// assert_eq!(harness.take_records().len(), 2);
/// assert_eq!((harness.processing_time_timers()?, harness.state_entries("due")?), (0, 0));
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "KeyedOneInputStreamOperatorTestHarness")]
pub fn keyed_operator<K, T, O, F>(
    key: impl FnMut(&T) -> K + 'static,
    function: F,
) -> HarnessBuilder<KeyedInput<K, T>, O>
where
    K: Key,
    T: Record,
    O: Record,
    F: KeyedProcessFunction<K, T, O>,
{
    HarnessBuilder::new(Input::by_key(key), move |setup| {
        OperatorHarness::with(setup, process::keyed_operator(function.clone()))
    })
}
