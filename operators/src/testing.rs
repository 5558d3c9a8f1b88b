//! The testing kit: functions, sources and sinks on their own, without a job around them.
//!
//! A function that has been written for a stream goes into a [`FunctionHarness`], where the test is
//! the world: it pushes records and watermarks, moves the clock, takes what was emitted and counts
//! what is kept. As Flink's `ProcessFunctionTestHarnesses` and `KeyedOneInputStreamOperatorTestHarness`.
//!
//! | function | harness |
//! |---|---|
//! | [`ProcessFunction`](crate::ProcessFunction) | [`process_operator`] |
//! | [`KeyedProcessFunction`](crate::process::KeyedProcessFunction) | [`keyed_operator`] |
//! | [`TwoInputProcessFunction`](crate::TwoInputProcessFunction) | [`two_input_operator`] |
//! | [`KeyedTwoInputProcessFunction`](crate::process::KeyedTwoInputProcessFunction) | [`keyed_two_input_operator`] |
//! | [`BroadcastProcessFunction`](crate::BroadcastProcessFunction) | [`broadcast_operator`] |
//! | [`KeyedBroadcastProcessFunction`](crate::process::KeyedBroadcastProcessFunction) | [`keyed_broadcast_operator`] |
//! | [`AsyncFunction`](crate::AsyncFunction) | [`async_operator`] |
//! | windows and what is made of them | [`window_operator`] |
//!
//! For whole jobs there is a [`ScriptedSource`], which does what the test has written down.
//!
//! ```
//! use millstream::prelude::*;
//! use millstream::testing::process_operator;
//!
//! /// Lets the records pass that are not behind the watermark, and says how far it is.
//! #[derive(Clone)]
//! struct InTime(OutputTag<char>);
//!
//! impl ProcessFunction<char, char> for InTime {
//!     fn process(&mut self, letter: char, cx: &mut ProcessContext<'_>, out: &mut Emitter<'_, char>) -> FunctionResult {
//!         let time = cx.timestamp().ok_or("a letter without a timestamp")?;
//!         if time > cx.watermark() { out.emit(letter) } else { out.emit_side(&self.0, letter) }
//!     }
//! }
//!
//! let (late, at) = (OutputTag::new("late"), Timestamp::from_millis);
//! let mut harness = process_operator(InTime(late.clone())).open()?;
//! harness.push_at('a', at(5))?;
//! harness.watermark(at(7))?;
//! harness.push_at('b', at(6))?;
//! assert_eq!(harness.take_timed(), [('a', Some(at(5)))]);
//! assert_eq!(harness.take_side_output(&late), ['b']);
//! assert_eq!(harness.take_watermarks(), [at(7)]);
//! assert!(harness.push('c').unwrap_err().to_string().contains("a letter without a timestamp"));
//! # Ok::<(), Error>(())
//! ```

mod async_operator;
mod builder;
mod connected;
mod harness;
mod input;
mod one_input;
mod output;
mod process;
mod script;
mod scripted_source;
mod snapshot;
mod source_and_sink;
mod two_inputs;
mod window;

pub use async_operator::async_operator;
pub use builder::HarnessBuilder;
#[cfg(test)]
pub(crate) use connected::keyed_operator_of_two_inputs;
pub use connected::{
    broadcast_operator, keyed_broadcast_operator, keyed_two_input_operator, two_input_operator,
};
pub use harness::FunctionHarness;
pub use input::{Input, Inputs};
pub use process::{keyed_operator, process_operator};
pub use script::{Gate, Script};
pub use scripted_source::{ScriptedReader, ScriptedSource, ScriptedSplit};
pub use snapshot::FunctionSnapshot;
pub use source_and_sink::{sink_operator, source_operator};
pub use window::{WindowOperatorBuilder, window_operator};

pub use millstream_runtime::event::StreamStatus;
pub use millstream_runtime::testing::Emitted;

/// An input without a key.
pub type PlainInput<T> = Input<T, T>;
/// An input behind a key.
pub type KeyedInput<K, T> = Input<T, (K, T)>;
/// Two inputs without keys, of which the second may be broadcast.
pub type PlainInputs<A, B> = (PlainInput<A>, PlainInput<B>);
/// Two inputs behind keys.
pub type KeyedInputs<K, A, B> = (KeyedInput<K, A>, KeyedInput<K, B>);
/// An input behind a key, and one that is broadcast.
pub type KeyedBroadcastInputs<K, T, B> = (KeyedInput<K, T>, PlainInput<B>);

/// The harness of a function without a key.
pub type ProcessHarness<T, O> = FunctionHarness<PlainInput<T>, O>;
/// The harness of a function, or of windows, behind a key.
pub type KeyedHarness<K, T, O> = FunctionHarness<KeyedInput<K, T>, O>;
/// The harness of a function with two inputs, of which the second may be broadcast.
pub type TwoInputProcessHarness<A, B, O> = FunctionHarness<PlainInputs<A, B>, O>;
/// The harness of a function with two inputs behind keys.
pub type KeyedTwoInputHarness<K, A, B, O> = FunctionHarness<KeyedInputs<K, A, B>, O>;
/// The harness of a function behind a key with a broadcast input.
pub type KeyedBroadcastHarness<K, T, B, O> = FunctionHarness<KeyedBroadcastInputs<K, T, B>, O>;

#[cfg(test)]
mod tests;
