//! Kafka as a source and a sink, exactly once with a checkpoint a second, beside the client alone on the same broker; and
//! counting the records of each key from topic to topic beside Kafka Streams.
//!
//! `cargo bench -p millstream-connectors --features kafka --bench connectors [-- records]`; needs java, and mvn for what it
//! fetches. Broker, client and job share the machine: the figures say how they compare, not what a cluster does.

#![allow(
    missing_docs,
    dead_code,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark measures time and fails by panicking"
)]

#[path = "../../connectors/tests/kafka/broker.rs"]
mod broker;
mod engine;
mod measure;
#[path = "../support/measured.rs"]
mod measured;
mod plain;
#[path = "../../connectors/tests/support/script.rs"]
mod script;
#[path = "../../connectors/tests/support/services.rs"]
mod services;
mod streams;

use broker::Broker;
use measure::Took;
use measured::median;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often each is run, in turns.
const ROUNDS: usize = 3;
/// Of every topic.
const PARTITIONS: u32 = 4;
const KEYS: u64 = 10_000;

fn main() {
    let records = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1_000_000);
    let Some(broker) = Broker::start() else { return };
    let servers = broker.servers();
    let topic = |name: &str| {
        broker.create_topic(name, PARTITIONS);
        name.to_owned()
    };
    let input = topic("input");
    println!(
        "{records} records of a key of 10 and a value of 100 bytes, {PARTITIONS} partitions, {ROUNDS} rounds, medians"
    );
    plain::produce(&servers, &input, records);

    let (mut alone, mut job) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(plain::consume(&servers, &input, records));
        job.push(engine::consume(&servers, &input, records));
    }
    report("source", records, &[("the client alone", alone), ("a job", job)]);

    let (mut alone, mut job) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        alone.push(plain::produce(&servers, &topic(&format!("alone-{round}")), records));
        job.push(engine::produce(&servers, &topic(&format!("job-{round}")), records));
    }
    report("sink, exactly once", records, &[("the client alone", alone), ("a job", job)]);

    let (mut streams, mut job) = (Vec::new(), Vec::new());
    let library = streams::Library::install();
    for round in 0..ROUNDS {
        let output = topic(&format!("streams-counts-{round}"));
        streams.push(library.count(&servers, &input, &output, records));
        let output = topic(&format!("job-counts-{round}"));
        job.push(engine::count(&servers, &input, &output, records));
    }
    let names = [("Kafka Streams", streams), ("a job", job)];
    report("from topic to topic, counting keys, exactly once", records, &names);
}

/// Prints what each took, and how the last compares with the first.
#[allow(clippy::cast_precision_loss, reason = "shown with few digits")]
fn report(what: &str, records: u64, measured: &[(&str, Vec<Took>)]) {
    println!("\n{what}");
    println!("{:20} {:>14} {:>12} {:>18}", "", "records/s", "seconds", "processor us/rec");
    let records = records as f64;
    let figures: Vec<_> = measured
        .iter()
        .map(|(name, runs)| {
            let wall = median(runs.iter().map(|run| run.wall).collect());
            let processor = median(runs.iter().map(|run| run.processor).collect());
            println!("{name:20} {:>14.0} {wall:>12.2} {:>18.2}", records / wall, processor * 1e6 / records);
            (wall, processor)
        })
        .collect();
    if let [(first, ours), .., (last, theirs)] = figures.as_slice() {
        println!("{:20} {:>14.2} {:>12} {:>18.2}", "ratio", first / last, "", theirs / ours);
    }
}
