//! Runs the same work on several engines, in turns, and prints the medians.
//!
//! `cargo run --release -- [--only WORK] [--engine ENGINE] [--repeat N] [--scale S] [--json FILE]`
//!
//! Every engine runs with a parallelism of [`engine::PARALLELISM`], the same allocator and the same build settings.
//! All input is in memory before the clock starts; the clock then covers building the job, starting its threads,
//! running it to the end and fetching its answer. An answer that differs from the reference's is an error.

mod engine;
mod measure;
mod table;
mod work;

use std::error::Error;
use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::engine::{Digest, ENGINES};
use crate::measure::{Row, Runs, processor_time};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Compares Millstream with Renoir and Timely.
#[derive(Parser)]
struct Arguments {
    /// Run only this engine, for a profiler to look at; may be given several times.
    #[arg(long, value_name = "ENGINE", value_parser = clap::builder::PossibleValuesParser::new(ENGINES))]
    engine: Vec<String>,
    /// Write the table to this file as JSON lines.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Run only the work whose name starts so; may be given several times.
    #[arg(long, value_name = "WORK")]
    only: Vec<String>,
    /// Runs of each engine, of which the median counts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// Multiplies the number of records of each work.
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse();
    let chosen = |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|o| name.starts_with(o));
    let runs = |engine: &str| arguments.engine.is_empty() || arguments.engine.iter().any(|e| e == engine);
    let mut rows = Vec::new();
    let mut wrong = 0;
    for (name, prepare) in work::all().into_iter().filter(|(name, _)| chosen(name)) {
        let work = prepare(arguments.scale);
        eprintln!("{name}: {} records", work.records);
        let expected = (work.reference)();
        let mut input = Vec::new();
        let mut engines: [Runs; ENGINES.len()] = Default::default();
        for round in 0..arguments.repeat as usize {
            input.push(processor_time(&work.input).1);
            // Another engine goes first each round, so that none always runs in the wake of the same other.
            for turn in 0..ENGINES.len() {
                let engine = (round + turn) % ENGINES.len();
                if let Some(run) = work.engines[engine].as_ref().filter(|_| runs(ENGINES[engine])) {
                    let (outcome, processor) = processor_time(run);
                    wrong += usize::from(!is_right(name, ENGINES[engine], outcome.answer, expected));
                    engines[engine].push(outcome.elapsed, processor);
                }
            }
        }
        rows.push(Row::new(name, work.records, input, engines));
    }
    print!("{}", table::render(&rows));
    if let Some(path) = arguments.json {
        table::write_json(&rows, File::create(path)?)?;
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn is_right(work: &str, engine: &str, answer: Digest, expected: Digest) -> bool {
    if answer != expected {
        eprintln!("{work}: {engine} answers {answer:?} instead of {expected:?}");
    }
    answer == expected
}
