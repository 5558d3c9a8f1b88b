//! Does the engine keep what it promises besides speed? What a checkpoint costs, how fast a gigabyte
//! of state is written and read back, how late a record arrives, and whether memory stays flat when
//! the sink cannot keep up, whether unaligned checkpoints take no longer then, and what a checkpoint
//! writes where little has changed.
//!
//! `cargo bench --bench guarantees -- [checkpoints|snapshots|latency|backpressure|unaligned|changes] [repeats]` runs one
//! part, or all of them. Every figure stands beside a baseline of the same run; the two are measured
//! in turn, and medians are printed. Snapshots go to a folder in `TMPDIR`: have it on a disk.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark")]

mod backpressure;
mod changes;
mod checkpoints;
mod latency;
mod measure;
mod snapshots;
mod unaligned;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Of every operator; the machine that this was written on has two cores.
const SUBTASKS: u32 = 2;

type Part = (&'static str, fn(usize));

const PARTS: [Part; 6] = [
    ("checkpoints", checkpoints::run),
    ("snapshots", snapshots::run),
    ("latency", latency::run),
    ("backpressure", backpressure::run),
    ("unaligned", unaligned::run),
    ("changes", changes::run),
];

fn main() {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|text| !text.starts_with("--")).collect();
    if snapshots::run_as_child(&arguments) {
        return;
    }
    let repeats = arguments.iter().find_map(|text| text.parse().ok()).unwrap_or(3).max(1);
    let wanted = |part: &Part| {
        let mut names = arguments.iter().filter(|text| text.parse::<usize>().is_err()).peekable();
        names.peek().is_none() || names.any(|name| name == part.0)
    };
    for (name, run) in PARTS.into_iter().filter(wanted) {
        println!("\n== {name}");
        run(repeats);
    }
}
