//! The job as a process of its own, which can be killed: this test's program, started again.

use std::path::Path;

use millstream::connectors::http::DeliveryGuarantee;

use super::jobs;
use super::support::{self, Process};

const URL: &str = "MILLSTREAM_TEST_URL";
const FOLDER: &str = "MILLSTREAM_TEST_FOLDER";
const PARALLELISM: &str = "MILLSTREAM_TEST_PARALLELISM";
const ONCE: &str = "MILLSTREAM_TEST_ONCE";

/// Starts the job; what it says goes to a file in the folder, as do its snapshots.
pub fn start(url: &str, folder: &Path, parallelism: u32, guarantee: DeliveryGuarantee) -> Process {
    let once = (guarantee == DeliveryGuarantee::ExactlyOnce).to_string();
    support::start(&folder.join("log"), |command| {
        command.env(URL, url).env(FOLDER, folder).env(PARALLELISM, parallelism.to_string()).env(ONCE, once)
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
    let guarantee = match variable(ONCE).as_deref() {
        Some("true") => DeliveryGuarantee::ExactlyOnce,
        _ => DeliveryGuarantee::AtLeastOnce,
    };
    jobs::run(&url, &Path::new(&folder).join("snapshots"), parallelism, guarantee).unwrap();
}
