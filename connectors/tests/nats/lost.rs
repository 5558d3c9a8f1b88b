//! Streams that no longer have what was to be read.

use std::path::Path;

use millstream::connectors::nats::{LostMessages, NatsSource, StreamPosition, TextDeserializer};
use millstream::prelude::*;

use super::reading::{numbers, read};
use super::server::Server;

/// Reads until everything is read, and stops with a savepoint in a folder.
fn read_to_savepoint(source: NatsSource<TextDeserializer>, count: usize, folder: &Path) {
    let env = Environment::new().parallelism(1).checkpoint_every(Duration::from_millis(50));
    let env = env.snapshot_folder(folder.join("checkpoints").to_string_lossy());
    let lines = env.from_source(source).uid("read").collect();
    let job = env.spawn("lost").unwrap();
    while lines.len() < count {
        std::thread::sleep(Duration::from_millis(5));
    }
    let savepoint = folder.join("savepoint").to_string_lossy().into_owned();
    futures::executor::block_on(job.stop_with_savepoint(savepoint)).unwrap();
}

/// Goes on from that savepoint, to an error.
fn restored(source: NatsSource<TextDeserializer>, folder: &Path) -> Error {
    let env = Environment::new().parallelism(1).restart_strategy(RestartStrategy::None);
    let env = env.restore_from(folder.join("savepoint").to_string_lossy());
    env.from_source(source).uid("read").collect();
    env.execute("lost").unwrap_err()
}

#[test]
fn messages_that_are_gone_before_they_are_read_are_an_error_unless_that_is_allowed() {
    let Some(server) = Server::shared() else { return };
    server.create_stream("PURGED", &["purged"]);
    server.publish(&numbers(10, &["purged"]));
    server.purge("PURGED", Some(7));
    let source = || NatsSource::text(server.connection(), "PURGED").bounded(StreamPosition::latest());
    assert_eq!(read(source()), ["10", "7", "8", "9"]);
    let from = || source().starting_position(StreamPosition::sequence(3));
    let env = Environment::new();
    env.from_source(from()).collect();
    let error = env.execute("lost").unwrap_err().to_string();
    for part in ["`PURGED`", "3 to 6", "4 in all"] {
        assert!(error.contains(part), "no {part} in: {error}");
    }
    assert_eq!(read(from().on_lost_messages(LostMessages::Skip)), ["10", "7", "8", "9"]);
    // All of them.
    server.purge("PURGED", None);
    assert_eq!(read(from().on_lost_messages(LostMessages::Skip)), [""; 0]);
}

#[test]
fn a_stream_that_was_made_again_is_another_one() {
    let Some(server) = Server::shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let source = || NatsSource::text(server.connection(), "REMADE");
    server.create_stream("REMADE", &["remade"]);
    server.publish(&numbers(3, &["remade"]));
    read_to_savepoint(source(), 3, folder.path());
    server.delete_stream("REMADE");
    server.create_stream("REMADE", &["remade"]);
    server.publish(&numbers(20, &["remade"]));
    let error = restored(source(), folder.path()).to_string();
    assert!(error.contains("`REMADE` of NATS has been deleted and made again"), "{error}");
}
