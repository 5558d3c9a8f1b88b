//! Harnesses of functions with two inputs.

#[cfg(test)]
use millstream_runtime::chain::{OperatorInfo, TwoInputOperator};
use millstream_runtime::testing::TwoInputHarness;
use millstream_state::{Key, Record};

use super::input::Input;
use super::{HarnessBuilder, KeyedBroadcastInputs, KeyedInputs, PlainInputs};
use crate::connect::{BroadcastProcess, TwoInputProcess};
use crate::process::{self, KeyedBroadcastProcessFunction, KeyedTwoInputProcessFunction};
use crate::{BroadcastProcessFunction, TwoInputProcessFunction};

/// Tests a [`TwoInputProcessFunction`]. Each subtask works with a clone of it.
///
/// ```
/// use millstream::prelude::*;
/// use millstream::testing::two_input_operator;
///
/// /// Says which input a record came from, and when both have come to a point in time.
/// #[derive(Clone)]
/// struct Sides;
///
/// impl TwoInputProcessFunction<u32, char, String> for Sides {
///     fn process_first(&mut self, number: u32, _: &mut ProcessContext<'_>, out: &mut Emitter<'_, String>) -> FunctionResult {
///         out.emit(format!("number {number}"))
///     }
///
///     fn process_second(&mut self, letter: char, _: &mut ProcessContext<'_>, out: &mut Emitter<'_, String>) -> FunctionResult {
///         out.emit(format!("letter {letter}"))
///     }
///
///     fn watermark(&mut self, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, String>) -> FunctionResult {
///         out.emit(format!("both at {}", cx.watermark().as_millis()))
///     }
/// }
///
/// let at = Timestamp::from_millis;
/// let mut harness = two_input_operator(Sides).open()?;
/// harness.push_second('a')?;
/// harness.push_first(7)?;
/// harness.watermark_first(at(5))?;
/// assert_eq!(harness.take_records(), ["letter a", "number 7"]);
/// // Event time is that of the input that is further behind.
/// harness.watermark_second(at(3))?;
/// assert_eq!(harness.take_records(), ["both at 3"]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "TwoInputStreamOperatorTestHarness")]
pub fn two_input_operator<A, B, O, F>(function: F) -> HarnessBuilder<PlainInputs<A, B>, O>
where
    A: Record,
    B: Record,
    O: Record,
    F: TwoInputProcessFunction<A, B, O> + Clone,
{
    HarnessBuilder::new((Input::in_turn(), Input::in_turn()), move |setup| {
        TwoInputHarness::with(setup, TwoInputProcess::new(function.clone()))
    })
}

/// Tests a [`KeyedTwoInputProcessFunction`] behind a key for each input. Each subtask works with a
/// clone of it.
///
/// ```
/// use millstream::prelude::*;
/// use millstream::testing::keyed_two_input_operator;
///
/// /// Subtracts what the second input brings from what the first has brought.
/// #[derive(Clone)]
/// struct Balance;
///
/// type Money = (String, i64);
/// type Context<'a> = KeyedContext<'a, String>;
///
/// impl KeyedTwoInputProcessFunction<String, Money, Money, Money> for Balance {
///     type State = ValueState<i64>;
///
///     fn open(&mut self, cx: &mut KeyedOpenContext<'_, String>) -> FunctionResult<ValueState<i64>> {
///         cx.value_state("balance")
///     }
///
///     fn process_first(&mut self, paid: Money, balance: &ValueState<i64>, cx: &mut Context<'_>, _: &mut Emitter<'_, Money>) -> FunctionResult {
///         balance.update_or_default(cx, |balance| *balance += paid.1);
///         Ok(())
///     }
///
///     fn process_second(&mut self, spent: Money, balance: &ValueState<i64>, cx: &mut Context<'_>, out: &mut Emitter<'_, Money>) -> FunctionResult {
///         let left = balance.cloned(cx).unwrap_or_default() - spent.1;
///         balance.set(cx, left);
///         out.emit((spent.0, left))
///     }
/// }
///
/// let user = |(user, _): &Money| user.clone();
/// let mut harness = keyed_two_input_operator(user, user, Balance).parallelism(2).open()?;
/// harness.push_first(("ann".to_owned(), 10))?;
/// harness.push_second(("bob".to_owned(), 1))?;
/// harness.push_second(("ann".to_owned(), 3))?;
/// assert_eq!(harness.take_records(), [("bob".to_owned(), -1), ("ann".to_owned(), 7)]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "KeyedTwoInputStreamOperatorTestHarness")]
pub fn keyed_two_input_operator<K, A, B, O, F>(
    first_key: impl FnMut(&A) -> K + 'static,
    second_key: impl FnMut(&B) -> K + 'static,
    function: F,
) -> HarnessBuilder<KeyedInputs<K, A, B>, O>
where
    K: Key,
    A: Record,
    B: Record,
    O: Record,
    F: KeyedTwoInputProcessFunction<K, A, B, O>,
{
    HarnessBuilder::new((Input::by_key(first_key), Input::by_key(second_key)), move |setup| {
        TwoInputHarness::with(setup, process::keyed_two_input_operator(function.clone()))
    })
}

/// Tests a [`BroadcastProcessFunction`]: its first input is the stream, its second the broadcast
/// stream, of which all subtasks get every record. Each subtask works with a clone of the function.
///
/// ```
/// use millstream::prelude::*;
/// use millstream::testing::broadcast_operator;
///
/// /// Puts prices to names of products.
/// #[derive(Clone)]
/// struct Prices;
///
/// impl BroadcastProcessFunction<String, (String, u32), Option<u32>> for Prices {
///     type State = BroadcastState<String, u32>;
///
///     fn open(&mut self, cx: &mut BroadcastOpenContext<'_>) -> FunctionResult<Self::State> {
///         cx.broadcast_state("prices")
///     }
///
///     fn process(
///         &mut self,
///         product: String,
///         prices: &Self::State,
///         broadcast: &BroadcastStates,
///         _: &mut ProcessContext<'_>,
///         out: &mut Emitter<'_, Option<u32>>,
///     ) -> FunctionResult {
///         out.emit(prices.get(broadcast, &product).copied())
///     }
///
///     fn process_broadcast(
///         &mut self,
///         (product, price): (String, u32),
///         prices: &Self::State,
///         broadcast: &mut BroadcastStates,
///         _: &mut ProcessContext<'_>,
///         _: &mut Emitter<'_, Option<u32>>,
///     ) -> FunctionResult {
///         prices.insert(broadcast, product, price);
///         Ok(())
///     }
/// }
///
/// let mut harness = broadcast_operator(Prices).parallelism(2).open()?;
/// harness.push_first("tea".to_owned())?;
/// harness.push_second(("tea".to_owned(), 3))?;
/// // Whichever subtask they go to.
/// harness.push_first("tea".to_owned())?;
/// harness.push_first("tea".to_owned())?;
/// assert_eq!(harness.take_records(), [None, Some(3), Some(3)]);
/// assert_eq!(harness.state_entries("prices")?, 1);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "BroadcastOperatorTestHarness")]
pub fn broadcast_operator<T, B, O, F>(function: F) -> HarnessBuilder<PlainInputs<T, B>, O>
where
    T: Record,
    B: Record,
    O: Record,
    F: BroadcastProcessFunction<T, B, O> + Clone,
{
    HarnessBuilder::new((Input::in_turn(), Input::broadcast()), move |setup| {
        TwoInputHarness::with(setup, BroadcastProcess::new(function.clone()))
    })
}

/// Tests a [`KeyedBroadcastProcessFunction`]: its first input is the keyed stream, its second the broadcast
/// stream, of which all subtasks get every record. Each subtask works with a clone of the function.
///
/// ```
/// use millstream::prelude::*;
/// use millstream::testing::keyed_broadcast_operator;
///
/// /// Emits a word when it has come as often as the rule says.
/// #[derive(Clone)]
/// struct Often;
///
/// type States = (ValueState<u32>, BroadcastState<(), u32>);
///
/// impl KeyedBroadcastProcessFunction<String, String, u32, String> for Often {
///     type State = States;
///
///     fn open(&mut self, cx: &mut KeyedBroadcastOpenContext<'_, String>) -> FunctionResult<States> {
///         Ok((cx.value_state("count")?, cx.broadcast_state("rule")?))
///     }
///
///     fn process(
///         &mut self,
///         word: String,
///         (count, rule): &States,
///         broadcast: &BroadcastStates,
///         cx: &mut KeyedContext<'_, String>,
///         out: &mut Emitter<'_, String>,
///     ) -> FunctionResult {
///         let seen = count.cloned(cx).unwrap_or(0) + 1;
///         count.set(cx, seen);
///         if rule.get(broadcast, &()) == Some(&seen) { out.emit(word) } else { Ok(()) }
///     }
///
///     fn process_broadcast(
///         &mut self,
///         often: u32,
///         (_, rule): &States,
///         broadcast: &mut BroadcastStates,
///         _: &mut KeyedBroadcastContext<'_, String>,
///         _: &mut Emitter<'_, String>,
///     ) -> FunctionResult {
///         rule.insert(broadcast, (), often);
///         Ok(())
///     }
/// }
///
/// let often = || keyed_broadcast_operator(|word: &String| word.clone(), Often);
/// let mut harness = often().parallelism(2).open()?;
/// harness.push_first("tea".to_owned())?;
/// harness.push_second(3)?;
/// harness.push_first("tea".to_owned())?;
/// assert_eq!((harness.state_entries("count")?, harness.state_entries("rule")?), (1, 1));
///
/// let mut restored = often().parallelism(3).restore(&harness.snapshot()?)?;
/// restored.push_first("tea".to_owned())?;
/// assert_eq!(restored.take_records(), ["tea"]);
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "KeyedBroadcastOperatorTestHarness")]
pub fn keyed_broadcast_operator<K, T, B, O, F>(
    key: impl FnMut(&T) -> K + 'static,
    function: F,
) -> HarnessBuilder<KeyedBroadcastInputs<K, T, B>, O>
where
    K: Key,
    T: Record,
    B: Record,
    O: Record,
    F: KeyedBroadcastProcessFunction<K, T, B, O>,
{
    HarnessBuilder::new((Input::by_key(key), Input::broadcast()), move |setup| {
        TwoInputHarness::with(setup, process::keyed_broadcast_operator(function.clone()))
    })
}

/// Tests an operator with two inputs behind a key for each, as `make` makes it for its place.
#[cfg(test)]
pub(crate) fn keyed_operator_of_two_inputs<K, A, B, O, Op>(
    first_key: impl FnMut(&A) -> K + 'static,
    second_key: impl FnMut(&B) -> K + 'static,
    make: impl Fn(&OperatorInfo) -> Op + 'static,
) -> HarnessBuilder<KeyedInputs<K, A, B>, O>
where
    K: Key,
    A: Record,
    B: Record,
    O: Record,
    Op: TwoInputOperator<(K, A), (K, B), O>,
{
    HarnessBuilder::new((Input::by_key(first_key), Input::by_key(second_key)), move |setup| {
        TwoInputHarness::make(setup, &make)
    })
}
