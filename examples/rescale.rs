//! A job changes its parallelism without losing anything: it stops with a savepoint, and goes on
//! from there with more subtasks, or with fewer. Keyed state moves along by key group.
//!
//! ```text
//! cargo run --release --example rescale
//! cargo run --release --example rescale -- --parallelism 1,8,3
//! ```
//!
//! Every visit to a page is numbered. If state were lost or read twice on the way, a page would have
//! a number twice, or would lack one: that is checked at the end.

#![allow(clippy::disallowed_methods, reason = "an example is a program: it may look at the clock and wait")]

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use futures::executor::block_on;
use millstream::prelude::*;
use millstream::state::snapshot::{OperatorManifest, OperatorPart, resolve};

/// Stops a job with a savepoint and restores it at another parallelism, again and again.
#[derive(Parser)]
struct Arguments {
    /// Where results go
    #[arg(long, value_name = "DIR", default_value = "./output")]
    output: PathBuf,
    /// Where checkpoints and savepoints go
    #[arg(long, value_name = "DIR", default_value = "./snapshots")]
    snapshots: PathBuf,
    /// The parallelism of each step, in order
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [2, 4, 1, 3])]
    parallelism: Vec<u32>,
    /// How many visits to generate
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    visits: u64,
    /// How many pages there are
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pages: u64,
    /// Visits a second
    #[arg(long, value_name = "N", default_value_t = 100_000.0)]
    rate: f64,
}

/// The page of a visit: some are visited far more often than others.
const fn page(visit: u64, pages: u64) -> u64 {
    let mixed = visit.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    mixed % (1 + visit % pages)
}

/// Starts the job, from a savepoint if there is one.
fn start(arguments: &Arguments, parallelism: u32, savepoint: Option<&str>) -> Result<JobHandle> {
    let mut env = Environment::new()
        .parallelism(parallelism)
        .snapshot_folder(arguments.snapshots.to_string_lossy())
        .checkpoint_every(Duration::from_millis(100));
    if let Some(savepoint) = savepoint {
        env = env.restore_from(savepoint);
    }
    let pages = arguments.pages.max(1);
    let visits = GeneratorSource::new(Some(arguments.visits), move |visit| page(visit, pages));
    let results = FileSink::text(&arguments.output, |(page, n): &(u64, u64)| format!("{page},{n}"));
    env.from_source(visits.rate(arguments.rate))
        .name("visits")
        .uid("visits")
        .key_by(|page| *page)
        .count()
        .name("numbers")
        .uid("numbers")
        .sink_to(results.overwrite())
        .name("results")
        .uid("results");
    env.spawn("rescale")
}

/// Which key groups each subtask of the counting operator had in a savepoint, and how many pages.
fn print_key_groups(savepoint: &str) -> Result<()> {
    let manifest = block_on(async {
        let snapshot = resolve(savepoint, None).await?;
        snapshot.home.read_manifest(&snapshot.manifest_file).await
    })?;
    let numbers = manifest.operators.iter().find(|operator| operator.name == "numbers");
    for (subtask, groups, pages) in numbers.map(key_groups).unwrap_or_default() {
        println!("  subtask {subtask} of `numbers` held {groups}, with {pages} pages");
    }
    Ok(())
}

fn key_groups(operator: &OperatorManifest) -> Vec<(usize, String, u64)> {
    let describe = |(subtask, part): (usize, &OperatorPart)| {
        let groups: Vec<_> = part.keyed.iter().flat_map(|state| &state.groups).collect();
        let (first, last) = (groups.first().map(|(group, _)| group), groups.last().map(|(group, _)| group));
        let range = match (first, last) {
            (Some(first), Some(last)) => format!("key groups {first} to {last}"),
            _ => "no key group".to_owned(),
        };
        (subtask, range, groups.iter().map(|(_, block)| block.entries).sum())
    };
    operator.subtasks.iter().enumerate().map(describe).collect()
}

/// Whether every page has each of its numbers once.
fn check(arguments: &Arguments) -> Result<()> {
    let mut expected = BTreeMap::<u64, u64>::new();
    for visit in 0..arguments.visits {
        *expected.entry(page(visit, arguments.pages.max(1))).or_default() += 1;
    }
    let mut numbers = BTreeMap::<u64, Vec<u64>>::new();
    for line in support::results(&arguments.output)? {
        let fields = line.split_once(',').and_then(|(page, n)| Some((page.parse().ok()?, n.parse().ok()?)));
        let (page, number) =
            fields.ok_or_else(|| Error::new(ErrorKind::External, format!("not a result: `{line}`")))?;
        numbers.entry(page).or_default().push(number);
    }
    let wrong = expected.iter().find(|&(page, &visits)| {
        let mut numbers = numbers.remove(page).unwrap_or_default();
        numbers.sort_unstable();
        !numbers.iter().copied().eq(1..=visits)
    });
    match (wrong, numbers.first_key_value()) {
        (None, None) => {
            println!("\n{} visits to {} pages: each was numbered once", arguments.visits, expected.len());
            Ok(())
        }
        (Some((page, _)), _) | (_, Some((page, _))) => {
            Err(Error::new(ErrorKind::Internal, format!("the visits to page {page} are numbered wrongly")))
        }
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let last = arguments.parallelism.len().saturating_sub(1);
    // About as long as each step may take, if all are to take the same time.
    let step = Duration::from_secs_f64(
        arguments.visits as f64 / arguments.rate.max(1.0) / arguments.parallelism.len().max(1) as f64,
    );
    let mut savepoint: Option<String> = None;
    for (index, &parallelism) in arguments.parallelism.iter().enumerate() {
        let began = Instant::now();
        let job = start(&arguments, parallelism, savepoint.as_deref())?;
        println!("step {}: parallelism {parallelism}", index + 1);
        if index == last {
            job.join_blocking()?;
            println!("  ran to the end in {:.1} s", began.elapsed().as_secs_f64());
            break;
        }
        std::thread::sleep(step.mul_f64(0.9));
        let path =
            arguments.snapshots.join(format!("savepoint-{}", index + 1)).to_string_lossy().into_owned();
        support::remove_folder(path.as_ref())?;
        let taken = block_on(job.stop_with_savepoint(&path))?;
        println!("  stopped after {:.1} s with a savepoint in {}", began.elapsed().as_secs_f64(), taken.path);
        print_key_groups(&path)?;
        savepoint = Some(path);
    }
    check(&arguments)
}
