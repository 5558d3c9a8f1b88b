//! A job as a process of its own, which can be killed: this test's program, started again.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use millstream::connectors::files::FileSink;
use millstream::prelude::*;

use super::server::{ChangeRecord, ColumnValue, killed_source};
use super::support::{self, Process};

const PORT: &str = "MILLSTREAM_TEST_PORT";
const FOLDER: &str = "MILLSTREAM_TEST_FOLDER";
const PARALLELISM: &str = "MILLSTREAM_TEST_PARALLELISM";

/// Starts the job as a process; what it says goes to a file in the folder, as do its snapshots and its output.
pub fn start(port: u16, folder: &Path, parallelism: usize) -> Process {
    let (port, parallelism) = (port.to_string(), parallelism.to_string());
    support::start(&folder.join("log"), |command| {
        command.env(PORT, port).env(FOLDER, folder).env(PARALLELISM, parallelism)
    })
}

/// A change as a line: table, kind, where it is from, and the values, with tabs between.
fn line(change: &ChangeRecord) -> String {
    let value = |value: &ColumnValue| match value {
        ColumnValue::Null => "NULL".to_owned(),
        ColumnValue::Unavailable => panic!("a value is missing: {change:?}"),
        ColumnValue::Text(_) => value.text().unwrap().to_owned(),
    };
    let values: Vec<_> = change.values.iter().map(value).collect();
    let from = if change.is_from_snapshot() { "rows" } else { "changes" };
    format!(
        "{}\t{}\t{from}@{}\t{}",
        change.table.name,
        change.kind.short_string(),
        change.position,
        values.join("\t")
    )
}

#[test]
#[ignore = "what other tests start as a process"]
fn the_process() {
    let variable = |name| std::env::var(name).ok();
    let (Some(port), Some(folder)) = (variable(PORT), variable(FOLDER)) else { return };
    let _ = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::INFO)
        .with_ansi(false)
        .try_init();
    let snapshots = format!("{folder}/snapshots");
    let env = Environment::new()
        .parallelism(variable(PARALLELISM).unwrap().parse().unwrap())
        .snapshot_folder(&snapshots)
        .restore_or_start(&snapshots)
        .checkpoint_every(Duration::from_millis(30))
        .restart_strategy(RestartStrategy::fixed_delay(10_000, Duration::from_millis(100)));
    let source = killed_source(port.parse().unwrap());
    let count = Arc::new(AtomicU64::new(0));
    let slowly = move |change: &ChangeRecord| {
        // The rows that are there take some seconds, so that kills come while they are read; a large transaction takes longer
        // than a checkpoint.
        let at_once = if change.is_from_snapshot() { 50 } else { 20 };
        if count.fetch_add(1, Ordering::Relaxed).is_multiple_of(at_once) {
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    env.from_source(source)
        .uid("capture")
        .inspect(slowly)
        // One writer, so that there is an order.
        .parallelism(1)
        .sink_to(FileSink::text(format!("{folder}/output"), line))
        .uid("files")
        .parallelism(1);
    env.execute("capture").unwrap();
}
