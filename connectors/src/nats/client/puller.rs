//! Reads a stream from a position on.

use std::time::Duration;

use async_nats::header::HeaderMap;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::{self};
use async_nats::{StatusCode, Subject};
use bytes::Bytes;
use futures::{FutureExt, StreamExt};
use millstream_runtime::{Error, ErrorKind, Result};
use std::sync::Arc;
use tracing::warn;

use super::failure::Failure;
use super::patience::{Patience, Stopwatch};
use super::session::{Session, Tries};
use super::stream::{StreamView, next_of};

/// How many messages the server may be asked for at a time.
const BATCH: usize = 1024;

/// How many bytes the server may be asked for at a time, at least.
const BATCH_BYTES: usize = 8 << 20;

/// How long a request waits at the server.
const EXPIRES: Duration = Duration::from_secs(30);

/// How often the server says that it is there, while there is nothing to send.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// When the server forgets a consumer that nobody asks for messages.
const INACTIVE: Duration = Duration::from_secs(60);

/// After how long without a message that is there the server is asked anew.
const STALLED: Duration = Duration::from_secs(5);

/// What to do about messages that are gone before they were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::nats) enum OnLost {
    Fail,
    GoOn,
}

/// What is read.
#[derive(Clone, Debug)]
pub(in crate::nats) struct Wanted {
    pub(in crate::nats) stream: String,
    pub(in crate::nats) filter: Option<String>,
    /// When the stream was made that positions are of.
    pub(in crate::nats) created: i64,
    pub(in crate::nats) headers_only: bool,
    pub(in crate::nats) on_lost: OnLost,
}

/// A message as it came.
#[derive(Debug)]
pub(in crate::nats) struct FetchedMessage {
    pub(in crate::nats) subject: Subject,
    pub(in crate::nats) sequence: u64,
    /// When the stream took it, in milliseconds since 1970.
    pub(in crate::nats) time: i64,
    pub(in crate::nats) headers: Option<HeaderMap>,
    pub(in crate::nats) payload: Bytes,
}

/// What has come.
#[derive(Debug)]
pub(in crate::nats) struct Pulled {
    pub(in crate::nats) messages: Vec<FetchedMessage>,
    /// Where reading goes on after all of these.
    pub(in crate::nats) next: u64,
    /// How many messages there were behind these.
    pub(in crate::nats) pending: u64,
}

/// Reads a stream from a position on, by a consumer of the server that it makes anew whenever that is gone. The server keeps no
/// position: what has been read is what [`Pulled`] says.
pub(in crate::nats) struct Puller {
    session: Arc<Session>,
    wanted: Wanted,
    next: u64,
    open: Option<Open>,
    patience: Patience,
    /// A message that is there and does not come, and since when.
    stalled: Option<(u64, Stopwatch)>,
}

/// A consumer of the server.
struct Open {
    messages: pull::Stream,
    /// How many messages it has sent that came here.
    received: u64,
}

impl Puller {
    pub(in crate::nats) fn new(session: Arc<Session>, wanted: Wanted, next: u64) -> Self {
        let patience = session.patience(Tries::Patiently);
        Self { session, wanted, next, open: None, patience, stalled: None }
    }

    /// Waits for the first message, for about so long, and answers it and those that have come with it; none if none has come.
    ///
    /// # Errors
    /// If messages are gone that have not been read, unless that is allowed; if the stream is gone; if the servers are, for too
    /// long.
    pub(in crate::nats) async fn pull(&mut self, wait: Duration) -> Result<Pulled> {
        loop {
            match self.attempt(wait).await {
                Ok(pulled) => {
                    self.patience.renew();
                    return Ok(pulled);
                }
                Err(failure) => {
                    self.open = None;
                    self.patience.bear(failure).await?;
                }
            }
        }
    }

    async fn attempt(&mut self, wait: Duration) -> Result<Pulled, Failure> {
        let open = match &mut self.open {
            Some(open) => open,
            None => {
                let opened = self.open().await?;
                self.open.insert(opened)
            }
        };
        let mut run = Run { messages: Vec::new(), next: self.next, first_gap: None, pending: 0 };
        let Ok(first) = tokio::time::timeout(wait, open.messages.next()).await else {
            return self.look_around().await;
        };
        let mut item = first;
        let broken = loop {
            if let Err(failure) = run.take(open, item, &self.wanted.stream) {
                break Some(failure);
            }
            if run.messages.len() >= BATCH {
                break None;
            }
            match open.messages.next().now_or_never() {
                Some(another) => item = another,
                None => break None,
            }
        };
        if let Some(failure) = broken {
            if run.messages.is_empty() {
                return Err(failure);
            }
            // What has come is good; the rest is asked for anew.
            self.open = None;
        }
        if let Some(gap) = run.first_gap {
            let (_, view) = self.session.look(&self.wanted.stream).await?;
            self.check_lost(&view, gap)?;
        }
        self.next = run.next;
        self.stalled = None;
        Ok(Pulled { messages: run.messages, next: run.next, pending: run.pending })
    }

    /// Makes a consumer.
    async fn open(&mut self) -> Result<Open, Failure> {
        let name = self.wanted.stream.clone();
        let (stream, view) = self.session.look(&name).await?;
        self.check(&view)?;
        let consumer = stream
            .create_consumer(pull::Config {
                deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: self.next.max(1) },
                ack_policy: AckPolicy::None,
                filter_subject: self.wanted.filter.clone().unwrap_or_default(),
                inactive_threshold: INACTIVE,
                num_replicas: 1,
                memory_storage: true,
                headers_only: self.wanted.headers_only,
                ..pull::Config::default()
            })
            .await
            .map_err(|error| Failure::of_consumer(&name, &error))?;
        // A message that is larger than what is asked for would never come.
        let largest = self.session.client().map_or(0, |client| client.max_payload());
        let messages = consumer
            .stream()
            .max_messages_per_batch(BATCH)
            .max_bytes_per_batch(BATCH_BYTES.max(largest.saturating_mul(2)))
            .expires(EXPIRES)
            .heartbeat(HEARTBEAT)
            .messages()
            .await
            .map_err(|error| Failure::of_messages(&name, &error))?;
        Ok(Open { messages, received: 0 })
    }

    /// Nothing has come: passes what is no more there, or is none of the filter's, so that positions do not fall behind what the
    /// stream keeps, and an end is found behind which nothing is.
    async fn look_around(&mut self) -> Result<Pulled, Failure> {
        let name = self.wanted.stream.clone();
        let (stream, view) = self.session.look(&name).await?;
        self.check(&view)?;
        let mut pending = 0;
        if self.next <= view.last {
            let filter = self.wanted.filter.as_deref().unwrap_or(">");
            match next_of(&stream, &name, filter, self.next).await? {
                None => self.next = view.last + 1,
                Some(found) => {
                    self.next = self.next.max(found);
                    pending = 1;
                    self.check_stalled(found)?;
                }
            }
        }
        Ok(Pulled { messages: Vec::new(), next: self.next, pending })
    }

    /// A message is there that has not come.
    fn check_stalled(&mut self, sequence: u64) -> Result<(), Failure> {
        let since = match self.stalled {
            Some((stalled, since)) if stalled == sequence => since,
            _ => {
                self.stalled = Some((sequence, Stopwatch::start()));
                return Ok(());
            }
        };
        let (name, elapsed) = (&self.wanted.stream, since.elapsed());
        if elapsed >= self.session.connection.settings.retry_timeout.max(STALLED) {
            let problem =
                format!("the server does not deliver message {sequence} of the stream `{name}` of NATS");
            return Err(Failure::Final(Error::new(ErrorKind::External, problem)));
        }
        if elapsed >= STALLED {
            self.open = None;
        }
        Ok(())
    }

    /// Whether the stream still has what is to be read.
    fn check(&mut self, view: &StreamView) -> Result<(), Failure> {
        let (name, next) = (&view.name, self.next);
        if view.created != self.wanted.created {
            return Err(lost(format!(
                "the stream `{name}` of NATS has been deleted and made again since it was read up to sequence {next}: \
                 start the job without its snapshot"
            )));
        }
        if next > view.last + 1 {
            return Err(lost(format!(
                "the stream `{name}` of NATS ends at sequence {}, though {} has been read: the servers have lost its end; start \
                 the job without its snapshot",
                view.last,
                next - 1
            )));
        }
        self.check_lost(view, next)?;
        self.next = next.max(view.first);
        Ok(())
    }

    /// Whether messages from `from` on are gone that have not been read.
    fn check_lost(&self, view: &StreamView, from: u64) -> Result<(), Failure> {
        if from >= view.first {
            return Ok(());
        }
        let (name, last_lost, count) = (&view.name, view.first - 1, view.first - from);
        let which = match &self.wanted.filter {
            None => String::new(),
            Some(filter) => format!(", as far as they were of `{filter}`"),
        };
        let problem = format!(
            "the stream `{name}` of NATS no longer has the messages {from} to {last_lost}, {count} in all, which were not read \
             before its limits or a purge removed them{which}"
        );
        match self.wanted.on_lost {
            OnLost::Fail => Err(lost(format!(
                "{problem}: let it keep messages for longer, or choose to go on without lost messages"
            ))),
            OnLost::GoOn => {
                warn!("{problem}");
                Ok(())
            }
        }
    }
}

fn lost(problem: String) -> Failure {
    Failure::Final(Error::new(ErrorKind::InvalidInput, problem))
}

/// Messages that have come together.
struct Run {
    messages: Vec<FetchedMessage>,
    next: u64,
    /// Where the first sequence is that was passed without a message.
    first_gap: Option<u64>,
    pending: u64,
}

type Item = Option<std::result::Result<jetstream::Message, pull::MessagesError>>;

impl Run {
    /// Takes in what the consumer has sent.
    fn take(&mut self, open: &mut Open, item: Item, stream: &str) -> Result<(), Failure> {
        let what = || format!("the stream `{stream}` of NATS cannot be read on");
        let message = match item {
            None => return Err(Failure::passing(what(), "the server has ended it")),
            Some(Err(error)) => return Err(Failure::passing(what(), error)),
            Some(Ok(message)) => message,
        };
        let info = message.info().map_err(|error| Failure::passing(what(), error))?;
        if info.consumer_sequence != open.received + 1 {
            return Err(Failure::passing(what(), "messages have been lost on their way"));
        }
        let (sequence, pending) = (info.stream_sequence, info.pending);
        let time =
            i64::try_from(info.published.unix_timestamp_nanos().div_euclid(1_000_000)).unwrap_or_default();
        open.received += 1;
        self.pending = pending;
        if sequence < self.next {
            return Ok(());
        }
        if sequence > self.next && self.first_gap.is_none() {
            self.first_gap = Some(self.next);
        }
        self.next = sequence + 1;
        let message = message.message;
        debug_assert!(message.status.is_none_or(|status| status == StatusCode::OK));
        let (subject, headers, payload) = (message.subject, message.headers, message.payload);
        self.messages.push(FetchedMessage { subject, sequence, time, headers, payload });
        Ok(())
    }
}
