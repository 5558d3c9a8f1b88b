//! Which aircraft flew? Each departure from New York is looked up in a register of aircraft that takes a while to answer and
//! now and then does not: many requests at a time, attempts after failures, and no flight asked about twice in the results.
//!
//! ```text
//! cargo run --release --example enrich_async
//! cargo run --release --example enrich_async -- --latency 20 --capacity 10      # a slow register, asked politely
//! cargo run --release --example enrich_async -- --rate 40000 --kill-after 50000 # dies half way
//! cargo run --release --example enrich_async -- --restore ./snapshots           # and goes on
//! ```

#![allow(clippy::disallowed_methods, reason = "a slow service, and how long all of it takes")]

mod support;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Parser;
use millstream::async_io::AsyncRetryStrategy;
use millstream::prelude::*;
use serde::Deserialize;
use support::Options;
use support::flights::{Departure, departures};

/// One of so many requests fails.
const FAILS_ONCE_IN: u64 = 1_000;

/// Departures from New York, with the aircraft that flew.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// The folder with flights-*.csv(.gz) and planes.csv
    #[arg(long, value_name = "DIR", default_value_os_t = support::data())]
    data: PathBuf,
    /// How many milliseconds the register takes to answer
    #[arg(long, value_name = "MS", default_value_t = 2)]
    latency: u64,
    /// How many requests may be under way in each subtask
    #[arg(long, value_name = "N", default_value_t = 500)]
    capacity: usize,
}

#[derive(Clone, Deserialize)]
struct Plane {
    tailnum: String,
    manufacturer: String,
    seats: u32,
}

/// Stands for a service elsewhere: it has a table, and takes its time.
#[derive(Clone)]
struct Register {
    planes: Arc<HashMap<String, Plane>>,
    latency: Duration,
    requests: Arc<AtomicU64>,
}

impl Register {
    fn open(data: &Path, latency: Duration) -> Result<Self> {
        let unreadable = |error: csv::Error| {
            Error::new(ErrorKind::InvalidInput, "cannot read planes.csv").caused_by(error)
        };
        let mut rows = csv::Reader::from_path(data.join("planes.csv")).map_err(unreadable)?;
        let rows = rows.deserialize().map(|row| row.map(|plane: Plane| (plane.tailnum.clone(), plane)));
        let planes = rows.collect::<std::result::Result<_, _>>().map_err(unreadable)?;
        Ok(Self { planes: Arc::new(planes), latency, requests: Arc::default() })
    }

    /// The aircraft of this tail number, if the register has it.
    async fn look_up(&self, tailnum: &str) -> FunctionResult<Option<Plane>> {
        let request = self.requests.fetch_add(1, Ordering::Relaxed);
        // Some answers take three times as long as others.
        tokio::time::sleep(self.latency * (1 + u32::try_from(request % 3)?) / 2).await;
        if request % FAILS_ONCE_IN == FAILS_ONCE_IN - 1 {
            return Err("the register is out of order")?;
        }
        Ok(self.planes.get(tailnum).cloned())
    }
}

/// Tail number, when the flight was due, where it went to, and the aircraft.
fn line(departure: &Departure, plane: Option<&Plane>) -> String {
    let plane =
        plane.map_or("unknown,0".to_owned(), |plane| format!("{},{}", plane.manufacturer, plane.seats));
    format!("{},{},{},{plane}", departure.tailnum, departure.scheduled(), departure.dest)
}

fn build(env: &Environment, arguments: &Arguments, register: &Register) {
    let options = &arguments.options;
    let rows = env.from_source(departures(&arguments.data, options.rate)).name("flights").uid("flights");
    let register = register.clone();
    let flown = rows
        .inspect(options.kill_switch())
        .filter(Departure::is_known)
        .rebalance()
        .map_async(move |departure| {
            let register = register.clone();
            async move {
                let plane = register.look_up(&departure.tailnum).await?;
                Ok(line(&departure, plane.as_ref()))
            }
        })
        .capacity(arguments.capacity)
        .timeout(Duration::from_secs(30))
        .retry(AsyncRetryStrategy::fixed_delay(5, Duration::from_millis(10)))
        .unordered()
        .name("aircraft")
        .uid("aircraft");
    let results = FileSink::text(&options.output, String::clone).overwrite();
    flown.sink_to(results).name("results").uid("results");
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let env = arguments.options.environment();
    let register = Register::open(&arguments.data, Duration::from_millis(arguments.latency))?;
    build(&env, &arguments, &register);
    let began = Instant::now();
    let Some(metrics) = arguments.options.run(&env, "enrich_async")? else { return Ok(()) };
    let seconds = began.elapsed().as_secs_f64();

    let lines = support::results(&arguments.options.output)?;
    let mut seats = HashMap::<&str, (u64, u64)>::new();
    for line in &lines {
        let mut fields = line.split(',').skip(3);
        let (manufacturer, of_plane) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
        let (flights, sum) = seats.entry(manufacturer).or_default();
        *flights += 1;
        *sum += of_plane.parse::<u64>().unwrap_or_default();
    }
    let mut seats: Vec<_> = seats.into_iter().collect();
    seats.sort_unstable_by_key(|(manufacturer, (flights, _))| (std::cmp::Reverse(*flights), *manufacturer));
    println!("{:<32} {:>8} {:>10}", "manufacturer", "flights", "seats");
    for (manufacturer, (flights, sum)) in seats.iter().take(10) {
        println!("{manufacturer:<32} {flights:>8} {sum:>10}");
    }
    let requests = register.requests.load(Ordering::Relaxed);
    let rate = metrics.operator("aircraft").records_out as f64 / seconds;
    println!("\n{requests} requests, {rate:.0} answers a second");
    println!("{} flights with their aircraft", lines.len());
    Ok(())
}
