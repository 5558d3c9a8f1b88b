//! What is made of properties, before anything is connected.

use millstream_runtime::ErrorKind;

use crate::kafka::client::security::jaas_option;
use crate::kafka::client::{Properties, Role};

fn properties(pairs: &[(&str, &str)]) -> Properties {
    let mut properties = Properties::default();
    pairs.iter().for_each(|(name, value)| properties.set(*name, *value));
    properties
}

#[track_caller]
fn refused(role: Role, pairs: &[(&str, &str)], parts: &[&str]) {
    let error = properties(pairs).connection(role, "localhost:9092").expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::InvalidJob, "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "no {part:?} in: {error}");
    }
}

#[test]
fn what_means_nothing_is_refused() {
    refused(Role::Consumer, &[("fetch.max.byte", "1")], &["source", "`fetch.max.byte`", "fetch.max.bytes"]);
    refused(Role::Consumer, &[("linger.ms", "5")], &["source", "`linger.ms`"]);
    refused(Role::Producer, &[("fetch.max.bytes", "5")], &["sink", "`fetch.max.bytes`"]);
    refused(Role::Consumer, &[("group.id", "g")], &["a setting of its own"]);
    refused(Role::Producer, &[("transactional.id", "t")], &["a setting of its own"]);
    refused(Role::Consumer, &[("enable.auto.commit", "true")], &["when a checkpoint is complete"]);
    refused(Role::Consumer, &[("request.timeout.ms", "soon")], &["`soon`", "milliseconds"]);
}

#[test]
fn security_is_complete_or_refused() {
    let role = Role::Consumer;
    refused(role, &[("security.protocol", "TLS")], &["`TLS`", "SASL_SSL"]);
    refused(role, &[("security.protocol", "SASL_SSL")], &["sasl.mechanism", "GSSAPI", "SCRAM-SHA-512"]);
    let plain = ("sasl.mechanism", "PLAIN");
    refused(role, &[("security.protocol", "SASL_PLAINTEXT"), plain], &["sasl.jaas.config"]);
    let secret = ("sasl.jaas.config", "Plain required username=\"me\" pasword=\"hush\";");
    let error = properties(&[("security.protocol", "SASL_PLAINTEXT"), plain, secret]).connection(role, "h:1");
    assert!(!error.expect_err("a refusal").to_string().contains("hush"), "the password is in the error");
    refused(role, &[("security.protocol", "SSL"), ("ssl.truststore.type", "JKS")], &["`JKS`", "PEM"]);
    let pem = "-----BEGIN CERTIFICATE-----";
    refused(
        role,
        &[("security.protocol", "SSL"), ("ssl.keystore.certificate.chain", pem)],
        &["ssl.keystore.key"],
    );

    let line = r#"org.apache.kafka.common.security.scram.ScramLoginModule required username="me" password="a \"b\" c";"#;
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let given =
            [("security.protocol", "SASL_SSL"), ("sasl.mechanism", mechanism), ("sasl.jaas.config", line)];
        drop(properties(&given).connection(role, "localhost:9092").expect(mechanism));
    }
}

#[test]
fn options_are_found_in_a_line_of_jaas() {
    let line = r#"Module required my_username="no" username="me" password='it"s' other=3;"#;
    assert_eq!(jaas_option(line, "username").as_deref(), Some("me"));
    assert_eq!(jaas_option(line, "password").as_deref(), Some("it\"s"));
    assert_eq!(jaas_option(r#"password = "a\\b\"c""#, "password").as_deref(), Some("a\\b\"c"));
    assert_eq!(jaas_option(line, "other"), None);
    assert_eq!(jaas_option("password=\"open", "password"), None);
}
