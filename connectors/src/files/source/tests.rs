mod decoding;
mod gathering;
mod reading;
mod time;

use std::sync::Arc;

use millstream_operators::source::Source;
use millstream_operators::testing::source_operator;
use millstream_runtime::testing::{HarnessSetup, HarnessSnapshot, SourceHarness};

use millstream_state::Timestamp;

use super::*;

/// What a source discovers.
fn discover<F: Format>(source: &FileSource<F>) -> Result<Vec<FileSplit>> {
    futures::executor::block_on(source.discover())
}

/// Subtask `subtask` of `parallelism` of a source that starts afresh.
fn start<F: Format>(source: &FileSource<F>, subtask: u32, parallelism: u32) -> SourceHarness<F::Record> {
    let setup = HarnessSetup::new().subtask(subtask, parallelism);
    let operator = source_operator(source.clone(), discover(source).unwrap(), subtask, parallelism);
    SourceHarness::with(setup, operator).unwrap()
}

/// Subtask `subtask` of `parallelism` of a source restored from these snapshots.
fn restore<F: Format>(
    source: &FileSource<F>,
    subtask: u32,
    parallelism: u32,
    snapshots: &[HarnessSnapshot],
) -> SourceHarness<F::Record> {
    let setup = HarnessSetup::new().subtask(subtask, parallelism).restore(snapshots);
    SourceHarness::with(setup, source_operator(source.clone(), Vec::new(), subtask, parallelism)).unwrap()
}
