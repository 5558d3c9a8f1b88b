//! A disk that is full: the error says so and where, nothing is lost, and a job that is allowed to
//! try again goes on once there is room.

use std::time::Duration;

use millstream::prelude::*;
use millstream::state::snapshot::SnapshotHome;
use object_store::path::Path;

use crate::support::small_disk::SmallDisk;

const RECORDS: u64 = 4_000;

/// Counts how often each number has come, of which each key group's state grows; snapshots and
/// results go to the disks. Ends after about 400 ms.
fn job(snapshots: &SmallDisk, output: &SmallDisk, restarts: RestartStrategy) -> Environment {
    let home = SnapshotHome::new(std::sync::Arc::new(snapshots.clone()), Path::from("snapshots"));
    let config = CheckpointConfig::every(Duration::from_millis(20));
    let env = Environment::new().parallelism(2).checkpointing(config);
    let env = env.snapshot_home(home).restart_strategy(restarts);
    let lines = FileSink::text("lines", |(key, count): &(u64, u64)| format!("{key} {count}"));
    env.from_source(GeneratorSource::new(Some(RECORDS), |n| n / 2).rate(10_000.0))
        .key_by(|number| *number)
        .count()
        .name("count")
        .sink_to(lines.store(std::sync::Arc::new(output.clone())))
        .name("lines");
    env
}

fn check(output: &SmallDisk) {
    let files = output.visible_files();
    let mut lines: Vec<&str> = files.iter().flat_map(|(_, text)| text.lines()).collect();
    lines.sort_unstable();
    let mut expected: Vec<_> = (0..RECORDS).map(|n| format!("{} {}", n / 2, n % 2 + 1)).collect();
    expected.sort_unstable();
    assert_eq!(lines, expected);
}

#[test]
fn where_snapshots_find_no_room_the_job_fails_and_says_where() {
    let (snapshots, output) = (SmallDisk::new(4_000), SmallDisk::new(u64::MAX));
    let error = job(&snapshots, &output, RestartStrategy::None).execute("count").unwrap_err();
    let said = error.to_string();
    assert!(said.contains("checkpoint") && said.contains("snapshots/count/chk-"), "{said}");
    assert!(said.contains("No space left on device"), "{said}");
}

#[test]
fn where_results_find_no_room_the_job_fails_and_says_where() {
    let (snapshots, output) = (SmallDisk::new(u64::MAX), SmallDisk::new(4_000));
    let error = job(&snapshots, &output, RestartStrategy::None).execute("count").unwrap_err();
    let said = error.to_string();
    assert_eq!(error.operator(), Some("lines"), "{said}");
    assert!(said.contains("lines/") && said.contains("No space left on device"), "{said}");
}

/// The job fails again and again, until somebody makes room.
#[test]
fn once_there_is_room_the_job_goes_on_and_nothing_is_lost() {
    let again = RestartStrategy::fixed_delay(10_000, Duration::from_millis(5));
    for (snapshots, output) in
        [(SmallDisk::new(4_000), SmallDisk::new(u64::MAX)), (SmallDisk::new(u64::MAX), SmallDisk::new(4_000))]
    {
        let job = job(&snapshots, &output, again.clone()).spawn("count").unwrap();
        while snapshots.refused() + output.refused() < 5 || job.metrics().restarts < 3 {
            assert!(!job.status().is_final(), "the job has ended before the disk was full");
            std::thread::sleep(Duration::from_millis(5));
        }
        snapshots.grow();
        output.grow();
        job.join_blocking().unwrap();
        check(&output);
    }
}
