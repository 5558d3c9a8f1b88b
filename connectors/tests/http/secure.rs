//! Servers with TLS, whose certificates are trusted or not.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use millstream::connectors::http::{HttpSource, WebSocketSource, WebhookSink};
use millstream::prelude::*;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, accept};

use super::certificates::{Certificate, has_openssl};
use super::server::{Pieces, Server, answer};

/// What speaks TLS in front of a server that does not.
struct Front {
    address: SocketAddr,
    _runtime: Runtime,
}

impl Front {
    fn start(server: &Server, certificate: &Certificate) -> Self {
        let chain = CertificateDer::pem_file_iter(&certificate.certificate).unwrap();
        let chain = chain.collect::<Result<Vec<_>, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_file(&certificate.key).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let target = server.address();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // Whoever does not trust the certificate goes away.
                    let Ok(mut outside) = acceptor.accept(stream).await else { return };
                    let mut inside = TcpStream::connect(target).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
                });
            }
        });
        Self { address, _runtime: runtime }
    }

    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}/path", self.address)
    }
}

/// The certificates of a server and of somebody else; `None`, said aloud, where they cannot be made.
fn certificates(folder: &Path) -> Option<[Certificate; 2]> {
    if !has_openssl() {
        let reason = "SKIPPED: no `openssl`, which makes certificates";
        assert!(std::env::var_os("MILLSTREAM_REQUIRE_SERVICES").is_none(), "{reason}");
        eprintln!("{reason}");
        return None;
    }
    Some(["server", "stranger"].map(|name| Certificate::make(folder, name)))
}

/// Runs a job with somebody else's certificate, and with none: it fails at once, for good, and says why. It would be tried
/// again without end otherwise.
#[track_caller]
fn assert_distrusted(url: &str, stranger: &Certificate, run: impl Fn(Option<&Path>) -> Result<()>) {
    for trusted in [None, Some(stranger.certificate.as_path())] {
        let error = run(trusted).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidJob, "{error}");
        for part in [url, "is not trusted", "UnknownIssuer", "`root_certificates`"] {
            assert!(error.to_string().contains(part), "no {part:?} in: {error}");
        }
    }
    let error = run(Some(Path::new("/missing.pem"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidJob, "{error}");
    assert!(error.to_string().contains("`/missing.pem`"), "{error}");
}

fn environment() -> Environment {
    let restarts = RestartStrategy::fixed_delay(3, Duration::from_millis(1));
    Environment::new().parallelism(1).restart_strategy(restarts)
}

#[test]
fn lines_are_read_from_a_server_that_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let Some([own, stranger]) = certificates(folder.path()) else { return };
    let server = Server::start(|_, connection| {
        let mut pieces = Pieces::begin(connection, "text/plain");
        pieces.send("one\ntwo\n");
        pieces.end()
    });
    let front = Front::start(&server, &own);
    let url = front.url("https");
    let source = HttpSource::lines(&url).root_certificates(&own.certificate);
    let env = environment();
    let read = env.from_source(source).collect();
    env.execute("lines").unwrap();
    assert_eq!(read.to_vec(), ["one", "two"]);
    assert_distrusted(&url, &stranger, |trusted| {
        let source = HttpSource::lines(&url);
        let source = match trusted {
            Some(path) => source.root_certificates(path),
            None => source,
        };
        let env = environment();
        env.from_source(source).discard();
        env.execute("lines").map(drop)
    });
}

#[test]
fn messages_are_read_from_a_server_that_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let Some([own, stranger]) = certificates(folder.path()) else { return };
    let server = Server::accepting(|connection| {
        // A server that is about to be gone is connected to by itself.
        let Ok(mut socket) = accept(connection) else { return };
        socket.send(Message::text("one")).unwrap();
        socket.close(Some(CloseFrame { code: CloseCode::Normal, reason: "".into() })).unwrap();
        while socket.read().is_ok() {}
    });
    let front = Front::start(&server, &own);
    let url = front.url("wss");
    let source = || WebSocketSource::new(&url).end_on_close(true);
    let env = environment();
    let read = env.from_source(source().root_certificates(&own.certificate)).collect();
    env.execute("messages").unwrap();
    assert_eq!(read.to_vec(), ["one"]);
    assert_distrusted(&url, &stranger, |trusted| {
        let source = match trusted {
            Some(path) => source().root_certificates(path),
            None => source(),
        };
        let env = environment();
        env.from_source(source).discard();
        env.execute("messages").map(drop)
    });
}

#[test]
fn a_webhook_is_called_that_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let Some([own, stranger]) = certificates(folder.path()) else { return };
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let seen = bodies.clone();
    let server = Server::start(move |request, connection| {
        seen.lock().unwrap().push(String::from_utf8(request.body.clone()).unwrap());
        answer(connection, "200 OK", "", "")
    });
    let front = Front::start(&server, &own);
    let url = front.url("https");
    let run = |trusted: Option<&Path>| {
        let sink = WebhookSink::json(&url);
        let sink = match trusted {
            Some(path) => sink.root_certificates(path),
            None => sink,
        };
        let env = environment();
        env.from_collection([1_u64, 2]).sink_to(sink);
        env.execute("webhook").map(drop)
    };
    assert_distrusted(&url, &stranger, run);
    assert!(bodies.lock().unwrap().is_empty());
    run(Some(&own.certificate)).unwrap();
    assert_eq!(*bodies.lock().unwrap(), ["1", "2"]);
}
