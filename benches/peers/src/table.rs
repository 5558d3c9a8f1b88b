//! Medians, ratios, and how they are shown.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::json;

use crate::engine::ENGINES;

/// The figures of one work.
pub struct Row {
    work: &'static str,
    /// Median and spread of each engine, in the order of [`ENGINES`].
    rates: [Option<Rate>; ENGINES.len()],
}

#[derive(Clone, Copy)]
struct Rate {
    /// Records per second, median of all runs.
    median: f64,
    /// Slowest and fastest run, in records per second.
    range: (f64, f64),
}

impl Row {
    pub fn new(work: &'static str, records: u64, seconds: [Vec<f64>; ENGINES.len()]) -> Self {
        let rates = seconds.map(|runs| {
            let mut rates: Vec<f64> = runs.iter().map(|seconds| records as f64 / seconds).collect();
            rates.sort_by(f64::total_cmp);
            let range = (*rates.first()?, *rates.last()?);
            Some(Rate { median: median(&rates), range })
        });
        Row { work, rates }
    }

    /// Millstream's rate over the better peer's.
    fn ratio(&self) -> Option<f64> {
        let [millstream, peers @ ..] = self.rates.map(|rate| rate.map(|rate| rate.median));
        let best = peers.into_iter().flatten().max_by(f64::total_cmp)?;
        Some(millstream? / best)
    }
}

/// The median of sorted numbers; of an even number of them, the mean of the middle two.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

/// A text table in million records per second: the median, and the slowest to the fastest run.
pub fn render(rows: &[Row]) -> String {
    let mut table = format!("{:<24}", "M records/s");
    for engine in ENGINES {
        let _ = write!(table, "{engine:>24}");
    }
    table.push_str("   ratio\n");
    for row in rows {
        let _ = write!(table, "{:<24}", row.work);
        for rate in row.rates {
            let cell = rate.map(|Rate { median, range: (slowest, fastest) }| {
                format!("{:.2} ({:.2}-{:.2})", median / 1e6, slowest / 1e6, fastest / 1e6)
            });
            let _ = write!(table, "{:>24}", cell.unwrap_or_else(|| "-".to_owned()));
        }
        let ratio = row.ratio().map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
        let _ = writeln!(table, "{ratio:>8}");
    }
    table
}

/// One JSON object a row: `work`, the median records per second of each engine, and `ratio`; null where not run.
pub fn write_json(rows: &[Row], mut out: impl Write) -> io::Result<()> {
    for row in rows {
        let [millstream, renoir, timely] = row.rates.map(|rate| rate.map(|rate| rate.median));
        let line = json!({
            "work": row.work, "millstream": millstream, "renoir": renoir, "timely": timely, "ratio": row.ratio(),
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratio_is_to_the_better_peer() {
        let row = Row::new("work", 10, [vec![1.0, 5.0, 2.0], vec![4.0], vec![8.0, 12.0]]);
        assert_eq!(
            row.rates.map(|rate| rate.map(|rate| rate.median)),
            [Some(5.0), Some(2.5), Some(1.0416666666666667)]
        );
        assert_eq!(row.ratio(), Some(2.0));
    }

    #[test]
    fn an_engine_that_did_not_run_is_null() {
        let mut out = Vec::new();
        write_json(&[Row::new("work", 10, [vec![], vec![5.0], vec![2.0]])], &mut out)
            .expect("a Vec takes all");
        let row: serde_json::Value = serde_json::from_slice(&out).expect("one object");
        assert_eq!(
            row,
            json!({"work": "work", "millstream": null, "renoir": 2.0, "timely": 5.0, "ratio": null})
        );
    }
}
