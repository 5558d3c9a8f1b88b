//! What fails a job for good, and what it says then.

use std::time::Duration;

use millstream::connectors::http::{HttpSource, WebSocketSource, WebhookSink};
use millstream::prelude::*;

use super::server::{Server, answer};

fn error_of(build: impl FnOnce(&Environment)) -> Error {
    let env = Environment::new()
        .parallelism(1)
        .restart_strategy(RestartStrategy::fixed_delay(3, Duration::from_millis(1)));
    build(&env);
    env.execute("refused").unwrap_err()
}

#[test]
fn answers_that_waiting_does_not_mend_fail_the_job() {
    let server = Server::start(|_, connection| answer(connection, "403 Forbidden", "", "no"));
    let errors = [
        error_of(|env| drop(env.from_source(HttpSource::lines(server.url("http"))).discard())),
        error_of(|env| drop(env.from_source(WebSocketSource::new(server.url("ws"))).discard())),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        let text = error.to_string();
        assert!(text.contains(&server.url("")[3..]) && text.contains("403 Forbidden"), "{text}");
    }
}

#[test]
fn an_answer_that_is_no_event_stream_is_refused() {
    let server =
        Server::start(|_, connection| answer(connection, "200 OK", "Content-Type: text/html\r\n", "hi"));
    let error = error_of(|env| drop(env.from_source(HttpSource::event_stream(server.url("http"))).discard()));
    assert!(error.to_string().contains("the answer is `text/html`, and not `text/event-stream`"), "{error}");
}

#[test]
fn what_cannot_be_asked_is_refused_before_the_job_runs() {
    let secret = "a\nsecret";
    let cases = [
        (error_of(|env| drop(env.from_source(HttpSource::lines("ws://x")).discard())), "has the scheme `ws`"),
        (
            error_of(|env| drop(env.from_source(WebSocketSource::new("http://x")).discard())),
            "has the scheme `http`",
        ),
        (
            error_of(|env| {
                drop(env.from_source(HttpSource::lines("http://x").header("X-Key", secret)).discard())
            }),
            "the header `X-Key` has characters",
        ),
        (
            error_of(|env| drop(env.from_collection([1_u64]).sink_to(WebhookSink::json("ftp://x")))),
            "has the scheme `ftp`",
        ),
        (
            error_of(|env| {
                drop(
                    env.from_collection([1_u64])
                        .sink_to(WebhookSink::json("http://x").header("X-Key", secret)),
                );
            }),
            "the header `X-Key` has characters",
        ),
    ];
    for (error, expected) in cases {
        let text = error.to_string();
        assert_eq!(error.kind(), ErrorKind::InvalidJob, "{text}");
        assert!(text.contains(expected) && !text.contains("secret"), "{text}");
    }
}
