//! What is refused before anything runs, and what before a snapshot has it.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, RetentionPolicy};
use millstream::connectors::nats::{
    DeliveryGuarantee, NatsConnection, NatsMessage, NatsSink, NatsSource, StreamPosition, TextDeserializer,
};
use millstream::prelude::*;

use super::server::Server;

fn config(name: &str) -> Config {
    Config { name: name.to_owned(), subjects: vec![name.to_owned()], ..Config::default() }
}

#[track_caller]
fn assert_refused(error: &Error, kind: ErrorKind, parts: &[&str]) {
    assert_eq!(error.kind(), kind, "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "no {part:?} in: {error}");
    }
}

#[test]
fn sources_that_cannot_be_read_are_refused() {
    let Some(server) = Server::shared() else { return };
    server.create(config("refused-source"));
    server.create(Config { retention: RetentionPolicy::WorkQueue, ..config("work") });
    let refused = |source: NatsSource<TextDeserializer>, parts: &[&str]| {
        let env = Environment::new();
        env.from_source(source.bounded(StreamPosition::latest())).collect();
        assert_refused(&env.execute("refused").unwrap_err(), ErrorKind::InvalidJob, parts);
    };
    let source = |stream: &str| NatsSource::text(server.connection(), stream);
    refused(source("missing"), &["`missing`", "stream not found"]);
    refused(source("work"), &["`work`", "`workqueue`"]);
    refused(source("refused-source").subjects(["other"]), &["no subject of `other`", "refused-source"]);
    refused(source("refused-source").subjects(["a.*", "a.b"]), &["`a.*` and `a.b`"]);
    let beyond = StreamPosition::sequence(5);
    refused(source("refused-source").starting_position(beyond), &["ends at sequence 0, before 5"]);
}

#[test]
fn servers_that_are_not_there_are_said_at_once() {
    let source = NatsSource::text(NatsConnection::new("nats://ada:secret@127.0.0.1:1"), "S");
    let env = Environment::new().restart_strategy(RestartStrategy::None);
    env.from_source(source.bounded(StreamPosition::latest())).collect();
    let error = env.execute("away").unwrap_err();
    assert_refused(&error, ErrorKind::External, &["`nats://127.0.0.1:1`"]);
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[test]
fn sinks_that_cannot_be_written_are_refused() {
    let Some(server) = Server::shared() else { return };
    server.create(config("refused-sink"));
    server.create(Config { retention: RetentionPolicy::Interest, ..config("interest") });
    server.create(Config { max_messages_per_subject: 1, ..config("latest") });
    server.create(Config { duplicate_window: Duration::from_secs(1), ..config("short") });
    server.create(Config { max_message_size: 300, ..config("narrow") });
    let refused = |stream: &str, subject: &str, message: NatsMessage, kind, parts: &[&str]| {
        let sink = NatsSink::new(server.connection(), stream, subject, move |_: u64| message.clone());
        let env = Environment::new().restart_strategy(RestartStrategy::None);
        env.from_collection([1]).sink_to(sink.delivery_guarantee(DeliveryGuarantee::ExactlyOnce));
        assert_refused(&env.execute("refused").unwrap_err(), kind, parts);
    };
    let (job, input, message) = (ErrorKind::InvalidJob, ErrorKind::InvalidInput, || NatsMessage::new("x"));
    refused("none", "none", message(), job, &["`none`", "stream not found"]);
    refused("refused-sink", "other", message(), job, &["does not take messages to `other`"]);
    refused("refused-sink", "a.*", message(), job, &["`a.*` is no subject"]);
    refused("interest", "interest", message(), job, &["`interest`", "at least once"]);
    refused("latest", "latest", message(), job, &["1 messages of each subject"]);
    refused("short", "short", message(), job, &["10 seconds"]);
    let large = NatsMessage::new(vec![b'x'; 400]);
    refused("narrow", "narrow", large, input, &["takes 300 at most"]);
    refused("refused-sink", "refused-sink", message().subject("elsewhere"), job, &["`elsewhere`"]);
    let huge = NatsMessage::new(vec![b'x'; 2 << 20]);
    refused("refused-sink", "refused-sink", huge, input, &["takes 1048576 at most"]);
    refused("refused-sink", "refused-sink", message().header("Nats-TTL", "1s"), input, &["'Nats-TTL'"]);
}
