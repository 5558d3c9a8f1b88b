//! Brings messages into a stream, once or more, or once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_nats::header::NATS_MESSAGE_ID;
use millstream_runtime::metrics::Counter;
use millstream_runtime::{Error, ErrorKind, Result};
use tracing::warn;

use super::check;
use super::commit::{NatsCommittable, StreamMark};
use crate::nats::client::{OnLost, Outgoing, Puller, Session, Stopwatch, StreamView, Tries, Wanted, publish};

/// How many messages are published before their acknowledgements are waited for.
const CHUNK: usize = 1024;

/// How long reading back waits for a message before it looks whether there is one.
const WAIT: Duration = Duration::from_millis(50);

/// How long the ids of messages are at most: the name of a writer, two numbers, and dots.
const ID_LENGTH: usize = 32 + 1 + 20 + 1 + 20;

/// Brings messages into a stream.
#[derive(Clone)]
pub(super) struct Publisher {
    pub(super) session: Arc<Session>,
    pub(super) stream: Arc<str>,
    pub(super) republishes_unknown: bool,
    /// How often a message was not acknowledged.
    pub(super) failed: Arc<Counter>,
}

/// Since when it is known what the stream has, and for how long it knows a message again.
#[derive(Clone, Copy)]
struct Known {
    since: Stopwatch,
    window: Duration,
}

impl Known {
    /// Whether a message that came into the stream after that may soon be known no more: what is published then may be there
    /// twice.
    fn is_stale(self) -> bool {
        self.since.elapsed() > self.window / 2
    }
}

impl Publisher {
    /// Publishes messages, again and again until the stream has acknowledged them.
    pub(super) async fn deliver(&self, messages: Vec<Outgoing>) -> Result<()> {
        let mut patience = self.session.patience(Tries::Patiently);
        let mut open: Vec<&Outgoing> = messages.iter().collect();
        while !open.is_empty() {
            let sent = open.iter().take(CHUNK).map(|message| (*message, None));
            let (acknowledged, failure) = publish(&self.session, &self.stream, sent).await;
            retain_open(&mut open, &acknowledged);
            match failure {
                None => patience.renew(),
                Some(failure) => {
                    self.count_failed(&acknowledged);
                    patience.bear(failure).await?;
                }
            }
        }
        Ok(())
    }

    /// Before a snapshot has messages: whether the stream will take them, and where it is.
    pub(super) async fn prepare(&self, messages: &[Outgoing]) -> Result<StreamMark> {
        let view = self.session.view(&self.stream, Tries::Patiently).await?;
        check::keeps_messages(&view)?;
        let max_payload = self.session.client().map_or(usize::MAX, |client| client.max_payload());
        messages.iter().try_for_each(|message| check::message(&view, message, ID_LENGTH, max_payload))?;
        Ok(StreamMark { created: view.created, last: view.last, window: view.config.duplicate_window })
    }

    /// Publishes what of a committable the stream does not have. `is_unpublished` is whether that is certain to be all.
    pub(super) async fn commit(&self, committable: &NatsCommittable, is_unpublished: bool) -> Result<()> {
        let prefix = committable.id_prefix();
        let mut patience = self.session.patience(Tries::Patiently);
        let mut open: Vec<(usize, &Outgoing)> = committable.messages.iter().enumerate().collect();
        let first = Known { since: Stopwatch::start(), window: committable.before.window };
        let mut known = is_unpublished.then_some(first);
        while !open.is_empty() {
            if known.is_none_or(Known::is_stale) {
                let since = Stopwatch::start();
                let (there, window) = self.read_back(committable).await?;
                open.retain(|(place, _)| !there.contains(place));
                known = Some(Known { since, window });
            }
            let sent =
                open.iter().take(CHUNK).map(|(place, message)| (*message, Some(format!("{prefix}{place}"))));
            let (acknowledged, failure) = publish(&self.session, &committable.stream, sent).await;
            retain_open(&mut open, &acknowledged);
            match failure {
                None => patience.renew(),
                Some(failure) => {
                    self.count_failed(&acknowledged);
                    patience.bear(failure).await?;
                }
            }
        }
        Ok(())
    }

    /// The places of the messages that the stream has had, and for how long it knows messages again.
    async fn read_back(&self, committable: &NatsCommittable) -> Result<(BTreeSet<usize>, Duration)> {
        let (stream, before) = (&committable.stream, &committable.before);
        let view = self.session.view(stream, Tries::Patiently).await?;
        let window = view.config.duplicate_window;
        if view.created != before.created {
            self.check_unknown(stream, "it has been deleted and made again")?;
            return Ok((BTreeSet::new(), window));
        }
        if view.last < before.last {
            self.check_unknown(stream, "the servers have lost its end")?;
            return Ok((BTreeSet::new(), window));
        }
        let there = self.ids_since(committable, &view).await?;
        let after = self.session.view(stream, Tries::Patiently).await?;
        if after.first > before.last + 1 && there.len() < committable.messages.len() {
            let removed = after.first - before.last - 1;
            self.check_unknown(
                stream,
                &format!("its limits, or a purge, have removed {removed} messages since then"),
            )?;
        }
        Ok((there, window))
    }

    async fn ids_since(&self, committable: &NatsCommittable, view: &StreamView) -> Result<BTreeSet<usize>> {
        let prefix = committable.id_prefix();
        let mut there = BTreeSet::new();
        let (next, end) = (view.first.max(committable.before.last + 1), view.last + 1);
        let wanted = Wanted {
            stream: committable.stream.to_string(),
            filter: only_subject(&committable.messages, view),
            created: view.created,
            headers_only: true,
            on_lost: OnLost::GoOn,
        };
        let mut puller = Puller::new(self.session.clone(), wanted, next);
        let mut position = next;
        while position < end {
            let pulled = puller.pull(WAIT).await?;
            position = pulled.next;
            let ids = pulled.messages.iter().filter_map(|message| {
                message
                    .headers
                    .as_ref()?
                    .get(NATS_MESSAGE_ID)?
                    .as_str()
                    .strip_prefix(&prefix)?
                    .parse::<usize>()
                    .ok()
            });
            there.extend(ids);
        }
        Ok(there)
    }

    /// Nobody can tell what the stream has had.
    fn check_unknown(&self, stream: &str, why: &str) -> Result<()> {
        let problem = format!(
            "whether the stream `{stream}` of NATS has had the messages of the snapshot cannot be told: {why}"
        );
        if self.republishes_unknown {
            warn!("{problem}; they are published, maybe for the second time");
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Restore,
            format!(
                "{problem}; let it keep messages for longer than the job may be down, or allow that they are published twice"
            ),
        ))
    }

    fn count_failed(&self, acknowledged: &[bool]) {
        let failed = acknowledged.iter().filter(|acknowledged| !**acknowledged).count();
        self.failed.add_concurrently(failed as u64);
    }
}

/// Leaves out what has been acknowledged; the answers are for the first of them.
fn retain_open<T>(open: &mut Vec<T>, acknowledged: &[bool]) {
    let mut answers = acknowledged.iter();
    open.retain(|_| !answers.next().copied().unwrap_or(false));
}

/// The subject that all messages have, where the stream keeps them under it.
fn only_subject(messages: &[Outgoing], view: &StreamView) -> Option<String> {
    let first = &messages.first()?.subject;
    let is_only = messages.iter().all(|message| message.subject == *first);
    (is_only && view.config.subject_transform.is_none()).then(|| first.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_acknowledged_stays_open_in_its_order() {
        let mut open = vec![1, 2, 3, 4, 5];
        retain_open(&mut open, &[true, false, true]);
        assert_eq!(open, [2, 4, 5]);
        retain_open(&mut open, &[]);
        assert_eq!(open, [2, 4, 5]);
    }
}
