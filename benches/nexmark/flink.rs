//! Flink's runs of the same queries, by the script beside this file.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

/// What one run took, in seconds.
pub struct Run {
    pub wall: f64,
    /// Of the processor.
    pub processor: f64,
}

/// Runs the queries, and "source", in turns; the first round is left out.
pub fn run(events: u64, parallelism: u32, rounds: usize, queries: &[&str]) -> BTreeMap<String, Vec<Run>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/nexmark/flink.sh");
    let output = Command::new(script)
        .arg("run")
        .args([events.to_string(), parallelism.to_string(), rounds.to_string()])
        .arg("source")
        .args(queries)
        .stderr(Stdio::inherit())
        .output()
        .expect("the script runs");
    assert!(output.status.success(), "flink.sh has failed: {}", output.status);
    let mut runs: BTreeMap<String, Vec<Run>> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match *words.as_slice() {
            [name, round, wall, processor] if round != "0" => {
                let number = |text: &str| text.parse().expect("a number of seconds");
                let run = Run { wall: number(wall), processor: number(processor) };
                runs.entry(name.to_owned()).or_default().push(run);
            }
            [_, "0", _, _] => {}
            _ => println!("flink: {line}"),
        }
    }
    runs
}
