//! Lines of an answer.

use bytes::Bytes;
use millstream_runtime::Result;

use crate::delimited::Delimited;
use crate::http::message::Message;

/// Cuts an answer into lines.
pub(super) struct Lines(Delimited);

impl Lines {
    pub(super) fn new() -> Self {
        Self(Delimited::new("an answer", "\n"))
    }

    /// The lines that `bytes` complete.
    pub(super) fn feed(&mut self, bytes: &[u8], messages: &mut Vec<Message>) -> Result<()> {
        self.0.feed(bytes, |line| messages.push(Message::new(Bytes::copy_from_slice(line))))
    }

    /// What is left at the end of an answer.
    pub(super) fn end(&mut self, messages: &mut Vec<Message>) {
        messages.extend(self.0.end().map(Message::new));
    }
}
