//! Nexmark's queries in SQL, each from the generator into `blackhole`.
//!
//! `cargo bench --features sql --bench nexmark -- [--events N] [--parallelism N] [--repeat N] [--mini-batch] [--flink]
//! [QUERY …]`
//!
//! For each query: events a second, with the generator's work in it; processor time an event, of the query and, from a
//! run of its own, of the tables that it reads alone; events a second and core; and how many bytes the largest snapshot
//! of its state has, from one more run with a checkpoint every 50 ms. Medians of several rounds, in turns.
//!
//! With `--flink`, Flink runs the same queries over the same events right afterwards, in a process of its own
//! (`benches/nexmark/flink.sh`, which says what it needs), with mini-batches as Nexmark sets them. Its first round is left
//! out, in which its code is compiled. The ratio is that of processor time an event. `millstream/flink` is that of what is
//! left when each engine's time for reading the events is taken off; where that is less than a tenth of the whole, there
//! is none.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a benchmark measures time and fails by panicking"
)]

mod flink;
mod measure;
#[path = "../support/measured.rs"]
mod measured;
mod queries;

use measure::Measured;
use measured::median;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Arguments {
    events: u64,
    parallelism: u32,
    repeat: usize,
    /// Whether operators collect rows, as Flink's do.
    mini_batch: bool,
    flink: bool,
    queries: Vec<String>,
}

fn arguments() -> Arguments {
    let mut arguments = Arguments {
        events: 2_000_000,
        parallelism: 2,
        repeat: 3,
        mini_batch: false,
        flink: false,
        queries: Vec::new(),
    };
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|word| word.parse().ok()).expect("a number");
        match word.as_str() {
            "--events" => arguments.events = number(),
            "--parallelism" => arguments.parallelism = u32::try_from(number()).expect("a parallelism"),
            "--repeat" => arguments.repeat = usize::try_from(number()).expect("a number of rounds"),
            "--mini-batch" => arguments.mini_batch = true,
            "--flink" => arguments.flink = true,
            query => arguments.queries.push(query.to_owned()),
        }
    }
    arguments
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
    println!(
        "{:<5} {:>12} {:>12} {:>12} {:>14} {:>12}",
        "query", "M events/s", "ns/event", "source alone", "M events/s/core", "state, MB"
    );
    let asked =
        |name: &str| arguments.queries.is_empty() || arguments.queries.iter().any(|asked| asked == name);
    let mut ours: Vec<(&str, Measured)> = Vec::new();
    for (name, query) in queries::QUERIES.iter().filter(|(name, _)| asked(name)) {
        let job = match queries::job(query, arguments.events, arguments.mini_batch) {
            Ok(job) => job,
            Err(reason) => {
                println!("{name:<5}   refused: {reason}");
                continue;
            }
        };
        let measured = measure::query(&job, arguments.parallelism, arguments.repeat);
        let state = measured.state_bytes.map_or("-".to_owned(), |bytes| format!("{:.1}", bytes as f64 / 1e6));
        println!(
            "{name:<5} {:>12.2} {:>12.0} {:>12.0} {:>14.2} {state:>12}",
            events / measured.wall / 1e6,
            measured.processor / events * 1e9,
            measured.source / events * 1e9,
            events / measured.processor / 1e6,
        );
        ours.push((*name, measured));
    }
    if arguments.flink {
        beside_flink(&arguments, &ours);
    }
}

/// Flink's runs of the queries, and ratios to them.
fn beside_flink(arguments: &Arguments, ours: &[(&str, Measured)]) {
    let events = arguments.events as f64;
    let names: Vec<&str> = ours.iter().map(|(name, _)| *name).collect();
    println!("\nFlink, {} rounds after one that is left out", arguments.repeat);
    let runs = flink::run(arguments.events, arguments.parallelism, arguments.repeat + 1, &names);
    let source = runs.get("source").map(|runs| median(runs.iter().map(|run| run.processor).collect()));
    println!(
        "{:<7} {:>12} {:>12} {:>15} {:>22} {:>18}",
        "query", "M events/s", "ns/event", "M events/s/core", "millstream/flink: all", "above the source"
    );
    if let Some(source) = source {
        println!("{:<7} {:>12} {:>12.0}", "source", "", source / events * 1e9);
    }
    for (name, ours) in ours {
        let Some(runs) = runs.get(*name).filter(|runs| !runs.is_empty()) else {
            println!("{name:<7} failed");
            continue;
        };
        let of = |value: fn(&flink::Run) -> f64| median(runs.iter().map(value).collect());
        let (wall, processor) = (of(|run| run.wall), of(|run| run.processor));
        let above = source.and_then(|source| {
            let (theirs, own) = (processor - source, ours.processor - ours.source);
            (theirs > 0.1 * processor && own > 0.1 * ours.processor).then(|| format!("{:.0}", theirs / own))
        });
        println!(
            "{name:<7} {:>12.3} {:>12.0} {:>15.3} {:>22.0} {:>18}",
            events / wall / 1e6,
            processor / events * 1e9,
            events / processor / 1e6,
            processor / ours.processor,
            above.unwrap_or_else(|| "-".to_owned()),
        );
    }
}
