//! A source of the messages that a server pushes through a WebSocket.

mod client;
mod connect;

use std::path::PathBuf;
use std::time::Duration;

use millstream_operators::source::{Boundedness, Source};
use millstream_runtime::Result;
use millstream_state::Record;

use self::client::WebSocketClient;
use super::bad_message::BadMessage;
use super::client::{shown, url_problem};
use super::headers::Headers;
use super::message::{
    FunctionDeserializer, JsonDeserializer, MessageDeserializer, MessageView, TextDeserializer,
};
use super::reader::{MessageReader, Reading};
use super::retry::RetryPolicy;

/// How long a connection may take, with TLS and the handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long there may be nothing before the server is asked whether it is there.
const PING_INTERVAL: Duration = Duration::from_secs(30);
/// How long a message may be, in bytes.
const MOST_BYTES: usize = 64 << 20;

/// Connects to a server through a WebSocket, and yields the messages that it sends: text and binary ones alike, each as the
/// deserializer reads it.
///
/// **Nothing is read twice**: there is no way to ask for messages again. What came since the last checkpoint is lost when the
/// job fails, and what comes while it restarts, or while the connection is made anew, too: at most once. A server that can send
/// again what is asked for by a message is asked with [`subscribe`](Self::subscribe), and sends the same then every time.
///
/// One subtask reads, whatever the parallelism. While the job is behind, nothing is read, and the server has to wait; it gets no
/// answers to its pings then, and may close a connection that stays behind for long. A connection that is lost is
/// [made anew](Self::reconnect). The stream has no end, unless it [ends with the connection](Self::end_on_close).
///
/// Its metrics are `reconnects` and `connectionErrors`.
///
/// ```no_run
/// use millstream::connectors::http::WebSocketSource;
/// use millstream::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Debug, Serialize, Deserialize)]
/// struct Trade {
///     symbol: String,
///     price: f64,
/// }
///
/// let trades = WebSocketSource::new("wss://example.com/trades")
///     .header("Authorization", "Bearer 1234")
///     .subscribe(r#"{"subscribe": ["BTC", "ETH"]}"#)
///     .json::<Trade>();
/// let env = Environment::new();
/// env.from_source(trades).filter(|trade| trade.price > 100.0).print();
/// env.execute("trades")?;
/// # Ok::<(), millstream::Error>(())
/// ```
#[derive(Clone)]
pub struct WebSocketSource<D = TextDeserializer> {
    connection: Connection,
    deserializer: D,
    on_error: BadMessage,
    reconnect: RetryPolicy,
}

/// How a connection is made, and when it ends.
#[derive(Clone)]
struct Connection {
    url: String,
    headers: Headers,
    root_certificates: Option<PathBuf>,
    /// Sent behind each handshake.
    subscriptions: Vec<String>,
    connect_timeout: Duration,
    ping_interval: Option<Duration>,
    ends_on_close: bool,
    most_bytes: usize,
}

impl WebSocketSource {
    /// A source of what the server at this URL (`ws://…` or `wss://…`) sends; messages are text.
    pub fn new(url: impl Into<String>) -> Self {
        let connection = Connection {
            url: url.into(),
            headers: Headers::default(),
            root_certificates: None,
            subscriptions: Vec::new(),
            connect_timeout: CONNECT_TIMEOUT,
            ping_interval: Some(PING_INTERVAL),
            ends_on_close: false,
            most_bytes: MOST_BYTES,
        };
        let reconnect = RetryPolicy::new(Duration::from_millis(500), Duration::from_secs(30));
        Self { connection, deserializer: TextDeserializer, on_error: BadMessage::Fail, reconnect }
    }
}

impl<D> WebSocketSource<D> {
    /// Reads messages as JSON, one value each.
    #[must_use]
    pub fn json<T: Record>(self) -> WebSocketSource<JsonDeserializer<T>> {
        self.deserializer(JsonDeserializer::default())
    }

    /// Reads messages with a function that answers the records of each, or what is wrong with it.
    ///
    /// ```
    /// # use millstream::connectors::http::WebSocketSource;
    /// // Each message has numbers, and there may be none.
    /// let numbers = WebSocketSource::new("ws://localhost:8080/numbers")
    ///     .function(|message| serde_json::from_slice::<Vec<u64>>(message.body()).map_err(|error| error.to_string()));
    /// ```
    #[must_use]
    pub fn function<I, F>(self, function: F) -> WebSocketSource<FunctionDeserializer<F, I>>
    where
        I: IntoIterator<Item: Record> + 'static,
        F: Fn(&MessageView<'_>) -> Result<I, String> + Clone + Send + Sync + 'static,
    {
        self.deserializer(FunctionDeserializer::new(function))
    }

    /// Reads messages with a deserializer.
    #[must_use]
    pub fn deserializer<E: MessageDeserializer>(self, deserializer: E) -> WebSocketSource<E> {
        let Self { connection, on_error, reconnect, .. } = self;
        WebSocketSource { connection, deserializer, on_error, reconnect }
    }

    /// What to do about a message that cannot be read; the job fails unless this says otherwise.
    #[must_use]
    pub fn on_error(mut self, policy: BadMessage) -> Self {
        self.on_error = policy;
        self
    }

    /// Sends a header with each handshake. May be called several times.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.connection.headers.set(name, value);
        self
    }

    /// The certificates in this PEM file are trusted, beside those of the system.
    #[must_use]
    pub fn root_certificates(mut self, path: impl Into<PathBuf>) -> Self {
        self.connection.root_certificates = Some(path.into());
        self
    }

    /// Sends a text message as soon as there is a connection, each time that one is made. May be called several times: the
    /// messages are sent in order.
    #[must_use]
    pub fn subscribe(mut self, message: impl Into<String>) -> Self {
        self.connection.subscriptions.push(message.into());
        self
    }

    /// When to connect again after the connection is lost, or there was none: after half a second at first and half a minute
    /// at most, ten times in a row, unless set. A connection that the server has closed as it should be counts as no failure.
    #[must_use]
    pub fn reconnect(mut self, policy: RetryPolicy) -> Self {
        self.reconnect = policy;
        self
    }

    /// Whether the stream ends when the server closes the connection normally, with status 1000, instead of connecting again;
    /// it does not unless set.
    #[must_use]
    pub fn end_on_close(mut self, ends: bool) -> Self {
        self.connection.ends_on_close = ends;
        self
    }

    /// How long a connection may take, with TLS and the handshake; 10 seconds unless set.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connection.connect_timeout = timeout;
        self
    }

    /// After how long without a message the server gets a ping, 30 seconds unless set and `None` for never. When it has not
    /// answered after as long again, the connection is taken for lost.
    #[must_use]
    pub fn ping_interval(mut self, interval: impl Into<Option<Duration>>) -> Self {
        self.connection.ping_interval = interval.into();
        self
    }

    /// How long a message may be, in bytes, 64 MiB unless set. A longer one fails the job.
    #[must_use]
    pub fn max_message_bytes(mut self, bytes: usize) -> Self {
        self.connection.most_bytes = bytes;
        self
    }
}

impl<D: MessageDeserializer> Source for WebSocketSource<D> {
    type Record = D::Record;
    /// That there is something to read: whoever has it reads.
    type Split = ();
    type Reader = MessageReader<WebSocketClient, D>;

    fn kind(&self) -> &'static str {
        "WebSocket"
    }

    fn boundedness(&self) -> Boundedness {
        if self.connection.ends_on_close { Boundedness::Bounded } else { Boundedness::Unbounded }
    }

    fn problem(&self) -> Option<String> {
        url_problem(&self.connection.url, ["ws", "wss"]).or_else(|| self.connection.headers.map().err())
    }

    async fn discover(&self) -> Result<Vec<()>> {
        Ok(vec![()])
    }

    fn reader(&self) -> Self::Reader {
        let reading = Reading {
            url: shown(&self.connection.url),
            deserializer: self.deserializer.clone(),
            on_error: self.on_error.clone(),
            reconnect: self.reconnect.clone(),
        };
        MessageReader::new(WebSocketClient::new(self.connection.clone()), reading)
    }
}
