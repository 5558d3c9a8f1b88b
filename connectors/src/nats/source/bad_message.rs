//! What happens to messages that cannot be read.

use std::fmt;

use millstream_runtime::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

use super::deserialize::MessageView;
use crate::bad_record::quoted;

/// What to do about a message that cannot be read.
///
/// ```
/// use millstream::OutputTag;
/// use millstream::connectors::nats::{BadMessage, BadMessageInfo, NatsConnection, NatsSource};
///
/// let unreadable = OutputTag::<BadMessageInfo>::new("unreadable messages");
/// let numbers = NatsSource::json::<u64>(NatsConnection::new("localhost"), "NUMBERS")
///     .on_error(BadMessage::SideOutput(unreadable.clone()));
/// ```
pub type BadMessage = crate::BadRecord<BadMessageInfo>;

/// A message that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadMessageInfo {
    /// The stream it is in.
    pub stream: String,
    /// Its sequence there.
    pub sequence: u64,
    /// Its subject.
    pub subject: String,
    /// What it holds.
    pub payload: Vec<u8>,
    /// What is wrong with it.
    pub error: String,
}

impl BadMessageInfo {
    pub(super) fn new(message: &MessageView<'_>, error: String) -> Self {
        Self {
            stream: message.stream().to_owned(),
            sequence: message.sequence(),
            subject: message.subject().to_owned(),
            payload: message.payload().to_vec(),
            error,
        }
    }
}

impl fmt::Display for BadMessageInfo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stream, sequence, subject, payload, error } = self;
        let text = String::from_utf8_lossy(payload);
        write!(
            formatter,
            "the stream `{stream}` of NATS: the message at sequence {sequence}, to `{subject}`, cannot be read: {error}; it \
             holds `{}`",
            quoted(&text)
        )
    }
}

impl From<BadMessageInfo> for Error {
    fn from(message: BadMessageInfo) -> Self {
        Self::new(ErrorKind::InvalidInput, message.to_string())
    }
}
