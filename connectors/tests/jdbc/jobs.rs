//! The job that is run: numbers into a table to which they are added, and how many of them each key has into one in which
//! rows replace each other.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use millstream::connectors::jdbc::{Change, DeliveryGuarantee, JdbcConnection, JdbcSink, Value};
use millstream::prelude::*;

/// How many numbers there are, and how many keys.
pub const NUMBERS: u64 = 60_000;
pub const KEYS: u64 = 97;

/// The name of the job.
pub const JOB_NAME: &str = "numbers";

/// What the database needs.
pub const TABLES: &str =
    "CREATE TABLE numbers (n BIGINT, k BIGINT); CREATE TABLE totals (k BIGINT PRIMARY KEY, n BIGINT)";
/// What it has in the end: how many numbers, how many different ones, their sum, and of the totals how many there are, their
/// least, their greatest and their sum.
pub const ANSWER: &str = "SELECT count(*), count(DISTINCT n), CAST(sum(n) AS BIGINT) FROM numbers";
pub const TOTALS: &str = "SELECT count(*), min(n), max(n), CAST(sum(n) AS BIGINT) FROM totals";

/// Runs the job to its end; it goes on with what is in the folder of snapshots.
pub fn run(url: &str, snapshots: &Path, parallelism: u32) -> Result<()> {
    let snapshots = snapshots.to_string_lossy();
    let env = Environment::new()
        .parallelism(parallelism)
        .checkpoint_every(Duration::from_millis(100))
        .snapshot_folder(snapshots.clone())
        .restart_strategy(RestartStrategy::fixed_delay(10_000, Duration::from_millis(100)))
        .restore_or_start(snapshots);
    let count = Arc::new(AtomicU64::new(0));
    let slowly = move |_: &u64| {
        if count.fetch_add(1, Ordering::Relaxed).is_multiple_of(100) {
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    let connection =
        || JdbcConnection::new(url).username("postgres").connect_timeout(Duration::from_secs(30));
    let add = |n: u64| Change::Upsert(vec![Value::from(n as i64), Value::from((n % KEYS) as i64)]);
    let replace = |(k, n): (u64, u64)| Change::Upsert(vec![Value::from(k as i64), Value::from(n as i64)]);
    let numbers = env.from_generator(Some(NUMBERS), |n| n).uid("numbers").inspect(slowly);
    numbers
        .sink_to(
            JdbcSink::new(connection(), "numbers", ["n", "k"], add)
                .delivery_guarantee(DeliveryGuarantee::ExactlyOnce),
        )
        .uid("added");
    numbers
        .key_by(|n| n % KEYS)
        .count()
        .uid("counts")
        .sink_to(JdbcSink::new(connection(), "totals", ["k", "n"], replace).key(["k"]))
        .uid("replaced");
    env.execute(JOB_NAME).map(drop)
}

/// What there is in the end, as [`ANSWER`] and [`TOTALS`] say it.
pub fn expected() -> (Vec<i64>, Vec<i64>) {
    let (numbers, keys) = (NUMBERS as i64, KEYS as i64);
    let least = numbers / keys;
    let greatest = least + i64::from(numbers % keys != 0);
    (vec![numbers, numbers, numbers * (numbers - 1) / 2], vec![keys, least, greatest, numbers])
}
