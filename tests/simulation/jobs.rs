//! The jobs that are run under seeds, each with its answer in plain Rust.

mod async_io;
mod broadcast;
mod columns;
mod drip;
mod enrich;
mod expansion;
mod expiry;
mod files;
mod hybrid;
mod join;
mod joins;
mod large_state;
mod lateness;
mod patterns;
mod rolling;
mod routes;
mod sql;
mod sql_files;
mod sql_parquet;
mod timers;
mod triggers;
mod windows;

use super::setting::{Setting, Verdict};

/// A job: its name, and a run of it.
pub type Job = (&'static str, fn(&Setting) -> Verdict);

/// All of them.
pub const JOBS: &[Job] = &[
    ("rolling count and reduce", rolling::count_and_reduce),
    ("rolling count of splits that come up", rolling::of_splits_that_come_up),
    ("rolling count, collected", rolling::collected),
    ("rolling count without checkpoints", rolling::without_checkpoints),
    ("large state", large_state::with_few_changes),
    ("at least once", rolling::at_least_once),
    ("windows over disorder", windows::over_disorder),
    ("windows and late records", windows::with_late_records),
    ("sliding windows and lateness", lateness::sliding_windows),
    ("many sliding windows and lateness", lateness::many_sliding_windows),
    ("session windows and lateness", lateness::session_windows),
    ("dynamic session windows and lateness", lateness::dynamic_session_windows),
    ("global windows", lateness::global_windows),
    ("triggers and evictors", triggers::of_sliding_windows),
    ("windows of processing time", triggers::of_processing_time),
    ("timers", timers::both_domains),
    ("much from timers", drip::from_timers),
    ("state that expires", expiry::within_bounds),
    ("join", join::lists_of_two_inputs),
    ("interval join", joins::by_interval),
    ("window and temporal join", joins::by_window_and_version),
    ("patterns and late records", patterns::of_records_out_of_order),
    ("enrich and broadcast", enrich::enrich_and_broadcast),
    ("rules that change", broadcast::rules_that_change),
    ("async I/O before windows", async_io::unordered_before_windows),
    ("async I/O by key", async_io::ordered_by_key),
    ("routes", routes::unions_and_sides),
    ("chunks of columns", columns::counted_by_key),
    ("thousands from one", expansion::many_from_one),
    ("one source after the other", hybrid::one_after_the_other),
    ("files", files::from_files_to_files),
    ("files by uploads", files::from_files_to_uploads),
    ("SQL: aggregate of an aggregate", sql::aggregate_of_an_aggregate),
    ("files of SQL", sql_files::from_files_to_partitions),
    ("files of Parquet", sql_parquet::from_parquet_to_partitions),
];
