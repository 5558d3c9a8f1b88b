//! Servers that want TLS, a certificate, and somebody who logs in.

use std::path::Path;

use async_nats::ConnectOptions;
use millstream::connectors::nats::{
    DeliveryGuarantee, NatsConnection, NatsMessage, NatsSink, NatsSource, StreamPosition,
};
use millstream::prelude::*;

use super::certificates::{Certificate, has_openssl};
use super::server::Server;
use crate::services;

/// The seed of a user's NKey, and its public half: those of NATS' own documentation.
const SEED: &str = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
const PUBLIC: &str = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4";

/// Copies a stream to another, exactly once.
fn copy(connection: &NatsConnection) -> Result<()> {
    let snapshots = tempfile::tempdir().unwrap();
    let env = Environment::new().parallelism(1).snapshot_folder(snapshots.path().to_string_lossy());
    let source = NatsSource::text(connection.clone(), "IN").bounded(StreamPosition::latest());
    let sink = NatsSink::new(connection.clone(), "OUT", "out", |line: String| NatsMessage::new(line));
    env.from_source(source).sink_to(sink.delivery_guarantee(DeliveryGuarantee::ExactlyOnce));
    env.execute("copy").map(drop)
}

/// Makes the streams, of which the first has two messages.
fn prepare(server: &Server) {
    server.create_stream("IN", &["in"]);
    server.create_stream("OUT", &["out"]);
    server.publish(&["one", "two"].map(|text| ("in".to_owned(), text.to_owned())));
}

/// A copy fails for good, and says why, without what is secret.
#[track_caller]
fn assert_refused(what: &str, connection: &NatsConnection, parts: &[&str]) {
    let error = copy(connection).unwrap_err();
    eprintln!("{what}: {error}");
    assert_eq!(error.kind(), ErrorKind::InvalidJob, "{what}: {error}");
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "{what}: no {part:?} in: {text}");
    }
    assert!(!text.contains("secret") && !text.contains(SEED), "{what}: a secret is told: {text}");
}

#[test]
fn servers_are_read_and_written_with_tls_and_by_who_logs_in() {
    if services::is_skipped("a NATS server with TLS", "openssl", has_openssl) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let [own, worker, stranger] =
        ["server", "worker", "stranger"].map(|name| Certificate::make(folder.path(), name));
    let settings = format!(
        "tls {{\n cert_file: {:?}\n key_file: {:?}\n ca_file: {:?}\n verify: true\n}}\n\
         authorization {{\n users: [\n {{ user: worker, password: \"a secret\" }}\n {{ nkey: {PUBLIC} }}\n ]\n}}",
        own.certificate, own.key, worker.certificate,
    );
    let options = ConnectOptions::with_user_and_password("worker".to_owned(), "a secret".to_owned())
        .add_root_certificates(own.certificate.clone())
        .add_client_certificate(worker.certificate.clone(), worker.key.clone());
    let Some(server) = Server::start_with(&settings, options) else { return };
    prepare(&server);

    let trusting = |trusted: &Path, shown: &Certificate| {
        let connection = server.connection().root_certificates(trusted);
        connection.client_certificate(&shown.certificate, &shown.key)
    };
    let known = trusting(&own.certificate, &worker);
    let logins = [known.clone().user_and_password("worker", "a secret"), known.clone().nkey(SEED)];
    for login in &logins {
        copy(login).unwrap();
    }
    assert_eq!(server.sorted("OUT"), ["one", "one", "two", "two"]);

    let address = &server.url()[..];
    let wrong = known.clone().user_and_password("worker", "another secret");
    assert_refused("a wrong password", &wrong, &[address, "uthorization"]);
    assert_refused("nobody", &known, &[address, "uthorization"]);
    // A seed of somebody else.
    let other = "SUAKYRHVIOREXV7EUZTBHUHL7NUMHPMAS7QMDU3GTIUWEI5LDNOXD43IZY";
    assert_refused("an unknown key", &known.nkey(other), &[address, "uthorization"]);
    let login = |connection: NatsConnection| connection.user_and_password("worker", "a secret");
    let strange = login(trusting(&stranger.certificate, &worker));
    assert_refused("a server that is not trusted", &strange, &[address, "ertificate"]);
    let strange = login(trusting(&own.certificate, &stranger));
    assert_refused("a client that is not trusted", &strange, &[address, "ertificate"]);
    let missing = login(trusting(&folder.path().join("missing.pem"), &worker));
    assert_refused("a missing file", &missing, &["missing.pem"]);
}

#[test]
fn servers_are_read_and_written_with_a_token() {
    let settings = "authorization {\n token: \"a secret\"\n}";
    let options = ConnectOptions::with_token("a secret".to_owned());
    let Some(server) = Server::start_with(settings, options) else { return };
    prepare(&server);
    copy(&server.connection().token("a secret")).unwrap();
    assert_eq!(server.sorted("OUT"), ["one", "two"]);
    assert_refused("a wrong token", &server.connection().token("another secret"), &["uthorization"]);
    let plain = server.connection().token("a secret").require_tls(true);
    assert_refused("a server without TLS", &plain, &["TLS"]);
}
