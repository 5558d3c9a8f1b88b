//! Messages of WebSockets.

use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use millstream::connectors::http::{RetryPolicy, WebSocketSource};
use millstream::prelude::*;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, WebSocket, accept_hdr};

use super::server::{Server, answer};

type Socket = WebSocket<TcpStream>;

/// A server that hands over its handshakes with the number of their connections, beginning with 0.
fn serve(serve: impl Fn(u64, Socket, String) + Send + Sync + 'static) -> Server {
    let connections = AtomicU64::new(0);
    Server::accepting(move |connection| {
        let mut key = String::new();
        #[expect(clippy::result_large_err, reason = "what the library asks for")]
        let header = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
            let value = request.headers().get("x-key").map(|value| value.to_str().unwrap());
            value.unwrap_or_default().clone_into(&mut key);
            Ok(response)
        };
        // A server that is about to be gone is connected to by itself.
        if let Ok(socket) = accept_hdr(connection, header) {
            serve(connections.fetch_add(1, Ordering::Relaxed), socket, key);
        }
    })
}

fn close(mut socket: Socket) {
    let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
    socket.close(Some(frame)).unwrap();
    while socket.read().is_ok() {}
}

fn source(server: &Server) -> WebSocketSource {
    let at_once = RetryPolicy::new(Duration::from_millis(1), Duration::from_millis(2)).max_attempts(None);
    WebSocketSource::new(server.url("ws")).end_on_close(true).reconnect(at_once)
}

fn read(source: WebSocketSource) -> Vec<String> {
    let env = Environment::new().parallelism(2);
    let read = env.from_source(source).rebalance().collect();
    env.execute("messages").unwrap();
    read.sorted()
}

#[test]
fn each_connection_is_subscribed_until_the_server_closes_normally() {
    let subscriptions = Arc::new(Mutex::new(Vec::new()));
    let seen = subscriptions.clone();
    let server = serve(move |connection, mut socket, key| {
        for _ in 0..2 {
            let text = socket.read().unwrap().into_text().unwrap().to_string();
            seen.lock().unwrap().push((connection, key.clone(), text));
        }
        socket.send(Message::text(format!("text {connection}"))).unwrap();
        socket.send(Message::binary(format!("binary {connection}").into_bytes())).unwrap();
        match connection {
            // Without a word.
            0 => {}
            // Going away is no end.
            1 => socket.close(Some(CloseFrame { code: CloseCode::Away, reason: "".into() })).unwrap(),
            _ => close(socket),
        }
    });
    let source = source(&server).header("X-Key", "k").subscribe("a").subscribe("b");
    assert_eq!(read(source), ["binary 0", "binary 1", "binary 2", "text 0", "text 1", "text 2"]);
    let expected: Vec<_> = (0..3)
        .flat_map(|connection| ["a", "b"].map(|text| (connection, "k".to_owned(), text.to_owned())))
        .collect();
    assert_eq!(*subscriptions.lock().unwrap(), expected);
}

#[test]
fn pings_are_answered() {
    let server = serve(|_, mut socket, _| {
        socket.send(Message::Ping(b"there?".to_vec().into())).unwrap();
        assert_eq!(socket.read().unwrap(), Message::Pong(b"there?".to_vec().into()));
        socket.send(Message::text("yes")).unwrap();
        close(socket);
    });
    assert_eq!(read(source(&server)), ["yes"]);
}

#[test]
fn a_server_that_does_not_answer_a_ping_is_connected_to_again() {
    let server = serve(|connection, mut socket, _| {
        if connection == 0 {
            socket.send(Message::text("before")).unwrap();
            // Reads nothing, and so answers nothing.
            std::thread::sleep(Duration::from_secs(600));
        }
        socket.send(Message::text("behind")).unwrap();
        close(socket);
    });
    let read = read(source(&server).ping_interval(Duration::from_millis(200)));
    assert!(read.contains(&"before".to_owned()));
    assert!(read.contains(&"behind".to_owned()));
}

#[test]
fn a_handshake_that_fails_is_tried_again() {
    let connections = AtomicU64::new(0);
    let server = Server::accepting(move |mut connection| match connections.fetch_add(1, Ordering::Relaxed) {
        // Gone before the handshake.
        0 => {}
        1 => drop(answer(&mut connection, "503 Service Unavailable", "", "")),
        _ => {
            let Ok(mut socket) = tokio_tungstenite::tungstenite::accept(connection) else { return };
            socket.send(Message::text("there")).unwrap();
            close(socket);
        }
    });
    assert_eq!(read(source(&server)), ["there"]);
}

#[test]
fn a_message_that_is_too_long_fails_the_job() {
    let server = serve(|_, mut socket, _| {
        socket.send(Message::text("x".repeat(8 << 20))).unwrap();
        socket.send(Message::text("x".repeat((8 << 20) + 1))).unwrap();
        while socket.read().is_ok() {}
    });
    let env = Environment::new().parallelism(1);
    let (lengths, seen) = channel();
    env.from_source(source(&server).max_message_bytes(8 << 20))
        .for_each(move |message: String| lengths.send(message.len()).unwrap());
    let error = env.execute("messages").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("raise `max_message_bytes`"), "{error}");
    assert_eq!(seen.iter().collect::<Vec<_>>(), [8 << 20], "one as long as may be is read");
}

#[test]
fn a_job_that_is_behind_lets_the_server_wait() {
    const MESSAGES: usize = 2_000;
    let (blocked, is_blocked) = channel();
    let blocked = Mutex::new(blocked);
    let server = serve(move |_, mut socket, _| {
        socket.get_ref().set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        for number in 0..MESSAGES {
            let mut sent = socket.send(Message::text(format!("{number:050000}")));
            // The connection takes no more: nobody reads.
            while sent.is_err() {
                let _ = blocked.lock().unwrap().send(number);
                sent = socket.flush();
            }
        }
        socket.get_ref().set_write_timeout(None).unwrap();
        close(socket);
    });
    let env = Environment::new().parallelism(1);
    let gate = Arc::new(Mutex::new(Some(is_blocked)));
    let read = env
        .from_source(source(&server))
        .map(move |message: String| {
            if let Some(is_blocked) = gate.lock().unwrap().take() {
                let sent = is_blocked.recv_timeout(Duration::from_secs(120)).expect("the server has to wait");
                assert!(sent < MESSAGES / 2, "{sent} of 50 kB are in memory");
            }
            message.trim_start_matches('0').to_owned()
        })
        .collect();
    env.execute("messages").unwrap();
    assert_eq!(read.to_vec().len(), MESSAGES);
}
