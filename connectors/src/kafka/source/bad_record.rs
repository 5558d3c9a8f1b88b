//! What happens to records that cannot be read.

use std::fmt;

use millstream_runtime::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

use super::deserialize::RecordView;
use crate::bad_record::quoted;
use crate::kafka::TopicPartition;

/// What to do about a record that cannot be read.
///
/// ```
/// use millstream::OutputTag;
/// use millstream::connectors::kafka::{BadRecord, BadRecordInfo, KafkaSource};
///
/// let unreadable = OutputTag::<BadRecordInfo>::new("unreadable records");
/// let numbers = KafkaSource::json::<u64>("localhost:9092", "numbers")
///     .on_error(BadRecord::SideOutput(unreadable.clone()));
/// ```
pub type BadRecord = crate::BadRecord<BadRecordInfo>;

/// A record that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRecordInfo {
    /// The partition it is in.
    pub partition: TopicPartition,
    /// Its offset there.
    pub offset: i64,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value.
    pub value: Option<Vec<u8>>,
    /// What is wrong with it.
    pub error: String,
}

impl BadRecordInfo {
    pub(super) fn new(record: &RecordView<'_>, error: String) -> Self {
        Self {
            partition: TopicPartition::new(record.topic(), record.partition()),
            offset: record.offset(),
            key: record.key().map(<[u8]>::to_vec),
            value: record.value().map(<[u8]>::to_vec),
            error,
        }
    }
}

impl fmt::Display for BadRecordInfo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, offset, value, error, .. } = self;
        write!(formatter, "`{partition}`: the record at offset {offset} cannot be read: {error}; ")?;
        let Some(value) = value else { return formatter.write_str("it has no value") };
        let text = String::from_utf8_lossy(value);
        write!(formatter, "its value is `{}`", quoted(&text))
    }
}

impl From<BadRecordInfo> for Error {
    fn from(record: BadRecordInfo) -> Self {
        Self::new(ErrorKind::InvalidInput, record.to_string())
    }
}
