//! Jobs that nobody disturbs.

use std::sync::Arc;
use std::time::Instant;

use futures::executor::block_on;
use millstream::connectors::files::{Encoder, FileSink, FileSource, Folders, PartitionCommit};
use millstream::job::JobOutcome;
use millstream::prelude::*;

use super::counts::{assert_same, counted, records};
use super::jobs::{CountKeys, JOB_NAME, key_options, latest_checkpoint, put_input};
use super::server::{Bucket, Server};

/// Reads, writes and takes snapshots on a server of this kind.
fn read_and_write(server: &Arc<Server>, name: &str) {
    let bucket = server.bucket(name);
    let input = records(5_000, 40);
    put_input(&bucket, &input);
    let job = CountKeys { input: bucket.whole_url("in/*.txt"), ..CountKeys::here(&bucket) };
    let env = job.environment();
    job.build(&env);
    env.execute(JOB_NAME).unwrap();
    assert_same(&bucket.lines("out"), &counted(&input), name);
    assert_eq!(bucket.uploads(), 0);
    assert!(bucket.list("out").iter().all(|path| path.contains("/part-")), "{:?}", bucket.list("out"));

    // What the last checkpoint lists has been committed: the store knows those uploads no more.
    assert!(latest_checkpoint(&bucket) > 0);
    let before = bucket.list("out");
    let env = CountKeys { parallelism: 3, ..job.clone() }.environment().restore_from(&job.snapshots);
    job.build(&env);
    env.execute(JOB_NAME).unwrap();
    assert_eq!(bucket.list("out"), before);
}

#[test]
fn a_job_reads_and_writes_objects() {
    let Some(server) = Server::shared() else { return };
    read_and_write(&server, "plain");
}

#[test]
fn another_server_does_as_well() {
    let Some(server) = Server::start("moto").map(Arc::new) else { return };
    read_and_write(&server, "plain");
}

fn with_keys<E: Encoder>(sink: FileSink<E>) -> FileSink<E> {
    key_options().into_iter().fold(sink, |sink, (name, value)| sink.store_option(name, value))
}

#[test]
fn large_objects_are_uploaded_in_parts_and_read_in_ranges() {
    let Some(server) = Server::shared() else { return };
    let bucket = server.bucket("large");
    let lines: Vec<_> = (0..260_000).map(|number| format!("{number:050}")).collect();
    let env = Environment::new().parallelism(1);
    let sink = with_keys(FileSink::text(bucket.whole_url("out"), String::clone));
    env.from_collection(lines.clone()).sink_to(sink);
    env.execute("write").unwrap();
    assert_eq!(bucket.list("out").len(), 1);
    assert_same(&bucket.lines("out"), &lines, "written");

    let env = Environment::new().parallelism(2);
    let source = FileSource::text(bucket.whole_url("out"));
    let source =
        key_options().into_iter().fold(source, |source, (name, value)| source.store_option(name, value));
    let read = env.from_source(source).collect();
    env.execute("read").unwrap();
    assert_same(&read.sorted(), &lines, "read");
}

#[test]
fn a_savepoint_is_restored_at_another_parallelism() {
    let Some(server) = Server::shared() else { return };
    let bucket = server.bucket("savepoint");
    let input = records(40_000, 40);
    put_input(&bucket, &input);
    let job = CountKeys { pause_every: 20, ..CountKeys::here(&bucket) };
    let env = job.environment();
    job.build(&env);
    let running = env.spawn(JOB_NAME).unwrap();
    let began = Instant::now();
    while bucket.lines("out").is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60), "nothing is written");
        std::thread::sleep(Duration::from_millis(20));
    }
    let savepoint = bucket.whole_url("savepoints/first");
    let info = block_on(running.stop_with_savepoint(&savepoint)).unwrap();
    assert_eq!(*info.path, *savepoint);
    assert_eq!(running.join_blocking().unwrap().outcome, JobOutcome::StoppedWithSavepoint);
    let written = bucket.lines("out").len();
    assert!(written < input.len(), "the job was over before it was stopped");

    // The folder of the job knows that the job goes on from there, and how to reach it.
    for (restore, parallelism) in [(savepoint.as_str(), 3), (job.snapshots.as_str(), 1)] {
        let job = CountKeys { pause_every: u64::MAX, parallelism, ..job.clone() };
        let env = job.environment().restore_from(restore);
        job.build(&env);
        env.execute(JOB_NAME).unwrap();
        assert_same(&bucket.lines("out"), &counted(&input), restore);
    }
}

/// Numbers, one a line, in a folder for each remainder.
#[derive(Clone)]
struct ByRemainder;

impl Encoder for ByRemainder {
    type Record = u64;

    fn kind(&self) -> &'static str {
        "numbers"
    }

    fn extension(&self) -> &str {
        "txt"
    }

    fn encode(&mut self, records: &[u64], _: bool, bytes: &mut Vec<u8>) -> std::result::Result<(), String> {
        records.iter().for_each(|record| bytes.extend_from_slice(format!("{record}\n").as_bytes()));
        Ok(())
    }

    fn is_partitioned(&self) -> bool {
        true
    }

    fn partition(&self, records: &[u64]) -> std::result::Result<Folders<u64>, String> {
        let of = |rest: u64| records.iter().copied().filter(|record| record % 3 == rest).collect::<Vec<_>>();
        let folders = (0..3).map(|rest| (format!("rest={rest}"), of(rest)));
        Ok(folders.filter(|(_, records)| !records.is_empty()).collect())
    }
}

#[test]
fn folders_are_complete_when_all_their_objects_are_there() {
    let Some(server) = Server::shared() else { return };
    let bucket: Bucket = server.bucket("folders");
    let env = Environment::new().parallelism(2).checkpoint_every(Duration::from_millis(100));
    let numbers = env.from_collection(0..3_000_u64).rebalance();
    let sink = with_keys(FileSink::with_encoder(bucket.whole_url("out"), ByRemainder)).roll_bytes(2_000);
    sink.write_with_partition_commit(&numbers, PartitionCommit::success_file("_SUCCESS", |_| Ok(true)));
    env.execute("folders").unwrap();
    let mut expected: Vec<_> = (0..3_000).map(|number| number.to_string()).collect();
    expected.sort_unstable();
    assert_same(&bucket.lines("out"), &expected, "in folders");
    let listed = bucket.list("out");
    assert_eq!(listed.iter().filter(|path| path.ends_with("/_SUCCESS")).count(), 3, "{listed:?}");
    assert!(listed.iter().all(|path| !path.ends_with(".receipt")), "{listed:?}");
    assert_eq!(bucket.uploads(), 0);
}
