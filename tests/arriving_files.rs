//! A directory that is watched: files that come while the job runs are read, each once, whatever dies.

use std::path::Path;
use std::time::{Duration, Instant};

use millstream::checkpoint::CheckpointConfig;
use millstream::connectors::files::FileSource;
use millstream::job::JobHandle;
use millstream::prelude::*;
use millstream::sink::{CollectSink, Collected};

/// A file appears as a whole.
fn arrive(folder: &Path, name: &str, lines: std::ops::Range<u32>) {
    let content: String = lines.map(|line| format!("{line}\n")).collect();
    let hidden = folder.join(format!(".{name}"));
    std::fs::write(&hidden, content).unwrap();
    std::fs::rename(hidden, folder.join(name)).unwrap();
}

/// What is committed again after a restore is known to `lines`, and comes once.
fn start(input: &Path, snapshots: &Path, lines: &Collected<String>) -> JobHandle {
    let snapshots = snapshots.to_str().unwrap();
    let env = Environment::new()
        .parallelism(2)
        .snapshot_folder(snapshots)
        .restore_or_start(snapshots)
        .checkpointing(CheckpointConfig::every(Duration::from_millis(20)));
    let source = FileSource::text(input).split_bytes(100).monitor_continuously(Duration::from_millis(10));
    let _sink = env.from_source(source).uid("files").sink_to(CollectSink::new(lines)).uid("lines");
    env.spawn("arriving files").unwrap()
}

/// Waits until so many lines have been committed.
fn wait_for(lines: &Collected<String>, count: usize, so_far: &mut Vec<u32>) {
    let limit = Instant::now() + Duration::from_secs(60);
    while so_far.len() < count {
        so_far.extend(lines.take().into_iter().map(|line| line.parse::<u32>().unwrap()));
        assert!(Instant::now() < limit, "{} lines of {count}", so_far.len());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn files_that_come_later_are_read_once_also_after_a_restore() {
    let folder = tempfile::tempdir().unwrap();
    let (input, snapshots) = (folder.path().join("input"), folder.path().join("snapshots"));
    std::fs::create_dir(&input).unwrap();
    let (mut read, lines) = (Vec::new(), Collected::default());
    // The directory is empty at first: that is no mistake where files are still to come.
    let job = start(&input, &snapshots, &lines);
    arrive(&input, "a", 0..100);
    wait_for(&lines, 100, &mut read);
    arrive(&input, "b", 100..300);
    wait_for(&lines, 300, &mut read);
    job.cancel();
    job.join_blocking().unwrap();
    assert_eq!(in_order(read), (0..300).collect::<Vec<_>>());
    arrive(&input, "c", 300..350);
    let mut read = Vec::new();
    let job = start(&input, &snapshots, &lines);
    wait_for(&lines, 50, &mut read);
    arrive(&input, "d", 350..400);
    wait_for(&lines, 100, &mut read);
    job.cancel();
    job.join_blocking().unwrap();
    assert_eq!(in_order(read), (300..400).collect::<Vec<_>>());
}

fn in_order(mut lines: Vec<u32>) -> Vec<u32> {
    lines.sort_unstable();
    lines
}
