//! Nexmark's queries in SQL, each from the generator into `blackhole`.
//!
//! `cargo bench --features sql --bench nexmark -- [--events N] [--parallelism N] [--repeat N] [--mini-batch] [QUERY …]`
//!
//! For each query: events a second, with the generator's work in it; processor time an event, of the query and, from a
//! run of its own, of the tables that it reads alone; and the ratio to Flink 2.3's events a second and core, where that
//! was measured (two cores, mini-batch, generator included; another run, another day, the same kind of machine). Medians of
//! several rounds, in turns.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a benchmark measures time and fails by panicking"
)]

use std::time::{Duration, Instant};

use millstream::prelude::*;
use millstream::sql::parser::split_statements;
use millstream::sql::{InsertJob, TableEnvironment, TableResult};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TABLES: &str = include_str!("../../sql/tests/parser/nexmark/tables.sql");

macro_rules! queries {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../sql/tests/parser/nexmark/", $name, ".sql")))),+]
    };
}

const QUERIES: &[(&str, &str)] = queries![
    "q0", "q1", "q2", "q3", "q4", "q5", "q7", "q8", "q9", "q11", "q12", "q14", "q15", "q16", "q17", "q18",
    "q19", "q20", "q21", "q22", "q23",
];

/// What Flink 2.3 does, in events a second and core.
const FLINK: &[(&str, f64)] = &[
    ("q0", 172_000.0),
    ("q3", 133_000.0),
    ("q4", 58_000.0),
    ("q5", 85_000.0),
    ("q7", 47_000.0),
    ("q8", 150_000.0),
];

struct Arguments {
    events: u64,
    parallelism: u32,
    repeat: usize,
    /// Whether operators collect rows, as Flink's do in the runs that are compared.
    mini_batch: bool,
    queries: Vec<String>,
}

/// What Flink's runs have.
const MINI_BATCH: &[(&str, &str)] = &[
    ("table.exec.mini-batch.enabled", "true"),
    ("table.exec.mini-batch.allow-latency", "2 s"),
    ("table.exec.mini-batch.size", "50000"),
    ("table.optimizer.distinct-agg.split.enabled", "true"),
];

fn arguments() -> Arguments {
    let mut arguments =
        Arguments { events: 2_000_000, parallelism: 2, repeat: 3, mini_batch: false, queries: Vec::new() };
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|word| word.parse().ok()).expect("a number");
        match word.as_str() {
            "--events" => arguments.events = number(),
            "--parallelism" => arguments.parallelism = u32::try_from(number()).expect("a parallelism"),
            "--repeat" => arguments.repeat = usize::try_from(number()).expect("a number of rounds"),
            "--mini-batch" => arguments.mini_batch = true,
            query => arguments.queries.push(query.to_owned()),
        }
    }
    arguments
}

/// The job of a query; why there is none, otherwise.
fn job(query: &str, events: u64, mini_batch: bool) -> Result<InsertJob, String> {
    let mut tables = TableEnvironment::new();
    for (key, value) in MINI_BATCH.iter().filter(|_| mini_batch) {
        tables.set(key, value).expect("the setting is known");
    }
    let generator = TABLES.replace("'events.num' = '100000000'", &format!("'events.num' = '{events}'"));
    assert_ne!(generator, TABLES, "the number of events is an option of the table");
    let mut insert = None;
    for script in [generator.as_str(), query] {
        for statement in split_statements(script) {
            match tables.execute_sql(statement.text) {
                Ok(TableResult::Insert(job)) => insert = Some(job),
                Ok(_) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
    }
    insert.ok_or_else(|| "it inserts nothing".to_owned())
}

/// Processor time of this process so far.
fn processor_time() -> Duration {
    // Fields 14 and 15 behind the name, which may have blanks: ticks of 10 ms in user and system.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 =
        fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

struct Run {
    wall: Duration,
    processor: Duration,
}

fn run(parallelism: u32, build: impl Fn(&Environment)) -> Run {
    let environment = Environment::new().parallelism(parallelism);
    build(&environment);
    let (start, before) = (Instant::now(), processor_time());
    environment.execute("nexmark").expect("the job runs");
    Run { wall: start.elapsed(), processor: processor_time() - before }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let arguments = arguments();
    let events = arguments.events as f64;
    println!(
        "{} events, parallelism {}, medians of {} rounds{}",
        arguments.events,
        arguments.parallelism,
        arguments.repeat,
        if arguments.mini_batch { ", in mini-batches" } else { "" }
    );
    println!("query   M events/s   ns/event (processor)   source alone   M events/s/core   x Flink");
    for (name, query) in QUERIES {
        if !arguments.queries.is_empty() && !arguments.queries.iter().any(|asked| asked == name) {
            continue;
        }
        let job = match job(query, arguments.events, arguments.mini_batch) {
            Ok(job) => job,
            Err(reason) => {
                println!("{name:<5}   refused: {reason}");
                continue;
            }
        };
        let (mut walls, mut queries, mut sources) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..arguments.repeat {
            let whole =
                run(arguments.parallelism, |environment| job.build(environment).expect("it is planned"));
            let source = run(arguments.parallelism, |environment| {
                job.build_sources(environment).expect("it is planned")
            });
            walls.push(whole.wall.as_secs_f64());
            queries.push(whole.processor.as_secs_f64());
            sources.push(source.processor.as_secs_f64());
        }
        let (wall, query, source) = (median(walls), median(queries), median(sources));
        let per_core = events / query;
        let flink = FLINK.iter().find(|(flink, _)| flink == name);
        let ratio = flink.map_or("-".to_owned(), |(_, rate)| format!("{:.0}", per_core / rate));
        println!(
            "{name:<5} {:>12.2} {:>22.0} {:>14.0} {:>17.2} {ratio:>9}",
            events / wall / 1e6,
            query / events * 1e9,
            source / events * 1e9,
            per_core / 1e6,
        );
    }
}
