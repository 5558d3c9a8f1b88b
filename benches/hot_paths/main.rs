//! The paths that every record takes, one at a time, each beside a baseline that does the least one
//! could do: hashing and routing, tables and rows of state, watermarks, channels, and state to bytes and back.
//!
//! `cargo bench --bench hot_paths [-- filter]`; a minute in all. Rates are in records or entries.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark")]

mod moving;
mod rows;
mod snapshot;
mod state;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Records in a batch.
const BATCH: u64 = millstream::engine::batch::BATCH_RECORDS as u64;

/// SplitMix64: spreads numbers as if at random.
const fn scramble(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Short runs: what matters here are factors, not per cents.
fn settings() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .without_plots()
}

criterion_group! {
    name = hot_paths;
    config = settings();
    targets = moving::routing, moving::channel_hop, moving::watermarks, state::table, state::windows, rows::sums,
        snapshot::encoding, snapshot::decoding
}
criterion_main!(hot_paths);
