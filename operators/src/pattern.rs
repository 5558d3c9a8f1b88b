//! Patterns: sequences of events that are looked for in a stream. Complex event processing (CEP).
//!
//! A [`Pattern`] says what is looked for; [`KeyedStream::pattern`](crate::KeyedStream::pattern) and
//! [`Stream::pattern`](crate::Stream::pattern) look for it; methods of [`PatternStream`] say what becomes of what is
//! found. Names and meanings are those of
//! [FlinkCEP](https://nightlies.apache.org/flink/flink-docs-stable/docs/libs/cep/). The guide has a chapter on patterns.
//!
//! Under it lies [`nfa`], an automaton that knows neither streams nor types of records.

mod builder;
mod calls;
mod condition;
mod function;
mod lower;
pub mod nfa;
mod operator;
mod pending;
mod skip;
mod stream;
mod times;

pub use builder::{IntoStage, Pattern};
pub use function::{PatternContext, PatternProcessFunction};
pub use nfa::Matched;
pub use skip::AfterMatchSkip;
pub use stream::PatternStream;
pub use times::Times;

#[cfg(test)]
mod tests;
