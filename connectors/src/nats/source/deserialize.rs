//! Makes of messages of NATS the records of a job.

use std::marker::PhantomData;

use async_nats::header::HeaderMap;
use millstream_runtime::Result;
use millstream_state::{Record, Timestamp};

use crate::Gathered;
use crate::nats::client::FetchedMessage;

/// Makes of messages of NATS the records of a job. As Flink's `DeserializationSchema`.
pub trait MessageDeserializer: Clone + Send + Sync + 'static {
    /// What it makes.
    type Record: Record;

    /// Reads a message; `None` passes it over.
    ///
    /// # Errors
    /// What is wrong with the message, where it cannot be read.
    fn deserialize(&mut self, message: &MessageView<'_>) -> Result<Option<Self::Record>, String>;

    /// The record that was made of those for which [`deserialize`](Self::deserialize) has returned none, for deserializers
    /// that gather many into one, such as columns. Asked for after each run of messages, which are of one stream and filter,
    /// before anything else is done.
    ///
    /// # Errors
    /// What fails the job.
    fn gathered(&mut self) -> Result<Option<Gathered<Self::Record>>> {
        Ok(None)
    }
}

/// A message as it came from a stream.
#[derive(Clone, Copy, Debug)]
pub struct MessageView<'a> {
    stream: &'a str,
    message: &'a FetchedMessage,
}

impl<'a> MessageView<'a> {
    pub(super) const fn new(stream: &'a str, message: &'a FetchedMessage) -> Self {
        Self { stream, message }
    }

    /// The stream it is in.
    pub const fn stream(&self) -> &'a str {
        self.stream
    }

    /// What it was published to.
    pub fn subject(&self) -> &'a str {
        &self.message.subject
    }

    /// Its sequence in the stream; the first message has 1.
    pub const fn sequence(&self) -> u64 {
        self.message.sequence
    }

    /// When the stream took it.
    pub const fn timestamp(&self) -> Timestamp {
        Timestamp::from_millis(self.message.time)
    }

    /// What it holds.
    pub fn payload(&self) -> &'a [u8] {
        &self.message.payload
    }

    /// Its headers; a name may come several times. In no particular order of names.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let all = self.message.headers.iter().flat_map(HeaderMap::iter);
        all.flat_map(|(name, values)| {
            let name: &str = name.as_ref();
            values.iter().map(move |value| (name, value.as_str()))
        })
    }

    /// The value of the last header of this name, whose case counts.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.message
            .headers
            .as_ref()?
            .get_last(name.parse::<async_nats::HeaderName>().ok()?)
            .map(|value| value.as_str())
    }

    /// How much it holds, in bytes.
    pub(super) fn size(&self) -> u64 {
        self.message.payload.len() as u64
    }
}

/// Reads messages as JSON.
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

    #[inline]
    fn deserialize(&mut self, message: &MessageView<'_>) -> Result<Option<T>, String> {
        serde_json::from_slice(message.payload()).map(Some).map_err(|error| error.to_string())
    }
}

/// Reads messages as UTF-8 text.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextDeserializer;

impl MessageDeserializer for TextDeserializer {
    type Record = String;

    #[inline]
    fn deserialize(&mut self, message: &MessageView<'_>) -> Result<Option<String>, String> {
        let text = std::str::from_utf8(message.payload());
        text.map(|text| Some(text.to_owned())).map_err(|error| error.to_string())
    }
}

/// Reads messages with a function.
pub struct FunctionDeserializer<T, F> {
    function: F,
    _record: PhantomData<fn() -> T>,
}

impl<T, F> FunctionDeserializer<T, F> {
    pub(super) const fn new(function: F) -> Self {
        Self { function, _record: PhantomData }
    }
}

impl<T, F: Clone> Clone for FunctionDeserializer<T, F> {
    fn clone(&self) -> Self {
        Self::new(self.function.clone())
    }
}

impl<T, F> MessageDeserializer for FunctionDeserializer<T, F>
where
    T: Record,
    F: Fn(&MessageView<'_>) -> Result<Option<T>, String> + Clone + Send + Sync + 'static,
{
    type Record = T;

    #[inline]
    fn deserialize(&mut self, message: &MessageView<'_>) -> Result<Option<T>, String> {
        (self.function)(message)
    }
}
