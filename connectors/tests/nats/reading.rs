//! What is read of streams that nobody disturbs.

use std::time::{Duration, Instant};

use millstream::connectors::nats::{
    BadMessage, MessageDeserializer, NatsSource, StreamPosition, TextDeserializer,
};
use millstream::prelude::*;

use super::server::Server;

/// What a bounded source reads, sorted.
pub fn read<D: MessageDeserializer<Record = String>>(source: NatsSource<D>) -> Vec<String> {
    let env = Environment::new().parallelism(2);
    let read = env.from_source(source).collect();
    env.execute("read").unwrap();
    read.sorted()
}

/// Texts from 1 on, to subjects in turn.
pub fn numbers(count: u64, subjects: &[&str]) -> Vec<(String, String)> {
    let subjects = subjects.iter().cycle();
    (1..=count).zip(subjects).map(|(number, subject)| ((*subject).to_owned(), number.to_string())).collect()
}

fn all(server: &Server, stream: &str) -> NatsSource<TextDeserializer> {
    NatsSource::text(server.connection(), stream).bounded(StreamPosition::latest())
}

#[test]
fn reading_starts_and_ends_where_it_is_told_to() {
    let Some(server) = Server::shared() else { return };
    server.create_stream("POSITIONS", &["positions"]);
    server.publish(&numbers(3, &["positions"]));
    std::thread::sleep(Duration::from_millis(50));
    let middle = server.with_stream("POSITIONS", async |stream| stream.cached_info().state.last_timestamp);
    let after = Timestamp::from_millis((middle.unix_timestamp_nanos() / 1_000_000) as i64 + 1);
    server.publish(&[("positions".to_owned(), "4".to_owned()), ("positions".to_owned(), "5".to_owned())]);
    let source = || NatsSource::text(server.connection(), "POSITIONS");
    let from = |start| read(source().starting_position(start).bounded(StreamPosition::latest()));
    let to = |stop| read(source().bounded(stop));
    assert_eq!(from(StreamPosition::earliest()), ["1", "2", "3", "4", "5"]);
    assert_eq!(from(StreamPosition::latest()), [""; 0]);
    assert_eq!(from(StreamPosition::sequence(4)), ["4", "5"]);
    assert_eq!(from(StreamPosition::timestamp(after)), ["4", "5"]);
    assert_eq!(from(StreamPosition::timestamp(Timestamp::from_millis(4_000_000_000_000))), [""; 0]);
    assert_eq!(to(StreamPosition::sequence(3)), ["1", "2"]);
    assert_eq!(to(StreamPosition::timestamp(after)), ["1", "2", "3"]);
    assert_eq!(to(StreamPosition::earliest()), [""; 0]);
}

#[test]
fn a_message_has_its_subject_sequence_time_and_headers() {
    let Some(server) = Server::shared() else { return };
    server.create_stream("PARTS", &["parts.>"]);
    server.publish(&numbers(1, &["parts.a"]));
    server.publish_with_header("parts.b.c", "text", "Unit", "kg");
    let source = NatsSource::new(server.connection(), "PARTS", |message| {
        let (subject, sequence) = (message.subject(), message.sequence());
        let is_now = message.timestamp().as_millis() > 1_700_000_000_000;
        let header = message.header("Unit");
        let headers: Vec<_> = message.headers().collect();
        let payload = String::from_utf8_lossy(message.payload());
        Ok(Some(format!(
            "{} {subject} {sequence} {is_now} {header:?} {headers:?} {payload}",
            message.stream()
        )))
    });
    let read = read(source.bounded(StreamPosition::latest()));
    assert_eq!(
        read,
        ["PARTS parts.a 1 true None [] 1", "PARTS parts.b.c 2 true Some(\"kg\") [(\"Unit\", \"kg\")] text"]
    );
}

#[test]
fn filters_and_streams_are_read_side_by_side() {
    let Some(server) = Server::shared() else { return };
    server.create_stream("LEFT", &["left.*"]);
    server.create_stream("RIGHT", &["right.*"]);
    server.publish(&numbers(3_000, &["left.a", "left.b", "left.c"]));
    server.publish(&numbers(10, &["right.a"]));
    let expected: usize = (1..=3_000).filter(|number| number % 3 != 0).count();
    let some = read(all(&server, "LEFT").subjects(["left.a", "left.b"]));
    assert_eq!(some.len(), expected);
    assert!(some.iter().all(|number| number.parse::<u64>().unwrap() % 3 != 0));
    assert_eq!(read(all(&server, "LEFT").stream("RIGHT")).len(), 3_010);
    // A filter without a message ends, too.
    assert_eq!(read(all(&server, "LEFT").subjects(["left.none"])), [""; 0]);
}

#[test]
fn messages_that_were_deleted_hold_up_nothing() {
    let Some(server) = Server::shared() else { return };
    server.create_stream("GAPS", &["gaps"]);
    server.publish(&numbers(20, &["gaps"]));
    server.with_stream("GAPS", async |stream| {
        for sequence in [5, 6, 10, 19, 20] {
            stream.delete_message(sequence).await.unwrap();
        }
    });
    let expected = (1..=18_u64).filter(|number| ![5, 6, 10].contains(number));
    let mut expected: Vec<_> = expected.map(|number| number.to_string()).collect();
    expected.sort_unstable();
    let began = Instant::now();
    assert_eq!(read(all(&server, "GAPS")), expected);
    assert_eq!(read(all(&server, "GAPS").subjects(["gaps"])), expected);
    // The end lies where messages were.
    assert_eq!(
        read(NatsSource::text(server.connection(), "GAPS").bounded(StreamPosition::sequence(7))).len(),
        4
    );
    eprintln!("three reads in {:?}", began.elapsed());
}

#[test]
fn what_cannot_be_read_is_treated_as_it_is_said() {
    let Some(server) = Server::shared() else { return };
    server.create_stream("BAD", &["bad"]);
    server.publish(&[("bad".to_owned(), "1".to_owned()), ("bad".to_owned(), "one".to_owned())]);
    let source = || NatsSource::json::<u64>(server.connection(), "BAD").bounded(StreamPosition::latest());
    let env = Environment::new();
    env.from_source(source()).collect();
    let error = env.execute("bad").unwrap_err().to_string();
    for part in ["`BAD`", "sequence 2", "`bad`", "`one`"] {
        assert!(error.contains(part), "no {part} in: {error}");
    }
    let env = Environment::new();
    let numbers = env.from_source(source().on_error(BadMessage::Skip)).collect();
    env.execute("bad").unwrap();
    assert_eq!(numbers.to_vec(), [1]);
}

#[test]
fn new_messages_are_read_as_they_come_and_what_is_pending_is_shown() {
    let Some(server) = Server::shared() else { return };
    server.create_stream("LIVE", &["live.*"]);
    server.publish(&numbers(5, &["live.a"]));
    let env = Environment::new().parallelism(2).checkpoint_every(Duration::from_millis(50));
    let source = NatsSource::text(server.connection(), "LIVE").starting_position(StreamPosition::latest());
    let lines = env.from_source(source).name("read").collect();
    let job = env.spawn("live").unwrap();
    let gauge = |name: &str| job.metrics().operator("read").sum_of_gauges(name).unwrap_or(-1.0);
    let wait_for = |what: &str, holds: &dyn Fn() -> bool| {
        let began = Instant::now();
        while !holds() {
            assert!(began.elapsed() < Duration::from_secs(60), "{what}: {} lines", lines.len());
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    wait_for("started", &|| gauge("currentSequence") == 5.0);
    for number in 6..9 {
        server.publish(&[("live.b".to_owned(), number.to_string())]);
        wait_for("the next message", &|| lines.len() == number - 5);
    }
    wait_for("all read", &|| gauge("currentSequence") == 8.0 && gauge("pendingRecords") == 0.0);
    job.cancel();
    job.join_blocking().unwrap();
    assert_eq!(lines.sorted(), ["6", "7", "8"]);
}
