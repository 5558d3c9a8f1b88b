//! How late do flights leave New York? Three months of real flights, per airline and airport, by the
//! hour and by the day; every cancelled flight on its own line.
//!
//! ```text
//! cargo run --release --example flight_delays
//! cargo run --release --example flight_delays -- --rate 40000 --kill-after 50000   # dies half way
//! cargo run --release --example flight_delays -- --restore ./snapshots             # and goes on
//! ```
//!
//! The files are read in parallel, and neither files nor rows are in order of time. Two facts make
//! a watermark possible under which no flight is ever late: a file holds one month, and within it
//! rows are sorted by day. So a file that has not been begun holds the watermark back to the start
//! of its month, and within a file it stays a day behind.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "an example's own table of its own lines")]

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Parser;
use millstream::prelude::*;
use serde::{Deserialize, Serialize};
use support::Options;
use support::flights::{self, DELAYED_MINUTES, LONGEST_DAY, start_of_month};

const HOUR: Duration = Duration::from_secs(3_600);

/// Delays of the flights that left New York in 2013.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// The folder with flights-*.csv(.gz) and airlines.csv
    #[arg(long, value_name = "DIR", default_value_os_t = support::data())]
    data: PathBuf,
}

/// A row of the file, as it stands there: what is missing is `NA`.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Row {
    dep_time: String,
    dep_delay: String,
    carrier: String,
    flight: u32,
    origin: String,
    dest: String,
    minute: i64,
    time_hour: String,
}

impl Row {
    /// The scheduled departure, in UTC: the event time of a flight.
    fn scheduled(&self) -> Timestamp {
        flights::scheduled(&self.time_hour, self.minute)
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Airline {
    carrier: String,
    name: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Flight {
    scheduled: Timestamp,
    /// Minutes after schedule; negative if early; `None` if the flight was cancelled.
    delay: Option<i64>,
    carrier: String,
    airline: String,
    number: u32,
    origin: String,
    destination: String,
}

impl Flight {
    fn new(row: Row, airline: Option<&String>) -> Self {
        Self {
            scheduled: row.scheduled(),
            delay: if row.dep_time == "NA" { None } else { row.dep_delay.parse().ok() },
            airline: airline.cloned().unwrap_or_else(|| "unknown".to_owned()),
            carrier: row.carrier,
            number: row.flight,
            origin: row.origin,
            destination: row.dest,
        }
    }

    fn group(self) -> Group {
        Group { carrier: self.carrier, airline: self.airline, origin: self.origin }
    }
}

/// What windows are kept for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Group {
    carrier: String,
    airline: String,
    origin: String,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Delays {
    flights: u64,
    delayed: u64,
    sum: i64,
    longest: i64,
}

impl Delays {
    fn of_one(minutes: i64) -> Self {
        Self { flights: 1, delayed: u64::from(minutes > DELAYED_MINUTES), sum: minutes, longest: minutes }
    }

    fn and(self, other: Self) -> Self {
        Self {
            flights: self.flights + other.flights,
            delayed: self.delayed + other.delayed,
            sum: self.sum + other.sum,
            longest: self.longest.max(other.longest),
        }
    }
}

fn line(kind: &str, result: &WindowResult<Group, Delays>) -> String {
    let Group { carrier, airline, origin } = &result.key;
    let Delays { flights, delayed, sum, longest } = result.value;
    format!("{kind},{},{carrier},{airline},{origin},{flights},{delayed},{sum},{longest}", result.window.start)
}

fn build(env: &Environment, arguments: &Arguments) {
    let options = &arguments.options;
    let rows = FileSource::csv::<Row>(arguments.data.join("flights-*.csv*"))
        .timestamps(Row::scheduled)
        .watermarks(LONGEST_DAY)
        .split_start(start_of_month)
        .rate(options.rate);
    let rows = env.from_source(rows).name("flights").uid("flights").inspect(options.kill_switch());
    let airlines = FileSource::csv::<Airline>(arguments.data.join("airlines.csv"));
    let airlines = env.from_source(airlines).name("airlines").uid("airlines").parallelism(1);
    let flights = rows
        .enrich(&airlines, |row| row.carrier.clone(), |airline| (airline.carrier, airline.name), Flight::new)
        .name("airline names")
        .uid("airline names");

    let cancelled = OutputTag::new("cancelled");
    let tag = cancelled.clone();
    let departed = flights
        .process_fn(move |flight, _, out| match flight.delay {
            Some(minutes) => out.emit((flight.group(), Delays::of_one(minutes))),
            None => out.emit_side(&tag, flight),
        })
        .name("split cancelled");
    let cancelled = departed.side_output(&cancelled).map(|flight| {
        let Flight { scheduled, carrier, airline, number, origin, destination, .. } = flight;
        format!("cancelled,{scheduled},{carrier},{airline},{origin},{destination},{number}")
    });
    let groups = departed.keyed();
    let windows = |kind: &'static str, size: Duration| {
        let results = groups.window(TumblingEventTimeWindows::of(size)).reduce(Delays::and);
        results.name(kind).uid(kind).map(move |result| line(kind, &result))
    };
    let (hourly, daily) = (windows("hourly", HOUR), windows("daily", 24 * HOUR));
    let results = FileSink::text(&options.output, String::clone).overwrite();
    hourly.union_all([&daily, &cancelled]).sink_to(results).name("results").uid("results");
}

/// The airlines by share of delayed flights, from the daily lines of the committed results.
fn worst_airlines(lines: &[String]) -> Vec<(&str, Delays)> {
    let mut airlines = BTreeMap::<&str, Delays>::new();
    for line in lines.iter().filter(|line| line.starts_with("daily,")) {
        let fields: Vec<_> = line.split(',').collect();
        let number = |index: usize| fields[index].parse::<i64>().unwrap();
        let (flights, delayed) = (number(5).unsigned_abs(), number(6).unsigned_abs());
        let day = Delays { flights, delayed, sum: number(7), longest: number(8) };
        airlines.entry(fields[3]).and_modify(|sum| *sum = sum.and(day)).or_insert(day);
    }
    let mut airlines: Vec<_> = airlines.into_iter().collect();
    let share = |delays: &Delays| delays.delayed as f64 / delays.flights as f64;
    airlines.sort_by(|(_, left), (_, right)| share(right).total_cmp(&share(left)));
    airlines
}

fn print_table(lines: &[String]) {
    println!(
        "{:<28} {:>8} {:>9} {:>11} {:>13}",
        "airline", "flights", "delayed", "mean (min)", "longest (min)"
    );
    for (name, delays) in worst_airlines(lines) {
        let flights = delays.flights as f64;
        println!(
            "{name:<28} {:>8} {:>8.1}% {:>11.1} {:>13}",
            delays.flights,
            100.0 * delays.delayed as f64 / flights,
            delays.sum as f64 / flights,
            delays.longest
        );
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let env = arguments.options.environment();
    build(&env, &arguments);
    let Some(metrics) = arguments.options.run(&env, "flight_delays")? else { return Ok(()) };

    let output = &arguments.options.output;
    let lines = support::results(output)?;
    print_table(&lines);
    let of_kind = |kind: &str| lines.iter().filter(|line| line.starts_with(kind)).count();
    println!(
        "\n{} hourly and {} daily windows, {} cancelled flights in {}",
        of_kind("hourly,"),
        of_kind("daily,"),
        of_kind("cancelled,"),
        output.display()
    );
    let late = metrics.operator("hourly").late_records + metrics.operator("daily").late_records;
    println!("late records: {late}");
    Ok(())
}
