//! Reads streams: a source whose positions are sequences.

mod bad_message;
mod deserialize;
mod list;
mod position;
mod reader;
mod split;

use std::time::Duration;

use millstream_operators::WatermarkStrategy;
use millstream_operators::source::{Boundedness, Discovery, Enumerator, Source};
use millstream_state::Record;

use super::NatsConnection;
use super::client::OnLost;
pub use bad_message::{BadMessage, BadMessageInfo};
pub use deserialize::{
    FunctionDeserializer, JsonDeserializer, MessageDeserializer, MessageView, TextDeserializer,
};
pub use position::StreamPosition;
pub use reader::NatsReader;
use reader::Reading;
pub use split::NatsSplit;

/// What to do about messages that the stream no longer has, though they were to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostMessages {
    /// The job fails, and says which they are.
    Fail,
    /// The job goes on with the first message that is there, and logs which are lost.
    Skip,
}

/// Reads streams of JetStream, for ever or up to given positions.
///
/// Each stream is read by one subtask, or, with [`subjects`](Self::subjects), each filter of each stream is. Snapshots have the
/// sequence that reading goes on at: after a failure every message behind it is read again, and none before it. The server is
/// asked by a consumer that it forgets when the job is gone; nothing is acknowledged, and no other consumer is affected. Records
/// carry as event timestamps the times at which the stream took them. With `Environment::from_source_with_watermarks` each
/// stream and filter has a watermark of its own, and the least counts.
///
/// A stream whose limits have removed messages that were still to be read has overtaken the job, which fails unless
/// [it is told otherwise](Self::on_lost_messages). With a filter, nobody can tell whether any of them was of the filter; the job
/// fails then, too. Messages that were deleted one by one, or replaced as too many of their subject, are passed like those that a
/// compacted topic no longer has.
///
/// Streams with the retention `limits` alone can be read: from others messages go away when consumers have got them.
///
/// ```
/// use millstream::connectors::nats::{NatsConnection, NatsSource, StreamPosition};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Serialize, Deserialize)]
/// struct Order {
///     customer: String,
///     cents: u64,
/// }
///
/// let orders = NatsSource::json::<Order>(NatsConnection::new("nats://localhost:4222"), "ORDERS")
///     .subjects(["orders.eu.>", "orders.us.>"])
///     .starting_position(StreamPosition::earliest());
/// ```
#[derive(Clone)]
pub struct NatsSource<D: MessageDeserializer = TextDeserializer> {
    connection: NatsConnection,
    streams: Vec<String>,
    /// None for all.
    filters: Vec<String>,
    start: StreamPosition,
    stop: Option<StreamPosition>,
    on_lost: LostMessages,
    deserializer: D,
    on_error: BadMessage,
    watermarks: Option<WatermarkStrategy<D::Record>>,
}

impl NatsSource {
    /// Reads messages that are JSON.
    ///
    /// ```
    /// # use millstream::connectors::nats::{NatsConnection, NatsSource};
    /// let points = NatsSource::json::<(f64, f64)>(NatsConnection::new("localhost"), "POINTS");
    /// ```
    pub fn json<T: Record>(
        connection: NatsConnection,
        stream: impl Into<String>,
    ) -> NatsSource<JsonDeserializer<T>> {
        NatsSource::with_deserializer(connection, stream, JsonDeserializer::default())
    }

    /// Reads messages that are UTF-8 text.
    ///
    /// ```
    /// # use millstream::connectors::nats::{NatsConnection, NatsSource};
    /// let lines = NatsSource::text(NatsConnection::new("localhost"), "LOGS").stream("AUDIT");
    /// ```
    pub fn text(connection: NatsConnection, stream: impl Into<String>) -> Self {
        Self::with_deserializer(connection, stream, TextDeserializer)
    }

    /// Reads what a function makes of each message; `None` passes it over.
    ///
    /// ```
    /// # use millstream::connectors::nats::{NatsConnection, NatsSource};
    /// // The bytes of each region, which is the last token of the subject.
    /// let traffic = NatsSource::new(NatsConnection::new("localhost"), "TRAFFIC", |message| {
    ///     let (_, region) = message.subject().rsplit_once('.').ok_or("a subject without a region")?;
    ///     Ok(Some((region.to_owned(), message.payload().len() as u64)))
    /// });
    /// ```
    pub fn new<T, F>(
        connection: NatsConnection,
        stream: impl Into<String>,
        function: F,
    ) -> NatsSource<FunctionDeserializer<T, F>>
    where
        T: Record,
        F: Fn(&MessageView<'_>) -> Result<Option<T>, String> + Clone + Send + Sync + 'static,
    {
        NatsSource::with_deserializer(connection, stream, FunctionDeserializer::new(function))
    }
}

impl<D: MessageDeserializer> NatsSource<D> {
    /// Reads messages of any kind.
    ///
    /// ```
    /// use millstream::connectors::nats::{JsonDeserializer, NatsConnection, NatsSource};
    ///
    /// let json = JsonDeserializer::<(String, u64)>::default();
    /// let source = NatsSource::with_deserializer(NatsConnection::new("localhost"), "COUNTS", json);
    /// ```
    pub fn with_deserializer(connection: NatsConnection, stream: impl Into<String>, deserializer: D) -> Self {
        Self {
            connection,
            streams: vec![stream.into()],
            filters: Vec::new(),
            start: StreamPosition::earliest(),
            stop: None,
            on_lost: LostMessages::Fail,
            deserializer,
            on_error: BadMessage::Fail,
            watermarks: None,
        }
    }

    /// Reads another stream, too.
    #[must_use]
    pub fn stream(mut self, stream: impl Into<String>) -> Self {
        self.streams.push(stream.into());
        self
    }

    /// Reads these subjects alone, of each stream. Each filter is read by itself, maybe in another subtask, so that no two may
    /// have a subject in common; `*` stands for one token, `>` for all at the end.
    ///
    /// After a restore, filters that are new are read from the [starting position](Self::starting_position), and those that are
    /// gone no more.
    ///
    /// ```
    /// # use millstream::connectors::nats::{NatsConnection, NatsSource};
    /// let errors = NatsSource::text(NatsConnection::new("localhost"), "LOGS").subjects(["logs.*.error"]);
    /// ```
    #[must_use]
    pub fn subjects<S: Into<String>>(mut self, filters: impl IntoIterator<Item = S>) -> Self {
        self.filters = filters.into_iter().map(Into::into).collect();
        self
    }

    /// Where reading starts when the job is not restored from a snapshot; at the first message unless set.
    ///
    /// ```
    /// # use millstream::connectors::nats::{NatsConnection, NatsSource, StreamPosition};
    /// let new_lines =
    ///     NatsSource::text(NatsConnection::new("localhost"), "LOGS").starting_position(StreamPosition::latest());
    /// ```
    #[must_use]
    #[doc(alias = "setStartingOffsets")]
    pub fn starting_position(mut self, start: StreamPosition) -> Self {
        self.start = start;
        self
    }

    /// Ends reading before this position, which is looked up when the job starts: with [`StreamPosition::latest`], everything
    /// is read that is there by then. Unless this is set, the source never ends.
    ///
    /// ```
    /// # use millstream::connectors::nats::{NatsConnection, NatsSource, StreamPosition};
    /// let lines_so_far =
    ///     NatsSource::text(NatsConnection::new("localhost"), "LOGS").bounded(StreamPosition::latest());
    /// ```
    #[must_use]
    #[doc(alias("setBounded", "setUnbounded"))]
    pub fn bounded(mut self, stop: StreamPosition) -> Self {
        self.stop = Some(stop);
        self
    }

    /// What to do about messages that the stream no longer has, though they were to be read; the job fails unless this says
    /// otherwise.
    #[must_use]
    pub fn on_lost_messages(mut self, policy: LostMessages) -> Self {
        self.on_lost = policy;
        self
    }

    /// What to do about a message that cannot be read; the job fails unless this says otherwise.
    #[must_use]
    pub fn on_error(mut self, policy: BadMessage) -> Self {
        self.on_error = policy;
        self
    }
}

impl From<LostMessages> for OnLost {
    fn from(policy: LostMessages) -> Self {
        match policy {
            LostMessages::Fail => Self::Fail,
            LostMessages::Skip => Self::GoOn,
        }
    }
}

/// How long a request waits for messages.
const WAIT: Duration = Duration::from_millis(500);

/// The same while an end is to be found: behind the last message it may lie where no message is.
const WAIT_FOR_END: Duration = Duration::from_millis(50);

impl<D: MessageDeserializer> Source for NatsSource<D> {
    type Record = D::Record;
    type Split = NatsSplit;
    type Reader = NatsReader<D>;

    fn kind(&self) -> &'static str {
        "NATS streams"
    }

    fn boundedness(&self) -> Boundedness {
        if self.stop.is_some() { Boundedness::Bounded } else { Boundedness::Unbounded }
    }

    fn problem(&self) -> Option<String> {
        self.contradiction()
    }

    fn enumerator(&self) -> Option<Enumerator<NatsSplit>> {
        let source = self.clone();
        let list = move |listing| {
            let source = source.clone();
            async move { source.list(listing).await }
        };
        Some(Enumerator::new(Discovery::new(list).every(None)))
    }

    fn reader(&self) -> NatsReader<D> {
        NatsReader::new(Reading {
            connection: self.connection.clone(),
            parts: self.parts(),
            deserializer: self.deserializer.clone(),
            on_error: self.on_error.clone(),
            on_lost: self.on_lost.into(),
            wait: if self.stop.is_some() { WAIT_FOR_END } else { WAIT },
            watermarks: self.watermarks.clone(),
        })
    }

    fn set_watermark_strategy(&mut self, strategy: &WatermarkStrategy<D::Record>) -> bool {
        self.watermarks = Some(strategy.clone());
        true
    }

    fn has_timestamps(&self) -> bool {
        true
    }
}
