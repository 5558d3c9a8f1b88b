//! Does a delay travel with the aircraft? Each departure from New York is joined with those of the same aircraft from two to
//! twelve hours later: an interval join of three months of real flights with themselves, by tail number.
//!
//! ```text
//! cargo run --release --example turnaround
//! cargo run --release --example turnaround -- --rate 40000 --kill-after 50000   # dies half way
//! cargo run --release --example turnaround -- --restore ./snapshots             # and goes on
//! ```

mod support;

use std::path::PathBuf;

use clap::Parser;
use millstream::join::TimeOffset;
use millstream::prelude::*;
use support::Options;
use support::flights::{Departure, departures};

const HOUR: Duration = Duration::from_secs(3_600);

/// Departures from New York of the same aircraft on the same day.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// The folder with flights-*.csv(.gz)
    #[arg(long, value_name = "DIR", default_value_os_t = support::data())]
    data: PathBuf,
}

/// Tail number, when each was due, where the first went to, and whether each left late.
fn line(first: &Departure, next: &Departure) -> String {
    let late = |departure: &Departure| if departure.is_delayed() { "late" } else { "in time" };
    let (due, due_next) = (first.scheduled(), next.scheduled());
    format!("{},{due},{due_next},{},{},{}", first.tailnum, first.dest, late(first), late(next))
}

fn build(env: &Environment, arguments: &Arguments) {
    let options = &arguments.options;
    let rows = env.from_source(departures(&arguments.data, options.rate)).name("flights").uid("flights");
    let flights = rows
        .inspect(options.kill_switch())
        .filter(Departure::is_known)
        .key_by(|departure| departure.tailnum.clone());
    let pairs = flights
        .interval_join(&flights)
        .between(TimeOffset::after(2 * HOUR), TimeOffset::after(12 * HOUR))
        .apply(line)
        .name("turnarounds")
        .uid("turnarounds");
    let results = FileSink::text(&options.output, String::clone).overwrite();
    pairs.sink_to(results).name("results").uid("results");
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let env = arguments.options.environment();
    build(&env, &arguments);
    let Some(metrics) = arguments.options.run(&env, "turnaround")? else { return Ok(()) };

    let lines = support::results(&arguments.options.output)?;
    println!("first flight   flights later   of those late");
    for first in ["in time", "late"] {
        let of_first = lines.iter().filter(|line| line.split(',').nth(4) == Some(first));
        let all: Vec<_> = of_first.collect();
        let late = all.iter().filter(|line| line.ends_with(",late")).count();
        println!("{first:<12} {:>15} {:>14.1}%", all.len(), 100.0 * late as f64 / all.len().max(1) as f64);
    }
    println!("\n{} pairs of flights", lines.len());
    println!("late records: {}", metrics.operator("turnarounds").late_records);
    Ok(())
}
