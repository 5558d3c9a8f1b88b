//! A sink that calls webhooks: each request carries a record, or a batch of them.

mod batch;
mod commit;
mod delivery;
mod options;
mod rejection;
mod serializer;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use millstream_operators::sink::Sink;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::Record;

pub use self::batch::BatchFormat;
use self::batch::Batching;
pub use self::commit::WebhookCommittable;
use self::delivery::Target;
pub use self::options::{DeliveryGuarantee, WebhookMethod};
pub use self::rejection::{Rejected, Rejection};
pub use self::serializer::{FunctionSerializer, JsonSerializer, RecordSerializer};
pub use self::writer::WebhookWriter;
use super::client::url_problem;
use super::retry::RetryPolicy;

/// Sends records to a URL, by POST unless [set](Self::method): one a request, or [in batches](Self::batch).
///
/// At least once, unless [set](Self::delivery_guarantee): a checkpoint is complete only when the server has accepted everything
/// before it, with a status from 200 to 299. After a failure of the job, records behind the checkpoint are sent again, in other
/// batches and under other keys.
///
/// Each request has a header `Idempotency-Key`, which stays the same when it is tried again. With
/// [`DeliveryGuarantee::ExactlyOnce`] records are kept in the snapshot, and sent when the checkpoint that covers them is
/// complete, with a key that is in the snapshot too: a receiver that passes over a key which it has seen gets each record once,
/// whatever fails. One that does not look at keys gets each at least once.
///
/// Answers 408, 425, 429 and those above 500, and connections that fail, are [tried again](Self::retry), after `Retry-After` if
/// the server says so. Others, redirects among them, are [rejections](Self::on_rejection), which fail the job unless set.
///
/// Each subtask has [one request](Self::max_in_flight) under way, so that its records arrive in order.
///
/// Its metrics are `requests`, `retriedRequests` and `rejectedRecords`.
///
/// ```no_run
/// use millstream::connectors::http::{BatchFormat, WebhookSink};
/// use millstream::prelude::*;
///
/// let sink = WebhookSink::json("https://example.com/counts")
///     .header("Authorization", "Bearer 1234")
///     .batch(BatchFormat::JsonArray, 500)
///     .flush_interval(Duration::from_millis(200));
/// let env = Environment::new();
/// let words = ["to", "be", "to"].map(str::to_owned);
/// env.from_collection(words).map(|word| (word, 1_u64)).sink_to(sink);
/// env.execute("counts")?;
/// # Ok::<(), millstream::Error>(())
/// ```
#[derive(Clone)]
pub struct WebhookSink<S> {
    writing: Arc<Writing<S>>,
}

/// What writers must know.
#[derive(Clone)]
struct Writing<S> {
    target: Target,
    batching: Batching,
    /// How many requests of a subtask may be under way; above 0.
    in_flight: usize,
    guarantee: DeliveryGuarantee,
    serializer: S,
}

impl WebhookSink<()> {
    /// Sends records as JSON. `url` is `http://…` or `https://…`.
    pub fn json<T: Record>(url: impl Into<String>) -> WebhookSink<JsonSerializer<T>> {
        WebhookSink::with_serializer(url, JsonSerializer::default())
    }

    /// Sends what a function makes of each record.
    ///
    /// ```
    /// # use millstream::connectors::http::WebhookSink;
    /// let lines = WebhookSink::new("http://localhost:8080/lines", |line: String| line.into_bytes())
    ///     .header("Content-Type", "text/plain");
    /// ```
    pub fn new<T, F>(url: impl Into<String>, function: F) -> WebhookSink<FunctionSerializer<T, F>>
    where
        T: Record,
        F: Fn(T) -> Vec<u8> + Clone + Send + Sync + 'static,
    {
        WebhookSink::with_serializer(url, FunctionSerializer::new(function))
    }
}

impl<S: RecordSerializer> WebhookSink<S> {
    /// Sends what a serializer makes of records.
    pub fn with_serializer(url: impl Into<String>, serializer: S) -> Self {
        let writing = Writing {
            target: Target::new(url.into()),
            batching: Batching::default(),
            in_flight: 1,
            guarantee: DeliveryGuarantee::AtLeastOnce,
            serializer,
        };
        Self { writing: Arc::new(writing) }
    }

    fn set(mut self, set: impl FnOnce(&mut Writing<S>)) -> Self {
        set(Arc::make_mut(&mut self.writing));
        self
    }

    /// The method of requests, POST unless set.
    #[must_use]
    pub fn method(self, method: WebhookMethod) -> Self {
        self.set(|writing| writing.target.method = method)
    }

    /// Sends a header with each request. May be called several times. `Content-Type` is what the serializer says unless it is
    /// set here.
    #[must_use]
    pub fn header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.set(|writing| writing.target.headers.set(name, value))
    }

    /// The certificates in this PEM file are trusted, beside those of the system.
    #[must_use]
    pub fn root_certificates(self, path: impl Into<PathBuf>) -> Self {
        self.set(|writing| writing.target.root_certificates = Some(path.into()))
    }

    /// Sends up to `records` records in a request; one, without anything around it, unless set. A request waits for so many, or
    /// for [the interval](Self::flush_interval), or for the next checkpoint.
    #[must_use]
    #[doc(alias("sink.batch.max-size", "setMaxBatchSize"))]
    pub fn batch(self, format: BatchFormat, records: usize) -> Self {
        self.set(|writing| {
            writing.batching.format = Some(format);
            writing.batching.most_records = records.max(1);
        })
    }

    /// Behind how many bytes a batch is sent, 1 MiB unless set. A record that is longer is sent on its own.
    #[must_use]
    #[doc(alias("sink.flush-buffer.size", "setMaxBatchSizeInBytes"))]
    pub fn batch_bytes(self, bytes: usize) -> Self {
        self.set(|writing| writing.batching.most_bytes = bytes)
    }

    /// How long a record may wait for others, a second unless set; zero for as long as there is no checkpoint. Only with
    /// [`DeliveryGuarantee::AtLeastOnce`].
    #[must_use]
    #[doc(alias("sink.flush-buffer.timeout", "setMaxTimeInBufferMS"))]
    pub fn flush_interval(self, interval: Duration) -> Self {
        self.set(|writing| writing.batching.interval = interval)
    }

    /// How many requests of a subtask may be under way at a time, 1 unless set. With more, records may arrive in another
    /// order.
    #[must_use]
    #[doc(alias("sink.requests.max-inflight", "setMaxInFlightRequests"))]
    pub fn max_in_flight(self, requests: usize) -> Self {
        self.set(|writing| writing.in_flight = requests.max(1))
    }

    /// When a request is tried again: after a tenth of a second at first and half a minute at most, ten times, unless set. Then
    /// the job fails, and its restart strategy decides.
    #[must_use]
    pub fn retry(self, policy: RetryPolicy) -> Self {
        self.set(|writing| writing.target.retry = policy)
    }

    /// What to do about a request that the server rejects; the job fails unless set.
    #[must_use]
    pub fn on_rejection(self, rejection: Rejection) -> Self {
        self.set(|writing| writing.target.rejection = rejection)
    }

    /// How long a request may take, with its answer; 30 seconds unless set. It is tried again then.
    #[must_use]
    pub fn request_timeout(self, timeout: Duration) -> Self {
        self.set(|writing| writing.target.request_timeout = timeout)
    }

    /// How long a connection may take, with TLS; 10 seconds unless set.
    #[must_use]
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.set(|writing| writing.target.connect_timeout = timeout)
    }

    /// The header that a request's key is sent in, `Idempotency-Key` unless set.
    #[must_use]
    pub fn idempotency_key_header(self, name: impl Into<String>) -> Self {
        self.set(|writing| writing.target.key_header = name.into())
    }

    /// How often a record may arrive after failures; at least once unless set.
    #[must_use]
    pub fn delivery_guarantee(self, guarantee: DeliveryGuarantee) -> Self {
        self.set(|writing| writing.guarantee = guarantee)
    }
}

impl<S: RecordSerializer> Sink for WebhookSink<S> {
    type Record = S::Record;
    type Writer = WebhookWriter<S>;

    fn kind(&self) -> &'static str {
        "a webhook"
    }

    async fn check(&self) -> Result<Vec<u8>> {
        let target = &self.writing.target;
        if let Some(problem) = url_problem(&target.url, ["http", "https"]) {
            return Err(Error::new(ErrorKind::InvalidJob, problem));
        }
        target.client(self.writing.content_type()).map(|_| Vec::new())
    }

    fn writer(&self, _subtask: u32) -> WebhookWriter<S> {
        WebhookWriter::new(self.writing.clone())
    }
}

impl<S: RecordSerializer> Writing<S> {
    fn content_type(&self) -> Option<&'static str> {
        self.batching.content_type(self.serializer.content_type())
    }
}
