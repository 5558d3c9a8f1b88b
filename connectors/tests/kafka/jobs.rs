//! The job that is run: counts the records of each key, from one topic to another.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use millstream::connectors::kafka::{
    DeliveryGuarantee, KafkaSink, KafkaSource, OffsetsInitializer, ProducerRecord,
};
use millstream::prelude::*;
use serde::{Deserialize, Serialize};

pub use super::counts::{assert_same, counted, records};

/// Reads a topic up to where it ends when the job starts; writes `key:count` for each record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CountKeys {
    pub servers: String,
    pub input: String,
    pub output: String,
    pub prefix: String,
    /// A reader sleeps for 10 ms after so many records.
    pub pause_every: u64,
    /// For as long as this file is there; always if there is none.
    pub pause_while: Option<PathBuf>,
    pub parallelism: u32,
}

impl CountKeys {
    pub fn new(servers: String, input: &str, output: &str) -> Self {
        let (input, output) = (input.to_owned(), output.to_owned());
        let (pause_every, pause_while) = (u64::MAX, None);
        Self { servers, prefix: output.clone(), input, output, pause_every, pause_while, parallelism: 2 }
    }

    /// An environment whose snapshots are in a folder, and which goes on with what is there.
    pub fn environment(&self, snapshots: &Path) -> Environment {
        let snapshots = snapshots.to_string_lossy();
        Environment::new()
            .parallelism(self.parallelism)
            .checkpoint_every(Duration::from_millis(150))
            .snapshot_folder(snapshots.clone())
            .restart_strategy(RestartStrategy::fixed_delay(1_000, Duration::from_millis(200)))
            .restore_or_start(snapshots)
    }

    pub fn build(&self, env: &Environment, guarantee: DeliveryGuarantee) {
        let source = KafkaSource::new(self.servers.clone(), self.input.clone(), |record| {
            let key = record.key().ok_or("a record without a key")?;
            Ok(Some(String::from_utf8_lossy(key).into_owned()))
        });
        let sink =
            KafkaSink::new(self.servers.clone(), self.output.clone(), |(key, count): (String, u64)| {
                ProducerRecord::new(count.to_string()).key(key)
            });
        let sink = sink.delivery_guarantee(guarantee).transactional_id_prefix(self.prefix.clone());
        let (read, pause_every) = (Arc::new(AtomicU64::new(0)), self.pause_every);
        let pause_while = self.pause_while.clone();
        let slow = move |_: &String| {
            let is_due = read.fetch_add(1, Ordering::Relaxed) % pause_every == pause_every - 1;
            if is_due && pause_while.as_ref().is_none_or(|file| file.exists()) {
                std::thread::sleep(Duration::from_millis(10));
            }
        };
        env.from_source(source.bounded(OffsetsInitializer::latest()))
            .uid("keys")
            .inspect(slow)
            .key_by(String::clone)
            .count()
            .uid("counts")
            .sink_to(sink)
            .uid("results");
    }
}
