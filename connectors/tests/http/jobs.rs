//! The job that is killed: numbers, to a webhook.

use std::path::Path;
use std::time::Duration;

use millstream::connectors::http::{BatchFormat, DeliveryGuarantee, RetryPolicy, WebhookSink};
use millstream::prelude::*;

use super::how_often;

/// How often a job is killed.
pub fn kills() -> u32 {
    how_often::kills(6)
}

/// How many numbers there are: enough for the job to live as long as it is killed.
pub fn numbers() -> u64 {
    2_500 * u64::from(kills())
}

/// The name of the job.
pub const JOB_NAME: &str = "numbers";

/// Runs the job to its end; it goes on with what is in the folder of snapshots.
pub fn run(url: &str, snapshots: &Path, parallelism: u32, guarantee: DeliveryGuarantee) -> Result<()> {
    let snapshots = snapshots.to_string_lossy();
    let env = Environment::new()
        .parallelism(parallelism)
        .checkpoint_every(Duration::from_millis(50))
        .snapshot_folder(snapshots.clone())
        .restart_strategy(RestartStrategy::fixed_delay(10_000, Duration::from_millis(100)))
        .restore_or_start(snapshots);
    let slowly = |number: &u64| {
        if number.is_multiple_of(50) {
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    let sink = WebhookSink::json(url)
        .retry(RetryPolicy::new(Duration::from_millis(1), Duration::from_millis(20)).max_attempts(None))
        .batch(BatchFormat::JsonArray, 30)
        .flush_interval(Duration::from_millis(20))
        .max_in_flight(2)
        .delivery_guarantee(guarantee);
    env.from_generator(Some(numbers()), |number| number)
        .uid("numbers")
        .inspect(slowly)
        .sink_to(sink)
        .uid("webhook");
    env.execute(JOB_NAME).map(drop)
}
