//! The operators of SQL, one at a time: nanoseconds a row of chunks of 4,096, each beside its budget and beside a plain
//! loop that does the least one could do, in the same run.
//!
//! `cargo bench --features sql,parquet,protobuf --bench sql [-- filter]`; about a minute. The budget is what the operator was designed to
//! take, with state in the nearer caches or with a million keys. What a guard can watch is the ratio to the loop, which
//! moves little with the machine.

#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark measures time and fails by panicking"
)]

mod aggregates;
mod formats;
mod joins;
mod measure;
mod ranks;
mod rows;
mod stateless;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let filter = std::env::args().skip(1).find(|word| !word.starts_with("--")).unwrap_or_default();
    let table = measure::Table::begin(filter);
    stateless::run(&table);
    aggregates::run(&table);
    joins::run(&table);
    ranks::run(&table);
    formats::run(&table);
}
