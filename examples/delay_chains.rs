//! Aircraft that are in trouble: which left New York late three times in a row within a day? A pattern over three
//! months of real flights, for each tail number.
//!
//! ```text
//! cargo run --release --example delay_chains
//! cargo run --release --example delay_chains -- --rate 40000 --kill-after 50000   # dies half way
//! cargo run --release --example delay_chains -- --restore ./snapshots             # and goes on
//! ```
//!
//! In a row means that no flight of the aircraft from New York lies between that left in time. A flight is part of one chain at most: the next one
//! begins after the last flight of a chain.

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Parser;
use millstream::pattern::{AfterMatchSkip, Matched, Pattern};
use millstream::prelude::*;
use support::Options;
use support::flights::{Departure, departures};

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Aircraft that left New York late three times in a row within a day.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// The folder with flights-*.csv(.gz)
    #[arg(long, value_name = "DIR", default_value_os_t = support::data())]
    data: PathBuf,
}

fn chains() -> Pattern<Departure> {
    Pattern::begin("late")
        .where_is(Departure::is_delayed)
        .times(3)
        .consecutive()
        .within(DAY)
        .after_match(AfterMatchSkip::past_last_event())
}

/// Tail number, when the first and the last flight were due, and by how many minutes each was late.
fn line(chain: &Matched<'_, Departure>) -> Option<String> {
    let (first, last) = (chain.first("late")?, chain.last("late")?);
    let minutes: Vec<String> =
        chain.events("late").filter_map(Departure::delay).map(|minutes| minutes.to_string()).collect();
    Some(format!("{},{},{},{}", first.tailnum, first.scheduled(), last.scheduled(), minutes.join("+")))
}

fn build(env: &Environment, arguments: &Arguments) {
    let options = &arguments.options;
    let rows = env.from_source(departures(&arguments.data, options.rate)).name("flights").uid("flights");
    let found = rows
        .inspect(options.kill_switch())
        .filter(Departure::is_known)
        .key_by(|departure| departure.tailnum.clone())
        .pattern(&chains())
        .select(line)
        .name("chains")
        .uid("chains");
    let results = FileSink::text(&options.output, String::clone).overwrite();
    found.sink_to(results).name("results").uid("results");
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let env = arguments.options.environment();
    build(&env, &arguments);
    let Some(metrics) = arguments.options.run(&env, "delay_chains")? else { return Ok(()) };

    let lines = support::results(&arguments.options.output)?;
    let mut aircraft = BTreeMap::<&str, usize>::new();
    for line in &lines {
        *aircraft.entry(line.split(',').next().unwrap_or_default()).or_default() += 1;
    }
    let mut worst: Vec<_> = aircraft.into_iter().collect();
    worst.sort_by_key(|(tail, chains)| (std::cmp::Reverse(*chains), *tail));
    println!("aircraft  chains");
    worst.iter().take(10).for_each(|(tail, chains)| println!("{tail:<8} {chains:>7}"));
    println!("\n{} chains of {} aircraft", lines.len(), worst.len());
    println!("late records: {}", metrics.operator("chains").late_records);
    Ok(())
}
