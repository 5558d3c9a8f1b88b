//! What a stream is, and how far it goes.

use std::time::Duration;

use async_nats::datetime;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::stream::{Config, LastRawMessageErrorKind, RetentionPolicy, Stream};
use futures::StreamExt;
use millstream_runtime::Result;
use millstream_state::Timestamp;

use super::failure::Failure;
use super::session::{Session, Tries};

/// What a stream is, and how far it goes.
#[derive(Clone, Debug)]
pub(in crate::nats) struct StreamView {
    pub(in crate::nats) name: String,
    /// When it was made, in nanoseconds since 1970: a stream that has been deleted and made again is another one.
    pub(in crate::nats) created: i64,
    /// The sequence of the first message that is there, or one above the last where there is none.
    pub(in crate::nats) first: u64,
    /// The sequence of the last message that there has been; 0 where there has been none.
    pub(in crate::nats) last: u64,
    pub(in crate::nats) config: Config,
}

impl StreamView {
    fn of(stream: &Stream) -> Self {
        let info = stream.cached_info();
        let (first, last) = (info.state.first_sequence, info.state.last_sequence);
        Self {
            name: info.config.name.clone(),
            created: i64::try_from(info.created.unix_timestamp_nanos()).unwrap_or_default(),
            first: first.max(1),
            last,
            config: info.config.clone(),
        }
    }

    /// The retention as the server calls it, where messages go away once they have been read.
    pub(in crate::nats) const fn consuming_retention(&self) -> Option<&'static str> {
        match self.config.retention {
            RetentionPolicy::Limits => None,
            RetentionPolicy::Interest => Some("interest"),
            RetentionPolicy::WorkQueue => Some("workqueue"),
        }
    }
}

impl Session {
    /// Looks at a stream.
    pub(super) async fn look(&self, name: &str) -> Result<(Stream, StreamView), Failure> {
        let context = self.context().await?;
        let stream = context.get_stream(name).await.map_err(|error| Failure::of_stream(name, &error))?;
        let view = StreamView::of(&stream);
        Ok((stream, view))
    }

    /// Looks at a stream.
    ///
    /// # Errors
    /// If it is not there, or the servers are not, for too long.
    pub(in crate::nats) async fn view(&self, name: &str, tries: Tries) -> Result<StreamView> {
        let mut patience = self.patience(tries);
        loop {
            match self.look(name).await {
                Ok((_, view)) => return Ok(view),
                Err(failure) => patience.bear(failure).await?,
            }
        }
    }
}

/// The sequence of the first message at or behind `from` that a filter has. The leader of the stream is asked, which knows all
/// there is.
pub(super) async fn next_of(
    stream: &Stream,
    name: &str,
    filter: &str,
    from: u64,
) -> Result<Option<u64>, Failure> {
    let found = stream.raw_message_builder().sequence(from).next_by_subject(filter).send().await;
    match found {
        Ok(message) => Ok(Some(message.sequence)),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => {
            Err(Failure::passing(format!("the stream `{name}` of NATS cannot be looked at"), error))
        }
    }
}

impl Session {
    /// The sequence of the first message that a stream took at a time or later; one above the last where there is none.
    ///
    /// # Errors
    /// If the servers do not answer, for too long.
    pub(in crate::nats) async fn sequence_at(
        &self,
        view: &StreamView,
        time: Timestamp,
        tries: Tries,
    ) -> Result<u64> {
        let mut patience = self.patience(tries);
        loop {
            match self.find_at(view, time).await {
                Ok(found) => return Ok(found.unwrap_or(view.last + 1)),
                Err(failure) => patience.bear(failure).await?,
            }
        }
    }

    async fn find_at(&self, view: &StreamView, time: Timestamp) -> Result<Option<u64>, Failure> {
        let name = &view.name;
        let nanos = i128::from(time.as_millis()) * 1_000_000;
        let start_time = datetime::from_nanos(nanos).map_err(|error| {
            Failure::refused(format!("the stream `{name}` of NATS cannot be read from {time:?} on: {error}"))
        })?;
        let (stream, _) = self.look(name).await?;
        let consumer = stream
            .create_consumer(pull::Config {
                deliver_policy: DeliverPolicy::ByStartTime { start_time },
                ack_policy: AckPolicy::None,
                inactive_threshold: Duration::from_secs(5),
                num_replicas: 1,
                memory_storage: true,
                headers_only: true,
                ..pull::Config::default()
            })
            .await
            .map_err(|error| Failure::of_consumer(name, &error))?;
        let cannot = |error: &dyn std::fmt::Display| {
            Failure::passing(format!("the stream `{name}` of NATS cannot be read"), error)
        };
        let mut messages =
            consumer.fetch().max_messages(1).messages().await.map_err(|error| cannot(&error))?;
        let found = match messages.next().await {
            None => None,
            Some(message) => {
                let message = message.map_err(|error| cannot(&error))?;
                Some(message.info().map_err(|error| cannot(&error))?.stream_sequence)
            }
        };
        Ok(found)
    }
}
