//! Jobs in the process of the test, which capture what `super::server` says.

use std::time::{Duration, Instant};

use millstream::job::JobHandle;
use millstream::prelude::*;
use millstream::sink::{CollectSink, Collected};
use tempfile::TempDir;

use super::server::{ChangeRecord, ColumnValue, Source};

/// Where a job lives, over restarts.
pub struct Home {
    folder: TempDir,
    /// What is committed again after a restore is known here, and comes once.
    changes: Collected<ChangeRecord>,
}

impl Home {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), changes: Collected::default() }
    }
}

/// A job that runs, and what it has committed.
pub struct Running {
    handle: JobHandle,
    changes: Collected<ChangeRecord>,
    pub seen: Vec<ChangeRecord>,
}

fn environment(home: &Home) -> Environment {
    let snapshots = home.folder.path().to_str().unwrap();
    Environment::new()
        .parallelism(2)
        .snapshot_folder(snapshots)
        .restore_or_start(snapshots)
        .checkpoint_every(Duration::from_millis(20))
        .restart_strategy(RestartStrategy::fixed_delay(3, Duration::from_millis(100)))
}

/// Starts a job, or goes on with it.
pub fn start(source: Source, home: &Home) -> Running {
    let (env, changes) = (environment(home), home.changes.clone());
    let sink = env.from_source(source).uid("changes").sink_to(CollectSink::new(&changes)).uid("seen");
    // One after another, as they come.
    let _ = sink.parallelism(1);
    Running { handle: env.spawn("changes").unwrap(), changes, seen: Vec::new() }
}

/// What a job fails with.
pub fn failure(source: Source, home: &Home) -> Error {
    let mut running = start(source, home);
    let limit = Instant::now() + Duration::from_secs(60);
    while !running.has_ended() {
        assert!(Instant::now() < limit, "the job has not failed, and has read {:?}", running.lines());
        std::thread::sleep(Duration::from_millis(10));
    }
    running.handle.join_blocking().unwrap_err()
}

impl Running {
    fn has_ended(&mut self) -> bool {
        self.seen.extend(self.changes.take());
        self.handle.status().is_final()
    }

    /// Waits until so many changes have been committed since the start.
    #[track_caller]
    pub fn wait_for(&mut self, count: usize) {
        self.wait_until(&format!("{count} changes"), |seen| seen.len() >= count);
        assert_eq!(self.seen.len(), count, "{:#?}", self.lines());
    }

    /// Waits until something holds of what has been committed.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, holds: impl Fn(&[ChangeRecord]) -> bool) {
        let limit = Instant::now() + Duration::from_secs(60);
        loop {
            let ended = self.has_ended();
            if holds(&self.seen) {
                return;
            }
            let end = || self.handle.join_blocking().err();
            assert!(!ended, "the job has ended before {what}: {:?}", end());
            assert!(Instant::now() < limit, "no {what} after a minute: {:#?}", self.lines());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What has been committed, a line each.
    pub fn lines(&self) -> Vec<String> {
        self.seen.iter().map(line).collect()
    }

    /// Waits for the job to fail.
    pub fn fail(mut self) -> Error {
        let limit = Instant::now() + Duration::from_secs(60);
        while !self.has_ended() {
            assert!(Instant::now() < limit, "the job has not failed");
            std::thread::sleep(Duration::from_millis(10));
        }
        self.handle.join_blocking().unwrap_err()
    }

    /// Waits for another checkpoint.
    pub fn checkpoint(&self) {
        let before = self.handle.latest_checkpoint();
        let limit = Instant::now() + Duration::from_secs(60);
        while self.handle.latest_checkpoint() <= before {
            assert!(Instant::now() < limit, "no checkpoint for a minute: {:?}", self.handle.last_failure());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it.
    pub fn stop(self) -> Vec<ChangeRecord> {
        self.handle.cancel();
        self.handle.join_blocking().unwrap();
        self.seen
    }
}

/// A change as a line: kind, table and values.
pub fn line(change: &ChangeRecord) -> String {
    let value = |value: &ColumnValue| match value {
        ColumnValue::Null => "NULL".to_owned(),
        ColumnValue::Unavailable => "?".to_owned(),
        ColumnValue::Text(text) => String::from_utf8_lossy(text).into_owned(),
    };
    let values: Vec<_> = change.values.iter().map(value).collect();
    format!("{} {} {}", change.kind.short_string(), change.table.name, values.join(" "))
}
