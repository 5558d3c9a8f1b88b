//! Makes connections: TCP, TLS and the handshake of WebSockets.

use std::sync::Arc;

use millstream_runtime::{Error, ErrorKind, Result};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::Error as WebSocketError;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use url::{Host, Url};

use super::Connection;
use crate::http::client::{shown, untrusted};
use crate::http::reader::Then;
use crate::http::status::Verdict;

/// What bytes go through, with TLS or without.
pub(super) trait Transport: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Transport for T {}

/// A connection behind its handshake.
pub(super) type Socket = WebSocketStream<Box<dyn Transport>>;

/// Why there is no connection.
pub(super) enum Failure {
    /// It may be tried again.
    Retry(Then),
    /// There is no hope for it.
    Final(Error),
}

impl Failure {
    fn retry(what: &str, error: &dyn std::fmt::Display) -> Self {
        Self::Retry(Then::Retry { cause: format!("{what}: {error}"), after: None })
    }
}

/// Connects.
pub(super) async fn connect(connection: &Connection) -> Result<Socket, Failure> {
    let refused =
        |problem: String| Failure::Final(Error::new(ErrorKind::InvalidJob, format!("{problem}: change it")));
    let mut request = connection
        .url
        .as_str()
        .into_client_request()
        .map_err(|error| refused(format!("`{}` cannot be asked: {error}", shown(&connection.url))))?;
    request.headers_mut().extend(connection.headers.map().map_err(refused)?);
    let transport = transport(connection).await?;
    let most = Some(connection.most_bytes);
    let config = WebSocketConfig::default().max_message_size(most).max_frame_size(most);
    match client_async_with_config(request, transport, Some(config)).await {
        Ok((socket, _)) => Ok(socket),
        Err(WebSocketError::Http(answer)) => {
            let problem = format!("the server answers the handshake with status {}", answer.status());
            Err(match Verdict::of(answer.status(), answer.headers()) {
                Verdict::Later(after) => Failure::Retry(Then::Retry { cause: problem, after }),
                Verdict::Accepted | Verdict::Refused => Failure::Final(Error::new(
                    ErrorKind::InvalidInput,
                    format!(
                        "`{}`: {problem}: is it the right URL, with the right headers?",
                        shown(&connection.url)
                    ),
                )),
            })
        }
        Err(error) => Err(Failure::retry("the handshake has failed", &error)),
    }
}

/// Connects to the host of the URL.
async fn transport(connection: &Connection) -> Result<Box<dyn Transport>, Failure> {
    let url = connection.url.as_str();
    let invalid = |problem: &str| {
        Failure::Final(Error::new(ErrorKind::InvalidJob, format!("`{}` {problem}", shown(url))))
    };
    let parsed = Url::parse(url).map_err(|error| invalid(&format!("is no URL: {error}")))?;
    let is_secure = parsed.scheme() == "wss";
    let host = match parsed.host().ok_or_else(|| invalid("has no host"))? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    let port = parsed.port().unwrap_or(if is_secure { 443 } else { 80 });
    let stream = TcpStream::connect((host.as_str(), port))
        .await
        .map_err(|error| Failure::retry("it cannot be reached", &error))?;
    if !is_secure {
        return Ok(Box::new(stream));
    }
    let trusted = connection.root_certificates.as_deref();
    let config = crate::tls::client_config_trusting(trusted).map_err(Failure::Final)?;
    let name = ServerName::try_from(host).map_err(|_| invalid("has a host that TLS does not know"))?;
    let stream =
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(|error| match untrusted(
            url, &error,
        ) {
            Some(error) => Failure::Final(error),
            None => Failure::retry("TLS has failed", &error),
        })?;
    Ok(Box::new(stream))
}
