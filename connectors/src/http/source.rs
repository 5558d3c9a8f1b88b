//! A source of what servers answer: events, lines, or what is at a URL from time to time.

mod client;
mod event_stream;
mod lines;
mod poll;
mod split;

use std::path::PathBuf;
use std::time::Duration;

use millstream_operators::source::{Boundedness, Source};
use millstream_runtime::Result;
use millstream_state::Record;

use self::client::HttpClient;
pub use self::split::HttpSplit;
use super::bad_message::BadMessage;
use super::client::{shown, url_problem};
use super::headers::Headers;
use super::message::{
    FunctionDeserializer, JsonDeserializer, MessageDeserializer, MessageView, TextDeserializer,
};
use super::reader::{MessageReader, Reading};
use super::retry::RetryPolicy;

/// How long a connection may take, with TLS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the head of an answer may take, and when polling all of it.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Asks a server by GET, and yields what it answers.
///
/// | | A message is | When the answer ends | After a failure of the job |
/// |---|---|---|---|
/// | [`event_stream`](Self::event_stream) | the data of an event | it is asked again, unless it answers 204 | asks with `Last-Event-ID` for what is behind the last event of the checkpoint |
/// | [`lines`](Self::lines) | a line | the stream ends | asks anew: what the server does not send again is lost |
/// | [`poll`](Self::poll) | the body of an answer | it is asked again, after the interval | asks for what differs from the last answer of the checkpoint |
///
/// With a server that knows `Last-Event-ID` and gives each event an id, `event_stream` reads each event exactly once. Of a
/// server that does not, what comes while there is no connection is lost. Polling sees what is there when it asks: at least
/// once each, as far as `ETag` or `Last-Modified` do not change without the body.
///
/// One subtask reads, whatever the parallelism. While the job is behind, nothing is read, and the server has to wait. Answers
/// 408, 425, 429 and those above 500 are no connection, and are [tried again](Self::reconnect), after `Retry-After` if they say
/// so; others above 300 fail the job.
///
/// Its metrics are `reconnects` and `connectionErrors`.
///
/// ```no_run
/// use millstream::connectors::http::HttpSource;
/// use millstream::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Debug, Serialize, Deserialize)]
/// struct Edit {
///     title: String,
///     bot: bool,
/// }
///
/// let edits = HttpSource::event_stream("https://stream.wikimedia.org/v2/stream/recentchange").json::<Edit>();
/// let env = Environment::new();
/// env.from_source(edits).filter(|edit| !edit.bot).print();
/// env.execute("edits")?;
/// # Ok::<(), millstream::Error>(())
/// ```
#[derive(Clone)]
pub struct HttpSource<D = TextDeserializer> {
    asking: Asking,
    deserializer: D,
    on_error: BadMessage,
    reconnect: RetryPolicy,
}

/// What is asked, and how it is read.
#[derive(Clone)]
struct Asking {
    url: String,
    headers: Headers,
    root_certificates: Option<PathBuf>,
    mode: Mode,
    connect_timeout: Duration,
    request_timeout: Duration,
    idle_timeout: Option<Duration>,
    ends_on_close: bool,
}

/// What answers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    EventStream,
    Lines,
    Poll { interval: Duration },
}

impl HttpSource {
    /// [Server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html): the data of each event is a
    /// message. `url` is `http://…` or `https://…`.
    #[doc(alias("EventSource", "sse"))]
    pub fn event_stream(url: impl Into<String>) -> Self {
        Self::new(url.into(), Mode::EventStream)
    }

    /// The lines of an answer, newline-delimited JSON for instance: each is a message.
    #[doc(alias("ndjson", "jsonl"))]
    pub fn lines(url: impl Into<String>) -> Self {
        Self::new(url.into(), Mode::Lines)
    }

    /// What is at the URL: asked for at once, and then whenever so much time has passed since the answer. `If-None-Match` and
    /// `If-Modified-Since` say what is known, so that a server which answers 304 repeats nothing. An empty body is no message.
    pub fn poll(url: impl Into<String>, interval: Duration) -> Self {
        Self::new(url.into(), Mode::Poll { interval })
    }

    fn new(url: String, mode: Mode) -> Self {
        let asking = Asking {
            url,
            headers: Headers::default(),
            root_certificates: None,
            mode,
            connect_timeout: CONNECT_TIMEOUT,
            request_timeout: REQUEST_TIMEOUT,
            idle_timeout: None,
            ends_on_close: mode == Mode::Lines,
        };
        let reconnect = RetryPolicy::new(Duration::from_millis(500), Duration::from_secs(30));
        Self { asking, deserializer: TextDeserializer, on_error: BadMessage::Fail, reconnect }
    }
}

impl<D> HttpSource<D> {
    /// Reads messages as JSON, one value each. Blank ones are passed over.
    #[must_use]
    pub fn json<T: Record>(self) -> HttpSource<JsonDeserializer<T>> {
        self.deserializer(JsonDeserializer::default())
    }

    /// Reads messages with a function that answers the records of each, or what is wrong with it.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use millstream::connectors::http::HttpSource;
    /// // Every minute the body is an array of numbers.
    /// let numbers = HttpSource::poll("http://localhost:8080/numbers", Duration::from_secs(60))
    ///     .function(|message| serde_json::from_slice::<Vec<u64>>(message.body()).map_err(|error| error.to_string()));
    /// ```
    #[must_use]
    pub fn function<I, F>(self, function: F) -> HttpSource<FunctionDeserializer<F, I>>
    where
        I: IntoIterator<Item: Record> + 'static,
        F: Fn(&MessageView<'_>) -> Result<I, String> + Clone + Send + Sync + 'static,
    {
        self.deserializer(FunctionDeserializer::new(function))
    }

    /// Reads messages with a deserializer.
    #[must_use]
    pub fn deserializer<E: MessageDeserializer>(self, deserializer: E) -> HttpSource<E> {
        let Self { asking, on_error, reconnect, .. } = self;
        HttpSource { asking, deserializer, on_error, reconnect }
    }

    /// What to do about a message that cannot be read; the job fails unless this says otherwise.
    #[must_use]
    pub fn on_error(mut self, policy: BadMessage) -> Self {
        self.on_error = policy;
        self
    }

    /// Sends a header with each request. May be called several times.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.asking.headers.set(name, value);
        self
    }

    /// The certificates in this PEM file are trusted, beside those of the system.
    #[must_use]
    pub fn root_certificates(mut self, path: impl Into<PathBuf>) -> Self {
        self.asking.root_certificates = Some(path.into());
        self
    }

    /// When to ask again after a connection is lost, or there was none: after half a second at first and half a minute at
    /// most, ten times in a row, unless set. What a server says counts first: `Retry-After`, or `retry` of an event stream.
    #[must_use]
    pub fn reconnect(mut self, policy: RetryPolicy) -> Self {
        self.reconnect = policy;
        self
    }

    /// Whether the stream ends when an answer does, instead of asking again: it does for [`lines`](HttpSource::lines) unless
    /// set, and does not for [`event_stream`](HttpSource::event_stream). Says nothing of [`poll`](HttpSource::poll). An answer
    /// that breaks off has not ended.
    #[must_use]
    pub fn end_on_close(mut self, ends: bool) -> Self {
        self.asking.ends_on_close = ends;
        self
    }

    /// How long a connection may take, with TLS; 10 seconds unless set.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.asking.connect_timeout = timeout;
        self
    }

    /// How long the head of an answer may take, and in [`poll`](HttpSource::poll) the whole of it; 30 seconds unless set.
    #[must_use]
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.asking.request_timeout = timeout;
        self
    }

    /// After how long without a byte of a stream the connection is taken for lost; there is no limit unless set. For servers
    /// that send something from time to time in any case, as they do with comments in event streams.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.asking.idle_timeout = timeout.into();
        self
    }
}

impl<D: MessageDeserializer> Source for HttpSource<D> {
    type Record = D::Record;
    type Split = HttpSplit;
    type Reader = MessageReader<HttpClient, D>;

    fn kind(&self) -> &'static str {
        match self.asking.mode {
            Mode::EventStream => "Server-sent events",
            Mode::Lines => "Lines over HTTP",
            Mode::Poll { .. } => "HTTP polling",
        }
    }

    fn boundedness(&self) -> Boundedness {
        let ends = self.asking.ends_on_close && !matches!(self.asking.mode, Mode::Poll { .. });
        if ends { Boundedness::Bounded } else { Boundedness::Unbounded }
    }

    fn problem(&self) -> Option<String> {
        url_problem(&self.asking.url, ["http", "https"]).or_else(|| self.asking.headers.map().err())
    }

    async fn discover(&self) -> Result<Vec<HttpSplit>> {
        Ok(vec![HttpSplit::default()])
    }

    fn reader(&self) -> Self::Reader {
        let reading = Reading {
            url: shown(&self.asking.url),
            deserializer: self.deserializer.clone(),
            on_error: self.on_error.clone(),
            reconnect: self.reconnect.clone(),
        };
        MessageReader::new(HttpClient::new(self.asking.clone()), reading)
    }
}
