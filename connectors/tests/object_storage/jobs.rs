//! The job that is run: counts the records of each key, from objects to objects.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use millstream::connectors::files::{FileSink, FileSource};
use millstream::engine::state::stores::Stores;
use millstream::prelude::*;
use serde::{Deserialize, Serialize};

use super::server::{Bucket, KEYS};

/// The name of the job.
pub const JOB_NAME: &str = "count keys";

/// Reads lines `key:value` of a folder of objects; writes `key:count` for each into another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CountKeys {
    pub input: String,
    pub output: String,
    pub snapshots: String,
    /// Options of the stores: those that the environment of a process does not say.
    pub options: Vec<(String, String)>,
    /// A reader sleeps for 10 ms after so many records.
    pub pause_every: u64,
    pub parallelism: u32,
}

/// The keys of the server, as options.
pub fn key_options() -> Vec<(String, String)> {
    KEYS.map(|(name, value)| (name.to_lowercase(), value.to_owned())).into()
}

impl CountKeys {
    /// A job whose URLs say where the server is.
    pub fn here(bucket: &Bucket) -> Self {
        let [input, output, snapshots] = ["in", "out", "snapshots"].map(|folder| bucket.whole_url(folder));
        let options = key_options();
        Self { input, output, snapshots, options, pause_every: u64::MAX, parallelism: 2 }
    }

    /// A job that finds all of that in the environment of its process.
    pub fn elsewhere(bucket: &Bucket) -> Self {
        let [input, output, snapshots] = ["in", "out", "snapshots"].map(|folder| bucket.url(folder));
        Self { input, output, snapshots, options: Vec::new(), ..Self::here(bucket) }
    }

    /// An environment whose snapshots are on the store.
    pub fn environment(&self) -> Environment {
        let env = Environment::new()
            .parallelism(self.parallelism)
            .checkpoint_every(Duration::from_millis(150))
            .snapshot_folder(&self.snapshots)
            .restart_strategy(RestartStrategy::fixed_delay(1_000, Duration::from_millis(200)));
        self.options.iter().fold(env, |env, (name, value)| env.store_option(name, value))
    }

    pub fn build(&self, env: &Environment) {
        let mut source = FileSource::text(&self.input).split_bytes(10_000);
        let line = |(key, count): &(String, u64)| format!("{key}:{count}");
        let mut sink = FileSink::text(&self.output, line).roll_bytes(4_000);
        for (name, value) in &self.options {
            source = source.store_option(name, value);
            sink = sink.store_option(name, value);
        }
        let (read, pause_every) = (Arc::new(AtomicU64::new(0)), self.pause_every);
        let slow = move |_: &String| {
            if read.fetch_add(1, Ordering::Relaxed) % pause_every == pause_every - 1 {
                std::thread::sleep(Duration::from_millis(10));
            }
        };
        env.from_source(source)
            .uid("lines")
            .inspect(slow)
            .map(|line: String| line.split(':').next().unwrap_or_default().to_owned())
            .key_by(String::clone)
            .count()
            .uid("counts")
            .sink_to(sink)
            .uid("results");
    }
}

/// Puts records into a folder, as several objects.
pub fn put_input(bucket: &Bucket, records: &[String]) {
    for (number, chunk) in records.chunks(records.len().div_ceil(5)).enumerate() {
        bucket.put(&format!("in/{number}.txt"), format!("{}\n", chunk.join("\n")));
    }
}

/// The number of the latest checkpoint of the job, at a URL that says where the server is.
pub fn latest_checkpoint(bucket: &Bucket) -> u64 {
    let mut stores = Stores::default();
    key_options().into_iter().for_each(|(name, value)| stores.set_option(name, value));
    let found = bucket.wait(stores.resolve(&bucket.whole_url("snapshots"), Some(JOB_NAME)));
    found.ok().and_then(|found| Some(found.checkpoint_name()?.id.number())).unwrap_or(0)
}
