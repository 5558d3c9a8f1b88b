//! What is at a URL from time to time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use millstream::connectors::http::HttpSource;
use millstream::prelude::*;

use super::server::{Request, Server, answer};

/// Waits until something is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(120), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn what_has_not_changed_is_not_read_again() {
    // Each version is there for five requests.
    let (requests, repeated) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (asked, unchanged) = (requests.clone(), repeated.clone());
    let server = Server::start(move |request: &Request, connection| {
        let version = asked.fetch_add(1, Ordering::Relaxed) / 5;
        let etag = format!("\"v{version}\"");
        if request.header("if-none-match") == Some(etag.as_str()) {
            unchanged.fetch_add(1, Ordering::Relaxed);
            return answer(connection, "304 Not Modified", "", "");
        }
        answer(connection, "200 OK", &format!("ETag: {etag}\r\n"), &format!("[{version}, {version}]"))
    });
    let env = Environment::new().parallelism(2);
    let source = HttpSource::poll(server.url("http"), Duration::from_millis(1)).function(|message| {
        serde_json::from_slice::<Vec<u64>>(message.body()).map_err(|error| error.to_string())
    });
    let read = Arc::new(Mutex::new(Vec::new()));
    let into = read.clone();
    env.from_source(source).for_each(move |number| into.lock().unwrap().push(number));
    let job = env.spawn("polling").unwrap();
    until("four versions are read", || read.lock().unwrap().len() >= 8);
    job.cancel();
    let _ = job.join_blocking();
    assert_eq!(read.lock().unwrap()[..8], [0, 0, 1, 1, 2, 2, 3, 3]);
    assert!(repeated.load(Ordering::Relaxed) >= 12, "each version is asked for five times");
}
