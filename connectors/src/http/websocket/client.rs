//! Fetches the messages of a WebSocket.

use std::time::Duration;

use futures::{FutureExt, SinkExt, StreamExt};
use millstream_runtime::clock::Sleeper;
use millstream_runtime::{Error, ErrorKind, Result};
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::error::Error as WebSocketError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::Connection;
use super::connect::{Failure, Socket, connect};
use crate::http::client::shown;
use crate::http::message::Message;
use crate::http::reader::{Fetched, MOST_BYTES, MOST_MESSAGES, MessageClient, Then};
use crate::http::waiting::{within, within_limit};

/// How long the server may take for its part in closing the connection.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Fetches the messages of a WebSocket.
pub struct WebSocketClient {
    connection: Connection,
    socket: Option<Socket>,
    sleeper: Option<Sleeper>,
}

/// What has come.
#[derive(Default)]
struct Read {
    messages: Vec<Message>,
    bytes: usize,
    then: Option<Then>,
}

impl WebSocketClient {
    pub(super) const fn new(connection: Connection) -> Self {
        Self { connection, socket: None, sleeper: None }
    }

    /// A connection, with what is sent first.
    async fn connected(&self, sleeper: &Sleeper) -> Result<Result<Socket, Then>> {
        let timeout = self.connection.connect_timeout;
        let late = || Then::Retry { cause: format!("there was no answer within {timeout:?}"), after: None };
        let subscribed = async {
            let mut socket = connect(&self.connection).await?;
            for message in &self.connection.subscriptions {
                socket.send(Frame::text(message.as_str())).await.map_err(|error| {
                    let cause = format!("nothing can be sent: {error}");
                    Failure::Retry(Then::Retry { cause, after: None })
                })?;
            }
            Ok(socket)
        };
        match within(sleeper, timeout, subscribed).await {
            None => Ok(Err(late())),
            Some(Ok(socket)) => Ok(Ok(socket)),
            Some(Err(Failure::Retry(then))) => Ok(Err(then)),
            Some(Err(Failure::Final(error))) => Err(error),
        }
    }

    /// Waits for a message, and takes those that are there behind it.
    async fn read(&self, socket: &mut Socket, sleeper: &Sleeper) -> Result<Read> {
        let mut read = Read::default();
        let interval = self.connection.ping_interval;
        let mut is_asked = false;
        while read.messages.is_empty() && read.then.is_none() {
            match within_limit(sleeper, interval, socket.next()).await {
                Some(frame) => {
                    is_asked = false;
                    self.take(frame, &mut read)?;
                }
                None if is_asked => read.then = Some(lost("the server does not answer a ping")),
                None => {
                    is_asked = true;
                    let asked = within_limit(sleeper, interval, socket.send(Frame::Ping(Vec::new().into())));
                    if asked.await.is_none_or(|sent| sent.is_err()) {
                        read.then = Some(lost("no ping can be sent"));
                    }
                }
            }
        }
        while read.then.is_none() && read.messages.len() < MOST_MESSAGES && read.bytes < MOST_BYTES {
            let Some(frame) = socket.next().now_or_never() else { break };
            self.take(frame, &mut read)?;
        }
        if read.then.is_some() {
            // The server is told that we know of the end; it may be gone.
            let _ = within(sleeper, CLOSE_TIMEOUT, socket.close(None)).await;
        }
        Ok(read)
    }

    fn take(&self, frame: Option<Result<Frame, WebSocketError>>, read: &mut Read) -> Result<()> {
        let body = match frame {
            Some(Ok(Frame::Text(text))) => bytes::Bytes::from(text),
            Some(Ok(Frame::Binary(bytes))) => bytes,
            Some(Ok(Frame::Close(close))) => {
                read.then = Some(self.closed(close.as_ref()));
                return Ok(());
            }
            // Pings are answered below this.
            Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_))) => return Ok(()),
            Some(Err(WebSocketError::Capacity(error))) => {
                let problem = format!(
                    "`{}`: {error}: raise `max_message_bytes`, or let the server send less at a time",
                    shown(&self.connection.url)
                );
                return Err(Error::new(ErrorKind::InvalidInput, problem));
            }
            Some(Err(error)) => {
                read.then = Some(lost(&error.to_string()));
                return Ok(());
            }
            None => {
                read.then = Some(lost("it was closed without a word"));
                return Ok(());
            }
        };
        read.bytes += body.len();
        read.messages.push(Message::new(body));
        Ok(())
    }

    /// What follows a connection that the server has closed.
    fn closed(&self, close: Option<&CloseFrame>) -> Then {
        match close {
            Some(close) if close.code == CloseCode::Normal && self.connection.ends_on_close => Then::End,
            None => Then::Reopen(None),
            Some(close) if matches!(close.code, CloseCode::Normal | CloseCode::Away | CloseCode::Restart) => {
                Then::Reopen(None)
            }
            Some(close) => {
                lost(&format!("the server has closed it with status {}: {}", close.code, close.reason))
            }
        }
    }
}

fn lost(cause: &str) -> Then {
    Then::Retry { cause: cause.to_owned(), after: None }
}

impl MessageClient for WebSocketClient {
    type Split = ();

    fn open(&mut self, (): (), sleeper: Sleeper) {
        self.sleeper = Some(sleeper);
    }

    async fn fetch(&mut self) -> Result<Fetched<()>> {
        let Some(sleeper) = self.sleeper.clone() else {
            return Err(Error::new(ErrorKind::Internal, "a WebSocket that was not opened is read"));
        };
        let mut socket = match self.socket.take() {
            Some(socket) => socket,
            None => match self.connected(&sleeper).await? {
                Ok(socket) => socket,
                Err(then) => return Ok(Fetched { messages: Vec::new(), bytes: 0, split: (), then }),
            },
        };
        let Read { messages, bytes, then } = self.read(&mut socket, &sleeper).await?;
        if then.is_none() {
            self.socket = Some(socket);
        }
        Ok(Fetched { messages, bytes: bytes as u64, split: (), then: then.unwrap_or(Then::More) })
    }
}
