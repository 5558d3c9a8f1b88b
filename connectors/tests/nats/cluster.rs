//! Three servers, of which one dies and comes back, again and again: streams get other leaders while a job runs.

use std::time::{Duration, Instant};

use super::how_often::kills;
use super::jobs::{CountKeys, assert_same, counted, prepare};
use super::kills::latest_checkpoint;
use super::process::start;
use super::server::Server;
use super::support::Process;

/// How long the job may take for a step.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many records there are for each round, of which the job must not run out before the last.
const RECORDS_A_ROUND: u64 = 15_000;

fn wait_for<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "still waiting for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn leaders_that_change_lose_and_repeat_nothing() {
    let Some(cluster) = Server::start_cluster() else { return };
    let rounds = kills(4);
    let records = prepare(&cluster, u64::from(rounds) * RECORDS_A_ROUND, 500);
    let folder = tempfile::tempdir().unwrap();
    let (snapshots, log) = (folder.path().join("snapshots"), folder.path().join("process.log"));
    let disturbed = folder.path().join("disturbed");
    std::fs::write(&disturbed, "").unwrap();
    let job =
        CountKeys { pause_every: 5, pause_while: Some(disturbed.clone()), ..CountKeys::new(cluster.url()) };
    let mut process = start(&job, &snapshots, &log);
    let await_checkpoint = |process: &mut Process| {
        let before = latest_checkpoint(&snapshots);
        wait_for("a checkpoint", || {
            let said = || std::fs::read_to_string(&log).unwrap_or_default();
            assert!(process.ended().is_none(), "the job has ended too early:\n{}", said());
            (latest_checkpoint(&snapshots) > before).then_some(())
        });
    };
    await_checkpoint(&mut process);
    for round in 0..rounds {
        let led = if round % 2 == 0 { "IN" } else { "OUT" };
        let victim = cluster.await_replicas(led);
        cluster.kill_one(&victim);
        if round % 4 > 1 {
            // So the job, too, has to find out that a server is gone.
            drop(process);
            process = start(&job, &snapshots, &log);
        }
        for stream in ["IN", "OUT"] {
            cluster.await_leader(stream, &victim);
        }
        // Two servers are enough.
        await_checkpoint(&mut process);
        cluster.restart_one(&victim);
        for stream in ["IN", "OUT"] {
            cluster.await_replicas(stream);
        }
        await_checkpoint(&mut process);
    }
    std::fs::remove_file(disturbed).unwrap();
    let status = wait_for("the end of the job", || process.ended());
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(status.success(), "the job has failed: {status}\n{said}");
    assert_same(&cluster.sorted("OUT"), &counted(&records), "after changes of leaders");
}
