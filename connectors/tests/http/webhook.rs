//! What arrives at webhooks, whatever fails.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use millstream::connectors::http::{
    BatchFormat, DeliveryGuarantee, JsonSerializer, Rejected, Rejection, RetryPolicy, WebhookMethod,
    WebhookSink,
};
use millstream::prelude::*;

use super::receiver::{Accepted, receiver};
use super::server::{Request, Server, answer};
use super::support::random;

const NUMBERS: u64 = 3_000;

fn at_once() -> RetryPolicy {
    RetryPolicy::new(Duration::from_millis(1), Duration::from_millis(2)).max_attempts(None)
}

fn sink(server: &Server) -> WebhookSink<JsonSerializer<u64>> {
    WebhookSink::json(server.url("http"))
        .retry(at_once())
        .batch(BatchFormat::JsonArray, 20)
        .flush_interval(Duration::from_millis(5))
}

/// Runs a job with checkpoints that fails so often on its way.
fn run_failing(sink: WebhookSink<JsonSerializer<u64>>, failures: u64) {
    let env = Environment::new()
        .parallelism(2)
        .checkpoint_every(Duration::from_millis(5))
        .restart_strategy(RestartStrategy::fixed_delay(100, Duration::from_millis(1)));
    let failed = Arc::new(AtomicU64::new(0));
    let count = failed.clone();
    env.from_generator(Some(NUMBERS), |number| number)
        .inspect(|number| {
            if number % 50 == 0 {
                std::thread::sleep(Duration::from_millis(1));
            }
        })
        .try_map(move |number| {
            let so_far = count.load(Ordering::Relaxed);
            let is_due = number >= (so_far + 1) * NUMBERS / (failures + 1);
            if is_due && so_far < failures && count.fetch_add(1, Ordering::Relaxed) == so_far {
                return Err("a failure".into());
            }
            Ok(number)
        })
        .sink_to(sink);
    env.execute("numbers").unwrap();
    assert_eq!(failed.load(Ordering::Relaxed), failures);
}

fn all() -> Vec<u64> {
    (0..NUMBERS).collect()
}

#[test]
fn everything_arrives_and_retries_keep_their_keys() {
    let (server, accepted) = receiver(random(), 3);
    run_failing(sink(&server).max_in_flight(4), 0);
    let accepted = accepted.lock().unwrap();
    assert!(accepted.refused > 0);
    // What was accepted, but not heard of, has come again under the same key.
    assert_eq!(accepted.once(), all());
    assert!(accepted.requests.iter().all(|(_, numbers)| numbers.len() <= 20));
}

#[test]
fn with_one_request_in_flight_records_arrive_in_order() {
    let (server, accepted) = receiver(random(), 3);
    let env = Environment::new().parallelism(1);
    env.from_generator(Some(NUMBERS), |number| number).sink_to(sink(&server));
    env.execute("numbers").unwrap();
    let accepted = accepted.lock().unwrap();
    let mut requests: Vec<_> = accepted.requests.iter().map(|(_, numbers)| numbers).collect();
    // One whose answer was lost comes again before the next one does.
    requests.dedup();
    assert_eq!(requests.into_iter().flatten().copied().collect::<Vec<_>>(), all());
}

#[test]
fn a_job_that_fails_loses_nothing() {
    let (server, accepted) = receiver(random(), 10);
    run_failing(sink(&server).max_in_flight(3), 5);
    let times = accepted.lock().unwrap().times();
    assert_eq!(times.keys().copied().collect::<Vec<_>>(), all());
}

#[test]
fn a_receiver_that_honours_keys_gets_everything_once() {
    let (server, accepted) = receiver(random(), 5);
    run_failing(sink(&server).delivery_guarantee(DeliveryGuarantee::ExactlyOnce), 5);
    assert_eq!(accepted.lock().unwrap().once(), all());
}

/// A server that rejects odd numbers, and remembers the others.
fn only_even() -> (Server, Arc<Mutex<Accepted>>) {
    let accepted = Arc::new(Mutex::new(Accepted::default()));
    let seen = accepted.clone();
    let server = Server::start(move |request: &Request, connection| {
        let number: u64 = serde_json::from_slice(&request.body).unwrap();
        if number % 2 == 1 {
            return answer(connection, "422 Unprocessable Content", "", "odd");
        }
        let key = request.header("x-key").unwrap().to_owned();
        assert_eq!(
            (request.method.as_str(), request.header("content-type")),
            ("PUT", Some("application/json"))
        );
        seen.lock().unwrap().requests.push((key, vec![number]));
        answer(connection, "204 No Content", "", "")
    });
    (server, accepted)
}

fn run_rejected(server: &Server, rejection: Rejection) -> Result<()> {
    let env = Environment::new()
        .parallelism(1)
        .restart_strategy(RestartStrategy::fixed_delay(3, Duration::from_millis(1)));
    let sink = WebhookSink::json(server.url("http"))
        .method(WebhookMethod::Put)
        .idempotency_key_header("X-Key")
        .on_rejection(rejection);
    env.from_collection([0_u64, 1, 2, 3]).sink_to(sink).name("webhook");
    env.execute("numbers").map(drop)
}

#[test]
fn a_rejection_fails_the_job_unless_it_is_skipped() {
    let (server, accepted) = only_even();
    let error = run_rejected(&server, Rejection::Fail).unwrap_err();
    assert_eq!((error.kind(), error.operator()), (ErrorKind::InvalidInput, Some("webhook")));
    assert!(error.to_string().contains("rejects a request with 1 records with status 422"), "{error}");
    assert_eq!(
        accepted.lock().unwrap().times().into_keys().collect::<Vec<_>>(),
        [0],
        "it is not tried again"
    );

    let (server, accepted) = only_even();
    run_rejected(&server, Rejection::Skip).unwrap();
    assert_eq!(accepted.lock().unwrap().once(), [0, 2]);

    let (server, accepted) = only_even();
    let letters = Arc::new(Mutex::new(Vec::new()));
    let into = letters.clone();
    run_rejected(&server, Rejection::Call(Arc::new(move |letter| into.lock().unwrap().push(letter))))
        .unwrap();
    assert_eq!(accepted.lock().unwrap().once(), [0, 2]);
    let letter =
        |body: &[u8]| Rejected { status: 422, answer: "odd".to_owned(), body: body.to_vec(), records: 1 };
    assert_eq!(*letters.lock().unwrap(), [letter(b"1"), letter(b"3")]);
}

#[test]
fn a_redirect_is_rejected() {
    let server = Server::start(|_, connection| {
        answer(connection, "302 Found", "Location: http://127.0.0.1:1/\r\n", "")
    });
    let error = run_rejected(&server, Rejection::Fail).unwrap_err();
    assert!(error.to_string().contains("with status 302"), "{error}");
}

#[test]
fn a_server_is_left_alone_for_as_long_as_it_says() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let times = asked.clone();
    let server = Server::start(move |_, connection| {
        let mut times = times.lock().unwrap();
        times.push(Instant::now());
        match times.len() {
            1 => answer(connection, "429 Too Many Requests", "Retry-After: 1\r\n", ""),
            _ => answer(connection, "200 OK", "", ""),
        }
    });
    let env = Environment::new().parallelism(1);
    env.from_collection([1_u64]).sink_to(WebhookSink::json(server.url("http")).retry(at_once()));
    env.execute("numbers").unwrap();
    let asked = asked.lock().unwrap();
    assert!(asked[1] - asked[0] >= Duration::from_secs(1), "it was asked too soon");
}

#[test]
fn a_request_that_takes_too_long_is_tried_again() {
    let requests = AtomicU64::new(0);
    let server = Server::start(move |_, connection| {
        if requests.fetch_add(1, Ordering::Relaxed) == 0 {
            std::thread::sleep(Duration::from_secs(600));
        }
        answer(connection, "200 OK", "", "")
    });
    let env = Environment::new().parallelism(1);
    let sink =
        WebhookSink::json(server.url("http")).retry(at_once()).request_timeout(Duration::from_millis(200));
    env.from_collection([1_u64]).sink_to(sink);
    env.execute("numbers").unwrap();
}

#[test]
fn a_server_that_stays_away_fails_the_job() {
    let server = Server::start(|_, connection| answer(connection, "500 Internal Server Error", "", "broken"));
    let env = Environment::new().parallelism(1).restart_strategy(RestartStrategy::None);
    env.from_collection([1_u64])
        .sink_to(WebhookSink::json(server.url("http")).retry(at_once().max_attempts(2)));
    let error = env.execute("numbers").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::External);
    assert!(error.to_string().contains("after 2 more tries: it answers with status 500"), "{error}");
}
