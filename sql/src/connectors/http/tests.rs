//! Tables over HTTP: what is refused before anything is asked, and what a server gives and gets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use crate::connectors::testing::Script;

fn error_of(columns: &str, options: &str, statement: &str) -> String {
    let mut script = Script::new(1);
    script.run(&format!("CREATE TABLE t ({columns}) WITH ({options})"));
    script.try_run(statement).unwrap_err()
}

#[test]
fn options_that_are_wrong_are_refused() {
    let url = "'connector' = 'http', 'url' = 'http://localhost:1', 'format' = 'json'";
    let lines = format!("{url}, 'scan.mode' = 'lines'");
    let socket = "'connector' = 'websocket', 'url' = 'ws://localhost:1', 'format' = 'json'";
    let cases = [
        ("'connector' = 'http', 'format' = 'json'".to_owned(), "Missing required options are: url"),
        ("'connector' = 'http', 'url' = 'ws://x', 'format' = 'json'".to_owned(), "it begins with http:// or https://"),
        ("'connector' = 'http', 'url' = 'http://x', 'scan.mode' = 'lines'".to_owned(), "Missing required options are: format"),
        (url.to_owned(), "Missing required options are: scan.mode"),
        (format!("{url}, 'scan.mode' = 'stream'"), "the modes are: event-stream, lines, poll"),
        (format!("{lines}, 'scan.poll.interval' = '1 s'"), "is for 'scan.mode' = 'poll' alone"),
        (format!("{lines}, 'scan.reconnect.attempts' = 'many'"), "it must be a number, or infinite"),
        (format!("{lines}, 'scan.idle-timout' = '1 s'"), "Unsupported options: scan.idle-timout"),
        (format!("{lines}, 'insert-method' = 'GET'"), "it must be POST, PUT or PATCH"),
        (format!("{lines}, 'sink.batch.max-size' = '0'"), "Option 'sink.batch.max-size' must be above 0"),
        (format!("{lines}, 'sink.on-rejection' = 'ignore'"), "it must be fail or skip"),
        (format!("{socket}, 'scan.mode' = 'lines'"), "Unsupported options: scan.mode"),
        ("'connector' = 'websocket', 'url' = 'http://x', 'format' = 'json'".to_owned(), "it begins with ws:// or wss://"),
        (
            "'connector' = 'websocket', 'url' = 'ws://x', 'format' = 'avro-confluent', 'avro-confluent.url' = 'http://x'".to_owned(),
            "the format 'avro-confluent' is for topics",
        ),
    ];
    for (options, expected) in cases {
        let error = error_of("n INT", &options, "SELECT * FROM t");
        assert!(error.contains(expected), "{options}: {error}");
    }
    let error = error_of("n INT, k STRING METADATA", &lines, "SELECT * FROM t");
    assert!(error.contains("Invalid metadata key 'k' in column 'k'"), "{error}");
    let error = error_of("n INT", socket, "INSERT INTO t VALUES (1)");
    assert!(error.contains("websocket"), "{error}");
    let error = error_of("n BIGINT", &lines, "INSERT INTO t SELECT COUNT(*) FROM (VALUES (1)) AS v(n)");
    assert!(error.contains("doesn't support consuming update changes"), "{error}");
}

/// A server that answers one request on each of so many connections, and says what they were: head and body.
fn serve(answers: Vec<String>) -> (u16, JoinHandle<Vec<(String, String)>>) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let serving = move || {
        let answer = |answer: String| {
            let mut connection = server.accept().unwrap().0;
            let request = request(&connection);
            connection.write_all(answer.as_bytes()).unwrap();
            request
        };
        answers.into_iter().map(answer).collect()
    };
    #[expect(clippy::disallowed_methods, reason = "a server beside the job")]
    let served = std::thread::spawn(serving);
    (port, served)
}

fn request(connection: &TcpStream) -> (String, String) {
    let (mut reader, mut head, mut length) = (BufReader::new(connection), String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

fn answer(status: &str, media_type: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn events_and_lines_are_rows() {
    let events = "id: 1\ndata: {\"n\": 1, \"s\": \"a\"}\n\nid: 2\ndata: [{\"n\": 2}, {\"n\": 3}]\n\n";
    let lines = "{\"n\": 4}\n\n{\"n\": 5, \"s\": \"b\"}";
    let (port, served) = serve(vec![
        answer("200 OK", "text/event-stream", events),
        answer("204 No Content", "text/event-stream", ""),
        answer("200 OK", "application/x-ndjson", lines),
    ]);
    let mut script = Script::new(2);
    for (table, mode) in [("events", "event-stream"), ("lines", "lines")] {
        script.run(&format!(
            "CREATE TABLE {table} (s STRING, n INT) WITH ('connector' = 'http', 'url' = 'http://127.0.0.1:{port}/{table}', \
             'scan.mode' = '{mode}', 'format' = 'json', 'headers.X-Key' = 'k', 'scan.reconnect.initial-backoff' = '1 ms')"
        ));
    }
    assert_eq!(script.sorted("SELECT n, s FROM events"), ["+I[1, a]", "+I[2, null]", "+I[3, null]"]);
    assert_eq!(script.sorted("SELECT n FROM lines"), ["+I[4]", "+I[5]"]);
    let requests = served.join().unwrap();
    let heads: Vec<_> = requests.into_iter().map(|(head, _)| head.to_ascii_lowercase()).collect();
    assert!(heads[0].starts_with("get /events http/1.1") && heads[0].contains("x-key: k"), "{}", heads[0]);
    assert!(heads[1].contains("last-event-id: 2"), "{}", heads[1]);
}

#[test]
fn a_message_that_cannot_be_read_fails_or_is_skipped() {
    let lines = "{\"n\": 1}\n{\"n\": \n{\"n\": 2}\n";
    let (port, served) = serve(vec![answer("200 OK", "text/plain", lines); 2]);
    let mut script = Script::new(1);
    for (table, more) in [("strict", ""), ("lenient", ", 'json.ignore-parse-errors' = 'true'")] {
        script.run(&format!(
            "CREATE TABLE {table} (n INT) WITH ('connector' = 'http', 'url' = 'http://127.0.0.1:{port}', \
             'scan.mode' = 'lines', 'format' = 'json'{more})"
        ));
    }
    let error = script.try_run("SELECT * FROM strict").unwrap_err();
    assert!(error.contains("a message of `http://127.0.0.1"), "{error}");
    assert_eq!(script.run("SELECT * FROM lenient"), ["+I[1]", "+I[2]"]);
    served.join().unwrap();
}

#[test]
fn rows_are_sent_in_batches() {
    let (port, served) = serve(vec![answer("202 Accepted", "text/plain", ""); 4]);
    let mut script = Script::new(1);
    script.run(&format!(
        "CREATE TABLE j (n INT, s STRING) WITH ('connector' = 'http', 'url' = 'http://127.0.0.1:{port}/j', \
         'format' = 'json', 'sink.batch.max-size' = '2', 'insert-method' = 'PUT', 'headers.Authorization' = 'Bearer x')"
    ));
    script.run(&format!(
        "CREATE TABLE c (n INT, s STRING) WITH ('connector' = 'http', 'url' = 'http://127.0.0.1:{port}/c', \
         'format' = 'csv', 'sink.batch.max-size' = '9', 'sink.batch.format' = 'lines', 'sink.delivery-guarantee' = 'exactly-once')"
    ));
    script.run(&format!(
        "CREATE TABLE single (n INT, s STRING) WITH ('connector' = 'http', 'url' = 'http://127.0.0.1:{port}/one', 'format' = 'json')"
    ));
    script.run("INSERT INTO j VALUES (1, 'a'), (2, 'b'), (3, 'c')");
    script.run("INSERT INTO c VALUES (1, 'a,b'), (2, 'b')");
    script.run("INSERT INTO single VALUES (1, 'a')");
    let requests = served.join().unwrap();
    let bodies: Vec<_> = requests.iter().map(|(_, body)| body.as_str()).collect();
    assert_eq!(
        bodies,
        [
            "[{\"n\":1,\"s\":\"a\"},{\"n\":2,\"s\":\"b\"}]",
            "[{\"n\":3,\"s\":\"c\"}]",
            "1,\"a,b\"\n2,b\n",
            "{\"n\":1,\"s\":\"a\"}"
        ]
    );
    let head = |request: usize| requests[request].0.to_ascii_lowercase();
    assert!(
        head(0).starts_with("put /j http/1.1") && head(0).contains("authorization: bearer x"),
        "{}",
        head(0)
    );
    assert!(head(0).contains("content-type: application/json") && head(2).contains("content-type: text/csv"));
    assert!(requests.iter().all(|(head, _)| head.to_ascii_lowercase().contains("idempotency-key: ")));
}

#[test]
fn certificates_that_are_to_be_trusted_are_read() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let trusting = "'format' = 'json', 'tls.root-certificates' = '/missing.pem'";
    let http =
        format!("'connector' = 'http', 'url' = 'https://{address}', 'scan.mode' = 'lines', {trusting}");
    let socket = format!("'connector' = 'websocket', 'url' = 'wss://{address}', {trusting}");
    let (select, insert) = ("SELECT * FROM t", "INSERT INTO t VALUES (1)");
    for (options, statement) in [(&http, select), (&http, insert), (&socket, select)] {
        let error = error_of("n INT", options, statement);
        assert!(error.contains("`/missing.pem`"), "{options}: {error}");
    }
}
