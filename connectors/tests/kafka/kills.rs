//! Jobs that are killed again and again, and a broker that is.

use std::path::Path;
use std::time::{Duration, Instant};

use millstream::engine::clock::Random;
use millstream::engine::state::snapshot::storage::resolve;

use super::broker::Broker;
use super::jobs::{CountKeys, assert_same, counted, records};
use super::process::{JOB_NAME, start};
use super::support::random;

/// The number of the latest checkpoint in the folder of a job's snapshots.
fn latest_checkpoint(snapshots: &Path) -> u64 {
    let found = futures::executor::block_on(resolve(&snapshots.to_string_lossy(), Some(JOB_NAME)));
    found.ok().and_then(|found| Some(found.checkpoint_name()?.id.number())).unwrap_or(0)
}

/// Runs a job to its end, and kills it up to `kills` times on the way; `at_kill` is called after each.
fn run_killing(
    job: &CountKeys,
    snapshots: &Path,
    kills: u32,
    random: &mut Random,
    mut at_kill: impl FnMut(u32),
) {
    let logs = tempfile::tempdir().unwrap();
    let log = logs.path().join("process.log");
    let (mut killed, mut useful) = (0, 0);
    let began = Instant::now();
    loop {
        let before = latest_checkpoint(snapshots);
        let job = CountKeys { parallelism: 1 + random.below(3) as u32, ..job.clone() };
        let mut process = start(&job, snapshots, &log);
        // Some die young; others get on by a checkpoint at least.
        let dies_young = random.below(4) == 0;
        let lifetime = Duration::from_millis(random.below(if dies_young { 2_000 } else { 600 }) as u64);
        let mut started = Instant::now();
        let status = loop {
            if let Some(status) = process.ended() {
                break Some(status);
            }
            if !dies_young && latest_checkpoint(snapshots) == before {
                started = Instant::now();
            }
            if killed < kills && started.elapsed() > lifetime {
                break None;
            }
            assert!(
                began.elapsed() < Duration::from_secs(420),
                "the job does not end: see {}",
                log.display()
            );
            std::thread::sleep(Duration::from_millis(5));
        };
        let Some(status) = status else {
            drop(process);
            killed += 1;
            useful += u32::from(latest_checkpoint(snapshots) > before);
            at_kill(killed);
            continue;
        };
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        assert!(status.success(), "the job has failed: {status}\n{}", said());
        break;
    }
    eprintln!("killed {killed} times, {useful} of them after a new checkpoint");
    assert!(killed > 0, "the job was over before it could be killed");
}

#[test]
fn a_job_that_is_killed_writes_everything_once() {
    let Some(broker) = Broker::start() else { return };
    broker.create_topic("in", 3);
    broker.create_topic("out", 2);
    let input = records(60_000, 500);
    broker.produce("in", &input);
    let snapshots = tempfile::tempdir().unwrap();
    let job = CountKeys { pause_every: 15, ..CountKeys::new(broker.servers(), "in", "out") };
    run_killing(&job, snapshots.path(), 12, &mut random(), |_| {});
    assert_same(&broker.committed("out", input.len()), &counted(&input), "after kills of the job");
}

#[test]
fn a_broker_that_is_killed_loses_and_repeats_nothing() {
    let Some(broker) = Broker::start() else { return };
    broker.create_topic("in", 3);
    broker.create_topic("out", 2);
    let input = records(60_000, 500);
    broker.produce("in", &input);
    let snapshots = tempfile::tempdir().unwrap();
    let job = CountKeys { pause_every: 15, ..CountKeys::new(broker.servers(), "in", "out") };
    std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            for _ in 0..2 {
                std::thread::sleep(Duration::from_millis(4_000));
                broker.kill();
                broker.restart();
            }
        });
        run_killing(&job, snapshots.path(), 4, &mut random(), |_| {});
        killer.join().unwrap();
    });
    assert_same(&broker.committed("out", input.len()), &counted(&input), "after kills of the broker");
}
