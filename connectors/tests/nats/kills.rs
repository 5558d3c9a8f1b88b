//! Jobs that are killed again and again, and a server that is.

use std::path::Path;
use std::time::Duration;

use millstream::engine::clock::Random;
use millstream::engine::state::snapshot::storage::resolve;

use super::how_often::kills;
use super::jobs::{CountKeys, assert_same, counted, prepare};
use super::killing;
use super::process::{JOB_NAME, start};
use super::server::Server;
use super::support::random;

/// The number of the latest checkpoint in the folder of a job's snapshots.
pub fn latest_checkpoint(snapshots: &Path) -> u64 {
    let found = futures::executor::block_on(resolve(&snapshots.to_string_lossy(), Some(JOB_NAME)));
    found.ok().and_then(|found| Some(found.checkpoint_name()?.id.number())).unwrap_or(0)
}

/// Runs a job to its end, and kills it up to `kills` times on the way; each time it goes on with another parallelism.
/// `at_start` is told the number of the latest checkpoint, 0 where there is none.
fn run_killing(job: &CountKeys, kills: u32, random: &mut Random, mut at_start: impl FnMut(u64)) {
    let folder = tempfile::tempdir().unwrap();
    let (snapshots, log) = (folder.path().join("snapshots"), folder.path().join("process.log"));
    killing::run_killing(
        kills,
        random,
        &log,
        || latest_checkpoint(&snapshots),
        |random| {
            at_start(latest_checkpoint(&snapshots));
            let job = CountKeys { parallelism: 1 + random.below(3) as u32, ..job.clone() };
            start(&job, &snapshots, &log)
        },
    );
}

#[test]
fn a_job_that_is_killed_writes_everything_once() {
    let Some(server) = Server::start() else { return };
    let records = prepare(&server, 40_000, 500);
    let job = CountKeys { pause_every: 10, ..CountKeys::new(server.url()) };
    run_killing(&job, kills(6), &mut random(), |_| {});
    assert_same(&server.sorted("OUT"), &counted(&records), "after kills of the job");
}

/// What was published before a kill is found by reading the stream, as the server has forgotten the ids.
#[test]
fn a_job_that_is_killed_writes_everything_once_to_a_stream_that_knows_no_message_again() {
    let Some(server) = Server::start() else { return };
    let records = prepare(&server, 40_000, 500);
    let job = CountKeys { pause_every: 10, ..CountKeys::new(server.url()) };
    // The job refuses such a stream when it starts, and not when it is restored.
    let mut is_short = false;
    run_killing(&job, kills(6), &mut random(), |latest| {
        if latest > 0 && !is_short {
            server.shorten_window("OUT");
            is_short = true;
        }
    });
    assert!(is_short, "the job was over before its first restore");
    assert_same(&server.sorted("OUT"), &counted(&records), "after kills of the job");
}

#[test]
fn a_job_that_is_killed_writes_everything_at_least_once() {
    let Some(server) = Server::start() else { return };
    let records = prepare(&server, 40_000, 500);
    let job = CountKeys { pause_every: 10, is_exactly_once: false, ..CountKeys::new(server.url()) };
    run_killing(&job, kills(6), &mut random(), |_| {});
    let mut written = server.sorted("OUT");
    let all = written.len();
    written.dedup();
    eprintln!("{} of {all} messages were written before", all - written.len());
    assert_same(&written, &counted(&records), "after kills of the job");
}

#[test]
fn a_server_that_is_killed_loses_and_repeats_nothing() {
    let Some(server) = Server::start() else { return };
    let records = prepare(&server, 40_000, 500);
    let job = CountKeys { pause_every: 10, ..CountKeys::new(server.url()) };
    std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            for pause in [1_500, 3_000, 2_000, 2_500] {
                std::thread::sleep(Duration::from_millis(pause));
                server.kill();
                std::thread::sleep(Duration::from_millis(300));
                server.restart();
            }
        });
        run_killing(&job, 3, &mut random(), |_| {});
        killer.join().unwrap();
    });
    assert_same(&server.sorted("OUT"), &counted(&records), "after kills of the server");
}
