//! What is written to streams: once more, and once.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use async_nats::jetstream::stream::Config;
use millstream::connectors::nats::{DeliveryGuarantee, NatsMessage, NatsSink, NatsSource};
use millstream::prelude::*;

use super::jobs::{CountKeys, assert_same, counted, prepare};
use super::reading::numbers;
use super::server::Server;

#[test]
fn a_job_reads_and_writes_streams() {
    let Some(server) = Server::start() else { return };
    let records = prepare(&server, 5_000, 40);
    for (output, is_exactly_once) in [("OUT", true), ("OTHER", false)] {
        if output == "OTHER" {
            server.delete_stream("OUT");
            server.create_stream("OTHER", &["out.*"]);
        }
        let job = CountKeys { is_exactly_once, output: output.to_owned(), ..CountKeys::new(server.url()) };
        let snapshots = tempfile::tempdir().unwrap();
        let env = job.environment(snapshots.path());
        job.build(&env);
        env.execute("count keys").unwrap();
        assert_same(&server.sorted(output), &counted(&records), output);
        assert!(server.messages(output).iter().all(|(subject, _)| subject == "out.count"));
    }
}

#[test]
fn messages_go_to_their_subjects_with_their_headers() {
    let Some(server) = Server::shared() else { return };
    server.create_stream("ROUTED", &["routed.>"]);
    for guarantee in [DeliveryGuarantee::None, DeliveryGuarantee::AtLeastOnce, DeliveryGuarantee::ExactlyOnce]
    {
        let sink = NatsSink::new(server.connection(), "ROUTED", "routed", |number: u64| {
            NatsMessage::new(number.to_string())
                .subject(format!("routed.{}", number % 2))
                .header("Parity", if number.is_multiple_of(2) { "even" } else { "odd" })
        });
        let env = Environment::new().parallelism(1);
        // The sink's own subject is none of the stream's.
        env.from_collection(1..=4_u64).sink_to(sink.clone());
        let error = env.execute("routed").unwrap_err().to_string();
        assert!(error.contains("does not take messages to `routed`"), "{error}");
        let sink = NatsSink::new(server.connection(), "ROUTED", "routed.any", |number: u64| {
            NatsMessage::new(number.to_string())
                .subject(format!("routed.{}", number % 2))
                .header("Parity", if number.is_multiple_of(2) { "even" } else { "odd" })
        });
        let env = Environment::new().parallelism(1);
        env.from_collection(1..=4_u64).sink_to(sink.delivery_guarantee(guarantee));
        env.execute("routed").unwrap();
    }
    let written = server.messages("ROUTED");
    let once = [("routed.1", "1"), ("routed.0", "2"), ("routed.1", "3"), ("routed.0", "4")];
    let once = once.map(|(subject, text)| (subject.to_owned(), text.to_owned()));
    assert_eq!(written, [once.clone(), once.clone(), once].concat());
    server.with_stream("ROUTED", async |stream| {
        for sequence in 1..=12 {
            let message = stream.get_raw_message(sequence).await.unwrap();
            let expected = if sequence % 2 == 0 { "even" } else { "odd" };
            assert_eq!(message.headers.get("Parity").unwrap().as_str(), expected);
            // Ids cost the server memory: they are there where they are needed.
            assert_eq!(message.headers.get("Nats-Msg-Id").is_some(), sequence > 8);
        }
    });
}

/// Copies a stream to another, exactly once, for as long as it is let.
struct Copying {
    server: std::sync::Arc<Server>,
    input: String,
    output: String,
    folder: tempfile::TempDir,
}

impl Copying {
    fn new(server: &std::sync::Arc<Server>, name: &str, set: impl FnOnce(&mut Config)) -> Self {
        let (input, output) = (format!("{name}-IN"), format!("{name}-OUT"));
        server.create_stream(&input, &[&input]);
        let mut config = Config { name: output.clone(), subjects: vec![output.clone()], ..Config::default() };
        set(&mut config);
        server.create(config);
        Self { server: server.clone(), input, output, folder: tempfile::tempdir().unwrap() }
    }

    fn savepoint(&self) -> PathBuf {
        self.folder.path().join("savepoint")
    }

    fn start(&self, restored: Option<&Path>, republishes: bool) -> JobHandle {
        let env = Environment::new().parallelism(2).restart_strategy(RestartStrategy::None);
        let env = env.snapshot_folder(self.folder.path().join("checkpoints").to_string_lossy());
        let env = match restored {
            None => env,
            Some(savepoint) => {
                env.checkpoint_every(Duration::from_millis(50)).restore_from(savepoint.to_string_lossy())
            }
        };
        let sink = NatsSink::new(self.server.connection(), &*self.output, &*self.output, |text: String| {
            NatsMessage::new(text)
        });
        let sink = sink.delivery_guarantee(DeliveryGuarantee::ExactlyOnce);
        let sink = if republishes { sink.republish_unknown() } else { sink };
        env.from_source(NatsSource::text(self.server.connection(), &*self.input))
            .uid("read")
            .name("read")
            .sink_to(sink)
            .uid("write");
        env.spawn("copy").unwrap()
    }

    /// Copies so many messages, and stops with a savepoint that has all of them.
    fn copy(&self, count: u64) {
        self.server.publish(&numbers(count, &[&self.input]));
        let job = self.start(None, false);
        let began = Instant::now();
        while job.metrics().operator("read").records_out < count {
            assert!(began.elapsed() < Duration::from_secs(60), "the input is not read");
            std::thread::sleep(Duration::from_millis(5));
        }
        let savepoint = self.savepoint().to_string_lossy().into_owned();
        futures::executor::block_on(job.stop_with_savepoint(savepoint)).unwrap();
        job.join_blocking().unwrap();
    }

    /// Goes on from the savepoint until a new message is there, and stops.
    fn go_on(&self, republishes: bool, last: &str) -> Result<()> {
        self.server.publish(&[(self.input.clone(), last.to_owned())]);
        let job = self.start(Some(&self.savepoint()), republishes);
        let began = Instant::now();
        while !job.status().is_final() && !self.server.sorted(&self.output).iter().any(|text| text == last) {
            assert!(began.elapsed() < Duration::from_secs(60), "the new message does not come");
            std::thread::sleep(Duration::from_millis(20));
        }
        job.cancel();
        job.join_blocking().map(drop)
    }

    fn written(&self) -> Vec<String> {
        self.server.messages(&self.output).into_iter().map(|(_, text)| text).collect()
    }
}

fn texts(count: u64, more: &[&str]) -> Vec<String> {
    (1..=count).map(|number| number.to_string()).chain(more.iter().map(|text| (*text).to_owned())).collect()
}

#[test]
fn a_snapshot_that_is_restored_long_after_repeats_nothing() {
    let Some(server) = Server::shared() else { return };
    let copying = Copying::new(&server, "AGAIN", |_| {});
    copying.copy(3_000);
    assert_eq!(copying.written(), texts(3_000, &[]));
    // As if hours had passed: the server knows no id of those any more.
    server.shorten_window(&copying.output);
    std::thread::sleep(Duration::from_millis(500));
    copying.go_on(false, "more").unwrap();
    assert_eq!(copying.written(), texts(3_000, &["more"]));
    // And a part of them, as a crash in the middle of a commit leaves it.
    server.with_stream(&copying.output, async |stream| {
        for sequence in 1_001..=3_001 {
            stream.delete_message(sequence).await.unwrap();
        }
    });
    copying.go_on(false, "end").unwrap();
    assert_eq!(copying.written(), texts(3_000, &["more", "end"]));
}

#[test]
fn a_stream_that_has_removed_what_came_after_the_snapshot_is_not_believed() {
    let Some(server) = Server::shared() else { return };
    let copying = Copying::new(&server, "FORGETFUL", |_| {});
    copying.copy(10);
    server.shorten_window(&copying.output);
    std::thread::sleep(Duration::from_millis(500));
    server.purge(&copying.output, None);
    let error = copying.go_on(false, "more").unwrap_err().to_string();
    for part in ["`FORGETFUL-OUT`", "cannot be told", "removed 10 messages"] {
        assert!(error.contains(part), "no {part} in: {error}");
    }
    assert_eq!(copying.written(), [""; 0]);
    copying.go_on(true, "end").unwrap();
    assert_eq!(copying.written(), texts(10, &["more", "end"]));
}
