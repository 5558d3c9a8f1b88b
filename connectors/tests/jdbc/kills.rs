//! Jobs that are killed again and again, and a server that is.

use std::path::Path;
use std::time::Duration;

use millstream::engine::clock::Random;
use millstream::engine::state::snapshot::storage::resolve;

use super::how_often::kills;
use super::jobs::{ANSWER, JOB_NAME, TABLES, TOTALS, expected};
use super::killing;
use super::postgres::{Database, Server};
use super::process::start;
use super::proxy::Proxy;
use super::support::random;

/// How many subtasks of how many attempts have written anything.
const WRITERS: &str = "SELECT count(*) FROM millstream_checkpoints";

/// There are three in an attempt at most: if there are more, kills came between commits.
fn check_writers(writers: i64) {
    eprintln!("{writers} writers");
    assert!(writers > 3, "no attempt but the last has got on: kills come too soon");
}

/// The number of the latest checkpoint in the folder of the job's snapshots.
fn latest_checkpoint(snapshots: &Path) -> u64 {
    let found = futures::executor::block_on(resolve(&snapshots.to_string_lossy(), Some(JOB_NAME)));
    found.ok().and_then(|found| Some(found.checkpoint_name()?.id.number())).unwrap_or(0)
}

/// Runs the job to its end, and kills it on the way; each time it goes on with another parallelism.
fn run_killing(url: &str, folder: &Path, kills: u32, random: &mut Random) {
    let (log, snapshots) = (folder.join("log"), folder.join("snapshots"));
    let latest = || latest_checkpoint(&snapshots);
    killing::run_killing(kills, random, &log, latest, |random| {
        start(url, folder, 1 + random.below(3) as u32)
    });
}

#[test]
fn a_job_that_is_killed_writes_everything_once_to_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    let database = rusqlite::Connection::open(&file).unwrap();
    database.execute_batch(TABLES).unwrap();
    run_killing(&format!("jdbc:sqlite:{}", file.display()), folder.path(), kills(8), &mut random());
    let numbers = |query: &str| -> Vec<i64> {
        database
            .query_row(query, [], |row| {
                (0..row.as_ref().column_count()).map(|column| row.get(column)).collect()
            })
            .unwrap()
    };
    assert_eq!((numbers(ANSWER), numbers(TOTALS)), expected());
    check_writers(numbers(WRITERS)[0]);
}

fn in_postgres(database: &Database) -> (Vec<i64>, Vec<i64>) {
    let numbers = |query: &str| -> Vec<i64> {
        database.query(query)[0].iter().map(|value| value.as_ref().unwrap().parse().unwrap()).collect()
    };
    (numbers(ANSWER), numbers(TOTALS))
}

#[test]
fn a_job_that_is_killed_writes_everything_once_to_postgres() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "killed_jobs");
    database.execute(TABLES);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("jdbc:postgresql://127.0.0.1:{}/killed_jobs", server.port);
    run_killing(&url, folder.path(), kills(8), &mut random());
    assert_eq!(in_postgres(&database), expected());
    check_writers(database.value(WRITERS).parse().unwrap());
}

#[test]
fn a_server_that_is_killed_loses_and_repeats_nothing() {
    let Some(server) = Server::start() else { return };
    let database = Database::create(&server, "killed_server");
    database.execute(TABLES);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("jdbc:postgresql://127.0.0.1:{}/killed_server", server.port);
    std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            for _ in 0..3 {
                std::thread::sleep(Duration::from_millis(1_000));
                server.kill();
                server.restart();
            }
        });
        run_killing(&url, folder.path(), 2, &mut random());
        killer.join().unwrap();
    });
    assert_eq!(in_postgres(&database), expected());
}

#[test]
fn a_network_that_is_cut_loses_and_repeats_nothing() {
    let Some(server) = Server::shared() else { return };
    let database = Database::create(&server, "cut_network");
    database.execute(TABLES);
    let folder = tempfile::tempdir().unwrap();
    let proxy = Proxy::start(server.port);
    let url = format!("jdbc:postgresql://127.0.0.1:{}/cut_network", proxy.port());
    let mut random = random();
    let mut cuts = Random::new(random.next());
    std::thread::scope(|scope| {
        scope.spawn(|| proxy.disturb(kills(8), &mut cuts));
        run_killing(&url, folder.path(), 2, &mut random);
    });
    assert!(proxy.ended() > 0, "nobody was disturbed");
    assert_eq!(in_postgres(&database), expected());
}
