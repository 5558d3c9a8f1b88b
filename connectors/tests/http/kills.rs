//! Jobs that are killed again and again while they call a webhook that fails.

use std::path::Path;
use std::sync::{Arc, Mutex};

use millstream::connectors::http::DeliveryGuarantee;
use millstream::engine::state::snapshot::storage::resolve;

use super::jobs::{JOB_NAME, kills, numbers};
use super::killing::run_killing;
use super::process::start;
use super::receiver::{Accepted, receiver};
use super::support::random;

/// The number of the latest checkpoint in the folder of the job's snapshots.
fn latest_checkpoint(snapshots: &Path) -> u64 {
    let found = futures::executor::block_on(resolve(&snapshots.to_string_lossy(), Some(JOB_NAME)));
    found.ok().and_then(|found| Some(found.checkpoint_name()?.id.number())).unwrap_or(0)
}

/// What has arrived of a job that was killed on its way.
fn arrived(guarantee: DeliveryGuarantee) -> Arc<Mutex<Accepted>> {
    let mut random = random();
    let (server, accepted) = receiver(millstream::engine::clock::Random::new(random.next()), 8);
    let (folder, url) = (tempfile::tempdir().unwrap(), server.url("http"));
    let snapshots = folder.path().join("snapshots");
    run_killing(
        kills(),
        &mut random,
        &folder.path().join("log"),
        || latest_checkpoint(&snapshots),
        |random| start(&url, folder.path(), 1 + random.below(3) as u32, guarantee),
    );
    accepted
}

#[test]
fn a_job_that_is_killed_loses_nothing() {
    let accepted = arrived(DeliveryGuarantee::AtLeastOnce);
    let times = accepted.lock().unwrap().times();
    assert_eq!(times.keys().copied().collect::<Vec<_>>(), (0..numbers()).collect::<Vec<_>>());
    assert!(times.values().any(|times| *times > 1), "nothing was sent twice: kills came too soon");
}

#[test]
fn a_job_that_is_killed_sends_everything_once_to_a_receiver_that_honours_keys() {
    let accepted = arrived(DeliveryGuarantee::ExactlyOnce);
    assert_eq!(accepted.lock().unwrap().once(), (0..numbers()).collect::<Vec<_>>());
}
