//! Do flights leave late in bad weather? Each departure from New York is joined with the weather that its airport had reported last
//! when it was due: an as-of join of three months of real flights with hourly observations, counted by day and weather.
//!
//! ```text
//! cargo run --release --example weather_delays
//! cargo run --release --example weather_delays -- --rate 40000 --kill-after 50000   # dies half way
//! cargo run --release --example weather_delays -- --restore ./snapshots             # and goes on
//! ```

mod support;

use std::path::PathBuf;

use clap::Parser;
use millstream::connectors::files::CsvFormat;
use millstream::prelude::*;
use serde::{Deserialize, Serialize};
use support::Options;
use support::flights::{Departure, departures, scheduled, start_of_month};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Departures from New York, and the weather they left in.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// The folder with flights-*.csv(.gz) and weather-*.csv(.gz)
    #[arg(long, value_name = "DIR", default_value_os_t = support::data())]
    data: PathBuf,
}

/// An observation of an airport.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Observation {
    origin: String,
    /// Miles per hour.
    wind_speed: f64,
    /// Inches in the hour before.
    precip: f64,
    /// Miles.
    visib: f64,
    time_hour: String,
}

impl Observation {
    fn time(&self) -> Timestamp {
        scheduled(&self.time_hour, 0)
    }
}

/// The observations in the files of a folder.
fn observations(data: &std::path::Path) -> FileSource<CsvFormat<Observation>> {
    FileSource::csv::<Observation>(data.join("weather-*.csv*"))
        .timestamps(Observation::time)
        // A file has the month of one airport after that of the other.
        .watermarks(32 * DAY)
        .split_start(start_of_month)
}

/// What a flight left in, if its airport has told within two hours.
fn weather(departure: &Departure, latest: Option<&Observation>) -> &'static str {
    match latest.filter(|latest| departure.scheduled().since(latest.time()) < 2 * HOUR) {
        None => "unknown",
        Some(latest) if latest.precip > 0.0 => "rain or snow",
        Some(latest) if latest.visib < 5.0 => "fog",
        Some(latest) if latest.wind_speed > 20.0 => "wind",
        Some(_) => "fair",
    }
}

/// How many flights there were, how many of them left late, and by how many minutes all did together.
type Figures = (u64, u64, i64);

fn build(env: &Environment, arguments: &Arguments) {
    let options = &arguments.options;
    let rows = env.from_source(departures(&arguments.data, options.rate)).name("flights").uid("flights");
    let weathers = env.from_source(observations(&arguments.data)).name("weather").uid("weather");
    let joined = rows
        .inspect(options.kill_switch())
        .filter(Departure::has_left)
        .key_by(|departure| departure.origin.clone())
        .temporal_join(&weathers.key_by(|observation| observation.origin.clone()))
        .left_outer(|departure, latest| {
            let figures: Figures =
                (1, u64::from(departure.is_delayed()), departure.delay().unwrap_or_default());
            ((departure.origin.clone(), weather(departure, latest).to_owned()), figures)
        })
        .name("joined")
        .uid("joined");
    let days = joined
        .keyed()
        .window(TumblingEventTimeWindows::of(DAY))
        .reduce(|one, other| (one.0 + other.0, one.1 + other.1, one.2 + other.2))
        .name("days")
        .uid("days");
    let lines = days.map(|day| {
        let ((origin, weather), (flights, late, minutes)) = (day.key, day.value);
        format!("{},{origin},{weather},{flights},{late},{minutes}", day.window.start)
    });
    let results = FileSink::text(&options.output, String::clone).overwrite();
    lines.sink_to(results).name("results").uid("results");
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let env = arguments.options.environment();
    build(&env, &arguments);
    let Some(metrics) = arguments.options.run(&env, "weather_delays")? else { return Ok(()) };

    let lines = support::results(&arguments.options.output)?;
    println!("weather        flights   late   minutes on average");
    for weather in ["fair", "wind", "fog", "rain or snow", "unknown"] {
        let of_weather = lines.iter().filter(|line| line.split(',').nth(2) == Some(weather));
        let field =
            |line: &str, field| line.split(',').nth(field).and_then(|text| text.parse().ok()).unwrap_or(0.0);
        let sums = of_weather.fold([0.0; 3], |sums: [f64; 3], line| {
            let [flights, late, minutes] = sums;
            [flights + field(line, 3), late + field(line, 4), minutes + field(line, 5)]
        });
        let [flights, late, minutes] = sums;
        let share = flights.max(1.0);
        println!("{weather:<12} {flights:>9} {:>5.1}% {:>20.1}", 100.0 * late / share, minutes / share);
    }
    println!("\n{} groups of flights", lines.len());
    println!("late records: {}", metrics.operator("joined").late_records);
    Ok(())
}
