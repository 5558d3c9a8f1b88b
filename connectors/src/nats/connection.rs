//! Where the servers are, and who logs in.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long servers may be away before a job fails, unless it is set.
const RETRY_TIMEOUT: Duration = Duration::from_secs(120);

/// Where the servers are, and who logs in. Nothing is connected before a job runs.
///
/// ```
/// use millstream::connectors::nats::NatsConnection;
///
/// let connection = NatsConnection::new("tls://nats-1:4222,tls://nats-2:4222")
///     .credentials_file("/etc/nats/billing.creds")
///     .root_certificates("/etc/nats/ca.pem");
/// ```
#[derive(Clone)]
pub struct NatsConnection {
    pub(super) settings: Arc<Settings>,
}

/// What is set of a connection.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) servers: String,
    pub(super) login: Login,
    pub(super) root_certificates: Option<PathBuf>,
    pub(super) client_certificate: Option<(PathBuf, PathBuf)>,
    pub(super) requires_tls: bool,
    pub(super) domain: Option<String>,
    pub(super) retry_timeout: Duration,
}

/// Who logs in.
#[derive(Clone)]
pub(super) enum Login {
    /// Nobody; or whom the servers' addresses name.
    Anonymous,
    Password {
        user: String,
        password: String,
    },
    Token(String),
    CredentialsFile(PathBuf),
    Nkey(String),
}

impl fmt::Debug for NatsConnection {
    /// Without what is secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NatsConnection")
            .field("servers", &self.settings.shown())
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// The servers, without who logs in there.
    pub(super) fn shown(&self) -> String {
        let shown =
            self.addresses().map(|server| match (server.split_once("://"), server.rsplit_once('@')) {
                (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
                (None, Some((_, host))) => host.to_owned(),
                (_, None) => server.to_owned(),
            });
        shown.collect::<Vec<_>>().join(",")
    }

    /// The files of certificates.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let client = self.client_certificate.iter().flat_map(|(certificate, key)| [certificate, key]);
        self.root_certificates.iter().chain(client).map(PathBuf::as_path)
    }

    /// Each server.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        self.servers.split(',').map(str::trim).filter(|server| !server.is_empty())
    }
}

impl NatsConnection {
    /// Servers of one cluster, separated by commas: `nats://host:port`, or `tls://` for TLS. The port is 4222 unless it is
    /// there, and `nats://` may be left out.
    pub fn new(servers: impl Into<String>) -> Self {
        let settings = Settings {
            servers: servers.into(),
            login: Login::Anonymous,
            root_certificates: None,
            client_certificate: None,
            requires_tls: false,
            domain: None,
            retry_timeout: RETRY_TIMEOUT,
        };
        Self { settings: Arc::new(settings) }
    }

    fn set(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(Arc::make_mut(&mut self.settings));
        self
    }

    /// Logs in with a name and a password.
    #[must_use]
    pub fn user_and_password(self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.set(|settings| settings.login = Login::Password { user: user.into(), password: password.into() })
    }

    /// Logs in with a token.
    #[must_use]
    pub fn token(self, token: impl Into<String>) -> Self {
        self.set(|settings| settings.login = Login::Token(token.into()))
    }

    /// Logs in with the JWT and the seed in a file of credentials, as `nsc` writes it.
    #[must_use]
    pub fn credentials_file(self, path: impl Into<PathBuf>) -> Self {
        self.set(|settings| settings.login = Login::CredentialsFile(path.into()))
    }

    /// Logs in with the seed of an NKey of a user: `SU…`.
    #[must_use]
    pub fn nkey(self, seed: impl Into<String>) -> Self {
        self.set(|settings| settings.login = Login::Nkey(seed.into()))
    }

    /// The certificates in this PEM file are believed, beside those of the system.
    #[must_use]
    pub fn root_certificates(self, path: impl Into<PathBuf>) -> Self {
        self.set(|settings| settings.root_certificates = Some(path.into()))
    }

    /// The certificate that the client shows, and its key: PEM files.
    #[must_use]
    pub fn client_certificate(self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.set(|settings| settings.client_certificate = Some((certificate.into(), key.into())))
    }

    /// Whether a server that offers no TLS is refused; servers with `tls://` are in any case.
    #[must_use]
    pub fn require_tls(self, requires: bool) -> Self {
        self.set(|settings| settings.requires_tls = requires)
    }

    /// The domain of JetStream that the streams are in, where it is not that of the servers: behind a leaf node.
    #[must_use]
    pub fn domain(self, domain: impl Into<String>) -> Self {
        self.set(|settings| settings.domain = Some(domain.into()))
    }

    /// For how long the servers may be away, or a stream without a leader, before a job fails; two minutes unless set. The
    /// check before a job starts waits for nothing.
    #[must_use]
    pub fn retry_timeout(self, timeout: Duration) -> Self {
        self.set(|settings| settings.retry_timeout = timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_is_not_shown() {
        let connection = NatsConnection::new("nats://ada:secret@one:4222, two , tls://t@three");
        let connection = connection.user_and_password("ada", "secret");
        let shown = format!("{connection:?}");
        assert!(shown.contains("nats://one:4222,two,tls://three"), "{shown}");
        assert!(!shown.contains("secret") && !shown.contains("t@"), "{shown}");
    }
}
