//! The work, one file each.

mod interval_join;
mod keyed_count;
mod nexmark;
mod pattern;
mod sessions;
mod sliding;
mod timed;
mod word_count;

#[cfg(test)]
mod tests;

use crate::engine::{Digest, ENGINES, Run};

/// One piece of work, ready to run: its input is in memory.
pub struct Work {
    /// What a rate is counted in.
    pub records: u64,
    /// Makes each record that the sources emit and drops it again, in a plain loop: what no engine can do without.
    pub input: Box<dyn Fn()>,
    /// The right answer, from plain Rust.
    pub reference: Box<dyn Fn() -> Digest>,
    /// In the order of [`ENGINES`]; `None` where an engine does not take part.
    pub engines: [Option<Run>; ENGINES.len()],
}

/// Makes the input of a work, with the scale that multiplies its number of records.
pub type Prepare = fn(f64) -> Work;

/// All work, by name.
pub fn all() -> Vec<(&'static str, Prepare)> {
    let mut all: Vec<(&'static str, Prepare)> = vec![
        ("keyed-count-1k", |scale| keyed_count::each(scale, 1_000)),
        ("keyed-count-1m", |scale| keyed_count::each(scale, 1_000_000)),
        ("keyed-count-pipeline-1k", |scale| keyed_count::each_pipeline(scale, 1_000)),
        ("keyed-count-pipeline-1m", |scale| keyed_count::each_pipeline(scale, 1_000_000)),
        ("keyed-count-combined-1k", |scale| keyed_count::combined(scale, 1_000)),
        ("keyed-count-combined-1m", |scale| keyed_count::combined(scale, 1_000_000)),
        ("keyed-count-combined-pipeline-1k", |scale| keyed_count::combined_pipeline(scale, 1_000)),
        ("word-count", word_count::each),
        ("word-count-combined", word_count::combined),
        ("sessions-1m", sessions::work),
        ("sliding-10m-1s", sliding::work),
        ("interval-join", interval_join::work),
        ("pattern-10m", pattern::work),
    ];
    all.extend(nexmark::ALL);
    all
}
