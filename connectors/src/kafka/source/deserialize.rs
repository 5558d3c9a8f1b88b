//! Makes of records of Kafka those of a job.

use std::marker::PhantomData;
use std::sync::Arc;

use futures::future::BoxFuture;
use millstream_runtime::Result;
use millstream_state::{Record, Timestamp};

use crate::Gathered;
use crate::kafka::client::FetchedRecord;

/// Makes of records of Kafka those of a job. As Flink's `KafkaRecordDeserializationSchema`.
pub trait RecordDeserializer: Clone + Send + Sync + 'static {
    /// What it makes.
    type Record: Record;

    /// Reads a record; `None` passes it over.
    ///
    /// # Errors
    /// What is wrong with the record, where it cannot be read.
    fn deserialize(&mut self, record: &RecordView<'_>) -> Result<Option<Self::Record>, String>;

    /// The record that was made of those for which [`deserialize`](Self::deserialize) has returned none, for deserializers
    /// that gather many into one, such as columns. Asked for after each run of records, which are of one partition, before
    /// anything else is done.
    ///
    /// # Errors
    /// What fails the job.
    fn gathered(&mut self) -> Result<Option<Gathered<Self::Record>>> {
        Ok(None)
    }

    /// What sees to it that records that have been fetched can be deserialized, if that takes time.
    fn preparation(&self) -> Option<Arc<dyn RecordPreparation>> {
        None
    }
}

/// Finds out what it takes to deserialize records, before they are: the schemas that they were written with, for instance,
/// which a registry has.
pub trait RecordPreparation: Send + Sync + 'static {
    /// Looks at records that have been fetched. The future, which is run on the I/O pool, ends when they can be deserialized;
    /// `None` if they can be at once.
    ///
    /// # Errors
    /// The future's errors fail the job. What is wrong with a single record is better said when that is deserialized.
    fn prepare(
        &self,
        records: &mut dyn Iterator<Item = RecordView<'_>>,
    ) -> Option<BoxFuture<'static, Result<()>>>;
}

/// A record as it came from Kafka.
#[derive(Clone, Copy, Debug)]
pub struct RecordView<'a>(&'a FetchedRecord);

impl<'a> RecordView<'a> {
    pub(super) const fn new(record: &'a FetchedRecord) -> Self {
        Self(record)
    }

    /// The topic it is in.
    pub fn topic(&self) -> &'a str {
        &self.0.topic
    }

    /// The partition it is in.
    pub const fn partition(&self) -> i32 {
        self.0.partition
    }

    /// Its offset in the partition.
    pub const fn offset(&self) -> i64 {
        self.0.offset
    }

    /// When it was made, or appended, as the topic has it; `None` in records of very old clients.
    pub fn timestamp(&self) -> Option<Timestamp> {
        (self.0.timestamp >= 0).then(|| Timestamp::from_millis(self.0.timestamp))
    }

    /// Its key.
    pub fn key(&self) -> Option<&'a [u8]> {
        self.0.key.as_deref()
    }

    /// Its value; `None` deletes the key in a compacted topic.
    pub fn value(&self) -> Option<&'a [u8]> {
        self.0.value.as_deref()
    }

    /// Its headers in their order; a name may come several times, and may have no value.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, Option<&'a [u8]>)> + use<'a> {
        self.0.headers.iter().map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    /// The value of the last header of this name.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers().filter(|(other, _)| *other == name).last()?.1
    }

    /// How much it holds, in bytes.
    pub(super) fn size(&self) -> u64 {
        let length = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len);
        (length(self.key()) + length(self.value())) as u64
    }
}

/// Reads values as JSON.
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

impl<T: Record> RecordDeserializer for JsonDeserializer<T> {
    type Record = T;

    #[inline]
    fn deserialize(&mut self, record: &RecordView<'_>) -> Result<Option<T>, String> {
        let Some(value) = record.value() else { return Ok(None) };
        serde_json::from_slice(value).map(Some).map_err(|error| error.to_string())
    }
}

/// Reads values as UTF-8 text.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextDeserializer;

impl RecordDeserializer for TextDeserializer {
    type Record = String;

    #[inline]
    fn deserialize(&mut self, record: &RecordView<'_>) -> Result<Option<String>, String> {
        let Some(value) = record.value() else { return Ok(None) };
        std::str::from_utf8(value).map(|text| Some(text.to_owned())).map_err(|error| error.to_string())
    }
}

/// Reads records with a function.
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

impl<T, F> RecordDeserializer for FunctionDeserializer<T, F>
where
    T: Record,
    F: Fn(&RecordView<'_>) -> Result<Option<T>, String> + Clone + Send + Sync + 'static,
{
    type Record = T;

    #[inline]
    fn deserialize(&mut self, record: &RecordView<'_>) -> Result<Option<T>, String> {
        (self.function)(record)
    }
}
