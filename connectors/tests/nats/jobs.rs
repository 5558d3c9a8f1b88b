//! The job that is run: counts the records of each key, from one stream to another.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use millstream::connectors::nats::{
    DeliveryGuarantee, NatsConnection, NatsMessage, NatsSink, NatsSource, StreamPosition,
};
use millstream::prelude::*;
use serde::{Deserialize, Serialize};

pub use super::counts::{assert_same, counted};
use super::server::Server;

/// The filters that the input is read by, so that it is read in parallel.
const FILTERS: [&str; 3] = ["in.0", "in.1", "in.2"];

/// Reads a stream up to where it ends when the job starts; writes `key:count` for each record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CountKeys {
    pub url: String,
    pub input: String,
    pub output: String,
    pub is_exactly_once: bool,
    /// A reader sleeps for 10 ms after so many records.
    pub pause_every: u64,
    /// For as long as this file is there; always if there is none.
    pub pause_while: Option<PathBuf>,
    pub parallelism: u32,
}

/// Makes the streams `IN` and `OUT`, and publishes so many records of so many keys to the first; answers them.
pub fn prepare(server: &Server, count: u64, keys: u64) -> Vec<String> {
    server.create_stream("IN", &["in.*"]);
    server.create_stream("OUT", &["out.>"]);
    let records = super::counts::records(count, keys);
    let spread = records.iter().zip(FILTERS.iter().cycle());
    let messages: Vec<_> = spread.map(|(record, subject)| ((*subject).to_owned(), record.clone())).collect();
    server.publish(&messages);
    records
}

impl Server {
    pub fn connection(&self) -> NatsConnection {
        NatsConnection::new(self.url())
    }
}

impl CountKeys {
    pub fn new(url: String) -> Self {
        let (input, output) = ("IN".to_owned(), "OUT".to_owned());
        let (pause_every, pause_while) = (u64::MAX, None);
        Self { url, input, output, is_exactly_once: true, pause_every, pause_while, parallelism: 2 }
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

    pub fn build(&self, env: &Environment) {
        let connection = NatsConnection::new(self.url.clone());
        let source = NatsSource::new(connection.clone(), self.input.clone(), |message| {
            let text = std::str::from_utf8(message.payload()).map_err(|error| error.to_string())?;
            let (key, _) = text.split_once(':').ok_or("a record without a key")?;
            Ok(Some(key.to_owned()))
        });
        let sink =
            NatsSink::new(connection, self.output.clone(), "out.count", |(key, count): (String, u64)| {
                NatsMessage::new(format!("{key}:{count}")).header("key", key)
            });
        let guarantee = match self.is_exactly_once {
            true => DeliveryGuarantee::ExactlyOnce,
            false => DeliveryGuarantee::AtLeastOnce,
        };
        let (read, pause_every) = (Arc::new(AtomicU64::new(0)), self.pause_every);
        let pause_while = self.pause_while.clone();
        let slow = move |_: &String| {
            let is_due = read.fetch_add(1, Ordering::Relaxed) % pause_every == pause_every - 1;
            if is_due && pause_while.as_ref().is_none_or(|file| file.exists()) {
                std::thread::sleep(Duration::from_millis(10));
            }
        };
        env.from_source(source.subjects(FILTERS).bounded(StreamPosition::latest()))
            .uid("keys")
            .inspect(slow)
            .key_by(String::clone)
            .count()
            .uid("counts")
            .sink_to(sink.delivery_guarantee(guarantee))
            .uid("results");
    }
}
