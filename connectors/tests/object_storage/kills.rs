//! Jobs that are killed again and again, and a server that is.

use std::sync::Arc;
use std::time::Duration;

use millstream::engine::clock::Random;

use super::counts::{assert_same, counted, records};
use super::how_often::kills;
use super::jobs::{CountKeys, latest_checkpoint, put_input};
use super::killing::run_killing;
use super::process::start;
use super::proxy::Proxy;
use super::server::{Bucket, Server};
use super::support::random;

/// Runs the job to its end while it is killed, with the server at `endpoint`; all it has read and written, and its snapshots, are on the server.
fn run(bucket: &Bucket, endpoint: &str, pause_every: u64, kills: u32) {
    let logs = tempfile::tempdir().unwrap();
    let log = logs.path().join("process.log");
    let job = CountKeys { pause_every, ..CountKeys::elsewhere(bucket) };
    run_killing(
        kills,
        &mut random(),
        &log,
        || latest_checkpoint(bucket),
        |random| start(&CountKeys { parallelism: 1 + random.below(3) as u32, ..job.clone() }, endpoint, &log),
    );
}

#[test]
fn a_job_that_is_killed_writes_everything_once() {
    let Some(server) = Server::start("versitygw").map(Arc::new) else { return };
    let bucket = server.bucket("killed-jobs");
    let kills = kills(6);
    let input = records(6_000 * u64::from(kills), 500);
    put_input(&bucket, &input);
    run(&bucket, &server.endpoint(), 15, kills);
    assert_same(&bucket.lines("out"), &counted(&input), "after kills of the job");
    eprintln!("{} uploads of attempts that died are left", bucket.uploads());
}

#[test]
fn a_server_that_is_killed_loses_and_repeats_nothing() {
    let Some(server) = Server::start("versitygw").map(Arc::new) else { return };
    let bucket = server.bucket("killed-server");
    let kills = kills(3);
    let input = records(12_000 * u64::from(kills), 500);
    put_input(&bucket, &input);
    std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            for _ in 0..kills {
                std::thread::sleep(Duration::from_millis(2_500));
                server.kill();
                std::thread::sleep(Duration::from_millis(300));
                server.restart();
            }
        });
        run(&bucket, &server.endpoint(), 15, kills.div_ceil(2));
        killer.join().unwrap();
    });
    assert_same(&bucket.lines("out"), &counted(&input), "after kills of the server");
}

#[test]
fn a_network_that_is_cut_loses_and_repeats_nothing() {
    let Some(server) = Server::shared() else { return };
    let bucket = server.bucket("cut-network");
    let kills = kills(8);
    let input = records(6_000 * u64::from(kills), 500);
    put_input(&bucket, &input);
    let proxy = Proxy::start(server.port());
    let mut random = Random::new(random().next());
    std::thread::scope(|scope| {
        scope.spawn(|| proxy.disturb(kills, &mut random));
        run(&bucket, &format!("http://127.0.0.1:{}", proxy.port()), 15, 2);
    });
    assert!(proxy.ended() > 0, "nobody was disturbed");
    assert_same(&bucket.lines("out"), &counted(&input), "after cuts of the network");
}
