//! A connection, made when it is needed first.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, ServerAddr};
use millstream_runtime::Result;
use tokio::sync::OnceCell;

use super::failure::Failure;
use super::patience::Patience;
use crate::nats::NatsConnection;
use crate::nats::connection::Login;

/// How long a request waits for its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// How many messages may wait for their acknowledgements.
const IN_FLIGHT: usize = 8 * 1024;

/// The library would not say which file it cannot read.
fn check(path: &Path) -> Result<(), Failure> {
    File::open(path).map(drop).map_err(|error| {
        let path = path.display();
        Failure::refused(format!(
            "the file `{path}`, which NATS is connected to with, cannot be read: {error}"
        ))
    })
}

/// How often something is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::nats) enum Tries {
    /// Once: what is wrong is said at once.
    Once,
    /// For as long as the connection's retry timeout.
    Patiently,
}

/// A connection, made when it is needed first. It finds its servers again by itself once it is there.
pub(in crate::nats) struct Session {
    pub(in crate::nats) connection: NatsConnection,
    context: OnceCell<Context>,
}

impl Session {
    pub(in crate::nats) fn new(connection: NatsConnection) -> Self {
        Self { connection, context: OnceCell::new() }
    }

    /// For how long failures are borne.
    pub(in crate::nats) fn patience(&self, tries: Tries) -> Patience {
        Patience::new(match tries {
            Tries::Once => Duration::ZERO,
            Tries::Patiently => self.connection.settings.retry_timeout,
        })
    }

    /// The interface of JetStream.
    pub(super) async fn context(&self) -> Result<&Context, Failure> {
        self.context.get_or_try_init(|| self.connect()).await
    }

    /// The connection; `None` where nothing has been asked yet.
    pub(in crate::nats) fn client(&self) -> Option<Client> {
        self.context.get().map(Context::client)
    }

    async fn connect(&self) -> Result<Context, Failure> {
        let settings = &self.connection.settings;
        let shown = settings.shown();
        let servers = settings.addresses().map(|address| {
            address
                .parse::<ServerAddr>()
                .map_err(|error| Failure::refused(format!("`{shown}` are no addresses of NATS: {error}")))
        });
        let servers = servers.collect::<Result<Vec<_>, Failure>>()?;
        if servers.is_empty() {
            return Err(Failure::refused("no server of NATS is named"));
        }
        let connected = self.options().await?.connect(servers).await;
        let client = connected.map_err(|error| Failure::of_connect(&shown, &error))?;
        let builder = jetstream::context::ContextBuilder::new()
            .timeout(REQUEST_TIMEOUT)
            .ack_timeout(REQUEST_TIMEOUT)
            .max_ack_inflight(IN_FLIGHT);
        Ok(match &settings.domain {
            None => builder.build(client),
            Some(domain) => builder.domain(domain.as_str()).build(client),
        })
    }

    async fn options(&self) -> Result<ConnectOptions, Failure> {
        let settings = &self.connection.settings;
        settings.files().try_for_each(check)?;
        let options = ConnectOptions::new().name("millstream").request_timeout(Some(REQUEST_TIMEOUT));
        let options = options.require_tls(settings.requires_tls);
        let options = match &settings.root_certificates {
            None => options,
            Some(path) => options.add_root_certificates(path.clone()),
        };
        let options = match &settings.client_certificate {
            None => options,
            Some((certificate, key)) => options.add_client_certificate(certificate.clone(), key.clone()),
        };
        Ok(match &settings.login {
            Login::Anonymous => options,
            Login::Password { user, password } => options.user_and_password(user.clone(), password.clone()),
            Login::Token(token) => options.token(token.clone()),
            Login::Nkey(seed) => options.nkey(seed.clone()),
            Login::CredentialsFile(path) => options.credentials_file(path).await.map_err(|error| {
                let path = path.display();
                Failure::refused(format!("the credentials of NATS in `{path}` cannot be read: {error}"))
            })?,
        })
    }
}
