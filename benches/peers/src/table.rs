//! How figures are shown.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::json;

use crate::engine::ENGINES;
use crate::measure::Row;

/// Two text tables: million records per second by the clock (the median, and the slowest to the fastest run), and
/// nanoseconds of processor time a record.
pub fn render(rows: &[Row]) -> String {
    let shown = |ratio: Option<f64>| ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
    let mut table = format!("{:<34}", "M records/s");
    for engine in ENGINES {
        let _ = write!(table, "{engine:>24}");
    }
    table.push_str("   ratio\n");
    for row in rows {
        let _ = write!(table, "{:<34}", row.work);
        for figures in row.engines {
            let cell = figures.map(|figures| {
                let (slowest, fastest) = figures.range;
                format!("{:.2} ({:.2}-{:.2})", figures.rate / 1e6, slowest / 1e6, fastest / 1e6)
            });
            let _ = write!(table, "{:>24}", cell.unwrap_or_else(|| "-".to_owned()));
        }
        let _ = writeln!(table, "{:>8}", shown(row.clock_ratio()));
    }
    let _ = write!(table, "\n{:<34}{:>8}", "processor ns/record", "input");
    for engine in ENGINES {
        let _ = write!(table, "{engine:>12}");
    }
    table.push_str("   ratio   above\n");
    for row in rows {
        let _ = write!(table, "{:<34}{:>8.1}", row.work, row.input);
        for figures in row.engines {
            let cell = figures.map(|figures| format!("{:.1}", figures.processor));
            let _ = write!(table, "{:>12}", cell.unwrap_or_else(|| "-".to_owned()));
        }
        let _ = writeln!(table, "{:>8}{:>8}", shown(row.processor_ratio()), shown(row.ratio_above_input()));
    }
    table
}

/// One JSON object a row; null where an engine was not run.
pub fn write_json(rows: &[Row], mut out: impl Write) -> io::Result<()> {
    for row in rows {
        let [millstream, renoir, timely] = row.engines.map(|figures| {
            figures.map(|figures| {
                json!({
                    "rate": figures.rate,
                    "processor_ns": figures.processor,
                    "above_input_ns": row.above_input(figures),
                })
            })
        });
        let line = json!({
            "work": row.work,
            "input_ns": row.input,
            "millstream": millstream,
            "renoir": renoir,
            "timely": timely,
            "clock_ratio": row.clock_ratio(),
            "processor_ratio": row.processor_ratio(),
            "ratio_above_input": row.ratio_above_input(),
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::measure::Runs;

    #[test]
    fn an_engine_that_did_not_run_is_null() {
        let runs = |seconds| {
            let mut runs = Runs::default();
            runs.push(Duration::from_secs(seconds), Duration::from_secs(2 * seconds));
            runs
        };
        let row =
            Row::new("work", 10_000_000, vec![Duration::from_secs(1)], [Runs::default(), runs(5), runs(2)]);
        let mut out = Vec::new();
        write_json(std::slice::from_ref(&row), &mut out).expect("a Vec takes all");
        let written: serde_json::Value = serde_json::from_slice(&out).expect("one object");
        let timely = json!({"rate": 5e6, "processor_ns": 400.0, "above_input_ns": 300.0});
        assert_eq!((&written["millstream"], &written["timely"]), (&json!(null), &timely));
        assert_eq!((&written["clock_ratio"], &written["input_ns"]), (&json!(null), &json!(100.0)));
        let shown = render(&[row]);
        assert!(shown.contains("5.00 (5.00-5.00)") && shown.contains("400.0"), "{shown}");
    }
}
