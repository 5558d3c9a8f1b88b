mod bulk;
mod lifecycle;
mod naming;
mod partition_commit;
mod partitions;
mod recovery;
mod uploads;

use std::collections::BTreeMap;

use millstream_operators::testing::sink_operator;
use millstream_runtime::testing::{HarnessSetup, HarnessSnapshot, OperatorHarness};

use super::*;
use crate::files::encode::Folders;
use crate::files::location::FileStores;
use crate::files::testing::FailingStore;

/// Numbers, one a line, in the folders that a function says.
#[derive(Clone)]
struct NumbersInFolders(fn(u64) -> std::result::Result<String, String>);

impl Encoder for NumbersInFolders {
    type Record = u64;

    fn kind(&self) -> &'static str {
        "numbers"
    }

    fn extension(&self) -> &str {
        "txt"
    }

    fn encode(&mut self, records: &[u64], _: bool, bytes: &mut Vec<u8>) -> std::result::Result<(), String> {
        records.iter().for_each(|record| bytes.extend_from_slice(format!("{record}\n").as_bytes()));
        Ok(())
    }

    fn is_partitioned(&self) -> bool {
        true
    }

    fn partition(&self, records: &[u64]) -> std::result::Result<Folders<u64>, String> {
        let mut folders = BTreeMap::<String, Vec<u64>>::new();
        for record in records {
            folders.entry((self.0)(*record)?).or_default().push(*record);
        }
        Ok(folders.into_iter().collect())
    }
}

type Lines = FileSink<TextEncoder<u64, fn(&u64) -> String>>;

/// A sink of numbers, one a line, into `out`.
fn lines(store: &Arc<FailingStore>) -> Lines {
    let line: fn(&u64) -> String = u64::to_string;
    FileSink::text("out", line).store(store.clone())
}

/// The same, by uploads.
fn uploaded_lines(store: &Arc<FailingStore>) -> Lines {
    let line: fn(&u64) -> String = u64::to_string;
    FileSink::text("out", line).multipart_store(store.clone())
}

/// Checks the directory, as before a fresh start.
fn check<E: Encoder>(sink: &FileSink<E>) -> Result<Vec<u8>> {
    futures::executor::block_on(sink.check())
}

/// The only subtask of a sink that starts afresh.
fn start<E: Encoder>(sink: &FileSink<E>) -> OperatorHarness<E::Record, ()> {
    let setup = HarnessSetup::new().prepared(check(sink).unwrap());
    OperatorHarness::with(setup, sink_operator(sink, 0)).unwrap()
}

/// Subtask `subtask` of `parallelism` of a sink restored from these snapshots.
fn restore<E: Encoder>(
    sink: &FileSink<E>,
    subtask: u32,
    parallelism: u32,
    snapshots: &[HarnessSnapshot],
) -> Result<OperatorHarness<E::Record, ()>> {
    let setup = HarnessSetup::new().subtask(subtask, parallelism).restore(snapshots);
    let mut harness = OperatorHarness::with(setup, sink_operator(sink, subtask))?;
    harness.poll()?;
    Ok(harness)
}

/// Ends a job that has read everything.
fn end<T: Record>(harness: &mut OperatorHarness<T, ()>) -> Result<()> {
    harness.end_of_data()?;
    while !harness.finish()? {}
    Ok(())
}

/// The visible lines, in order of value.
fn visible(store: &FailingStore) -> Vec<u64> {
    let mut lines: Vec<_> =
        store.visible().values().flat_map(|file| file.lines()).map(|line| line.parse().unwrap()).collect();
    lines.sort_unstable();
    lines
}
