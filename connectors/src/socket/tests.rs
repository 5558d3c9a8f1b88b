use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use millstream::prelude::*;
use millstream::testing::{SourceHarness, source_operator};
use millstream_runtime::testing::HarnessSetup;

use super::*;

/// A server that hands each connection to one of these, in turn, and is gone then.
fn serve<const N: usize>(answers: [fn(TcpStream); N]) -> (u16, JoinHandle<()>) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let serving = move || answers.into_iter().for_each(|answer| answer(server.accept().unwrap().0));
    #[expect(clippy::disallowed_methods, reason = "a server beside the job")]
    let served = std::thread::spawn(serving);
    (port, served)
}

fn source(port: u16) -> SocketSource {
    SocketSource::new("127.0.0.1", port)
}

#[test]
fn one_subtask_reads_until_the_server_closes_the_connection() {
    let (port, served) = serve([|mut connection| {
        for piece in ["to", " be\r\nor", "\n", "\n", "not"] {
            connection.write_all(piece.as_bytes()).unwrap();
            connection.flush().unwrap();
        }
    }]);
    let env = Environment::new().parallelism(3);
    let lines = env.from_source(source(port)).collect();
    env.execute("lines").unwrap();
    served.join().unwrap();
    assert_eq!(lines.to_vec(), ["to be", "or", "", "not"]);
}

#[test]
fn it_connects_again_as_often_as_it_may() {
    let (port, served) = serve([
        |mut connection: TcpStream| connection.write_all(b"one\nhal").unwrap(),
        |mut connection: TcpStream| connection.write_all(b"two\n").unwrap(),
    ]);
    let env = Environment::new().parallelism(1).restart_strategy(RestartStrategy::None);
    let lines = env.from_source(source(port).retries(1)).name("server").collect();
    let job = env.spawn("lines").unwrap();
    served.join().unwrap();
    // What came through the last connection is none of the failures in a row.
    let error = job.join_blocking().unwrap_err();
    assert_eq!((error.kind(), error.operator()), (ErrorKind::External, Some("server")));
    let text = error.to_string();
    assert!(text.contains(&format!("no connection to `127.0.0.1:{port}`")), "{text}");
    assert!(lines.is_empty(), "nothing was committed");
}

#[test]
fn what_it_has_read_is_emitted_before_it_connects_again() {
    let (port, served) = serve([
        |mut connection: TcpStream| connection.write_all(b"one\nhal").unwrap(),
        |mut connection: TcpStream| connection.write_all(b"two\n").unwrap(),
    ]);
    let mut harness = SourceHarness::new(source_operator(source(port).retries(2), vec![()], 0, 1)).unwrap();
    let mut records = Vec::new();
    for _ in 0..200 {
        if harness.run(2).is_err() {
            break;
        }
        records.extend(harness.take_records());
    }
    served.join().unwrap();
    assert_eq!(records, ["one", "hal", "two"]);
}

#[test]
fn after_a_restore_one_subtask_reads_on() {
    let (port, served) = serve([|mut connection: TcpStream| connection.write_all(b"new\n").unwrap()]);
    let open = |setup: HarnessSetup<'_>, subtask, parallelism| {
        let operator = source_operator(source(port), vec![()], subtask, parallelism);
        SourceHarness::with(setup.subtask(subtask, parallelism), operator).unwrap()
    };
    let snapshots: Vec<_> =
        (0..2).map(|subtask| open(HarnessSetup::new(), subtask, 2).snapshot(1).unwrap()).collect();
    let mut records = Vec::new();
    for subtask in 0..3 {
        let mut harness = open(HarnessSetup::new().restore(&snapshots), subtask, 3);
        for _ in 0..20 {
            harness.run(2).unwrap();
        }
        records.extend(harness.take_records());
    }
    served.join().unwrap();
    assert_eq!(records, ["new"]);
}

#[test]
fn a_source_that_cannot_be_is_refused() {
    let refused = |source: SocketSource| {
        let env = Environment::new();
        env.from_source(source).discard();
        let error = env.job("lines").err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidJob);
        error.to_string()
    };
    assert!(refused(source(1).delimiter("")).contains("the delimiter of the socket's records is empty"));
    assert!(refused(SocketSource::new("", 1)).contains("the host of the socket is empty"));
}
