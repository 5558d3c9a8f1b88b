use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use millstream::prelude::*;

use super::*;

fn endless() -> JobHandle {
    let env = Environment::new().parallelism(1);
    env.from_source(GeneratorSource::new(None, |number| number).rate(10_000.0)).discard();
    env.spawn("numbers").unwrap()
}

fn ask(address: SocketAddr, request: &str) -> String {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_scrape_gets_what_the_handle_says_until_the_job_is_over() {
    let job = endless();
    let address = serve(&job, "127.0.0.1:0").unwrap();
    assert!(address.ip().is_loopback() && address.port() > 0);
    let scrape = || ask(address, "GET /metrics HTTP/1.1\r\nHost: here\r\nAccept: */*\r\n\r\n");
    let answer = scrape();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("Content-Type: text/plain; version=0.0.4"), "{head}");
    assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
    assert!(body.contains("flink_jobmanager_job_numRestarts{job_name=\"numbers\"} 0\n"), "{body}");

    assert!(ask(address, "GET /other HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
    assert!(ask(address, "DELETE /metrics HTTP/1.1\r\n\r\n").contains("\r\nAllow: GET, HEAD\r\n"));
    assert!(ask(address, "hello\r\n\r\n").starts_with("HTTP/1.1 400"));
    assert!(ask(address, "HEAD /metrics HTTP/1.1\r\n\r\n").ends_with("\r\n\r\n"));
    // Those that only connect do not keep others from their turn.
    let idle: Vec<_> = (0..SCRAPES - 1).map(|_| TcpStream::connect(address).unwrap()).collect();
    std::thread::scope(|scope| {
        (0..4)
            .for_each(|_| drop(scope.spawn(|| (0..20).for_each(|_| assert!(scrape().contains(" 200 OK"))))));
    });
    drop(idle);

    job.cancel();
    job.join_blocking().unwrap();
    let gone = (0..500).any(|_| {
        let refused = TcpStream::connect(address).is_err();
        wait(refused);
        refused
    });
    assert!(gone, "the endpoint has outlived its job");
}

#[allow(clippy::disallowed_methods, reason = "a job's threads need real time")]
fn wait(is_over: bool) {
    if !is_over {
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_request_without_end_is_refused() {
    let job = endless();
    let address = serve(&job, "127.0.0.1:0").unwrap();
    let request = format!("GET /{} HTTP/1.1", "x".repeat(LONGEST_HEAD));
    let mut connection = TcpStream::connect(address).unwrap();
    connection.write_all(&request.as_bytes()[..LONGEST_HEAD]).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    job.cancel();
    job.join_blocking().unwrap();
}

#[test]
fn a_port_that_is_in_use_is_a_clear_error() {
    let job = endless();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let error = serve(&job, taken.local_addr().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::External);
    let port = taken.local_addr().unwrap().port().to_string();
    assert!(
        error.to_string().contains(&port) && error.to_string().contains("choose another port"),
        "{error}"
    );
    job.cancel();
    job.join_blocking().unwrap();
}
