//! What is done to streams a record at a time, and how streams are spread, joined and split.
//!
//! One operator a file. Those without state are a few lines over [`BatchFunction`].

mod batch_function;
mod chaining;
mod fallible;
mod filter;
mod filter_map;
mod flat_map;
mod inspect;
mod key_by;
mod map;
mod partition;
mod pipeline;
mod process;
mod reinterpret_as_keyed;
mod rich;
mod side_output;
mod union;

pub(crate) use batch_function::each_batch;
pub use pipeline::PipelineRecords;
pub(crate) use process::Process;
pub use process::ProcessFunction;

#[cfg(test)]
mod tests;
