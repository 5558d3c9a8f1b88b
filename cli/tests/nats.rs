//! Scripts that read and write streams of a real NATS server, killed on the way. What they wrote is read by NATS' own client.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::nats_server::Server;
use crate::support::{millstream, run, stderr, stdout};

/// How many orders there are.
const ORDERS: u64 = 60_000;

/// The tables of the tests; what is read ends where it ends when the job starts.
fn tables(url: &str) -> String {
    let nats = |stream: &str| {
        format!(
            "'connector' = 'nats', 'servers' = '{url}', 'stream' = '{stream}', 'format' = 'json', \
             'scan.bounded.mode' = 'latest'"
        )
    };
    format!(
        "CREATE TABLE orders (id BIGINT, cents BIGINT, region STRING METADATA FROM 'subject',
             headers MAP<STRING, STRING> METADATA) WITH ({}, 'subject' = 'orders.0;orders.1;orders.2');
         CREATE TABLE filling (id BIGINT, cents BIGINT, region STRING METADATA FROM 'subject',
             headers MAP<STRING, STRING> METADATA) WITH ({}, 'subject' = 'orders.0');
         CREATE TABLE copies (id BIGINT, cents BIGINT, region STRING) WITH ({}, 'subject' = 'copies',
             'sink.delivery-guarantee' = 'exactly-once');
         CREATE TABLE everything (id BIGINT, cents BIGINT, `stream` STRING METADATA VIRTUAL, `subject` STRING METADATA VIRTUAL,
             `sequence` BIGINT METADATA VIRTUAL, taken TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
             headers MAP<STRING, STRING> METADATA VIRTUAL, WATERMARK FOR taken AS taken) WITH ({});",
        nats("ORDERS"),
        nats("ORDERS"),
        nats("COPIES"),
        nats("ORDERS"),
    )
}

/// Runs a job; kills the process after a time, if that is said and it is not over before. Answers whether it was killed.
fn run_job(file: &Path, arguments: &[&str], kill: Option<Duration>) -> bool {
    let file = file.to_string_lossy();
    let arguments: Vec<&str> = [&["run", &file, "--progress", "0"], arguments].concat();
    let mut child = millstream(&arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    if let Some(after) = kill {
        std::thread::sleep(after);
        let _ = child.kill();
    }
    let output = child.wait_with_output().unwrap();
    let killed = output.status.code().is_none();
    assert!(killed || output.status.success(), "{}", stderr(&output));
    killed
}

#[test]
fn orders_are_copied_exactly_once_whenever_the_process_is_killed() {
    let Some(server) = Server::start() else { return };
    server.create_stream("ORDERS", &["orders.*"]);
    server.create_stream("COPIES", &["copies"]);
    let tables = tables(&server.url());
    let filled = run(
        &["sql", "-D", "parallelism.default=2"],
        &format!(
            "{tables}
             CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', 'fields.id.kind' = 'sequence',
                 'fields.id.start' = '1', 'fields.id.end' = '{ORDERS}', 'rows-per-second' = '10000000');
             SET 'table.dml-sync' = 'true';
             INSERT INTO filling SELECT id, MOD(id * 7, 100), 'orders.' || CAST(MOD(id, 3) AS STRING),
                 MAP['parity', CASE WHEN MOD(id, 2) = 0 THEN 'even' ELSE 'odd' END] FROM numbers;"
        ),
    );
    assert!(filled.status.success(), "{}", stderr(&filled));
    let read = run(
        &["sql"],
        &format!(
            "{tables}
             SET 'sql-client.execution.result-mode' = 'tableau';
             SELECT COUNT(*), COUNT(DISTINCT `sequence`), MIN(`stream`), MAX(`subject`), COUNT(taken), COUNT(headers)
             FROM everything;"
        ),
    );
    assert!(read.status.success(), "{}", stderr(&read));
    let (read, all) = (stdout(&read), ORDERS.to_string());
    for part in [all.as_str(), "ORDERS", "orders.2"] {
        assert!(read.contains(part), "no {part} in: {read}");
    }

    let folder = tempfile::tempdir().unwrap();
    let (file, checkpoints) = (folder.path().join("job.sql"), folder.path().join("checkpoints"));
    let job = format!(
        "SET 'execution.checkpointing.interval' = '100 ms';
         {tables}
         INSERT INTO copies SELECT id, cents, region FROM orders;"
    );
    std::fs::write(&file, job).unwrap();
    let checkpoints = checkpoints.to_string_lossy();
    let restore = ["--checkpoints", &checkpoints, "--restore", &checkpoints, "--or-start"];
    let mut kills = 0;
    for (round, millis) in [300, 700, 500, 900, 400, 200, 600, 800].into_iter().enumerate() {
        let parallelism = (round % 3 + 1).to_string();
        let arguments = [&restore[..], &["--parallelism", &parallelism]].concat();
        kills += u32::from(run_job(&file, &arguments, Some(Duration::from_millis(millis))));
        if round == 3 {
            server.kill();
            server.restart();
        }
    }
    assert!(kills > 2, "the job was killed {kills} times");
    run_job(&file, &restore, None);
    let row =
        |id: u64| format!("{{\"id\":{id},\"cents\":{},\"region\":\"orders.{}\"}}", id * 7 % 100, id % 3);
    let mut expected: Vec<_> = (1..=ORDERS).map(row).collect();
    expected.sort_unstable();
    let copied = server.sorted("COPIES");
    assert_eq!(copied.len(), expected.len(), "rows that are missing or there twice");
    assert!(copied == expected, "other rows than those");
}

#[test]
fn a_stream_that_is_not_there_is_said_before_anything_runs() {
    let Some(server) = Server::start() else { return };
    let output = run(&["sql"], &format!("{} SELECT * FROM everything;", tables(&server.url())));
    let said = stdout(&output) + &stderr(&output);
    assert!(said.contains("the stream `ORDERS` of NATS cannot be looked at"), "{said}");
}
