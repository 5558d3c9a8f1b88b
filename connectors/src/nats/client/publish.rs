//! Publishes messages, and waits until the stream has them.

use std::sync::Arc;

use async_nats::Subject;
use async_nats::header::{HeaderMap, HeaderName, HeaderValue, NATS_EXPECTED_STREAM, NATS_MESSAGE_ID};
use async_nats::jetstream::context::PublishAckFuture;
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use futures::future::join_all;
use millstream_runtime::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::session::Session;

/// What headers take on the wire beside their names and values, in bytes.
const HEADER_LINES: usize = "NATS/1.0\r\n\r\n".len();

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::nats) struct Outgoing {
    pub(in crate::nats) subject: Arc<str>,
    pub(in crate::nats) headers: Vec<(String, String)>,
    pub(in crate::nats) payload: Bytes,
}

impl Outgoing {
    /// How much it takes as the server counts it, in bytes, with a message id of this length and the name of a stream.
    pub(in crate::nats) fn size(&self, id: usize, stream: &str) -> usize {
        let line = |name: usize, value: usize| name + value + ": \r\n".len();
        let own: usize = self.headers.iter().map(|(name, value)| line(name.len(), value.len())).sum();
        let ours = line("Nats-Msg-Id".len(), id) + line("Nats-Expected-Stream".len(), stream.len());
        HEADER_LINES + own + ours + self.payload.len()
    }

    /// Its headers, with those of the sink.
    fn header_map(&self, stream: &str, id: Option<String>) -> Result<HeaderMap, Failure> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let (name, value) = header(name, value).map_err(|problem| {
                Failure::Final(Error::new(ErrorKind::InvalidInput, format!("a header for NATS: {problem}")))
            })?;
            headers.append(name, value);
        }
        headers.insert(NATS_EXPECTED_STREAM, stream);
        if let Some(id) = id {
            headers.insert(NATS_MESSAGE_ID, id.as_str());
        }
        Ok(headers)
    }
}

/// A header, if it can be one.
pub(in crate::nats) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let parsed = name.parse().map_err(|error| format!("'{name}' is no name of a header: {error}"))?;
    let value = value.parse().map_err(|error| format!("the value of the header '{name}': {error}"))?;
    Ok((parsed, value))
}

/// Publishes messages in their order, each with its id where it has one, and waits for all acknowledgements. Answers which
/// of them the stream has for certain, and why not all.
pub(in crate::nats) async fn publish(
    session: &Session,
    stream: &str,
    messages: impl ExactSizeIterator<Item = (&Outgoing, Option<String>)>,
) -> (Vec<bool>, Option<Failure>) {
    let mut failure = None;
    let mut sent: Vec<(Arc<str>, PublishAckFuture)> = Vec::with_capacity(messages.len());
    let mut acknowledged = vec![false; messages.len()];
    for (message, id) in messages {
        match send(session, stream, message, id).await {
            Ok(acknowledgement) => sent.push((message.subject.clone(), acknowledgement)),
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    // All at once: each has a limit of time that begins when it is waited for.
    let (subjects, waiting): (Vec<_>, Vec<_>) = sent.into_iter().unzip();
    let answers = join_all(waiting.into_iter().map(IntoFuture::into_future)).await;
    for ((answer, subject), acknowledged) in answers.into_iter().zip(subjects).zip(&mut acknowledged) {
        match answer {
            Ok(_) => *acknowledged = true,
            Err(error) => {
                let error = Failure::of_publish(&subject, &error);
                // What does not pass is what must be said.
                if failure.is_none() || matches!(error, Failure::Final(_)) {
                    failure = Some(error);
                }
            }
        }
    }
    (acknowledged, failure)
}

async fn send(
    session: &Session,
    stream: &str,
    message: &Outgoing,
    id: Option<String>,
) -> Result<PublishAckFuture, Failure> {
    let headers = message.header_map(stream, id)?;
    let outbound = PublishMessage::build().headers(headers).payload(message.payload.clone());
    let sent = session.context().await?.send_publish(Subject::from(&*message.subject), outbound).await;
    sent.map_err(|error| Failure::of_publish(&message.subject, &error))
}
