//! Asynchronous I/O: each record asks an outside system, many at a time, and the task goes on meanwhile.
//!
//! [`Stream::map_async`](crate::Stream::map_async) and its siblings say what is asked, the methods of [`AsyncIo`] how
//! often, how long and how many at a time, and [`ordered`](AsyncIo::ordered) or [`unordered`](AsyncIo::unordered) in which
//! order the results leave. As Flink's `AsyncDataStream`.
//!
//! Requests that are under way are part of snapshots, as the records that they are made for: a barrier does not wait for
//! them, and after a restore they are made again. What is asked must bear that.
//!
//! See [Flink's page](https://nightlies.apache.org/flink/flink-docs-release-2.3/docs/dev/datastream/operators/asyncio/).

mod builder;
mod function;
mod operator;
mod queue;
mod requests;
mod retry;
mod settings;
mod stream;

pub use builder::{AsyncIo, UnderTest};
pub use function::{AsyncFunction, RequestTimeout};
pub(crate) use operator::AsyncWait;
pub use retry::AsyncRetryStrategy;
pub(crate) use settings::AsyncSettings;

#[cfg(test)]
mod tests;
