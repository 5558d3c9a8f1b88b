//! What happens to messages that cannot be read.

use std::fmt;

use millstream_runtime::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

use super::message::MessageView;
use crate::bad_record::quoted;

/// What to do about a message that cannot be read.
///
/// ```
/// use millstream::OutputTag;
/// use millstream::connectors::http::{BadMessage, BadMessageInfo, WebSocketSource};
///
/// let unreadable = OutputTag::<BadMessageInfo>::new("unreadable messages");
/// let numbers = WebSocketSource::new("ws://localhost:8080/numbers")
///     .json::<u64>()
///     .on_error(BadMessage::SideOutput(unreadable.clone()));
/// ```
pub type BadMessage = crate::BadRecord<BadMessageInfo>;

/// A message that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadMessageInfo {
    /// Where it came from.
    pub url: String,
    /// Its bytes.
    pub body: Vec<u8>,
    /// What is wrong with it.
    pub error: String,
}

impl BadMessageInfo {
    pub(super) fn new(url: &str, message: &MessageView<'_>, error: String) -> Self {
        Self { url: url.to_owned(), body: message.body().to_vec(), error }
    }
}

impl fmt::Display for BadMessageInfo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, body, error } = self;
        let text = String::from_utf8_lossy(body);
        write!(formatter, "a message of `{url}` cannot be read: {error}; it is `{}`", quoted(&text))
    }
}

impl From<BadMessageInfo> for Error {
    fn from(message: BadMessageInfo) -> Self {
        Self::new(ErrorKind::InvalidInput, message.to_string())
    }
}
