//! Rows that say themselves when their window ends.

use std::collections::BTreeMap;

use arrow_array::BooleanArray;
use millstream_runtime::Result;

use super::{LocalTimes, WindowClock};
use crate::chunk::Chunk;
use crate::operators::window_aggregate::null_time;

/// The rows of a chunk by the end of their window, and how many were left out because it is over at a watermark.
pub(in crate::operators) fn by_window(
    chunk: &Chunk,
    column: usize,
    clock: &WindowClock,
    watermark: i64,
) -> Result<(Vec<(i64, Chunk)>, usize)> {
    let ends = LocalTimes::of(chunk.column(column)?, &WindowClock::default())?;
    if !ends.are_all_valid() {
        return Err(null_time());
    }
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    let mut known: Option<(i64, usize)> = None;
    for end in &ends.times {
        match &mut known {
            Some((last, count)) if last == end => *count += 1,
            _ => {
                if let Some((last, count)) = known.replace((*end, 1)) {
                    *counts.entry(last).or_default() += count;
                }
            }
        }
    }
    if let Some((last, count)) = known {
        *counts.entry(last).or_default() += count;
    }
    let mut late = 0;
    let mut windows = Vec::with_capacity(counts.len());
    for (end, count) in counts {
        if clock.is_over(end, watermark) {
            late += count;
        } else if count == chunk.rows() {
            windows.push((end, chunk.clone()));
        } else {
            let mask: BooleanArray = ends.times.iter().map(|time| Some(*time == end)).collect();
            windows.push((end, chunk.filter(&mask)?));
        }
    }
    Ok((windows, late))
}
