//! A job as a process of its own, which can be killed: this test's program, started again. It finds the server and its keys in
//! its environment.

use std::path::Path;

use super::jobs::{CountKeys, JOB_NAME};
use super::server::KEYS;
use super::support::{self, Process};

const JOB: &str = "MILLSTREAM_TEST_JOB";

/// Starts a job as a process, which finds the server at `endpoint`; what it says goes to a file.
pub fn start(job: &CountKeys, endpoint: &str, log: &Path) -> Process {
    let job = serde_json::to_string(job).unwrap();
    support::start(log, |command| command.env(JOB, job).envs(KEYS).env("AWS_ENDPOINT_URL", endpoint))
}

#[test]
#[ignore = "what other tests start as a process"]
fn the_process() {
    let Some(job) = std::env::var_os(JOB) else { return };
    let job: CountKeys = serde_json::from_str(job.to_str().unwrap()).unwrap();
    let env = job.environment().restore_or_start(&job.snapshots);
    job.build(&env);
    let _ = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_ansi(false).try_init();
    let report = env.execute(JOB_NAME).unwrap();
    eprintln!("{:?}", report.outcome);
}
