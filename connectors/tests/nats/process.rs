//! A job as a process of its own, which can be killed: this test's program, started again.

use std::path::Path;

use super::jobs::CountKeys;
use super::support::{self, Process};

/// The name of the job.
pub const JOB_NAME: &str = "count keys";

const JOB: &str = "MILLSTREAM_TEST_JOB";
const SNAPSHOTS: &str = "MILLSTREAM_TEST_SNAPSHOTS";

/// Starts a job as a process; what it says goes to a file.
pub fn start(job: &CountKeys, snapshots: &Path, log: &Path) -> Process {
    let job = serde_json::to_string(job).unwrap();
    support::start(log, |command| command.env(JOB, job).env(SNAPSHOTS, snapshots))
}

#[test]
#[ignore = "what other tests start as a process"]
fn the_process() {
    let Some(job) = std::env::var_os(JOB) else { return };
    let job: CountKeys = serde_json::from_str(job.to_str().unwrap()).unwrap();
    let snapshots = std::env::var_os(SNAPSHOTS).unwrap();
    let env = job.environment(Path::new(&snapshots));
    job.build(&env);
    let _ = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_ansi(false).try_init();
    let report = env.execute(JOB_NAME).unwrap();
    eprintln!("{:?}", report.outcome);
}
