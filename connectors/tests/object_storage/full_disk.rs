//! A server whose disk is full, until somebody makes room.

use std::sync::Arc;
use std::time::Instant;

use millstream::prelude::*;

use super::counts::{assert_same, counted, records};
use super::jobs::{CountKeys, JOB_NAME, put_input};
use super::server::{Bucket, Server};

/// Leaves as little room as there can be. Returns what takes it.
fn fill(bucket: &Bucket) -> Vec<String> {
    let bucket = bucket.impatient();
    let mut paths = Vec::new();
    for size in [1 << 20, 1 << 16, 1 << 12] {
        loop {
            let path = format!("filler/{}", paths.len());
            if bucket.try_put(&path, vec![0; size]).is_err() {
                break;
            }
            paths.push(path);
        }
    }
    paths
}

#[test]
fn a_job_waits_for_room_and_loses_nothing() {
    let Some(server) = Server::start_on_small_disk(8).map(Arc::new) else { return };
    let bucket = server.bucket("full-disk");
    let input = records(20_000, 100);
    put_input(&bucket, &input);
    let url = |folder: &str| format!("{}&max_retries=1", bucket.whole_url(folder));
    let job = CountKeys { pause_every: 10, ..CountKeys::here(&bucket) };
    let job = CountKeys { output: url("out"), snapshots: url("snapshots"), ..job };
    let env = job.environment();
    job.build(&env);
    let running = env.spawn(JOB_NAME).unwrap();
    let began = Instant::now();
    let wait_for = |what: &str, holds: &dyn Fn() -> bool| {
        while !holds() {
            assert!(began.elapsed() < Duration::from_secs(120), "{what}: {:?}", running.last_failure());
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    wait_for("no checkpoint", &|| running.latest_checkpoint().is_some());
    let fillers = fill(&bucket);
    wait_for("no failure", &|| running.last_failure().is_some());
    let failure = running.last_failure().unwrap();
    fillers.iter().for_each(|path| bucket.delete(path));
    assert!(failure.kind().is_retryable(), "{failure:?}");
    let text = failure.to_string();
    assert!(text.contains("s3://full-disk/") && text.contains("No space left on device"), "{text}");
    let report = running.join_blocking().unwrap();
    assert!(report.restarts > 0);
    assert_same(&bucket.lines("out"), &counted(&input), "after the disk was full");
}
