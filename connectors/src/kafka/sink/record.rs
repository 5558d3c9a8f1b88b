//! Makes of the records of a job those of Kafka.

use std::marker::PhantomData;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use millstream_runtime::Result;
use millstream_state::{Record, Timestamp};

use crate::kafka::client::Outgoing;

/// Makes of the records of a job those of Kafka. As Flink's `KafkaRecordSerializationSchema`.
pub trait RecordSerializer: Clone + Send + Sync + 'static {
    /// What it takes.
    type Record: Record;

    /// Appends what a record is in Kafka: one record as a rule; several, or none, where it stands for rows.
    ///
    /// # Errors
    /// What is wrong with the record, where it cannot be written: the job fails.
    fn serialize(&mut self, record: Self::Record, records: &mut Vec<ProducerRecord>) -> Result<(), String>;

    /// What must be done before the first record is serialized, and takes time: registering a schema, for instance. Asked for
    /// once in each writer, and once before the job starts, unless it is restored. The future is run on the I/O pool; clones that
    /// are made of the serializer after this must share what it finds out.
    ///
    /// # Errors
    /// The future's errors fail the job.
    fn prepare(&mut self) -> Option<BoxFuture<'static, Result<()>>> {
        None
    }
}

/// A record for Kafka.
///
/// ```
/// use millstream::connectors::kafka::ProducerRecord;
///
/// let record = ProducerRecord::new("30").key("apples").header("unit", "kg");
/// let deleted = ProducerRecord::tombstone("pears");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProducerRecord {
    topic: Option<Arc<str>>,
    partition: Option<i32>,
    key: Option<Bytes>,
    value: Option<Bytes>,
    headers: Vec<(String, Option<Bytes>)>,
    timestamp: Option<Timestamp>,
}

impl ProducerRecord {
    /// A record with this value.
    pub fn new(value: impl Into<Bytes>) -> Self {
        Self { value: Some(value.into()), ..Self::default() }
    }

    /// A record with a key and without a value: in a compacted topic it deletes the key.
    pub fn tombstone(key: impl Into<Bytes>) -> Self {
        Self::default().key(key)
    }

    /// Sets the key.
    #[must_use]
    pub fn key(mut self, key: impl Into<Bytes>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Bytes>) -> Self {
        self.headers.push((name.into(), Some(value.into())));
        self
    }

    /// Sets the timestamp; the record's event timestamp unless set, and the time of sending where it has none.
    #[must_use]
    pub fn timestamp(mut self, timestamp: Timestamp) -> Self {
        self.timestamp = Some(timestamp);
        self
    }

    /// Sets the partition.
    #[must_use]
    pub fn partition(mut self, partition: i32) -> Self {
        self.partition = Some(partition);
        self
    }

    /// Writes to another topic than the sink's, which must exist.
    #[must_use]
    pub fn topic(mut self, topic: impl Into<Arc<str>>) -> Self {
        self.topic = Some(topic.into());
        self
    }

    /// The record on its way, with what is not set taken from the sink and the stream.
    pub(super) fn outgoing(self, topic: &Arc<str>, timestamp: Timestamp) -> Outgoing {
        let Self { topic: other, partition, key, value, headers, timestamp: own } = self;
        let timestamp = own.or(timestamp.known()).map(Timestamp::as_millis).filter(|millis| *millis >= 0);
        Outgoing { topic: other.unwrap_or_else(|| topic.clone()), partition, key, value, headers, timestamp }
    }
}

/// Writes values as JSON, without keys.
#[derive(Debug)]
pub struct JsonSerializer<T>(PhantomData<fn(T)>);

impl<T> Clone for JsonSerializer<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T> Default for JsonSerializer<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: Record> RecordSerializer for JsonSerializer<T> {
    type Record = T;

    fn serialize(&mut self, record: T, records: &mut Vec<ProducerRecord>) -> Result<(), String> {
        records.push(ProducerRecord::new(serde_json::to_vec(&record).map_err(|error| error.to_string())?));
        Ok(())
    }
}

/// Writes what a function makes of records.
pub struct FunctionSerializer<T, F> {
    function: F,
    _record: PhantomData<fn(T)>,
}

impl<T, F> FunctionSerializer<T, F> {
    pub(super) const fn new(function: F) -> Self {
        Self { function, _record: PhantomData }
    }
}

impl<T, F: Clone> Clone for FunctionSerializer<T, F> {
    fn clone(&self) -> Self {
        Self::new(self.function.clone())
    }
}

impl<T, F> RecordSerializer for FunctionSerializer<T, F>
where
    T: Record,
    F: Fn(T) -> ProducerRecord + Clone + Send + Sync + 'static,
{
    type Record = T;

    #[inline]
    fn serialize(&mut self, record: T, records: &mut Vec<ProducerRecord>) -> Result<(), String> {
        records.push((self.function)(record));
        Ok(())
    }
}
