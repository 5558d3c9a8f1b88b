//! TLS and SASL, from the properties that Kafka's own clients have for them.

use krafka::auth::{AuthConfig, TlsConfig};
use millstream_runtime::{Error, ErrorKind, Result};

use super::properties::{Properties, wrong};

/// What connections are to prove and to encrypt; `None` for nothing.
pub(super) fn security(properties: &Properties) -> Result<Option<AuthConfig>> {
    let protocol = properties.text("security.protocol").unwrap_or("PLAINTEXT");
    match protocol.to_ascii_uppercase().as_str() {
        "PLAINTEXT" => Ok(None),
        "SSL" => Ok(Some(AuthConfig::ssl(tls(properties)?))),
        "SASL_PLAINTEXT" => Ok(Some(sasl(properties)?)),
        "SASL_SSL" => Ok(Some(sasl(properties)?.with_tls(tls(properties)?))),
        _ => {
            let expected = "one of `PLAINTEXT`, `SSL`, `SASL_PLAINTEXT`, `SASL_SSL`";
            Err(wrong("security.protocol", protocol, expected))
        }
    }
}

impl Properties {
    /// Whether connections use TLS.
    pub(super) fn is_encrypted(&self) -> bool {
        self.text("security.protocol").is_some_and(|protocol| protocol.to_ascii_uppercase().ends_with("SSL"))
    }
}

/// Java's own formats of key stores are not for us.
fn pem(properties: &Properties, name: &str) -> Result<()> {
    match properties.text(name) {
        Some(kind) if !kind.eq_ignore_ascii_case("PEM") => {
            Err(wrong(name, kind, "`PEM`, the one format that is read here"))
        }
        _ => Ok(()),
    }
}

fn tls(properties: &Properties) -> Result<TlsConfig> {
    pem(properties, "ssl.truststore.type")?;
    pem(properties, "ssl.keystore.type")?;
    let mut tls = TlsConfig::new();
    if let Some(path) = properties.text("ssl.truststore.location") {
        tls = tls.with_ca_cert(path);
    }
    if let Some(certificates) = properties.text("ssl.truststore.certificates") {
        tls = tls.with_ca_cert_pem(certificates);
    }
    if let Some(path) = properties.text("ssl.keystore.location") {
        // A PEM key store holds the key and the chain of certificates.
        tls = tls.with_client_cert(path, path);
    }
    let chain = properties.text("ssl.keystore.certificate.chain");
    match (chain, properties.text("ssl.keystore.key")) {
        (None, None) => Ok(tls),
        (Some(chain), Some(key)) => Ok(tls.with_client_cert_pem(chain, key.as_bytes().to_vec())),
        _ => {
            let problem = "of the Kafka properties `ssl.keystore.certificate.chain` and `ssl.keystore.key` one is \
                           missing: a client that shows a certificate needs both";
            Err(Error::new(ErrorKind::InvalidJob, problem))
        }
    }
}

fn sasl(properties: &Properties) -> Result<AuthConfig> {
    let mechanism = properties.text("sasl.mechanism").unwrap_or("GSSAPI");
    let credentials = || {
        let jaas = properties.text("sasl.jaas.config").unwrap_or_default();
        jaas_option(jaas, "username").zip(jaas_option(jaas, "password")).ok_or_else(|| {
            // Without the text itself: it may hold a password.
            let problem = "the Kafka property `sasl.jaas.config` is missing or has no `username=\"…\"` and \
                           `password=\"…\"`";
            Error::new(ErrorKind::InvalidJob, problem)
        })
    };
    match mechanism.to_ascii_uppercase().as_str() {
        "PLAIN" => credentials().map(|(user, password)| AuthConfig::sasl_plain(user, password)),
        "SCRAM-SHA-256" => {
            credentials().map(|(user, password)| AuthConfig::sasl_scram_sha256(user, password))
        }
        "SCRAM-SHA-512" => {
            credentials().map(|(user, password)| AuthConfig::sasl_scram_sha512(user, password))
        }
        _ => {
            let expected = "one of `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512`";
            Err(wrong("sasl.mechanism", mechanism, expected))
        }
    }
}

/// The value of an option in a line such as `…PlainLoginModule required username="u" password="p";`.
pub(super) fn jaas_option(line: &str, name: &str) -> Option<String> {
    let mut rest = line;
    loop {
        let (before, after) = rest.split_once(name)?;
        let begins = before.chars().next_back().is_none_or(char::is_whitespace);
        let value = after.trim_start().strip_prefix('=').map(str::trim_start);
        let quote = value.and_then(|value| value.chars().next()).filter(|quote| matches!(quote, '"' | '\''));
        match (begins, value, quote) {
            (true, Some(value), Some(quote)) => return unquote(value, quote),
            _ => rest = after,
        }
    }
}

/// What stands between the quotes at the start; a backslash takes the special sense from what follows.
fn unquote(text: &str, quote: char) -> Option<String> {
    let (mut value, mut characters) = (String::new(), text.chars().skip(1));
    loop {
        match characters.next()? {
            '\\' => value.push(characters.next()?),
            character if character == quote => return Some(value),
            character => value.push(character),
        }
    }
}
