//! Server-sent events: a server that knows `Last-Event-ID` loses and repeats nothing, whatever breaks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use millstream::connectors::http::{HttpSource, RetryPolicy};
use millstream::engine::clock::Random;
use millstream::prelude::*;

use super::server::{Pieces, Request, Server, answer};
use super::support::random;

const EVENTS: u64 = 4_000;

/// Tries at once, and for as long as it takes.
fn at_once() -> RetryPolicy {
    RetryPolicy::new(Duration::from_millis(1), Duration::from_millis(2)).max_attempts(None)
}

/// A server of numbered events from that behind the last one on, which breaks connections at random places, and says at the
/// end that there are no more.
fn numbers(seed: u64, most: usize) -> Server {
    let requests = AtomicU64::new(0);
    Server::start(move |request: &Request, connection| {
        let mut random = Random::new(seed ^ requests.fetch_add(1, Ordering::Relaxed));
        let next = request.header("last-event-id").map_or(0, |id| id.parse::<u64>().unwrap() + 1);
        if next >= EVENTS {
            return answer(connection, "204 No Content", "", "");
        }
        if random.below(4) == 0 {
            return answer(connection, "503 Service Unavailable", "Retry-After: 0\r\n", "");
        }
        let mut pieces = Pieces::begin(connection, "text/event-stream; charset=utf-8");
        let last = EVENTS.min(next + random.below(most) as u64);
        for number in next..last {
            let event = format!(": comment\nid: {number}\ndata: {number}\n\n");
            let (one, other) = event.split_at(random.below(event.len()));
            if !pieces.send(one) || !pieces.send(other) {
                return false;
            }
            if number % 50 == 0 {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        match random.below(3) {
            0 => return pieces.end(),
            1 => drop(pieces.send(&format!("id: {last}\ndata: half of"))),
            // The id without the event.
            _ => drop(pieces.send(&format!("id: {last}\n"))),
        }
        false
    })
}

#[test]
fn broken_connections_lose_and_repeat_nothing() {
    let server = numbers(random().next(), 500);
    let env = Environment::new().parallelism(2);
    let source = HttpSource::event_stream(server.url("http")).json::<u64>().reconnect(at_once());
    let read = env.from_source(source).collect();
    env.execute("events").unwrap();
    assert_eq!(read.sorted(), (0..EVENTS).collect::<Vec<_>>());
}

#[test]
fn a_job_that_fails_goes_on_behind_the_last_event_of_its_checkpoint() {
    let server = numbers(random().next(), 2_000);
    let failures = Arc::new(AtomicU64::new(0));
    let env = Environment::new()
        .parallelism(2)
        .checkpoint_every(Duration::from_millis(5))
        .restart_strategy(RestartStrategy::fixed_delay(100, Duration::from_millis(1)));
    let source = HttpSource::event_stream(server.url("http")).json::<u64>().reconnect(at_once());
    let count = failures.clone();
    let read = env
        .from_source(source)
        .try_map(move |number| {
            // Once each at these: nothing else says how far the attempt before has got.
            let failed = count.load(Ordering::Relaxed);
            if number >= (failed + 1) * 600 && failed < 6 {
                count.fetch_add(1, Ordering::Relaxed);
                return Err(format!("failure {failed}").into());
            }
            Ok(number)
        })
        .collect();
    env.execute("events").unwrap();
    assert_eq!(failures.load(Ordering::Relaxed), 6);
    assert_eq!(read.sorted(), (0..EVENTS).collect::<Vec<_>>());
}

#[test]
fn a_server_says_when_it_may_be_asked_again() {
    let requests = AtomicU64::new(0);
    let server = Server::start(move |_, connection| match requests.fetch_add(1, Ordering::Relaxed) {
        0 => {
            let mut pieces = Pieces::begin(connection, "text/event-stream");
            pieces.send("retry: 3\ndata: one\n\n");
            pieces.end()
        }
        _ => answer(connection, "204 No Content", "", ""),
    });
    let env = Environment::new().parallelism(1);
    // By its own policy it would never come back.
    let never = RetryPolicy::new(Duration::from_secs(3_000_000), Duration::from_secs(3_000_000));
    let read = env.from_source(HttpSource::event_stream(server.url("http")).reconnect(never)).collect();
    env.execute("events").unwrap();
    assert_eq!(read.to_vec(), ["one"]);
}
