//! Jobs that are killed again and again, and a broker that is.

use std::path::Path;
use std::time::Duration;

use millstream::engine::clock::Random;
use millstream::engine::state::snapshot::storage::resolve;

use super::broker::Broker;
use super::how_often::kills;
use super::jobs::{CountKeys, assert_same, counted, records};
use super::killing;
use super::process::{JOB_NAME, start};
use super::proxy::Proxy;
use super::support::random;

/// The number of the latest checkpoint in the folder of a job's snapshots.
pub fn latest_checkpoint(snapshots: &Path) -> u64 {
    let found = futures::executor::block_on(resolve(&snapshots.to_string_lossy(), Some(JOB_NAME)));
    found.ok().and_then(|found| Some(found.checkpoint_name()?.id.number())).unwrap_or(0)
}

/// Runs a job to its end, and kills it up to `kills` times on the way.
fn run_killing(job: &CountKeys, snapshots: &Path, kills: u32, random: &mut Random) {
    let logs = tempfile::tempdir().unwrap();
    let log = logs.path().join("process.log");
    killing::run_killing(
        kills,
        random,
        &log,
        || latest_checkpoint(snapshots),
        |random| {
            let job = CountKeys { parallelism: 1 + random.below(3) as u32, ..job.clone() };
            start(&job, snapshots, &log)
        },
    );
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
    run_killing(&job, snapshots.path(), kills(6), &mut random());
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
        run_killing(&job, snapshots.path(), 4, &mut random());
        killer.join().unwrap();
    });
    assert_same(&broker.committed("out", input.len()), &counted(&input), "after kills of the broker");
}

#[test]
fn a_network_that_is_cut_loses_and_repeats_nothing() {
    // The node's own port is for its tools, and for what it says to itself.
    let listener = crate::services::free_ports();
    let proxy = Proxy::start(listener);
    let settings = |own: u16| {
        format!(
            "listeners=PLAINTEXT://127.0.0.1:{own},CONTROLLER://127.0.0.1:{},CUT://127.0.0.1:{listener}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{own},CUT://127.0.0.1:{}\n\
             listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,CUT:PLAINTEXT\n\
             inter.broker.listener.name=PLAINTEXT",
            own + 1,
            proxy.port()
        )
    };
    let Some(broker) = Broker::start_with(settings) else { return };
    broker.create_topic("in", 3);
    broker.create_topic("out", 2);
    let input = records(60_000, 500);
    broker.produce("in", &input);
    let snapshots = tempfile::tempdir().unwrap();
    let servers = format!("127.0.0.1:{}", proxy.port());
    let job = CountKeys { pause_every: 15, ..CountKeys::new(servers, "in", "out") };
    let mut random = random();
    let mut cuts = Random::new(random.next());
    std::thread::scope(|scope| {
        scope.spawn(|| proxy.disturb(kills(4), &mut cuts));
        run_killing(&job, snapshots.path(), 2, &mut random);
    });
    assert!(proxy.ended() > 0, "nobody was disturbed");
    assert_same(&broker.committed("out", input.len()), &counted(&input), "after cuts of the network");
}
