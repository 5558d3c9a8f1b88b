//! What is restarted, and what is said of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use millstream::prelude::*;

use super::restarts;

/// A job that is restarted with growing delays, as any with checkpoints.
fn restarted_for_ever() -> Environment {
    Environment::new().parallelism(1).checkpoint_every(Duration::from_millis(50))
}

#[test]
fn what_cannot_get_better_is_not_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prices.csv");
    std::fs::write(&file, "name,price\ntea,3\nmilk,one\n").unwrap();
    for missing in [false, true] {
        let env = restarted_for_ever();
        let path = if missing { folder.path().join("none.csv") } else { file.clone() };
        let prices = FileSource::csv::<(String, u64)>(path.to_string_lossy().into_owned());
        env.from_source(prices).name("prices").discard();
        let job = env.spawn("hopeless").unwrap();
        let error = job.join_blocking().unwrap_err();
        assert_eq!((error.kind(), error.operator()), (ErrorKind::InvalidInput, Some("prices")), "{error}");
        assert_eq!(job.metrics().restarts, 0);
    }
}

fn fails_once(env: &Environment) {
    let left = Arc::new(AtomicU32::new(1));
    let numbers = env.from_source(GeneratorSource::new(Some(300), |n| n).rate(1_000.0));
    let checked = numbers.map(move |n: u64| {
        let once = |left: u32| left.checked_sub(1);
        let hit = n == 100 && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, once).is_ok();
        assert!(!hit, "cannot bear {n}");
        n
    });
    checked.name("the shaky one").discard();
}

#[test]
fn the_last_failure_of_a_job_that_goes_on_can_be_seen() {
    let env = restarted_for_ever().restart_strategy(restarts(3));
    fails_once(&env);
    let job = env.spawn("shaky").unwrap();
    let report = job.join_blocking().unwrap();
    for failure in [report.last_failure, job.last_failure(), job.metrics().last_failure] {
        let failure = failure.unwrap();
        assert_eq!(failure.operator(), Some("the shaky one"));
        assert!(failure.to_string().contains("cannot bear 100"), "{failure}");
    }
    assert_eq!((report.restarts, job.metrics().restarts), (1, 1));
}

const IN_A_PROCESS_OF_ITS_OWN: &str = "MILLSTREAM_TEST_RESTARTS";

/// Runs this test again in a process that has no subscriber for the log.
#[test]
fn a_restart_is_reported_on_standard_error_without_a_subscriber() {
    if std::env::var_os(IN_A_PROCESS_OF_ITS_OWN).is_some() {
        let env = restarted_for_ever().restart_strategy(restarts(3));
        fails_once(&env);
        env.execute("shaky").unwrap();
        // The caller gets the error.
        let env = restarted_for_ever().restart_strategy(RestartStrategy::None);
        fails_once(&env);
        env.execute("not restarted").unwrap_err();
        return;
    }
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args([
        "--exact",
        "errors::restarts::a_restart_is_reported_on_standard_error_without_a_subscriber",
        "--nocapture",
    ]);
    let output = again.env(IN_A_PROCESS_OF_ITS_OWN, "1").output().unwrap();
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}");
    let lines: Vec<_> = printed.lines().filter(|line| line.starts_with("millstream: ")).collect();
    assert_eq!(lines.len(), 1, "{printed}");
    assert!(lines[0].contains("`shaky`") && lines[0].contains("the shaky one"), "{printed}");
}
