//! A node that wants TLS, a certificate, and a name with a password.

use std::path::Path;

use millstream::connectors::kafka::{
    DeliveryGuarantee, KafkaSink, KafkaSource, OffsetsInitializer, ProducerRecord,
};
use millstream::prelude::*;

use super::broker::Broker;
use super::certificates::{Certificate, has_openssl};
use crate::services;

/// Properties of a client.
type Properties = Vec<(&'static str, String)>;

/// What a client says of itself.
#[derive(Clone, Copy)]
struct Client<'a> {
    mechanism: &'a str,
    password: &'a str,
    trusted: &'a Path,
    own: &'a Path,
}

impl Client<'_> {
    fn properties(&self) -> Properties {
        // Kafka's clients look at the class, too.
        let class = match self.mechanism {
            "PLAIN" => "org.apache.kafka.common.security.plain.PlainLoginModule",
            _ => "org.apache.kafka.common.security.scram.ScramLoginModule",
        };
        vec![
            ("security.protocol", "SASL_SSL".into()),
            ("sasl.mechanism", self.mechanism.into()),
            (
                "sasl.jaas.config",
                format!("{class} required username=\"worker\" password=\"{}\";", self.password),
            ),
            ("ssl.truststore.type", "PEM".into()),
            ("ssl.truststore.location", self.trusted.to_string_lossy().into()),
            ("ssl.keystore.type", "PEM".into()),
            ("ssl.keystore.location", self.own.to_string_lossy().into()),
        ]
    }
}

/// Copies a topic, exactly once, under a key.
fn copy(servers: &str, key: &'static str, properties: &Properties) -> Result<()> {
    let snapshots = tempfile::tempdir().unwrap();
    let env = Environment::new().snapshot_folder(snapshots.path().to_string_lossy());
    let source =
        KafkaSource::text(servers, "secret-in").bounded(OffsetsInitializer::latest()).group_id("copy");
    let line = move |line: String| ProducerRecord::new(line).key(key);
    let sink = KafkaSink::new(servers, "secret-out", line)
        .delivery_guarantee(DeliveryGuarantee::ExactlyOnce)
        .transactional_id_prefix("secret");
    let source = properties.iter().fold(source, |source, (name, value)| source.property(*name, value));
    let sink = properties.iter().fold(sink, |sink, (name, value)| sink.property(*name, value));
    env.from_source(source).sink_to(sink);
    env.execute("copy").map(drop)
}

#[test]
fn a_node_is_read_and_written_with_tls_and_a_password() {
    if services::is_skipped("a Kafka node with TLS", "openssl", has_openssl) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let [node, worker, stranger] =
        ["node", "worker", "stranger"].map(|name| Certificate::make(folder.path(), name));
    let port = services::free_ports();
    let settings = |own: u16| {
        let plain = "org.apache.kafka.common.security.plain.PlainLoginModule";
        let scram = "org.apache.kafka.common.security.scram.ScramLoginModule";
        format!(
            "listeners=PLAINTEXT://127.0.0.1:{own},CONTROLLER://127.0.0.1:{},SECURE://127.0.0.1:{port}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{own},SECURE://127.0.0.1:{port}\n\
             listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL\n\
             inter.broker.listener.name=PLAINTEXT\n\
             listener.name.secure.ssl.keystore.type=PEM\n\
             listener.name.secure.ssl.keystore.location={}\n\
             listener.name.secure.ssl.truststore.type=PEM\n\
             listener.name.secure.ssl.truststore.location={}\n\
             listener.name.secure.ssl.client.auth=required\n\
             listener.name.secure.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512\n\
             listener.name.secure.plain.sasl.jaas.config={plain} required user_worker=\"a secret\";\n\
             listener.name.secure.scram-sha-256.sasl.jaas.config={scram} required;\n\
             listener.name.secure.scram-sha-512.sasl.jaas.config={scram} required;",
            own + 1,
            node.both.display(),
            worker.certificate.display(),
        )
    };
    let Some(broker) = Broker::start_with(settings) else { return };
    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let password = format!("{mechanism}=[password=a secret]");
        let user =
            ["--alter", "--add-config", &password, "--entity-type", "users", "--entity-name", "worker"];
        broker.tool("kafka.admin.ConfigCommand", &user, "");
    }
    let input = ["key:one", "key:two"].map(str::to_owned);
    for topic in ["secret-in", "secret-out"] {
        broker.create_topic(topic, 1);
    }
    broker.produce("secret-in", &input);

    let servers = format!("127.0.0.1:{port}");
    let client =
        Client { mechanism: "PLAIN", password: "a secret", trusted: &node.certificate, own: &worker.both };
    let mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];
    for mechanism in mechanisms {
        copy(&servers, mechanism, &Client { mechanism, ..client }.properties()).unwrap();
    }
    let copies = mechanisms.map(|mechanism| ["one", "two"].map(|line| format!("{mechanism}:{line}")));
    assert_eq!(broker.committed("secret-out", 6), copies.concat());

    let refused = |what: &str, properties: &Properties, parts: &[&str]| {
        let error = copy(&servers, "refused", properties).unwrap_err().to_string();
        eprintln!("{what}: {error}");
        for part in parts {
            assert!(error.contains(part), "{what}: no {part:?} in: {error}");
        }
        assert!(!error.contains("another secret"), "{what}: the password is told: {error}");
    };
    for mechanism in ["PLAIN", "SCRAM-SHA-512"] {
        let wrong = Client { mechanism, password: "another secret", ..client };
        refused("a wrong password", &wrong.properties(), &["uthentication"]);
    }
    refused(
        "a node that is not trusted",
        &Client { trusted: &stranger.certificate, ..client }.properties(),
        &["ertificate"],
    );
    refused(
        "a client that is not trusted",
        &Client { own: &stranger.both, ..client }.properties(),
        &["ertificate"],
    );
    refused("no TLS", &Vec::new(), &["does it want TLS?"]);
}
