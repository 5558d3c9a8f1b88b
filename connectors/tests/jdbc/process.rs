//! The job as a process of its own, which can be killed: this test's program, started again.

use std::path::Path;

use super::jobs;
use super::support::{self, Process};

const URL: &str = "MILLSTREAM_TEST_URL";
const FOLDER: &str = "MILLSTREAM_TEST_FOLDER";
const PARALLELISM: &str = "MILLSTREAM_TEST_PARALLELISM";

/// Starts the job; what it says goes to a file in the folder, as do its snapshots.
pub fn start(url: &str, folder: &Path, parallelism: u32) -> Process {
    support::start(&folder.join("log"), |command| {
        command.env(URL, url).env(FOLDER, folder).env(PARALLELISM, parallelism.to_string())
    })
}

#[test]
#[ignore = "what other tests start as a process"]
fn the_process() {
    let variable = |name| std::env::var(name).ok();
    let (Some(url), Some(folder)) = (variable(URL), variable(FOLDER)) else { return };
    let _ = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_ansi(false)
        .try_init();
    let parallelism = variable(PARALLELISM).unwrap().parse().unwrap();
    jobs::run(&url, &Path::new(&folder).join("snapshots"), parallelism).unwrap();
}
