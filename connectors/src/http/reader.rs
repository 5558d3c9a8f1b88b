//! Reads messages, whatever they come through: fetches ahead by one step, waits before it connects again, and makes records.

mod metrics;
#[cfg(test)]
mod tests;

use std::time::Duration;

use millstream_operators::source::SourceReader;
use millstream_runtime::batch::Batch;
use millstream_runtime::chain::{Output, SourceStatus, TaskContext};
use millstream_runtime::clock::{IoHandle, Sleeper};
use millstream_runtime::metrics::MetricGroup;
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::{Record, Timestamp};

use self::metrics::ReaderMetrics;
use super::bad_message::{BadMessage, BadMessageInfo};
use super::message::{Message, MessageDeserializer, MessageView};
use super::retry::RetryPolicy;
use crate::Gathered;

/// As many messages are fetched at a time at most, if there are so many.
pub(super) const MOST_MESSAGES: usize = 1024;
/// Behind as many bytes no further message is fetched at a time.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// A connection that has held for so long was a good one, though nothing came through it.
const STABLE: Duration = Duration::from_secs(60);

/// Fetches messages. Its futures run on the I/O pool.
pub trait MessageClient: Send + 'static {
    /// How far it has got.
    type Split: Record;

    /// Goes on from there; `sleeper` measures its time.
    fn open(&mut self, split: Self::Split, sleeper: Sleeper);

    /// Waits for messages, and connects before if there is no connection.
    ///
    /// # Errors
    /// What cannot be mended by connecting again.
    fn fetch(&mut self) -> impl Future<Output = Result<Fetched<Self::Split>>> + Send;
}

/// Messages that were fetched.
pub struct Fetched<S> {
    pub(super) messages: Vec<Message>,
    /// How many bytes they took.
    pub(super) bytes: u64,
    /// Where what follows begins.
    pub(super) split: S,
    pub(super) then: Then,
}

/// What is to be done behind messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// More are fetched.
    More,
    /// More are fetched after so long.
    After(Duration),
    /// The server has closed the connection, and there is no failure in that: a new one is made, after so long if it has said
    /// so.
    Reopen(Option<Duration>),
    /// The connection has failed, or there was none: a new one is made, after so long if the server has said so.
    Retry { cause: String, after: Option<Duration> },
    /// There are none any more.
    End,
}

/// How messages are read.
#[derive(Clone)]
pub(super) struct Reading<D> {
    /// Where they come from, for errors.
    pub(super) url: String,
    pub(super) deserializer: D,
    pub(super) on_error: BadMessage,
    pub(super) reconnect: RetryPolicy,
}

/// Reads the messages of a client.
pub struct MessageReader<C: MessageClient, D: MessageDeserializer> {
    reading: Reading<D>,
    client: Place<C>,
    /// Where what has not been emitted begins; `None` if there is nothing to read, or no more.
    split: Option<C::Split>,
    /// When to fetch again, if not at once: by the monotonic clock.
    fetch_at: Option<Duration>,
    /// How often in a row a connection has brought nothing, and how often there was none.
    fruitless: u32,
    failures: u32,
    /// When it was connected, or begun to be.
    connected_at: Duration,
    records: Vec<D::Record>,
    metrics: ReaderMetrics,
}

/// Where the client is.
enum Place<C: MessageClient> {
    /// It has not been opened.
    Idle(C),
    Here(C),
    Away(IoHandle<(C, Fetched<C::Split>)>),
    /// It has failed, and with it the job.
    Lost,
}

impl<C: MessageClient, D: MessageDeserializer> MessageReader<C, D> {
    pub(super) fn new(client: C, reading: Reading<D>) -> Self {
        Self {
            reading,
            client: Place::Idle(client),
            split: None,
            fetch_at: None,
            fruitless: 0,
            failures: 0,
            connected_at: Duration::ZERO,
            records: Vec::new(),
            metrics: ReaderMetrics::default(),
        }
    }

    /// Starts to fetch, if it is time.
    fn fetch(&mut self, cx: &mut TaskContext) {
        if let Some(at) = self.fetch_at {
            let left = at.saturating_sub(cx.monotonic());
            if !left.is_zero() {
                cx.wake_after(left);
                return;
            }
            self.fetch_at = None;
            self.connected_at = cx.monotonic();
        }
        let mut client = match std::mem::replace(&mut self.client, Place::Lost) {
            Place::Here(client) => client,
            Place::Idle(mut client) => {
                let Some(split) = self.split.clone() else { return };
                client.open(split, cx.sleeper());
                self.connected_at = cx.monotonic();
                client
            }
            other => {
                self.client = other;
                return;
            }
        };
        self.client = Place::Away(cx.spawn_io(async move {
            let fetched = client.fetch().await?;
            Ok((client, fetched))
        }));
    }

    /// Sees to it that something is fetched when it is time. True if that is the end.
    fn go_on(&mut self, then: Then, cx: &mut TaskContext) -> Result<bool> {
        let now = cx.monotonic();
        match then {
            Then::More => self.failures = 0,
            Then::After(delay) => {
                (self.failures, self.fruitless) = (0, 0);
                self.fetch_at = Some(now.saturating_add(delay));
            }
            Then::Reopen(after) => {
                self.failures = 0;
                self.reconnect(after, "the server has closed it", cx);
            }
            Then::Retry { cause, after } => {
                self.metrics.failed();
                if now.saturating_sub(self.connected_at) >= STABLE {
                    self.failures = 0;
                }
                if !self.reading.reconnect.may_retry(self.failures) {
                    let problem = format!(
                        "no connection to `{}`: {cause}: see to the server, or let the source be more patient",
                        self.reading.url
                    );
                    return Err(Error::new(ErrorKind::External, problem));
                }
                self.failures += 1;
                self.reconnect(after, &cause, cx);
            }
            Then::End => return Ok(true),
        }
        Ok(false)
    }

    fn reconnect(&mut self, after: Option<Duration>, cause: &str, cx: &mut TaskContext) {
        let delay = self.reading.reconnect.delay(self.fruitless, cx.random());
        // A server that wants us back at once, and has nothing then, is not asked again and again.
        let delay = after.map_or(delay, |after| if self.fruitless == 0 { after } else { after.max(delay) });
        self.fruitless = self.fruitless.saturating_add(1);
        self.metrics.reconnects();
        tracing::warn!(url = %self.reading.url, cause, "no connection: trying again in {delay:?}");
        self.fetch_at = Some(cx.monotonic().saturating_add(delay));
    }

    /// Emits the records of messages. True if there were any.
    fn emit(&mut self, messages: &[Message], output: &mut Output<'_, D::Record>) -> Result<bool> {
        let Reading { url, deserializer, on_error, .. } = &mut self.reading;
        for message in messages {
            let message = MessageView::new(message);
            if let Err(error) = deserializer.deserialize(&message, &mut self.records) {
                on_error.pass(BadMessageInfo::new(url, &message, error), Timestamp::MIN, output)?;
            }
        }
        let mut has_emitted = !self.records.is_empty();
        if has_emitted {
            output.forward(&mut Batch::from(std::mem::take(&mut self.records)))?;
        }
        while let Some(Gathered { record, rows, bytes }) = deserializer.gathered()? {
            has_emitted = true;
            output.forward(&mut Batch::weighing(vec![record], rows, bytes))?;
        }
        Ok(has_emitted)
    }
}

impl<C: MessageClient, D: MessageDeserializer> SourceReader for MessageReader<C, D> {
    type Record = D::Record;
    type Split = C::Split;

    fn register_metrics(&mut self, metrics: &MetricGroup) {
        self.metrics = ReaderMetrics::register(metrics);
    }

    fn add_splits(&mut self, splits: Vec<C::Split>) {
        if let Some(split) = splits.into_iter().next() {
            self.split = Some(split);
        }
    }

    fn next(&mut self, output: &mut Output<'_, D::Record>) -> Result<SourceStatus> {
        if self.split.is_none() {
            return Ok(SourceStatus::Ended);
        }
        let Place::Away(fetching) = &self.client else {
            self.fetch(output.context());
            return Ok(SourceStatus::Waiting);
        };
        let Some(fetched) = fetching.take() else { return Ok(SourceStatus::Waiting) };
        self.client = Place::Lost;
        let (client, Fetched { messages, bytes, split, then }) = fetched?;
        self.client = Place::Here(client);
        if !messages.is_empty() {
            (self.failures, self.fruitless) = (0, 0);
        }
        let is_end = self.go_on(then, output.context())?;
        if !is_end {
            // While these are processed, the next ones are fetched, but no more than those.
            self.fetch(output.context());
        }
        self.split = (!is_end).then_some(split);
        output.counters().bytes.add(bytes);
        let has_emitted = self.emit(&messages, output)?;
        Ok(match (is_end, has_emitted) {
            (true, _) => SourceStatus::Ended,
            (false, true) => SourceStatus::More,
            (false, false) => SourceStatus::Waiting,
        })
    }

    fn snapshot(&self) -> Vec<C::Split> {
        self.split.iter().cloned().collect()
    }
}
