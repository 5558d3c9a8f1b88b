//! Stores that cannot be used, and what is said about them.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Instant;

use millstream::connectors::files::{FileSink, FileSource};
use millstream::prelude::*;

use super::jobs::key_options;
use super::server::Server;

/// What jobs fail with that use this folder: one reads it, one writes it, one takes its snapshots there.
fn failures(folder: &str, options: &[(String, String)], restarts: u32) -> [Error; 3] {
    let environment = || {
        let restarts = RestartStrategy::fixed_delay(restarts, Duration::from_millis(10));
        let env = Environment::new().parallelism(1).checkpoint_every(Duration::from_millis(50));
        env.restart_strategy(restarts)
    };
    let began = Instant::now();
    let mut source = FileSource::text(folder);
    let mut sink = FileSink::text(folder, |number: &u64| number.to_string());
    let mut snapshots = environment().snapshot_folder(folder);
    for (name, value) in options {
        source = source.store_option(name, value);
        sink = sink.store_option(name, value);
        snapshots = snapshots.store_option(name, value);
    }
    let (reads, writes) = (environment(), environment());
    reads.from_source(source).discard();
    writes.from_collection([1]).sink_to(sink);
    snapshots.from_collection([1]).discard();
    let failures = [reads, writes, snapshots].map(|env| env.execute("refused").unwrap_err());
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    failures
}

/// Checks that all say this, and that none is tried again.
#[track_caller]
fn assert_refused(folder: &str, options: &[(String, String)], expected: &[&str]) {
    for error in failures(folder, options, u32::MAX) {
        assert!(!error.kind().is_retryable(), "{:?}: {error}", error.kind());
        let text = error.to_string();
        assert!(expected.iter().all(|expected| text.contains(expected)), "{text}");
    }
}

#[test]
fn wrong_keys_are_refused_at_once() {
    let Some(server) = Server::shared() else { return };
    let bucket = server.bucket("wrong-keys");
    let wrong = [("aws_access_key_id", "nobody"), ("aws_secret_access_key", "testtest")];
    let wrong = wrong.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let folder = bucket.whole_url("x");
    assert_refused(&folder, &wrong, &["s3://wrong-keys/x", "credentials are wrong"]);
}

#[test]
fn a_bucket_that_is_missing_is_refused_at_once() {
    let Some(server) = Server::shared() else { return };
    let folder = format!("s3://nowhere/x?endpoint={}", server.endpoint());
    assert_refused(&folder, &key_options(), &["s3://nowhere/x", "there is no such bucket"]);
}

#[test]
fn options_are_refused_by_name() {
    assert_refused("s3://b/x?endpiont=y", &key_options(), &["`endpiont`", "did you mean `endpoint`?"]);
    assert_refused("s3://b/x?secret_access_key=hush", &[], &["`secret_access_key`", "environment variable"]);
    assert_refused("s3://b/x?allow_http=perhaps", &key_options(), &["allow_http", "perhaps"]);
}

#[test]
fn a_store_that_is_away_is_tried_for_a_while() {
    // Nobody listens on a port that was just given back.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = format!("s3://b/x?endpoint=http://127.0.0.1:{port}&max_retries=2");
    for error in failures(&folder, &key_options(), 1) {
        let text = error.to_string();
        assert!(text.contains("s3://b/x") && text.contains("does not answer"), "{text}");
        assert!(error.kind().is_retryable(), "{:?}: {error}", error.kind());
    }
}

#[test]
#[allow(clippy::infinite_loop, reason = "the thread ends with the test's process")]
fn credentials_that_have_expired_are_refused_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            while !request.windows(4).any(|window| window == b"\r\n\r\n") {
                let mut bytes = [0; 1024];
                let read = stream.read(&mut bytes).unwrap();
                if read == 0 {
                    break;
                }
                request.extend_from_slice(&bytes[..read]);
            }
            // As S3 answers: a request for a file's length alone is not told the reason.
            let text =
                "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>";
            let is_head = request.starts_with(b"HEAD");
            let text = if is_head { "" } else { text };
            let length = text.len();
            // The client may have gone.
            let _ = write!(
                stream,
                "HTTP/1.1 400 Bad Request\r\nContent-Type: application/xml\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
            );
        }
    });
    let folder = format!("s3://b/x?endpoint=http://127.0.0.1:{port}");
    assert_refused(&folder, &key_options(), &["s3://b/x", "credentials have expired"]);
}
