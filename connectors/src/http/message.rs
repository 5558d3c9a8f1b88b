//! Messages that servers send, and what makes records of them.

use std::marker::PhantomData;

use bytes::Bytes;
use millstream_runtime::Result;
use millstream_state::Record;

use crate::Gathered;

/// A message that has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) body: Bytes,
    /// The type of a server-sent event.
    pub(super) event_type: Option<Box<str>>,
}

impl Message {
    pub(super) fn new(body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), event_type: None }
    }
}

/// A message as it came from a server: a message of a WebSocket, a line, a server-sent event, or the body of an answer.
#[derive(Clone, Copy, Debug)]
pub struct MessageView<'a>(&'a Message);

impl<'a> MessageView<'a> {
    pub(super) const fn new(message: &'a Message) -> Self {
        Self(message)
    }

    /// Its bytes.
    pub fn body(&self) -> &'a [u8] {
        &self.0.body
    }

    /// The type of a server-sent event, if the server has set one.
    pub fn event_type(&self) -> Option<&'a str> {
        self.0.event_type.as_deref()
    }
}

/// Makes records of messages.
pub trait MessageDeserializer: Clone + Send + Sync + 'static {
    /// What it makes.
    type Record: Record;

    /// Adds the records of a message: none, one, or several.
    ///
    /// # Errors
    /// What is wrong with the message, where it cannot be read.
    fn deserialize(
        &mut self,
        message: &MessageView<'_>,
        records: &mut Vec<Self::Record>,
    ) -> Result<(), String>;

    /// The record that was made of those messages for which [`deserialize`](Self::deserialize) has added none, for deserializers
    /// that gather many into one, such as columns. Asked for until there is none, after each run of messages, before anything
    /// else is done.
    ///
    /// # Errors
    /// What fails the job.
    fn gathered(&mut self) -> Result<Option<Gathered<Self::Record>>> {
        Ok(None)
    }
}

/// Reads messages as UTF-8 text.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextDeserializer;

impl MessageDeserializer for TextDeserializer {
    type Record = String;

    fn deserialize(&mut self, message: &MessageView<'_>, records: &mut Vec<String>) -> Result<(), String> {
        let text = std::str::from_utf8(message.body()).map_err(|error| error.to_string())?;
        records.push(text.to_owned());
        Ok(())
    }
}

/// Reads messages as JSON, one value each. Blank messages are passed over.
#[derive(Debug)]
pub struct JsonDeserializer<T>(PhantomData<fn() -> T>);

impl<T> Clone for JsonDeserializer<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T> Default for JsonDeserializer<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: Record> MessageDeserializer for JsonDeserializer<T> {
    type Record = T;

    fn deserialize(&mut self, message: &MessageView<'_>, records: &mut Vec<T>) -> Result<(), String> {
        if !message.body().trim_ascii().is_empty() {
            records.push(serde_json::from_slice(message.body()).map_err(|error| error.to_string())?);
        }
        Ok(())
    }
}

/// Reads messages with a function that answers the records of each.
pub struct FunctionDeserializer<F, I> {
    function: F,
    records: PhantomData<fn() -> I>,
}

impl<F, I> FunctionDeserializer<F, I> {
    pub(super) const fn new(function: F) -> Self {
        Self { function, records: PhantomData }
    }
}

impl<F: Clone, I> Clone for FunctionDeserializer<F, I> {
    fn clone(&self) -> Self {
        Self::new(self.function.clone())
    }
}

impl<F, I> MessageDeserializer for FunctionDeserializer<F, I>
where
    I: IntoIterator<Item: Record> + 'static,
    F: Fn(&MessageView<'_>) -> Result<I, String> + Clone + Send + Sync + 'static,
{
    type Record = I::Item;

    fn deserialize(&mut self, message: &MessageView<'_>, records: &mut Vec<I::Item>) -> Result<(), String> {
        records.extend((self.function)(message)?);
        Ok(())
    }
}
