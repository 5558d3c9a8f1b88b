//! What works over records with event times share.
//!
//! Records are copied to memory before the clock starts. Each subtask's source emits a copy of every second one, and its
//! watermark rises every [`WATERMARK_INTERVAL`](crate::engine::WATERMARK_INTERVAL) records.

use std::hint::black_box;
use std::sync::Arc;

use super::Work;
use crate::engine::{Digest, ENGINES, Outcome, Records, Run, hash};

/// The time of the first record: where a window of any size begins that divides ten seconds.
pub const START: u64 = 1_700_000_000_000;

/// Records in a batch on Renoir.
pub const BATCH: usize = 4096;

/// A work over one kind of records.
pub fn work<T: Copy + 'static>(
    records: Vec<T>,
    reference: fn(&[T]) -> Digest,
    engines: [fn(&Records<T>) -> Outcome; ENGINES.len()],
) -> Work {
    let records = Arc::new(records);
    let (input, expected) = (records.clone(), records.clone());
    Work {
        records: records.len() as u64,
        input: Box::new(move || {
            input.iter().for_each(|record| {
                black_box(*record);
            })
        }),
        reference: Box::new(move || reference(&expected)),
        engines: engines.map(|run| {
            let records = records.clone();
            Some(Box::new(move || run(&records)) as Run)
        }),
    }
}

/// A number that looks random, always the same for the same number.
pub fn random(number: u64) -> u64 {
    hash(&number)
}

/// Puts records into the order of their arrival, up to `bound` milliseconds after their times.
pub fn delay<T>(records: &mut [T], bound: u64, time: impl Fn(&T) -> u64) {
    let mut number = 0;
    records.sort_by_cached_key(|record| {
        number += 1;
        // Of another series of numbers than what the records themselves are made from.
        time(record) + random(!number) % bound
    });
}
