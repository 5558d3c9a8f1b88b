//! Times of passes over chunks, and the table of them.

use std::time::{Duration, Instant};

use millstream::sql::chunk::Chunk;

/// What is printed, line by line.
pub struct Table {
    filter: String,
}

/// How long each side of a line is measured, after a pass that is left out.
const LONG_ENOUGH: Duration = Duration::from_millis(700);

impl Table {
    pub fn begin(filter: String) -> Self {
        println!(
            "{:<42} {:>10} {:>10} {:>10} {:>10} {:>8}",
            "operator", "ns a row", "budget", "x budget", "loop, ns", "x loop"
        );
        Self { filter }
    }

    /// A line, unless it is filtered out. `work` and `plain` go through all rows once, as long as time is left.
    pub fn line(
        &self,
        name: &str,
        budget: f64,
        rows: usize,
        work: impl FnOnce() -> Box<dyn FnMut()>,
        plain: impl FnOnce() -> Box<dyn FnMut()>,
    ) {
        if !name.contains(&self.filter) {
            return;
        }
        let (work, plain) = (best(work(), rows), best(plain(), rows));
        println!(
            "{name:<42} {work:>10.1} {budget:>10.1} {:>10.2} {plain:>10.1} {:>8.2}",
            work / budget,
            work / plain
        );
    }
}

/// Nanoseconds a row of the best pass.
fn best(mut pass: Box<dyn FnMut()>, rows: usize) -> f64 {
    pass();
    let (start, mut best) = (Instant::now(), f64::MAX);
    while start.elapsed() < LONG_ENOUGH {
        let begin = Instant::now();
        pass();
        best = best.min(begin.elapsed().as_nanos() as f64 / rows as f64);
    }
    best
}

/// How many rows chunks have.
pub fn count(chunks: &[Chunk]) -> usize {
    chunks.iter().map(Chunk::rows).sum()
}
