//! Lines of an answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use millstream::connectors::http::{HttpSource, RetryPolicy};
use millstream::prelude::*;

use super::server::{Pieces, Server};

#[test]
fn half_a_line_of_an_answer_that_breaks_off_is_no_record() {
    let requests = AtomicU64::new(0);
    let server = Server::start(move |_, connection| {
        let mut pieces = Pieces::begin(connection, "application/x-ndjson");
        match requests.fetch_add(1, Ordering::Relaxed) {
            0 => {
                pieces.send("1\r\n2");
                pieces.send("3\n4");
                false
            }
            _ => {
                pieces.send("\n5\n6");
                pieces.end()
            }
        }
    });
    let env = Environment::new().parallelism(2);
    let at_once = RetryPolicy::new(Duration::from_millis(1), Duration::from_millis(1));
    let read =
        env.from_source(HttpSource::lines(server.url("http")).json::<u64>().reconnect(at_once)).collect();
    env.execute("lines").unwrap();
    // The end of an answer ends a line, and with it the stream.
    assert_eq!(read.sorted(), [1, 5, 6, 23]);
}

#[test]
fn an_answer_that_ends_may_be_followed_by_another() {
    let requests = AtomicU64::new(0);
    let server = Server::start(move |_, connection| {
        let request = requests.fetch_add(1, Ordering::Relaxed);
        if request == 3 {
            return super::server::answer(connection, "204 No Content", "", "");
        }
        let mut pieces = Pieces::begin(connection, "text/plain");
        pieces.send(&format!("line {request}\n"));
        pieces.end()
    });
    let env = Environment::new().parallelism(1);
    let at_once = RetryPolicy::new(Duration::from_millis(1), Duration::from_millis(1));
    let source = HttpSource::lines(server.url("http")).end_on_close(false).reconnect(at_once);
    let read = env.from_source(source).collect();
    env.execute("lines").unwrap();
    assert_eq!(read.to_vec(), ["line 0", "line 1", "line 2"]);
}

#[test]
fn a_server_that_falls_silent_is_asked_again() {
    let requests = AtomicU64::new(0);
    let server = Server::start(move |_, connection| {
        let is_first = requests.fetch_add(1, Ordering::Relaxed) == 0;
        let mut pieces = Pieces::begin(connection, "text/plain");
        if is_first {
            pieces.send("one\n");
            std::thread::sleep(Duration::from_secs(600));
        }
        pieces.send("two\n");
        pieces.end()
    });
    let env = Environment::new().parallelism(1);
    let source = HttpSource::lines(server.url("http"))
        .idle_timeout(Duration::from_millis(100))
        .reconnect(RetryPolicy::new(Duration::from_millis(1), Duration::from_millis(1)).max_attempts(None));
    let read = env.from_source(source).collect();
    env.execute("lines").unwrap();
    let read = read.to_vec();
    assert_eq!(
        (read.first().map(String::as_str), read.last().map(String::as_str)),
        (Some("one"), Some("two"))
    );
}
