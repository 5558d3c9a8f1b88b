//! Writes streams: at least once, or exactly once.

mod check;
mod commit;
mod message;
mod publisher;
mod writer;

use std::sync::Arc;

use millstream_operators::sink::Sink;
use millstream_runtime::Result;
use millstream_state::Record;

use super::NatsConnection;
use super::client::{Session, Tries};
pub use commit::NatsCommittable;
pub use message::{FunctionSerializer, JsonSerializer, MessageSerializer, NatsMessage};
pub use writer::NatsWriter;

/// How often a message may be in a stream after failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryGuarantee {
    /// Any number of times, none included: checkpoints do not wait for the servers.
    None,
    /// Once or more: a checkpoint is complete only when the stream has everything before it.
    AtLeastOnce,
    /// Once: messages are kept until the checkpoint that covers them is complete, and then published, each with an id by which
    /// the stream knows it again.
    ExactlyOnce,
}

/// Publishes messages to a stream of JetStream.
///
/// At least once, unless [it is said otherwise](Self::delivery_guarantee): messages are published as they come, and a checkpoint
/// is complete only when the stream has acknowledged all before it. After a failure, messages that came after it are published
/// again. Messages of one subtask come in their order, but for those that had to be published again because no
/// acknowledgement came.
///
/// # Exactly once
///
/// With [`DeliveryGuarantee::ExactlyOnce`] the messages between two checkpoints are kept in memory, and are part of the
/// snapshot. When the second is complete they are published, so that the interval of checkpoints is how long readers wait for
/// them, and what a subtask must have room for. Each has the header `Nats-Msg-Id`: the random name of its writer, the number of
/// the checkpoint among those of the writer, and its place. A message that is published again carries the same id, and the stream drops it
/// if it has seen that within its `duplicate_window`. A commit that is repeated later, by a job that is restored after an hour,
/// does not trust in that: it first reads the ids of all messages that the stream has got since the snapshot was taken, headers
/// alone, and publishes those that are missing. It reads again whenever half of the window has passed since it read.
///
/// That asks for a stream from which nothing disappears unseen:
///
/// - its retention is `limits`, it has no `max_msgs_per_subject`, and its `duplicate_window` is 10 seconds or more: other streams are
///   refused before the job starts;
/// - it keeps messages for longer than the job may be down. If a job is restored and the stream has removed messages that it got after
///   the snapshot, nobody can tell whether these were the job's own: the job fails and says so, unless
///   [`republish_unknown`](Self::republish_unknown) allows that messages may be there twice;
/// - nobody deletes single messages of it in the meantime;
/// - of two processes that run the same job one is gone. The engine sees to it that a process that has lost the job commits
///   nothing more; but one that is suspended in the middle of a commit, for longer than the window, and wakes up when another has
///   taken the job over, may still publish what it had in its hands, which is then there twice. No broker without a fence for
///   producers can prevent this.
///
/// Headers that begin with `Nats-` tell the server what to do with a message, and are refused with exactly once.
///
/// ```
/// use millstream::connectors::nats::{DeliveryGuarantee, NatsConnection, NatsMessage, NatsSink};
///
/// let connection = NatsConnection::new("nats://localhost:4222");
/// let counts = NatsSink::new(connection, "COUNTS", "counts", |(word, count): (String, u64)| {
///     NatsMessage::new(count.to_string()).subject(format!("counts.{word}"))
/// })
/// .delivery_guarantee(DeliveryGuarantee::ExactlyOnce);
/// ```
#[derive(Clone)]
pub struct NatsSink<S> {
    writing: Arc<Writing<S>>,
}

/// What writers must know.
#[derive(Clone)]
struct Writing<S> {
    connection: NatsConnection,
    stream: Arc<str>,
    subject: Arc<str>,
    serializer: S,
    guarantee: DeliveryGuarantee,
    republishes_unknown: bool,
}

impl NatsSink<()> {
    /// Publishes what a function makes of each record.
    ///
    /// ```
    /// # use millstream::connectors::nats::{NatsConnection, NatsMessage, NatsSink};
    /// let lines =
    ///     NatsSink::new(NatsConnection::new("localhost"), "LINES", "lines", |line: String| NatsMessage::new(line));
    /// ```
    pub fn new<T, F>(
        connection: NatsConnection,
        stream: impl Into<String>,
        subject: impl Into<String>,
        function: F,
    ) -> NatsSink<FunctionSerializer<T, F>>
    where
        T: Record,
        F: Fn(T) -> NatsMessage + Clone + Send + Sync + 'static,
    {
        NatsSink::with_serializer(connection, stream, subject, FunctionSerializer::new(function))
    }

    /// Publishes records as JSON.
    ///
    /// ```
    /// # use millstream::connectors::nats::{NatsConnection, NatsSink};
    /// let points = NatsSink::json::<(f64, f64)>(NatsConnection::new("localhost"), "POINTS", "points");
    /// ```
    pub fn json<T: Record>(
        connection: NatsConnection,
        stream: impl Into<String>,
        subject: impl Into<String>,
    ) -> NatsSink<JsonSerializer<T>> {
        NatsSink::with_serializer(connection, stream, subject, JsonSerializer::default())
    }
}

impl<S: MessageSerializer> NatsSink<S> {
    /// Publishes records of any kind. They go to `subject`, but for those that name [another](NatsMessage::subject) of the stream.
    ///
    /// ```
    /// use millstream::connectors::nats::{JsonSerializer, NatsConnection, NatsSink};
    ///
    /// let json = JsonSerializer::<(String, u64)>::default();
    /// let sink = NatsSink::with_serializer(NatsConnection::new("localhost"), "COUNTS", "counts", json);
    /// ```
    pub fn with_serializer(
        connection: NatsConnection,
        stream: impl Into<String>,
        subject: impl Into<String>,
        serializer: S,
    ) -> Self {
        Self {
            writing: Arc::new(Writing {
                connection,
                stream: stream.into().into(),
                subject: subject.into().into(),
                serializer,
                guarantee: DeliveryGuarantee::AtLeastOnce,
                republishes_unknown: false,
            }),
        }
    }

    fn set(mut self, set: impl FnOnce(&mut Writing<S>)) -> Self {
        set(Arc::make_mut(&mut self.writing));
        self
    }

    /// How often messages may be there after failures; at least once unless set.
    ///
    /// ```
    /// # use millstream::connectors::nats::{DeliveryGuarantee, NatsConnection, NatsSink};
    /// let points = NatsSink::json::<(f64, f64)>(NatsConnection::new("localhost"), "POINTS", "points")
    ///     .delivery_guarantee(DeliveryGuarantee::ExactlyOnce);
    /// ```
    #[must_use]
    #[doc(alias = "setDeliveryGuarantee")]
    pub fn delivery_guarantee(self, guarantee: DeliveryGuarantee) -> Self {
        self.set(|writing| writing.guarantee = guarantee)
    }

    /// Publishes messages of a restored snapshot where the stream no longer tells whether it has had them. They may be there
    /// twice then. Without this, the job fails. Only with [`DeliveryGuarantee::ExactlyOnce`].
    #[must_use]
    pub fn republish_unknown(self) -> Self {
        self.set(|writing| writing.republishes_unknown = true)
    }
}

impl<S: MessageSerializer> Sink for NatsSink<S> {
    type Record = S::Record;
    type Writer = NatsWriter<S>;

    fn kind(&self) -> &'static str {
        "a NATS stream"
    }

    async fn check(&self) -> Result<Vec<u8>> {
        let writing = &self.writing;
        let session = Session::new(writing.connection.clone());
        let view = session.view(&writing.stream, Tries::Once).await?;
        check::stream(&view, writing.guarantee)?;
        check::subject(&view, &writing.subject)?;
        Ok(Vec::new())
    }

    fn writer(&self, _subtask: u32) -> NatsWriter<S> {
        NatsWriter::new(self.writing.clone())
    }
}
