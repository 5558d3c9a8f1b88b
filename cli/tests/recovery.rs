//! `millstream run`: a job that is killed at any time and started again gives the answer of one that never was.
//!
//! `print` is at least once: what was printed since the last checkpoint comes again. Each line has the count of its key, so
//! the last line of a key is its answer, whatever came twice.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use crate::support::{millstream, stderr};

const EVENTS: u64 = 30_000;

/// Counts the bids of each bidder; `rate` is in events a second.
fn script(folder: &Path, rate: u64) -> PathBuf {
    let file = folder.join("count.sql");
    let text = format!(
        "SET 'execution.checkpointing.interval' = '20 ms';
         CREATE TABLE events (event_type INT, bid ROW<auction BIGINT, bidder BIGINT>) WITH (
             'connector' = 'nexmark', 'events.num' = '{EVENTS}', 'max-emit-speed' = 'false',
             'first-event.rate' = '{rate}', 'next-event.rate' = '{rate}');
         CREATE TABLE counts (bidder BIGINT, n BIGINT, PRIMARY KEY (bidder) NOT ENFORCED) WITH ('connector' = 'print');
         INSERT INTO counts SELECT bid.bidder, COUNT(*) FROM events WHERE event_type = 2 GROUP BY bid.bidder;"
    );
    std::fs::write(&file, text).unwrap();
    file
}

/// The last count of each key in what was printed, and how many lines there are.
fn fold(printed: &str) -> (BTreeMap<u64, u64>, usize) {
    let mut counts = BTreeMap::new();
    let mut lines = 0;
    // A process that is killed may leave half a line.
    let whole = printed.split_inclusive('\n').filter(|line| line.ends_with("]\n"));
    // With several subtasks, the number of the subtask stands in front.
    let rows = whole.map(|line| line.split_once("> ").map_or(line, |(_, row)| row));
    for line in rows.filter(|line| line.starts_with("+I[") || line.starts_with("+U[")) {
        let (key, count) = line[3..line.len() - 2].split_once(", ").unwrap();
        counts.insert(key.parse().unwrap(), count.parse().unwrap());
        lines += 1;
    }
    (counts, lines)
}

/// Runs the script; kills the process after `kill`, if that is said and it is not over before.
fn run(file: &Path, output: &Path, arguments: &[&str], kill: Option<Duration>) -> Option<i32> {
    let file = file.to_string_lossy();
    let mut standard_output = std::fs::File::options().create(true).append(true).open(output).unwrap();
    // What comes now is no part of the half line that a killed process may have left.
    writeln!(standard_output).unwrap();
    let arguments: Vec<&str> = [&["run", &file, "--progress", "0"], arguments].concat();
    let mut child = millstream(&arguments).stdout(standard_output).stderr(Stdio::piped()).spawn().unwrap();
    if let Some(after) = kill {
        std::thread::sleep(after);
        // SIGKILL: the process gets no chance to write anything.
        let _ = child.kill();
    }
    let output = child.wait_with_output().unwrap();
    if kill.is_none() {
        assert!(output.status.success(), "{}", stderr(&output));
    }
    output.status.code()
}

#[test]
fn a_job_that_is_killed_at_any_time_goes_on_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let undisturbed = folder.path().join("undisturbed.txt");
    run(&script(folder.path(), 10_000_000), &undisturbed, &[], None);
    let (expected, changes) = fold(&std::fs::read_to_string(&undisturbed).unwrap());
    assert!(expected.len() > 100, "{} keys", expected.len());

    let (checkpoints, output) = (folder.path().join("checkpoints"), folder.path().join("killed.txt"));
    let checkpoints = checkpoints.to_string_lossy();
    // About a second and a half in all, so that it is killed at most points of its life, at another parallelism each time.
    let file = script(folder.path(), 20_000);
    let mut kills = 0;
    for (round, millis) in [120, 310, 70, 450, 230, 510, 160, 380].into_iter().enumerate() {
        let parallelism = (round % 3 + 1).to_string();
        let arguments = [
            "--checkpoints",
            &checkpoints,
            "--restore",
            &checkpoints,
            "--or-start",
            "--parallelism",
            &parallelism,
        ];
        if run(&file, &output, &arguments, Some(Duration::from_millis(millis))).is_none() {
            kills += 1;
        }
    }
    assert!(kills > 0, "the job was never killed");
    run(&file, &output, &["--checkpoints", &checkpoints, "--restore", &checkpoints, "--or-start"], None);
    let (counts, lines) = fold(&std::fs::read_to_string(&output).unwrap());
    assert_eq!(counts, expected, "{kills} kills");
    assert!(lines >= changes / 2, "{lines} lines, {changes} changes");
}

#[cfg(unix)]
#[test]
fn an_interrupted_job_leaves_a_savepoint_and_says_how_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let undisturbed = folder.path().join("undisturbed.txt");
    run(&script(folder.path(), 10_000_000), &undisturbed, &[], None);
    let (expected, _) = fold(&std::fs::read_to_string(&undisturbed).unwrap());

    let file = script(folder.path(), 5_000);
    let (output, savepoints) = (folder.path().join("output.txt"), folder.path().join("savepoints"));
    let child = millstream(&["run", &file.to_string_lossy(), "--progress", "0"])
        .args(["--savepoint-on-exit", &savepoints.to_string_lossy()])
        .stdout(std::fs::File::create(&output).unwrap())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It runs as soon as it has printed something.
    while std::fs::metadata(&output).unwrap().len() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let interrupted =
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let stopped = child.wait_with_output().unwrap();
    let told = stderr(&stopped);
    assert_eq!(stopped.status.code(), Some(0), "{told}");
    let restore = told.split("--restore ").nth(1).unwrap().trim().to_owned();
    assert!(restore.starts_with(&*savepoints.to_string_lossy()), "{told}");
    let (before, _) = fold(&std::fs::read_to_string(&output).unwrap());
    assert_ne!(before, expected, "it was stopped before its end");

    run(&script(folder.path(), 10_000_000), &output, &["--restore", &restore], None);
    let (after, _) = fold(&std::fs::read_to_string(&output).unwrap());
    assert_eq!(after, expected);
}

#[test]
fn what_cannot_run_as_one_job_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("job.sql");
    for (text, message) in [
        ("CREATE VIEW v AS SELECT 1;", "the script has no INSERT"),
        ("SELECT 1; SELECT 2;", "one query and nothing else"),
    ] {
        std::fs::write(&file, text).unwrap();
        let output = crate::support::run(&["run", &file.to_string_lossy()], "");
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(message), "{}", stderr(&output));
    }
}

#[test]
fn nothing_to_restore_is_an_error_unless_it_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let file = script(folder.path(), 10_000_000);
    let nothing = folder.path().join("nothing");
    let output =
        crate::support::run(&["run", &file.to_string_lossy(), "--restore", &nothing.to_string_lossy()], "");
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
}
